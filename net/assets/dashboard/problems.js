// What is wrong with the cluster, worst first, from what a node says about it. Pure.
import {bytes, plural, shortId} from './format.js';

const STORAGE = {
  'disk-full': ['bad', 'has a full disk', 'It refuses writes until there is space again.'],
  'read-only': ['bad', 'has stopped writing', 'Its storage failed. It needs a look at its disk, and then a restart.'],
  stalled: ['bad', 'waits for its disk', 'A write to the disk has taken a second or longer.'],
};
// Refusals stay in the cluster's answer for ten minutes; as a problem only for this long.
const REFUSAL_MS = 120_000;

function nameOf(node) {
  return node.client_address ? `${shortId(node.node)} (${node.client_address})` : shortId(node.node);
}

// A node that was told to go is not missed, and one that is gone is told once.
function ofNodes({nodes}) {
  const found = [];
  for (const node of nodes) {
    if (node.state === 'removed') continue;
    if (node.state === 'lost') {
      const detail = node.replicas === 0 ? 'All that it held has been copied from other nodes.' :
          `What it held is being copied from other nodes: ${plural(node.replicas, 'partition')} still to go.`;
      found.push({id: 'lost-' + node.node, level: 'warn', title: `Node ${nameOf(node)} is given up as lost`, detail});
    } else if (!node.heard) {
      const detail = node.state === 'joining' ? 'It is joining, and has not been heard yet.' :
          `It holds ${plural(node.replicas, 'partition')}. If it is gone for good, remove or replace it.`;
      found.push({id: 'unheard-' + node.node, level: node.state === 'joining' ? 'warn' : 'bad',
                  title: `Node ${nameOf(node)} is not heard`, detail});
    }
  }
  return found;
}

// `heard` of a partition's copies: how many partitions are how badly off.
function ofPartitions({nodes, replication_factor: wanted, partitions: counts}, ring) {
  const heard = new Set(nodes.filter((node) => node.heard).map((node) => node.node));
  let unavailable = 0, thin = 0, few = 0, copies = wanted;
  for (const {replicas} of ring.partitions) {
    const up = replicas.filter((node) => heard.has(node)).length;
    if (up * 2 <= replicas.length) {
      ++unavailable;
    } else if (up < replicas.length) {
      ++thin;
    } else if (replicas.length < wanted) {
      ++few;
      copies = Math.min(copies, replicas.length);
    }
  }
  const found = [];
  if (unavailable > 0) {
    found.push({id: 'unavailable', level: 'bad', title: `${plural(unavailable, 'partition')} without a majority of copies`,
                detail: 'Keys in them can be neither read nor written until more of their nodes are back.'});
  }
  if (counts.leaderless > 0) {
    found.push({id: 'leaderless', level: 'bad', title: `${plural(counts.leaderless, 'partition')} without a leader`,
                detail: 'Another node is about to take the lead; requests wait until then.'});
  }
  if (thin > 0) {
    found.push({id: 'thin', level: 'warn', title: `${plural(thin, 'partition')} with copies on nodes that are not heard`,
                detail: 'They work; losing one more node may stop them.'});
  }
  if (few > 0) {
    const active = nodes.filter((node) => node.state === 'active').length;
    found.push({id: 'few', level: 'warn', title: `${plural(few, 'partition')} with fewer than ${plural(wanted, 'copy', 'copies')}`,
                detail: `There are ${plural(active, 'active node')}; ${wanted} are needed for ${wanted} copies. ` +
                        `Some have ${copies} so far.`});
  }
  return found;
}

function ofStorage(cluster, stats) {
  const found = [];
  const heard = new Set(cluster.nodes.filter((node) => node.heard).map((node) => node.node));
  for (const {node, error, stats: own} of stats.nodes) {
    const member = cluster.nodes.find((other) => other.node === node);
    if (member === undefined) continue;
    const trouble = STORAGE[own?.storage.state];
    if (trouble !== undefined && heard.has(node)) {
      const [level, what, detail] = trouble;
      const held = own.storage.reason || `It holds ${bytes(own.storage.size_bytes)}.`;
      found.push({id: 'storage-' + node, level, title: `Node ${nameOf(member)} ${what}`, detail: `${detail} ${held}`});
    }
    if (error !== null && heard.has(node) && member.state !== 'removed') {
      found.push({id: 'silent-' + node, level: 'warn', title: `Node ${nameOf(member)} does not answer for clients`,
                  detail: `It is heard by the others, but asked at its address for clients: ${error}.`});
    }
  }
  return found;
}

function ofRefusals({refusals}, nowMs) {
  return refusals.filter(({at}) => nowMs - Date.parse(at) < REFUSAL_MS).map(({wish, node, at, reason}) => (
    {id: `refused-${node}-${at}`, level: 'warn', title: `Refused: ${wish} of node ${shortId(node)}`, detail: reason}));
}

// `cluster`, `ring`, `stats`: the answers of /v1/cluster, /v1/cluster/ring and /v1/cluster/stats; the last two may be
// null. `failed`: operations that failed each second, over all nodes. `nowMs`: the nodes' clock.
export function problemsOf({cluster, ring, stats, failed = 0, nowMs = Date.now()}) {
  if (!cluster.joined) {
    return [{id: 'not-joined', level: 'bad', title: 'This node belongs to no cluster yet',
             detail: 'It was started with --join, and no member has let it in so far.'}];
  }
  const found = [...ofNodes(cluster), ...(ring === null ? [] : ofPartitions(cluster, ring)),
                 ...(stats === null ? [] : ofStorage(cluster, stats)), ...ofRefusals(cluster, nowMs)];
  if (cluster.controller === null) {
    found.push({id: 'controller', level: 'warn', title: 'Nobody decides about members',
                detail: 'The system partition has no leader that this node knows of: nothing joins, leaves or moves.'});
  }
  if (failed > 0.05) {
    found.push({id: 'failing', level: 'warn', title: 'Operations fail',
                detail: `${failed < 1 ? 'Some' : plural(Math.round(failed), 'operation')} each second end with an error.`});
  }
  return found.sort((a, b) => (a.level === b.level ? 0 : a.level === 'bad' ? -1 : 1));
}
