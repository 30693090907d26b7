// What the cluster is doing: joins, drains, removals, replacements and balancing, with how far they are.
import {byId, h, reconcile, setAttribute, setText} from './dom.js';
import {bytes, count, duration, plural, shortId} from './format.js';

const ENDED_MS = 60_000;
const WORDS = {
  join: ['joins', 'has joined'], drain: ['is being drained', 'was drained'], remove: ['is being removed', 'was removed'],
  replace: ['is being replaced', 'was replaced'], balance: ['Data are being balanced', 'Data were balanced'],
};

function titleOf({action, node, with: heir, state}) {
  const [now, then] = WORDS[action] ?? [action, action];
  const what = state === 'cancelled' ? `${action} was cancelled` : state === 'done' ? then : now;
  if (node === null) return state === 'cancelled' ? 'Balancing was cancelled' : what;
  return `Node ${shortId(node)} ${what}${heir === null ? '' : ` by ${shortId(heir)}`}`;
}

function detailOf(action) {
  const {partitions, keys, bytes: size, bytes_per_s: rate, keys_per_s: keyRate, eta_s: left, state} = action;
  const parts = [`${partitions.done} of ${plural(partitions.total, 'partition')}`];
  if (keys.total > 0) parts.push(`${count(keys.copied)} of about ${plural(keys.total, 'key')}, ${bytes(size.copied)} of ${bytes(size.total)}`);
  if (state === 'running') {
    if (keyRate > 0) parts.push(`${count(keyRate)} keys/s, ${bytes(rate)}/s`);
    parts.push(left === null ? 'time left not known' : left === 0 ? 'nearly done' : `about ${duration(left)} left`);
  } else if (action.ended !== null) {
    parts.push(`took ${duration((Date.parse(action.ended) - Date.parse(action.since)) / 1000)}`);
  }
  return parts.join(' · ');
}

// Of data, where there are any; partitions alone say little of how long the rest takes.
function shareOf({partitions, bytes: size, state}) {
  if (state === 'done') return 1;
  const byPartitions = partitions.total === 0 ? 0 : partitions.done / partitions.total;
  const byBytes = size.total === 0 ? byPartitions : Math.min(1, size.copied / size.total);
  return (byPartitions + byBytes) / 2;
}

export class ActionsList {
  #panel = byId('actions-panel');
  #list = byId('actions');

  // `nowMs`: the nodes' clock.
  update({actions}, nowMs) {
    const shown = actions.filter(({state, ended}) => state === 'running' || nowMs - Date.parse(ended) < ENDED_MS)
        .sort((a, b) => (b.state === 'running') - (a.state === 'running'));
    this.#panel.hidden = shown.length === 0;
    reconcile(this.#list, shown, ({action, node, since}) => `${action} ${node} ${since}`, () =>
      h('li', {}, h('strong', {}), h('progress', {max: 1}), h('span', {class: 'soft'})), (item, action) => {
      const [title, bar, detail] = item.children;
      setText(title, titleOf(action));
      setAttribute(item, 'class', action.state);
      setAttribute(bar, 'value', shareOf(action).toFixed(3));
      setAttribute(bar, 'aria-label', titleOf(action));
      setText(detail, detailOf(action));
    });
  }
}
