// The ring, drawn: around it the partitions, outside who leads each, inside who holds its copies; in the middle the
// nodes, and arrows for what is being moved.
import {colorOf} from './colors.js';
import {byId, reconcile, setAttribute, setText, svg} from './dom.js';
import {plural, shortId} from './format.js';

const CENTER = 200;
const LEADERS = [168, 190];  // Radii of the outermost track.
const COPIES_OUT = 163;      // Where the tracks of copies begin, from there inwards.
const COPIES_DEEP = 42;      // How deep they are together.
const NODES = 76;            // The radius of the circle of nodes.
const NODE = 21;

function at(radius, turn) {
  const angle = 2 * Math.PI * turn - Math.PI / 2;
  return [CENTER + radius * Math.cos(angle), CENTER + radius * Math.sin(angle)];
}

const point = ([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`;

// A piece of a track, from and to in turns of the whole ring.
function piece(inner, outer, from, to) {
  // A whole turn has no arc: its ends are one point.
  if (to - from > 0.999) return piece(inner, outer, from, from + 0.5) + piece(inner, outer, from + 0.5, to - 0.0001);
  const large = to - from > 0.5 ? 1 : 0;
  return `M${point(at(outer, from))}A${outer} ${outer} 0 ${large} 1 ${point(at(outer, to))}` +
         `L${point(at(inner, to))}A${inner} ${inner} 0 ${large} 0 ${point(at(inner, from))}Z`;
}

// For each owner the path of all its pieces in a track, neighbours joined. `owners`: one for each partition.
function pathsOf(owners, inner, outer) {
  const paths = new Map();
  const gap = owners.length <= 256 ? Math.min(0.0012, 0.12 / owners.length) : 0;
  for (let first = 0; first < owners.length;) {
    let last = first + 1;
    // With few enough, each partition is seen for itself.
    if (owners.length > 128) while (last < owners.length && owners[last] === owners[first]) ++last;
    const text = piece(inner, outer, first / owners.length + gap / 2, last / owners.length - gap / 2);
    paths.set(owners[first], (paths.get(owners[first]) ?? '') + text);
    first = last;
  }
  return paths;
}

// Moves: how many partitions each node is being given, and by whom: a leader, or else the first that holds it.
function movesOf(partitions) {
  const moves = new Map();
  for (const {replicas, incoming, leader} of partitions) {
    for (const to of incoming) {
      if (replicas.includes(to)) continue;
      const from = leader !== null && leader !== to ? leader : replicas[0];
      if (from === undefined) continue;
      const id = `${from}>${to}`;
      moves.set(id, {id, from, to, count: (moves.get(id)?.count ?? 0) + 1});
    }
  }
  return [...moves.values()];
}

export function describePartition(ring, partition) {
  const {replicas, incoming, leader, phase} = ring.partitions[partition];
  const moving = incoming.filter((node) => !replicas.includes(node)).map(shortId);
  return `Partition ${partition} of ${ring.partitions.length}: ` +
      (leader === null ? 'no leader known here' : `led by ${shortId(leader)}`) +
      `, copies on ${replicas.map(shortId).join(', ') || 'no node'}` +
      (phase === 'stable' ? '' : moving.length > 0 ? `, moving to ${moving.join(', ')}` : ', changing');
}

export class RingPicture {
  #ring = null;
  #tracks = svg('g');
  #moves = svg('g', {class: 'moves'});
  #nodes = svg('g');
  #mark = svg('path', {class: 'mark', hidden: true});
  #picture;
  #text = byId('ring-text');
  #selected = null;

  constructor() {
    const arrow = svg('marker', {id: 'arrow', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 5, markerHeight: 5,
                                 orient: 'auto'}, svg('path', {d: 'M0 0L8 4L0 8Z', class: 'arrow'}));
    this.#picture = svg('svg', {
      viewBox: '0 0 400 400', class: 'ring', tabindex: 0, role: 'slider', 'aria-label': 'Partitions of the ring',
      'aria-valuemin': 0, 'aria-valuemax': 0, 'aria-valuenow': 0, 'aria-valuetext': 'not known yet',
      'aria-describedby': 'ring-text',
      onpointermove: (event) => this.#select(this.#partitionAt(event)),
      onpointerdown: (event) => this.#select(this.#partitionAt(event)),
      onpointerleave: () => this.#select(null), onkeydown: (event) => this.#onKey(event),
      onblur: () => this.#select(null),
    }, svg('defs', {}, arrow), this.#tracks, this.#mark, this.#moves, this.#nodes);
    byId('ring').replaceChildren(this.#picture);
  }

  // Answers of /v1/cluster/ring and /v1/cluster.
  update(ring, cluster) {
    this.#ring = ring;
    const nodes = cluster.nodes.filter((node) => node.state !== 'removed');
    setAttribute(this.#picture, 'aria-valuemax', Math.max(0, ring.partitions.length - 1));
    this.#drawTracks(ring);
    const radius = nodes.length === 1 ? 0 : NODES;
    const places = new Map(nodes.map((node, i) => [node.node, at(radius, i / nodes.length)]));
    this.#drawNodes(nodes, places);
    this.#drawMoves(movesOf(ring.partitions), places);
    this.#tell(cluster);
  }

  // Colours have changed.
  redraw() {
    for (const element of this.#picture.querySelectorAll('[data-node]')) {
      element.style.setProperty('--node', colorOf(element.dataset.node));
    }
  }

  #drawTracks({partitions, replication_factor: wanted}) {
    const pieces = [];
    const add = (track, owners, inner, outer) => {
      for (const [node, d] of pathsOf(owners, inner, outer)) pieces.push({id: `${track} ${node}`, node, d, track});
    };
    add('leader', partitions.map(({leader}) => leader ?? ''), ...LEADERS);
    const copies = Math.max(wanted, ...partitions.map(({replicas}) => replicas.length));
    const deep = Math.min(12, COPIES_DEEP / copies);
    for (let i = 0; i < copies; ++i) {
      const outer = COPIES_OUT - i * deep;
      add('copy' + i, partitions.map(({replicas}) => replicas[i] ?? ''), outer - deep + 1.5, outer);
    }
    const moving = partitions.map(({phase}) => phase === 'stable' ? '' : 'moving');
    for (const [what, d] of pathsOf(moving, 193, 198)) {
      if (what !== '') pieces.push({id: 'moving', node: '', d, track: 'moving'});
    }
    reconcile(this.#tracks, pieces, ({id}) => id, ({node, track}) => {
      const kind = track === 'leader' ? 'leads' : 'holds';
      const path = svg('path', {class: track === 'moving' ? 'moving' : node === '' ? 'nobody' : kind});
      if (node !== '') {
        path.dataset.node = node;
        path.style.setProperty('--node', colorOf(node));
      }
      return path;
    }, (path, {d}) => setAttribute(path, 'd', d));
  }

  #drawNodes(nodes, places) {
    reconcile(this.#nodes, nodes, ({node}) => node, ({node}) => {
      const group = svg('g', {}, svg('circle', {r: NODE}), svg('text', {class: 'name', dy: '0.35em'}, shortId(node)),
                        svg('text', {class: 'state', y: NODE + 11}));
      group.dataset.node = node;
      group.style.setProperty('--node', colorOf(node));
      return group;
    }, (group, {node, heard, state, leads}) => {
      const [x, y] = places.get(node);
      setAttribute(group, 'transform', `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
      setAttribute(group, 'class', heard ? `node ${state}` : 'node unheard');
      setText(group.lastChild, !heard ? 'not heard' : state === 'active' ? `leads ${leads}` : state);
    });
  }

  #drawMoves(moves, places) {
    const known = moves.filter(({from, to}) => places.has(from) && places.has(to));
    reconcile(this.#moves, known, ({id}) => id, () => svg('path', {class: 'move', 'marker-end': 'url(#arrow)'}),
              (path, {from, to, count}) => {
      const [x1, y1] = places.get(from), [x2, y2] = places.get(to);
      const length = Math.hypot(x2 - x1, y2 - y1) || 1;
      const [dx, dy] = [(x2 - x1) / length * (NODE + 3), (y2 - y1) / length * (NODE + 3)];
      // Bent, so that both directions can be seen.
      const [bx, by] = [(x1 + x2) / 2 + (y2 - y1) * 0.12, (y1 + y2) / 2 - (x2 - x1) * 0.12];
      setAttribute(path, 'd', `M${point([x1 + dx, y1 + dy])}Q${point([bx, by])} ${point([x2 - dx, y2 - dy])}`);
      setAttribute(path, 'stroke-width', Math.min(5, 1.5 + count / 20));
    });
  }

  #partitionAt(event) {
    if (this.#ring === null) return null;
    const box = this.#picture.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * 400 - CENTER;
    const y = (event.clientY - box.top) / box.height * 400 - CENTER;
    const radius = Math.hypot(x, y);
    if (radius < COPIES_OUT - COPIES_DEEP || radius > 200) return null;
    const turn = (Math.atan2(y, x) / (2 * Math.PI) + 1.25) % 1;
    return Math.floor(turn * this.#ring.partitions.length);
  }

  #onKey(event) {
    if (this.#ring === null) return;
    const total = this.#ring.partitions.length;
    const page = Math.max(1, total / 16 | 0);
    const steps = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: page, PageDown: -page};
    const now = this.#selected ?? -1;
    let next = null;
    if (event.key in steps) next = (now + steps[event.key] + total) % total;
    if (event.key === 'Home') next = 0;
    if (event.key === 'End') next = total - 1;
    if (next === null) return;
    event.preventDefault();
    this.#select(next);
  }

  #select(partition) {
    this.#selected = partition;
    this.#tell();
  }

  #summary = '';
  #tell(cluster) {
    if (cluster !== undefined) {
      const {total, moving} = cluster.partitions;
      this.#summary = `${plural(total, 'partition')}, ${cluster.replication_factor} copies of each` +
          (moving > 0 ? `; ${moving} moving` : '') + '. Outside: who leads. Inside: who holds copies.';
    }
    const partition = this.#selected;
    const chosen = partition !== null && this.#ring !== null && partition < this.#ring.partitions.length;
    const total = this.#ring?.partitions.length ?? 1;
    this.#mark.toggleAttribute('hidden', !chosen);
    if (chosen) setAttribute(this.#mark, 'd', piece(COPIES_OUT - COPIES_DEEP, 192, partition / total, (partition + 1) / total));
    const text = chosen ? describePartition(this.#ring, partition) : this.#summary;
    setText(this.#text, text);
    setAttribute(this.#picture, 'aria-valuenow', chosen ? partition : 0);
    setAttribute(this.#picture, 'aria-valuetext', text);
  }
}
