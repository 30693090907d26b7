// A WebSocket client (RFC 6455) for Node.js before 22, which has none: just what the Link uses of a browser's.
// Node's own modules are loaded when the first one is opened, so that browsers never ask for them.

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const MAX_MESSAGE_BYTES = 2 ** 28;  // Beyond what any node sends, and what a string may hold.
const CHUNK_BYTES = 2 ** 16;        // What the socket is given at once.
const MAX_REFUSAL_BYTES = 4096;     // Of the body of an answer that is no WebSocket.
const TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;

// Why the peer broke the protocol, with the code to close with.
class ProtocolError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export class NodeSocket {
  onopen = () => {};
  onbytes = () => {};    // Something has come, if not a whole message.
  onmessage = () => {};  // ({data: string})
  onclose = () => {};    // ({code, reason}), once; code 1006 when no close frame came.
  #socket = null;
  #request = null;
  #crypto = null;
  #received = [];        // Chunks that have not made a whole frame yet.
  #receivedBytes = 0;
  #wantedBytes = 2;      // Until so many are there, there is nothing to read.
  #fragments = [];       // Of the message that is under way.
  #fragmentBytes = 0;
  #outgoing = [];        // Chunks that the socket has not been given yet.
  #outgoingBytes = 0;
  #corked = false;
  #closing = false;      // Our close frame has been sent.
  #closed = false;

  constructor(url, protocol) {
    this.#open(new URL(url), protocol).catch((error) => this.#end(1006, error.message));
  }

  async #open(url, protocol) {
    const secure = url.protocol === 'wss:';
    this.#crypto = await import('node:crypto');
    const http = secure ? await import('node:https') : await import('node:http');
    if (this.#closed) return;
    const key = this.#crypto.randomBytes(16).toString('base64');
    const headers = {Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13',
                     'Sec-WebSocket-Key': key, 'Sec-WebSocket-Protocol': protocol};
    this.#request = http.request(url.href.replace(/^ws/, 'http'), {headers, agent: false});
    this.#request.on('error', (error) => this.#end(1006, error.message));
    this.#request.on('response', (response) => this.#onRefusal(response));
    this.#request.on('upgrade', (response, socket, head) => {
      const accept = this.#crypto.createHash('sha1').update(key + GUID).digest('base64');
      this.#socket = socket;
      if (response.headers['sec-websocket-accept'] !== accept ||
          response.headers['sec-websocket-protocol'] !== protocol) {
        return this.#end(1006, 'the answer to the handshake is none to what was asked');
      }
      socket.setNoDelay(true);
      socket.setTimeout(0);
      socket.on('drain', () => this.#flush());
      socket.on('data', (chunk) => this.#onBytes(chunk));
      socket.on('error', (error) => this.#end(1006, error.message));
      socket.on('close', () => this.#end(1006, 'the connection ended'));
      this.onopen();
      if (head.length > 0) this.#onBytes(head);
    });
    this.#request.end();
  }

  // An answer that does not upgrade: its problem document says why.
  #onRefusal(response) {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (text) => (body = (body + text).slice(0, MAX_REFUSAL_BYTES)));
    response.on('error', () => {});
    response.on('close', () => {
      let why = '';
      try {
        why = ': ' + (JSON.parse(body).detail ?? '');
      } catch {}
      this.#end(1006, `the answer is HTTP ${response.statusCode}${why}`);
    });
  }

  // Of what was sent, how many bytes have not left yet.
  get bufferedAmount() {
    return this.#outgoingBytes + (this.#socket?.writableLength ?? 0);
  }

  send(text) {
    this.#write(TEXT, Buffer.from(text));
  }

  close(code = 1000, reason = '') {
    if (this.#closed || this.#closing) return;
    if (this.#socket === null) return this.#end(1006, 'closed before it was open');
    const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
    payload.writeUInt16BE(code);
    payload.write(reason, 2);
    this.#write(CLOSE, payload);
    this.#closing = true;
  }

  // Ends at once, without the close handshake.
  terminate() {
    this.#end(1006, 'given up');
  }

  #write(opcode, payload) {
    if (this.#closing || this.#closed || this.#socket === null) return;
    const length = payload.length;
    const head = Buffer.alloc(length < 126 ? 6 : length < 65536 ? 8 : 14);
    head[0] = 0x80 | opcode;
    if (length < 126) {
      head[1] = 0x80 | length;
    } else if (length < 65536) {
      head[1] = 0x80 | 126;
      head.writeUInt16BE(length, 2);
    } else {
      head[1] = 0x80 | 127;
      head.writeBigUInt64BE(BigInt(length), 2);
    }
    const mask = this.#crypto.randomBytes(4);
    mask.copy(head, head.length - 4);
    for (let i = 0; i < length; ++i) payload[i] ^= mask[i & 3];
    // What one tick sends leaves in one write.
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#outgoing.push(head);
    for (let at = 0; at < length; at += CHUNK_BYTES) this.#outgoing.push(payload.subarray(at, at + CHUNK_BYTES));
    this.#outgoingBytes += head.length + length;
    this.#flush();
  }

  // Gives the socket as much as it should hold: it tells of what it holds only when all of that has left.
  #flush(mostBytes = CHUNK_BYTES) {
    let given = 0;
    while (given < this.#outgoing.length && this.#socket.writableLength < mostBytes) {
      const chunk = this.#outgoing[given++];
      this.#outgoingBytes -= chunk.length;
      this.#socket.write(chunk);
    }
    this.#outgoing.splice(0, given);
  }

  #onBytes(chunk) {
    if (this.#closed) return;
    this.onbytes();
    this.#received.push(chunk);
    this.#receivedBytes += chunk.length;
    try {
      while (!this.#closed && this.#receivedBytes >= this.#wantedBytes && this.#takeFrame());
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.close(error.code, error.message);
      this.#end(1006, error.message);
    }
  }

  // Reads one frame if it is there whole; otherwise says in #wantedBytes how much must be there first.
  #takeFrame() {
    if (this.#received.length > 1) this.#received = [Buffer.concat(this.#received)];
    const bytes = this.#received[0];
    const [first, second] = bytes;
    const opcode = first & 0x0f, final = (first & 0x80) !== 0;
    if ((first & 0x70) !== 0) throw new ProtocolError(1002, 'a frame has reserved bits');
    if ((second & 0x80) !== 0) throw new ProtocolError(1002, 'a frame of a server is masked');
    const isControl = opcode >= CLOSE;
    let length = second & 0x7f, headBytes = 2;
    if (isControl && (length > 125 || !final)) throw new ProtocolError(1002, 'a control frame is long or a fragment');
    if (length >= 126) {
      headBytes = length === 126 ? 4 : 10;
      if (bytes.length < headBytes) return this.#want(headBytes);
      length = headBytes === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    }
    if (length + this.#fragmentBytes > MAX_MESSAGE_BYTES) throw new ProtocolError(1009, 'a message is too large');
    if (bytes.length < headBytes + length) return this.#want(headBytes + length);
    const payload = bytes.subarray(headBytes, headBytes + length);
    const rest = bytes.subarray(headBytes + length);
    this.#received = rest.length > 0 ? [rest] : [];
    this.#receivedBytes = rest.length;
    this.#wantedBytes = 2;
    isControl ? this.#onControl(opcode, payload) : this.#onFragment(opcode, final, payload);
    return true;
  }

  #want(bytes) {
    this.#wantedBytes = bytes;
    return false;
  }

  #onFragment(opcode, final, payload) {
    if (opcode !== 0 && opcode !== TEXT && opcode !== BINARY) throw new ProtocolError(1002, 'a reserved opcode');
    if ((opcode === 0) !== (this.#fragments.length > 0)) throw new ProtocolError(1002, 'fragments out of order');
    if (opcode === BINARY) throw new ProtocolError(1003, 'a binary message where texts were agreed on');
    this.#fragments.push(payload);
    this.#fragmentBytes += payload.length;
    if (!final) return;
    const message = this.#fragments.length === 1 ? payload : Buffer.concat(this.#fragments);
    this.#fragments = [];
    this.#fragmentBytes = 0;
    let data;
    try {
      data = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(message);
    } catch {
      throw new ProtocolError(1007, 'a text is no UTF-8');
    }
    this.onmessage({data});
  }

  #onControl(opcode, payload) {
    if (opcode === PING) return this.#write(PONG, Buffer.from(payload));
    if (opcode === PONG) return;
    if (opcode !== CLOSE) throw new ProtocolError(1002, 'a reserved opcode');
    if (payload.length === 1) throw new ProtocolError(1002, 'half of a close code');
    const code = payload.length === 0 ? 1005 : payload.readUInt16BE(0);
    this.close(code === 1005 ? 1000 : code);
    this.#end(code, payload.toString('utf8', 2));
  }

  #end(code, reason) {
    if (this.#closed) return;
    this.#closed = true;
    // What was written, a close frame above all, still leaves; but nobody is waited for.
    if (this.#socket !== null) {
      if (!this.#socket.destroyed) this.#flush(Infinity);
      this.#socket.end();
      const socket = this.#socket;
      setTimeout(() => socket.destroy(), 1000).unref();
    } else {
      this.#request?.destroy();
    }
    this.onclose({code, reason});
  }
}
