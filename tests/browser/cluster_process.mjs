// A cluster of real nodes, by tools:cluster: it starts them, kills them on command, and leaves none behind.
import {spawn} from 'node:child_process';
import {createInterface} from 'node:readline';
import {setTimeout} from 'node:timers/promises';

export class ClusterProcess {
  nodes = [];   // {name, id, url, peer, log}, in the order of their start.
  #child;
  #lines;
  #ended;

  static async start(t, {nodes = 3, flags = []} = {}) {
    const cluster = new ClusterProcess();
    t.after(() => cluster.stop());
    await cluster.#start(nodes, flags);
    return cluster;
  }

  async #start(count, flags) {
    const all = [`--nodes=${count}`, '--listen=127.0.0.1:0', '--peer_listen=127.0.0.1:0', `--node=${process.env.QUOIN_NODE}`, '--',
                 ...flags];
    this.#child = spawn(process.env.QUOIN_CLUSTER, all, {stdio: ['pipe', 'pipe', 'inherit']});
    this.#ended = new Promise((resolve) => this.#child.on('close', resolve));
    this.#lines = createInterface({input: this.#child.stdout})[Symbol.asyncIterator]();
    for (;;) {
      const line = await this.#line();
      if (line === 'ready') return;
      this.#onNode(line);
    }
  }

  #onNode(line) {
    const [, name, rest] = /^node (\S+) (.*)$/.exec(line);
    const members = Object.fromEntries(rest.split(' ').map((member) => member.split(/=(.*)/)));
    this.nodes.push({name, ...members});
  }

  async #line() {
    const {value, done} = await this.#lines.next();
    if (done) throw new Error('tools:cluster ended');
    return value;
  }

  // "kill n2", as docs/cluster.md has them. Resolves with what it answered.
  async command(text) {
    this.#child.stdin.write(text + '\n');
    for (;;) {
      const line = await this.#line();
      if (line.startsWith('node ')) {
        this.#onNode(line);
        continue;
      }
      if (!line.startsWith('ok')) throw new Error(`${text}: ${line}`);
      return line;
    }
  }

  // Resolves once all nodes that were started are members, each leads something, and nothing moves.
  async rested() {
    const COPIES = 3;
    for (;; await setTimeout(20)) {
      const {nodes = [], partitions} = await (await fetch(this.nodes[0].url + '/v1/cluster')).json();
      if (nodes.length !== this.nodes.length || !nodes.every(({state, leads}) => state === 'active' && leads > 0)) continue;
      const held = nodes.reduce((sum, {replicas}) => sum + replicas, 0);
      if (held === partitions.total * Math.min(COPIES, nodes.length) && !partitions.moving && !partitions.leaderless) return;
    }
  }

  async stop() {
    this.#child.stdin.end();
    this.#child.kill('SIGTERM');
    await this.#ended;
  }
}
