// The members of the cluster as a table, which on a phone is one card for each.
import {colorOf, onSchemeChange} from './colors.js';
import {byId, h, reconcile, setAttribute, setText} from './dom.js';
import {bytes, compact, latency, shortId} from './format.js';
import {actionsFor} from './membership.js';

const HEALTH = {joining: 'joining', draining: 'draining', lost: 'lost', removed: 'removed'};
const COLUMNS = ['node', 'health', 'holds', 'leads', 'operations', 'p99', 'storage', 'clients', 'version'];
const LABELS = {node: 'Node', health: 'Health', holds: 'Holds', leads: 'Leads', operations: 'Ops/s', p99: 'p99',
                storage: 'Storage', clients: 'Clients', version: 'Version'};

// [text, level]
function healthOf(node, stats) {
  if (!node.heard && node.state !== 'removed') return ['not heard', 'bad'];
  const storage = stats?.storage.state ?? 'writable';
  if (storage !== 'writable') return [storage === 'stalled' ? 'disk stalled' : storage.replace('-', ' '), 'bad'];
  if (node.state !== 'active') return [HEALTH[node.state] ?? node.state, 'warn'];
  return ['well', 'good'];
}

export class NodesTable {
  #body = byId('nodes');
  #onAction;

  // `onAction(action, node id)`
  constructor(onAction) {
    this.#onAction = onAction;
    onSchemeChange(() => {
      for (const row of this.#body.children) row.style.setProperty('--node', colorOf(row.dataset.id));
    });
  }

  // `cluster`, `stats`: answers; `point`: the newest of the history, or undefined.
  update(cluster, stats, point) {
    const own = new Map((stats?.nodes ?? []).map((entry) => [entry.node, entry.stats]));
    reconcile(this.#body, cluster.nodes, ({node}) => node, (node) => this.#make(node), (row, node) => {
      // What a silent node said last is not what it does now.
      const current = node.heard ? own.get(node.node) ?? null : null;
      this.#fill(row, node, cluster, current, node.heard ? point?.nodes.get(node.node) : undefined);
    });
  }

  #make({node}) {
    const cells = COLUMNS.map((column) => h(column === 'node' ? 'th' : 'td', {
      class: column, scope: column === 'node' ? 'row' : null, 'data-label': LABELS[column]}));
    cells[0].append(h('span', {class: 'swatch', 'aria-hidden': 'true'}), h('span', {class: 'mono id', title: node}, shortId(node)),
                    h('span', {class: 'here'}), h('span', {class: 'address'}));
    cells[1].append(h('span', {class: 'pill'}));
    const row = h('tr', {}, ...cells, h('td', {class: 'actions'}));
    row.style.setProperty('--node', colorOf(node));
    return row;
  }

  #fill(row, node, cluster, stats, change) {
    const cell = Object.fromEntries(COLUMNS.map((column, i) => [column, row.children[i]]));
    const [, , here, address] = cell.node.children;
    const roles = [node.node === cluster.node ? 'this one' : '', node.node === cluster.controller ? 'controller' : ''];
    setText(here, roles.filter((role) => role !== '').join(', '));
    this.#link(address, node, cluster);
    const [health, level] = healthOf(node, stats);
    setText(cell.health.firstChild, health);
    setAttribute(cell.health.firstChild, 'class', `pill ${level}`);
    setText(cell.holds, node.incoming > 0 ? `${node.replicas} + ${node.incoming}` : String(node.replicas));
    setText(cell.leads, String(node.leads));
    setText(cell.operations, compact(change?.operations ?? null));
    setText(cell.p99, latency(change?.p99 ?? null));
    const size = stats === null ? '–' : bytes(stats.storage.size_bytes);
    setText(cell.storage, size);
    setText(cell.clients, stats === null ? '–' : String(stats.connections));
    setText(cell.version, stats === null ? '–' : stats.version + (node.zone ? `, ${node.zone}` : ''));
    this.#actions(row.lastElementChild, node);
  }

  // The dashboard of another node is a link: no page asks another host by itself.
  #link(place, node, cluster) {
    const linked = node.node !== cluster.node && /^[\w.:[\]-]+$/.test(node.client_address);
    if (place.textContent === node.client_address && (place.firstElementChild !== null) === linked) return;
    place.replaceChildren(linked ? h('a', {href: `http://${node.client_address}/`}, node.client_address) : node.client_address);
  }

  #actions(place, node) {
    const actions = actionsFor(node);
    reconcile(place, actions, (action) => action, (action) => h('button', {
      type: 'button', class: 'small quiet', 'aria-label': `${action} node ${shortId(node.node)}`,
      onclick: () => this.#onAction(action, node.node),
    }, action), () => {});
  }
}
