// What can be asked of a member of the cluster: drain, remove, replace, cancel. Each is explained, and confirmed by
// typing the beginning of the node's id; then the node says whether it has been passed on (docs/api.md, "Cluster").
import {h} from './dom.js';
import {plural, shortId} from './format.js';
import {confirmDialog, openDialog} from './dialogs.js';

const nameOf = (node) => `${shortId(node.node)} (${node.client_address})`;

// Which actions make sense for a member, of all members.
export function actionsFor(node) {
  switch (node.state) {
    case 'active':
      return node.heard ? ['drain', 'replace'] : ['remove', 'replace', 'drain'];
    case 'joining':
      return node.heard ? ['drain'] : ['remove'];
    case 'draining':
    case 'lost':
      return ['cancel'];
    default:
      return [];
  }
}

const EXPLAINED = {
  drain: (node, others) =>
    `Everything that node ${nameOf(node)} holds (${plural(node.replicas, 'partition')}) moves to ` +
    `${others === 1 ? 'the other active node' : `the ${others} other active nodes`}; then it leaves the cluster. Nothing ` +
    'is lost, and it serves until then. It can be cancelled until it has ended.',
  remove: (node) =>
    `Node ${nameOf(node)} is given up. The ${plural(node.replicas, 'partition')} that it held are copied from their other ` +
    'copies. Only for a node that is gone for good: what it alone held would be lost.',
  cancel: (node) =>
    `Node ${nameOf(node)} becomes active again, and what was moved away comes back to it.`,
};

async function post(node, action, body) {
  const options = {method: 'POST', signal: AbortSignal.timeout(10_000)};
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = {'Content-Type': 'application/json'};
  }
  try {
    const answer = await fetch(`/v1/cluster/nodes/${node.node}/${action}`, options);
    const told = await answer.json();
    return {ok: answer.ok, text: told.detail || told.title || `the node answered ${answer.status}`};
  } catch (error) {
    return {ok: false, text: `The node did not answer (${error.message}). Whether it passed this on is not known: ` +
                             'look at what is under way.'};
  }
}

async function replace(node, members) {
  const heirs = members.filter((other) => other.node !== node.node && other.state === 'active' && other.heard);
  if (heirs.length === 0) {
    return openDialog((close) => ({
      title: `Replace node ${shortId(node.node)}`,
      body: [h('p', {}, 'There is no other active node that is heard. Start one with --join first, and wait until it ' +
                        'is active.')],
      buttons: [h('button', {type: 'button', autofocus: true, onclick: () => close(null)}, 'Close')],
    }));
  }
  const choice = h('select', {id: 'replace-with'}, ...heirs.map((heir) => h('option', {value: heir.node}, nameOf(heir))));
  const agreed = await confirmDialog({
    title: `Replace node ${shortId(node.node)}`, action: 'Replace', word: shortId(node.node),
    text: `Another member takes over what node ${nameOf(node)} holds (${plural(node.replicas, 'partition')}). ` +
        (node.heard ? 'It serves until then, and nothing is lost.' :
         'As it is not heard, its data are copied from the other copies.'),
    details: [h('label', {for: 'replace-with'}, 'By'), choice],
  });
  return agreed ? post(node, 'replace', {with: choice.value}) : null;
}

// Asks people first, then the node. Resolves with {ok, text}, or with null when it was thought better of.
export async function askMembership(action, node, members) {
  if (action === 'replace') return replace(node, members);
  const others = members.filter((other) => other.node !== node.node && other.state === 'active').length;
  const what = action === 'cancel' ? 'Cancel what is done with' : action[0].toUpperCase() + action.slice(1);
  const title = `${what} node ${shortId(node.node)}`;
  const agreed = await confirmDialog({
    title, action: action === 'cancel' ? 'Make it active again' : title, text: EXPLAINED[action](node, others),
    word: action === 'cancel' ? undefined : shortId(node.node),
  });
  return agreed ? post(node, action) : null;
}
