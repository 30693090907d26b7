// The dashboard (docs/dashboard.md): asks the node, and shows what it says.
import {ActionsList} from './actions.js';
import {Charts} from './charts.js';
import {onSchemeChange} from './colors.js';
import {shortcutsDialog} from './dialogs.js';
import {byId, h, reconcile, setAttribute, setText} from './dom.js';
import {clock, plural, shortId} from './format.js';
import {KeyBrowser} from './keys.js';
import {askMembership} from './membership.js';
import {NodesTable} from './nodes.js';
import {Poll} from './poll.js';
import {problemsOf} from './problems.js';
import {History} from './rates.js';
import {RingPicture} from './ring.js';

const history = new History();
const ring = new RingPicture();
const charts = new Charts();
const actions = new ActionsList();
const nodes = new NodesTable(onAction);
const keys = new KeyBrowser();
let latest = null;     // The newest answers.
let answeredAt = null;
let aheadMs = 0;       // By how much the node's clock is ahead of the browser's.

const nodeNow = () => Date.now() + aheadMs;
keys.nodeNow = nodeNow;

function showProblems(problems) {
  byId('problems-panel').classList.toggle('well', problems.length === 0);
  byId('all-well').hidden = problems.length > 0;
  reconcile(byId('problems'), problems, ({id}) => id, ({level}) =>
    h('li', {class: level}, h('strong', {}), h('span', {})), (item, {title, detail}) => {
    setText(item.firstChild, title);
    setText(item.lastChild, detail);
  });
}

function showState(level, text) {
  setText(byId('state'), text);
  setAttribute(byId('state'), 'class', `pill ${level}`);
}

function onAnswer({cluster, ring: partitions, stats, fresh}) {
  latest = {cluster, ring: partitions, stats};
  answeredAt = new Date();
  byId('unreachable').hidden = true;
  document.body.classList.remove('stale');
  const own = stats?.nodes.find(({node}) => node === cluster.node)?.stats;
  if (fresh && own) aheadMs = Date.parse(own.now) - Date.now();
  const point = fresh ? history.add(stats, Date.now()) : history.points.at(-1);
  const problems = problemsOf({...latest, failed: point?.total?.failed, nowMs: nodeNow()});
  const bad = problems.filter(({level}) => level === 'bad').length;
  showProblems(problems);
  const worst = problems.length === 0 ? 'good' : bad > 0 ? 'bad' : 'warn';
  showState(worst, problems.length === 0 ? 'all well' : plural(problems.length, 'problem'));
  document.title = bad > 0 ? `(${bad}!) Quoin` : 'Quoin';
  setText(byId('cluster-name'), cluster.cluster === null ? '' :
      `cluster ${shortId(cluster.cluster)} · ${plural(cluster.nodes.length, 'node')} · through ${shortId(cluster.node)}`);
  nodes.update(cluster, stats, point);
  // The controller knew better than the node that passed it on; its refusal stands among the problems.
  const refused = asked !== null &&
      cluster.refusals.some(({node, at}) => node === asked.node && Date.parse(at) >= asked.at - 1000);
  if (refused) byId('asked').hidden = true;
  actions.update(cluster, nodeNow());
  if (partitions !== null) ring.update(partitions, cluster);
  if (fresh) charts.update(history, cluster.nodes);
}

function onSilence({retryMs}) {
  byId('unreachable').hidden = false;
  document.body.classList.add('stale');
  const since = answeredAt === null ? 'It has not answered since this page was opened.' :
      `What is shown is of ${clock(answeredAt)}.`;
  setText(byId('unreachable-text'), `The node at ${location.host} does not answer. ${since} ` +
      `Trying again ${retryMs < 1000 ? 'at once' : `every ${Math.round(retryMs / 1000)} s`}.`);
  const others = latest?.cluster.nodes.filter(({node, heard}) => node !== latest.cluster.node && heard) ?? [];
  reconcile(byId('elsewhere'), others, ({node}) => node, () => h('li', {}, h('a')), (item, {client_address: address}) => {
    setAttribute(item.firstChild, 'href', `http://${address}/`);
    setText(item.firstChild, address);
  });
  byId('elsewhere-panel').hidden = others.length === 0;
  showState('bad', 'node unreachable');
  document.title = '(!) Quoin';
}

let asked = null;  // {node, at}: what was passed on last.

async function onAction(action, id) {
  const members = latest.cluster.nodes;
  const told = await askMembership(action, members.find(({node}) => node === id), members);
  if (told === null || told === undefined) return;
  setText(byId('asked'), told.text);
  setAttribute(byId('asked'), 'class', `notice ${told.ok ? 'good' : 'bad'}`);
  byId('asked').hidden = false;
  asked = told.ok ? {node: id, at: nodeNow()} : null;
  poll.now();
}

// ---- Which of the two views: what stands behind the '#' says it, so that Back works and a key has an address. ----

function showView() {
  const isKeys = location.hash.startsWith('#keys');
  for (const [view, on] of [['cluster', !isKeys], ['keys', isKeys]]) {
    byId(`view-${view}`).hidden = !on;
    if (on) {
      byId(`to-${view}`).setAttribute('aria-current', 'page');
    } else {
      byId(`to-${view}`).removeAttribute('aria-current');
    }
  }
  if (isKeys) keys.show(location.hash.slice('#keys'.length).replace(/^\//, ''));
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest('input, textarea, select, dialog')) return;
  const acts = {
    1: () => { location.hash = '#cluster'; }, 2: () => { location.hash = '#keys'; }, '?': shortcutsDialog,
    '/': () => keys.search(), n: () => keys.create(),
  };
  if (!Object.hasOwn(acts, event.key)) return;
  event.preventDefault();
  acts[event.key]();
}

addEventListener('hashchange', showView);
document.addEventListener('keydown', onKey);
byId('shortcuts').addEventListener('click', shortcutsDialog);
onSchemeChange(() => ring.redraw());
const poll = new Poll(onAnswer, onSilence);
byId('retry').addEventListener('click', () => poll.now());
showView();
poll.now();
