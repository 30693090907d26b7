// A real node, the very binary that people run, and a proxy before it. As in tests/process: ports that the kernel
// chooses, nothing is waited for by time, and no process outlives its test.
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import net from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';

const LISTENING = /quoin node ([0-9a-f]{16}) is listening on (http:\/\/127\.0\.0\.1:(\d+))/;

export class NodeProcess {
  #folder = mkdtempSync(join(tmpdir(), 'quoin-'));
  #flags;
  #child = null;
  #ended = null;
  log = '';

  static async start(t, flags = []) {
    const node = new NodeProcess();
    node.#flags = flags;
    t.after(async () => {
      await node.kill9();
      rmSync(node.#folder, {recursive: true});
    });
    await node.start();
    return node;
  }

  // Starts it again on the same data, on another port.
  async start() {
    const flags = ['--listen=127.0.0.1:0', '--peer_listen=127.0.0.1:0', `--data_dir=${join(this.#folder, 'data')}`, ...this.#flags];
    const child = spawn(process.env.QUOIN_NODE, flags, {stdio: ['ignore', 'pipe', 'pipe']});
    this.#child = child;
    this.#ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({code, signal})));
    child.stderr.on('data', (text) => (this.log += text));
    const match = await new Promise((resolve, reject) => {
      createInterface({input: child.stdout}).on('line', (line) => {
        if (LISTENING.test(line)) resolve(LISTENING.exec(line));
      });
      child.on('error', reject);
      this.#ended.then((end) => {
        reject(new Error(`the node ended (${JSON.stringify(end)}):\n${this.log.slice(-4000)}`));
      });
    });
    [, this.id, this.url] = match;
    this.port = Number(match[3]);
  }

  async #signal(signal) {
    if (this.#child === null) return null;
    this.#child.kill(signal);
    const end = await this.#ended;
    this.#child = null;
    return end;
  }
  kill9() {
    return this.#signal('SIGKILL');
  }
  terminate() {
    return this.#signal('SIGTERM');
  }
}

// Stands between clients and a port that may change. `cutAt(bytes)`: how many of the bytes of an answer still pass
// before the connection is cut; undefined: all, and it goes on.
export class Proxy {
  cutAt = () => undefined;
  port = 0;        // Where the node is.
  connections = 0;
  cuts = 0;
  #sockets = new Set();
  #server = net.createServer((client) => this.#onConnection(client));

  static async start(t, port) {
    const proxy = new Proxy();
    proxy.port = port;
    await new Promise((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      for (const socket of proxy.#sockets) socket.destroy();
      return new Promise((resolve) => proxy.#server.close(resolve));
    });
    return proxy;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  #onConnection(client) {
    ++this.connections;
    const node = net.connect(this.port, '127.0.0.1');
    const both = [client, node];
    const cut = () => both.forEach((socket) => socket.destroy());
    for (const socket of both) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', cut);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (bytes) => node.write(bytes));
    node.on('data', (bytes) => {
      const passing = this.cutAt(bytes);
      if (passing === undefined) return client.write(bytes);
      ++this.cuts;
      // What passes is written first; then the client gets an end, as if the node had died.
      client.end(bytes.subarray(0, passing), () => cut());
    });
  }
}

// Numbers in [0, 1) from a seed (mulberry32), so that a run can be repeated: --test_env=QUOIN_SEED=7.
export function seeded(t) {
  const seed = Number(process.env.QUOIN_SEED ?? Math.floor(Math.random() * 2 ** 32));
  t.diagnostic(`QUOIN_SEED=${seed}`);
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}
