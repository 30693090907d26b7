// A node that says what a test tells it to: WebSocket at the level of bytes, so that answers can be split, cut off,
// reordered, or wrong. One process, port 0, nothing happens by time.
import {createHash} from 'node:crypto';
import http from 'node:http';

// Node.js 22 has one of its own, which tells less of what went wrong; these tests are about ours.
delete globalThis.WebSocket;

export const HELLO = {
  node: '00c0ffee00c0ffee', max_message_bytes: 8 << 20, max_requests: 1024, max_value_bytes: 1 << 20,
  max_key_bytes: 4096, max_batch_operations: 1000, ping_interval_ms: 20000,
};

// Values that come, for those who wait for them, in order.
class Queue {
  #values = [];
  #waiting = [];

  push(value) {
    const waiting = this.#waiting.shift();
    waiting === undefined ? this.#values.push(value) : waiting(value);
  }
  next() {
    if (this.#values.length > 0) return Promise.resolve(this.#values.shift());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
  get size() {
    return this.#values.length;
  }
}

// A frame as a server writes it. `head`: what to change about it.
export function frame(payload, {opcode = 1, final = true, reserved = 0, masked = false} = {}) {
  const bytes = Buffer.from(payload);
  const length = bytes.length;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65536 ? 4 : 10);
  head[0] = (final ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (length < 126 ? length : length < 65536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, ...(masked ? [Buffer.alloc(4)] : []), bytes]);
}

export function closeFrame(code, reason = '') {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return frame(Buffer.concat([payload, Buffer.from(reason)]), {opcode: 8});
}

class Connection {
  requests = new Queue();  // Frames of the client, parsed.
  controls = new Queue();  // Its control frames: {opcode, payload}.
  ended = null;            // Resolves when the stream is gone.
  #socket;
  #received = Buffer.alloc(0);

  constructor(socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#onBytes(chunk));
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    this.ended = new Promise((resolve) => socket.on('close', resolve));
  }

  #onBytes(chunk) {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 2) {
      const bytes = this.#received;
      const opcode = bytes[0] & 0x0f;
      if ((bytes[0] & 0xf0) !== 0x80 || (bytes[1] & 0x80) === 0) throw new Error('a client frame in parts or unmasked');
      let length = bytes[1] & 0x7f, at = 2;
      if (length === 126) [length, at] = [bytes.length >= 4 ? bytes.readUInt16BE(2) : Infinity, 4];
      if (length === 127) [length, at] = [bytes.length >= 10 ? Number(bytes.readBigUInt64BE(2)) : Infinity, 10];
      if (bytes.length < at + 4 + length) return;
      const mask = bytes.subarray(at, at + 4);
      const payload = Buffer.from(bytes.subarray(at + 4, at + 4 + length));
      for (let i = 0; i < length; ++i) payload[i] ^= mask[i & 3];
      this.#received = bytes.subarray(at + 4 + length);
      opcode === 1 ? this.requests.push(JSON.parse(payload)) : this.controls.push({opcode, payload});
    }
  }

  write(bytes) {
    this.#socket.write(bytes);
  }
  // One write for each byte.
  async writeBytewise(bytes) {
    for (const byte of bytes) await new Promise((resolve) => this.#socket.write(Buffer.from([byte]), resolve));
  }
  say(message) {
    this.write(frame(JSON.stringify(message)));
  }
  // Answers the request with a Result, or with what else `body` says.
  answer(request, result, body = {result}) {
    this.say({id: request.id, ...body});
  }
  done(request, more = {}) {
    this.answer(request, {outcome: 'DONE', version: '3.00c0ffee00c0ffee.1', ...more});
  }
  refuse(request, type, more = {}, result = {}) {
    this.answer(request, {outcome: 'ERROR', problem: {type, status: 503, detail: `says ${type}`, ...more}, ...result});
  }
  // Writes and ends its side of the stream, as a server does after a close frame.
  end(bytes) {
    this.#socket.end(bytes);
  }
  // Ends the stream without a word.
  cut() {
    this.#socket.destroy();
  }
}

export class ScriptedNode {
  connections = new Queue();
  accept = true;   // Whether handshakes are answered with 101.
  subprotocol = 'quoin.v1.json';
  hello = HELLO;   // Said first on each connection; null: nothing.
  wrongAccept = false;
  handshakes = 0;
  #server = http.createServer((request, response) => response.writeHead(404).end());
  #sockets = new Set();

  static async start(settings = {}) {
    const node = Object.assign(new ScriptedNode(), settings);
    node.#server.on('upgrade', (request, socket) => node.#onUpgrade(request, socket));
    node.#server.on('connection', (socket) => {
      node.#sockets.add(socket);
      socket.on('close', () => node.#sockets.delete(socket));
    });
    await new Promise((resolve) => node.#server.listen(0, '127.0.0.1', resolve));
    return node;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }
  nextConnection() {
    return this.connections.next();
  }

  #onUpgrade(request, socket) {
    ++this.handshakes;
    this.request = request;
    if (!this.accept) {
      const body = JSON.stringify({type: 'urn:quoin:problem:cross-origin', detail: 'not from there'});
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\n' +
                 `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
      return;
    }
    const key = request.headers['sec-websocket-key'] + (this.wrongAccept ? 'x' : '');
    const accept = createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
    let head = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\n`;
    if (this.subprotocol !== null) head += `Sec-WebSocket-Protocol: ${this.subprotocol}\r\n`;
    const connection = new Connection(socket);
    // In one write with the head: a client must not lose what follows it.
    const first = this.hello === null ? Buffer.alloc(0) : frame(JSON.stringify({hello: this.hello}));
    connection.write(Buffer.concat([Buffer.from(head + '\r\n'), first]));
    this.connections.push(connection);
  }

  stop() {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}

// A scripted node, a client that is connected to it, and their connection; all of it gone after the test.
export async function connected(t, connect, {node: settings, ...options} = {}) {
  const node = await ScriptedNode.start(settings);
  t.after(() => node.stop());
  const client = await connect(node.url, options);
  t.after(() => client.close());
  return {node, client, connection: await node.nextConnection()};
}
