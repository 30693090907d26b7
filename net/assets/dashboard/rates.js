// From what nodes have counted (GET /v1/cluster/stats) to rates and quantiles: the difference of two answers. Pure: it
// is told the time.

const KINDS = ['reads', 'writes', 'scans'];
// An answer that is older says nothing about now.
const STALE_MS = 3000;

// Of buckets [begin, end, count], in order: where `share` of all lies, in microseconds; null: there is nothing.
// Within a bucket, all are taken to be spread evenly.
export function quantile(buckets, share) {
  const total = buckets.reduce((sum, [, , count]) => sum + count, 0);
  if (total === 0) return null;
  let rest = share * total;
  for (const [begin, end, count] of buckets) {
    if (rest <= count) return begin + (end - begin) * (rest / count);
    rest -= count;
  }
  return buckets.at(-1)[1];
}

// Quantiles of several nodes together are those of the sum of their buckets; a mean of quantiles would be nothing.
export function addBuckets(lists) {
  const sums = new Map();
  for (const [begin, end, count] of lists.flat()) {
    sums.set(begin, [begin, end, (sums.get(begin)?.[2] ?? 0) + count]);
  }
  return [...sums.values()].sort((a, b) => a[0] - b[0]);
}

function subtractBuckets(later, earlier) {
  const before = new Map(earlier.map(([begin, , count]) => [begin, count]));
  return later.map(([begin, end, count]) => [begin, end, count - (before.get(begin) ?? 0)])
      .filter(([, , count]) => count > 0);
}

// What a node did between two of its answers; null when they can't be compared: it was started in between.
export function difference(earlier, later) {
  const seconds = (later.steady_ms - earlier.steady_ms) / 1000;
  if (later.started_at !== earlier.started_at || seconds <= 0) return null;
  const change = {failed: 0};
  for (const kind of KINDS) {
    change[kind] = (later[kind].count - earlier[kind].count) / seconds;
    change[kind + 'Buckets'] = subtractBuckets(later[kind].latency_us, earlier[kind].latency_us);
    change.failed += (later[kind].failed - earlier[kind].failed) / seconds;
  }
  return withQuantiles(change);
}

function withQuantiles(change) {
  for (const kind of ['reads', 'writes']) {
    change[kind + 'P50'] = quantile(change[kind + 'Buckets'], 0.5);
    change[kind + 'P99'] = quantile(change[kind + 'Buckets'], 0.99);
  }
  change.operations = change.reads + change.writes + change.scans;
  change.p99 = quantile(addBuckets(KINDS.map((kind) => change[kind + 'Buckets'])), 0.99);
  return change;
}

function total(changes) {
  const sum = {failed: changes.reduce((all, change) => all + change.failed, 0)};
  for (const kind of KINDS) {
    sum[kind] = changes.reduce((all, change) => all + change[kind], 0);
    sum[kind + 'Buckets'] = addBuckets(changes.map((change) => change[kind + 'Buckets']));
  }
  return withQuantiles(sum);
}

// The last `length` points, one for each answer: {time (s), nodes: Map of id to what it did, total}.
export class History {
  points = [];
  #length;
  #latest = new Map();  // Of each node: {stats, change, at}.

  constructor(length = 300) {
    this.#length = length;
  }

  // `answer`: the body of GET /v1/cluster/stats. The time in milliseconds.
  add(answer, now) {
    for (const {node, stats} of answer.nodes) {
      if (stats === null) continue;
      const before = this.#latest.get(node);
      if (before !== undefined && before.stats.steady_ms === stats.steady_ms &&
          before.stats.started_at === stats.started_at) {
        continue;
      }
      this.#latest.set(node, {stats, at: now, change: before === undefined ? null : difference(before.stats, stats)});
    }
    const nodes = new Map();
    for (const {node} of answer.nodes) {
      const latest = this.#latest.get(node);
      const current = latest !== undefined && latest.change !== null && now - latest.at < STALE_MS;
      if (current) nodes.set(node, latest.change);
    }
    for (const node of this.#latest.keys()) {
      if (!answer.nodes.some((entry) => entry.node === node)) this.#latest.delete(node);
    }
    const point = {time: now / 1000, nodes, total: nodes.size === 0 ? null : total([...nodes.values()])};
    this.points.push(point);
    if (this.points.length > this.#length) this.points.shift();
    return point;
  }
}
