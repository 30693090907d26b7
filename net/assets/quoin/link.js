// The way to a node: one WebSocket at a time, opened again whenever it is lost, to each of the URLs in turn.
//
// A sending is {body(), onAnswer(frame), onLost(why), onRefused(details)}. Each ends exactly once, unless cancelled:
// answered; lost (it was sent, and the connection ended before its answer: its fate is not known); or refused (it was
// never sent). body() is called when it is sent, not before.
//
// A watch is one with isStream: events are no end of it. Its credit() is how many bytes of answers the node is allowed
// from then on; onAnswer is told how many of them each message took, and grant() allows more. What answers to others take
// is allowed again at once.
import {NodeSocket} from './node_socket.js';
import {utf8Bytes} from './values.js';

const SUBPROTOCOL = 'quoin.v1.json';
const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 2000;
const LAST_ID = 2 ** 32 - 1;
// A silence is looked at a second time, so that a program that did not come to read for long does not take its own pause
// for the node's.
const SECOND_LOOK_MS = 20;
// Asks for nothing: no watch has this id. That it is answered shows that the node is there.
const PROBE = {body: () => ({unwatch: {watch: LAST_ID}}), onAnswer() {}, onLost() {}, onRefused() {}};
// How long a node may take to answer our close frame.
const CLOSING_MS = 1000;

// Full jitter: of many clients that failed together no two come back together.
export function backoffMs(attempt) {
  return Math.random() * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
}

export class Link {
  #urls;
  #options;
  #next;                  // Index of the URL to try next.
  #socket = null;         // The one that is being opened, is open, or is closing.
  #isOpen = false;        // It has said hello.
  #ready = null;          // Called at each hello, for connect().
  #failures = 0;          // Since the last answer to a request.
  #waiting = new Set();   // Sendings in the order in which they came.
  #inFlight = new Map();  // Those that were sent, by id, the oldest first: {sending or null once cancelled, sentAt}.
  #lastId = 0;
  #heardAt = 0;           // When the node last said something, or took something of what is being sent.
  #unsentBytes = 0;       // What the socket would hold if it had sent nothing since the silence was last looked at.
  #credit = null;         // Bytes of answers that the node may still send; null: any.
  #isSuspect = false;     // It has been silent for too long; what it said may be waiting to be read.
  #timer = null;          // Of the opening, or until the next one.
  #watch = null;          // Of the silence.
  #closed = false;
  #whenClosed = null;
  state = 'connecting';
  why = 'no node has been tried yet';  // Why there is no connection.
  limits = null;                       // The latest hello.

  constructor(urls, options) {
    this.#urls = urls;
    this.#options = options;
    this.#next = Math.floor(Math.random() * urls.length);
    this.#open();
  }

  // Of the node that is connected; null while there is none.
  get url() {
    return this.#isOpen ? this.#urls[this.#next] : null;
  }

  // Calls `ready` at the next hello.
  onReady(ready) {
    this.#ready = ready;
  }

  submit(sending) {
    if (this.#isOpen && this.#waiting.size === 0 && this.#inFlight.size < this.limits.max_requests) {
      return this.#send(sending);
    }
    this.#waiting.add(sending);
  }

  // Says whether the sending may have reached a node.
  cancel(sending) {
    for (const flight of this.#inFlight.values()) {
      if (flight.sending === sending) flight.sending = null;  // Its id stays taken until the node has answered.
    }
    return !this.#waiting.delete(sending);
  }

  // Allows the node so many more bytes of answers. False: there is no connection.
  grant(bytes) {
    if (!this.#isOpen) return false;
    this.#credit = (this.#credit ?? 0) + bytes;
    this.#socket.send(JSON.stringify({credit: {bytes: String(bytes)}}));
    return true;
  }

  // Gives the connection up, so that another node is tried.
  leave(why) {
    if (this.#isOpen && !this.#closed) this.#drop(why);
  }

  // REQUIRES: nothing is submitted any more. Resolves when the connection is gone.
  close() {
    if (this.#whenClosed !== null) return this.#whenClosed.promise;
    this.#closed = true;
    this.#whenClosed = {};
    this.#whenClosed.promise = new Promise((resolve) => (this.#whenClosed.resolve = resolve));
    clearTimeout(this.#timer);
    if (this.#socket === null) {
      this.#finish();
    } else {
      this.#timer = setTimeout(() => this.#drop('the node did not answer the close'), CLOSING_MS);
      this.#socket.close(1000, 'done');
    }
    return this.#whenClosed.promise;
  }

  #finish() {
    this.#setState('closed');
    this.#whenClosed.resolve();
  }

  #setState(state) {
    if (this.state === state) return;
    this.state = state;
    // Later, when the link is at rest: it may abort requests, and what it throws is its own affair.
    if (this.#options.onStateChange) queueMicrotask(() => this.#options.onStateChange(state));
  }

  #open() {
    const url = this.#urls[this.#next];
    let socket;
    try {
      const WebSocketClass = this.#options.WebSocket ?? globalThis.WebSocket ?? NodeSocket;
      socket = new WebSocketClass(url, SUBPROTOCOL);
    } catch (error) {
      return this.#onEnd(`${url}: ${error.message}`);
    }
    this.#socket = socket;
    this.#credit = null;
    this.#unsentBytes = 0;
    this.#isSuspect = false;
    // NodeSocket tells of every byte, of a long answer's too, and of pings. Browsers tell of whole messages only.
    socket.onbytes = () => this.#socket === socket && this.#hear();
    socket.onmessage = (event) => this.#socket === socket && this.#onMessage(event.data);
    socket.onclose = ({code, reason}) => {
      // 1006 stands for no close frame at all.
      const how = code === 1006 ? '' : ` (close code ${code})`;
      if (this.#socket === socket) this.#onEnd(`${url}: ${reason || 'the connection ended'}${how}`);
    };
    this.#timer = setTimeout(() => this.#drop('no hello came in time'), this.#options.connectTimeoutMs);
  }

  // Gives the connection up without waiting for anyone.
  #drop(why) {
    const socket = this.#socket;
    this.#onEnd(`${this.#urls[this.#next]}: ${why}`);
    socket.terminate ? socket.terminate() : socket.close();
  }

  #onEnd(why) {
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
    this.#watch = null;
    this.#socket = null;
    this.#isOpen = false;
    this.why = why;
    const lost = [...this.#inFlight.values()];
    this.#inFlight.clear();
    this.#next = (this.#next + 1) % this.#urls.length;
    for (const {sending} of lost) sending?.onLost(why);
    if (this.#closed) {
      this.#finish();
    } else {
      this.#setState('connecting');
      this.#timer = setTimeout(() => this.#open(), backoffMs(this.#failures++));
    }
  }

  #onMessage(data) {
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return this.#drop('the node sent what is no JSON');
    }
    if (frame === null || typeof frame !== 'object') return this.#drop('the node sent what is no frame');
    this.#hear();
    if (!this.#isOpen) {
      if (frame.hello === undefined) return this.#drop('the node did not start with a hello');
      return this.#onHello(frame.hello);
    }
    const flight = this.#inFlight.get(frame.id);
    if (flight === undefined) return this.#drop(`the node answered ${frame.id}, which was not asked`);
    const bytes = this.#credit === null ? 0 : utf8Bytes(data).length;
    if (this.#credit !== null) this.#credit -= bytes;
    const goesOn = flight.sending?.isStream && frame.events !== undefined;
    if (!goesOn) this.#inFlight.delete(frame.id);
    try {
      flight.sending?.onAnswer(frame, bytes);
    } catch (error) {
      this.#inFlight.set(frame.id, flight);  // It counts as lost.
      return this.#drop(`the node's answer makes no sense: ${error.message}`);
    }
    // A stream allows what its messages took once they are taken; other answers wait for nobody.
    if (bytes > 0 && !flight.sending?.isStream) this.grant(bytes);
    this.#failures = 0;
    this.#sendWaiting();
  }

  #onHello(hello) {
    clearTimeout(this.#timer);
    this.#isOpen = true;
    this.limits = hello;
    this.#setState('open');
    this.#ready?.();
    this.#sendWaiting();
  }

  #sendWaiting() {
    for (const sending of this.#waiting) {
      // An answer or a refusal may have been the end of the connection.
      if (!this.#isOpen || this.#inFlight.size >= this.limits.max_requests) return;
      this.#waiting.delete(sending);
      this.#send(sending);
    }
  }

  #send(sending) {
    do {
      this.#lastId = this.#lastId === LAST_ID ? 1 : this.#lastId + 1;
    } while (this.#inFlight.has(this.#lastId));
    const message = JSON.stringify({id: this.#lastId, ...sending.body()});
    const most = this.limits.max_message_bytes;
    // Measured only when it might be too much: a UTF-16 unit has at most 3 bytes of UTF-8.
    if (message.length * 3 > most && utf8Bytes(message).length > most) {
      return sending.onRefused({type: 'body-too-large', status: 413, limit: 'max_batch_size',
                                detail: `the request has more than the ${most} bytes that the node takes`});
    }
    this.#inFlight.set(this.#lastId, {sending, sentAt: performance.now()});
    const unsentBytes = this.#socket.bufferedAmount ?? 0;
    if (sending.isStream) this.grant(sending.credit());
    this.#socket.send(message);
    this.#unsentBytes += (this.#socket.bufferedAmount ?? 0) - unsentBytes;
    this.#watch ??= setTimeout(() => this.#onWatch(), this.#options.silenceTimeoutMs);
  }

  #hear() {
    this.#heardAt = performance.now();
    this.#isSuspect = false;
  }

  // A connection may be dead without a word. A node that was asked, and neither says nor takes anything for so long, is
  // given up. One that was not asked may be silent for ever.
  #onWatch() {
    this.#watch = null;
    if (this.#inFlight.size === 0) return;
    const unsentBytes = this.#socket.bufferedAmount ?? 0;
    if (unsentBytes < this.#unsentBytes) this.#hear();
    this.#unsentBytes = unsentBytes;
    const oldest = [...this.#inFlight.values()].find(({sending}) => !sending?.isStream);
    if (oldest === undefined) return this.#watchStreams();
    const silentMs = performance.now() - Math.max(this.#heardAt, oldest.sentAt);
    const leftMs = this.#options.silenceTimeoutMs - silentMs;
    if (leftMs <= 0 && this.#isSuspect) return this.#drop(`the node has said nothing for ${Math.round(silentMs)} ms`);
    this.#isSuspect = leftMs <= 0;
    this.#watch = setTimeout(() => this.#onWatch(), this.#isSuspect ? SECOND_LOOK_MS : leftMs);
  }

  // A watch may be silent for ever, but its node must show now and then that it is there. (Without credit it can't.)
  #watchStreams() {
    const leftMs = this.#options.silenceTimeoutMs - (performance.now() - this.#heardAt);
    if (leftMs <= 0 && (this.#credit ?? 1) > 0 && this.#inFlight.size < this.limits.max_requests) return this.#send(PROBE);
    this.#watch = setTimeout(() => this.#onWatch(), leftMs > 0 ? leftMs : this.#options.silenceTimeoutMs);
  }
}
