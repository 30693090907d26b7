// Throughput and latency of the last five minutes, drawn by uPlot: of the whole cluster, of all nodes side by side, or
// of one node.
import {colorOf, onSchemeChange, styleColor} from './colors.js';
import {byId, h, reconcile, setText} from './dom.js';
import {compact, latency, shortId} from './format.js';

const HEIGHT = 170;
// Seconds that a chart spans, from its first second on: it fills from the right, and its scale stands still.
const SPAN_S = 300;

const KINDS = {
  rate: [
    {label: 'reads/s', color: '--chart-1', of: (change) => change.reads},
    {label: 'writes/s', color: '--chart-2', of: (change) => change.writes},
    {label: 'scans/s', color: '--chart-3', of: (change) => change.scans, dash: [2, 3]},
  ],
  latency: [
    {label: 'read p50', color: '--chart-1', of: (change) => change.readsP50},
    {label: 'read p99', color: '--chart-1', of: (change) => change.readsP99, dash: [5, 4]},
    {label: 'write p50', color: '--chart-2', of: (change) => change.writesP50},
    {label: 'write p99', color: '--chart-2', of: (change) => change.writesP99, dash: [5, 4]},
  ],
};

// Of each series: its label, its colour, and its value of a point of the history, or null.
function seriesOf(kind, scope, nodes) {
  if (scope === 'nodes') {
    const of = kind === 'rate' ? (change) => change.operations : (change) => change.p99;
    return nodes.map((node) => ({
      label: shortId(node) + (kind === 'rate' ? '' : ' p99'), color: () => colorOf(node),
      of: (point) => point.nodes.has(node) ? of(point.nodes.get(node)) : null,
    }));
  }
  return KINDS[kind].map(({label, color, of, dash}) => ({
    label, dash, color: () => styleColor(color),
    of: (point) => {
      const change = scope === 'cluster' ? point.total : point.nodes.get(scope) ?? null;
      return change === null ? null : of(change);
    },
  }));
}

// At least so much, so that noise near nothing doesn't look like mountains.
const RATE_SCALE = {range: (plot, min, max) => [0, Math.max(10, Number.isFinite(max) ? max * 1.1 : 0)]};
// Powers of ten, so that one slow second does not make a flat line of all others. At least from 100 us to 10 ms.
const LATENCY_SCALE = {distr: 3, log: 10, range: (plot, min, max) => [
  min > 0 && Number.isFinite(min) ? Math.min(100, 10 ** Math.floor(Math.log10(min))) : 100,
  Number.isFinite(max) && max > 0 ? Math.max(10_000, 10 ** Math.ceil(Math.log10(max))) : 10_000,
]};

class Chart {
  #element;
  #kind;
  #series = [];
  #plot = null;
  #drawn = '';

  constructor(element, kind) {
    this.#element = element;
    this.#kind = kind;
    new ResizeObserver(() => this.#plot?.setSize({width: this.#width(), height: HEIGHT})).observe(element);
  }

  #width() {
    return Math.max(200, this.#element.clientWidth);
  }

  update(points, scope, nodes) {
    const drawn = `${scope} ${scope === 'nodes' ? nodes : ''}`;
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      this.#series = seriesOf(this.#kind, scope, nodes);
      this.#plot?.destroy();
      this.#plot = null;
    }
    const data = [points.map(({time}) => time), ...this.#series.map(({of}) => points.map(of))];
    if (this.#plot === null) {
      this.#plot = new globalThis.uPlot(this.#options(), data, this.#element);
    } else {
      this.#plot.setData(data);
    }
    // Where nobody points, the newest values are told.
    if (!(this.#plot.cursor.left >= 0)) this.#plot.setLegend({idx: points.length - 1});
  }

  redraw() {
    this.#drawn = '';
  }

  #options() {
    const value = this.#kind === 'rate' ? compact : latency;
    const axis = {stroke: () => styleColor('--soft'), grid: {stroke: () => styleColor('--line'), width: 1},
                  ticks: {show: false}, font: '11px system-ui, sans-serif'};
    return {
      width: this.#width(), height: HEIGHT, cursor: {y: false, points: {size: 6}}, legend: {live: true},
      scales: {
        x: {range: (plot) => [lastOf(plot) - SPAN_S, lastOf(plot)]},
        y: this.#kind === 'rate' ? RATE_SCALE : LATENCY_SCALE,
      },
      axes: [
        {...axis, values: (plot, times) => times.map((time) => ago(time, lastOf(plot))), splits: everyMinute, size: 26},
        {...axis, values: (plot, numbers) => numbers.map(value), size: 58,
         ...(this.#kind === 'rate' ? {} : {splits: powersOfTen, filter: (plot, splits) => splits})},
      ],
      series: [
        {value: (plot, time) => time === null ? '' : new Date(time * 1000).toLocaleTimeString('en-GB')},
        ...this.#series.map(({label, color, dash}) => ({
          label, dash, stroke: color, width: 1.5, points: {show: false}, spanGaps: false,
          value: (plot, number) => value(number),
        })),
      ],
    };
  }
}

// The newest time that is shown, in seconds.
const lastOf = (plot) => plot.data[0].at(-1) ?? 0;

function everyMinute(plot) {
  return Array.from({length: SPAN_S / 60 + 1}, (_, i) => lastOf(plot) - SPAN_S + 60 * i);
}

function powersOfTen(plot, axis, min, max) {
  return Array.from({length: 12}, (_, i) => 10 ** i).filter((power) => power >= min && power <= max);
}

function ago(time, last) {
  const minutes = Math.round((last - time) / 60);
  return minutes === 0 ? 'now' : `−${minutes} m`;
}

export class Charts {
  #charts = [new Chart(byId('rate-chart'), 'rate'), new Chart(byId('latency-chart'), 'latency')];
  #scope = byId('chart-scope');
  #latest = null;

  constructor() {
    this.#scope.addEventListener('change', () => this.#draw());
    onSchemeChange(() => {
      for (const chart of this.#charts) chart.redraw();
      this.#draw();
    });
  }

  // `history`: rates.js; `nodes`: members of /v1/cluster.
  update(history, nodes) {
    const shown = nodes.filter((node) => node.state !== 'removed').map(({node}) => node);
    this.#offer(nodes.filter((node) => shown.includes(node.node)));
    this.#latest = {points: history.points, nodes: shown};
    this.#draw();
    this.#tell(history.points.at(-1));
  }

  #offer(nodes) {
    const choices = [['cluster', 'whole cluster'], ['nodes', 'nodes side by side'],
                     ...nodes.map((node) => [node.node, `node ${shortId(node.node)} ${node.client_address}`])];
    const before = this.#scope.value;
    reconcile(this.#scope, choices, ([id]) => id, ([id]) => h('option', {value: id}),
              (option, [, label]) => setText(option, label));
    if (this.#scope.value !== before) this.#scope.value = choices.some(([id]) => id === before) ? before : 'cluster';
  }

  #draw() {
    if (this.#latest === null || globalThis.uPlot === undefined) return;
    const {points, nodes} = this.#latest;
    for (const chart of this.#charts) chart.update(points, this.#scope.value, nodes);
  }

  #tell(point) {
    const total = point?.total ?? null;
    setText(byId('tile-reads'), compact(total?.reads ?? null));
    setText(byId('tile-writes'), compact(total?.writes ?? null));
    setText(byId('tile-read-latency'), latency(total?.readsP99 ?? null));
    setText(byId('tile-write-latency'), latency(total?.writesP99 ?? null));
  }
}
