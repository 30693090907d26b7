// Quoin's client for browsers and Node.js 18 or newer, over WebSocket (docs/javascript.md; types: quoin.d.ts).
import {NotAppliedError, QuoinError, RejectedError, UnknownOutcomeError} from './errors.js';
import {Link} from './link.js';
import {MEMBERS, checkMembers, consistencyMember, operationOf} from './operations.js';
import {Task} from './task.js';
import {BallotCache, OperationUnit, PageUnit} from './units.js';
import {describe, json, prefixMember, toBase64, utf8Bytes} from './values.js';
import {Watch, watchRequest} from './watch.js';

export {NotAppliedError, QuoinError, RejectedError, UnknownOutcomeError, json};

const DEFAULTS = {timeoutMs: 15000, connectTimeoutMs: 5000, silenceTimeoutMs: 8000};
const CALL_OPTIONS = ['timeoutMs', 'signal', 'consistency'];
// Options that are members of the operation.
const OWN_OPTIONS = ['contentType', 'ttlMs', 'expected'];
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;  // Timers know no longer ones.
// Requests that have not ended. Beyond, a caller that never waits is told so before its memory is gone.
const MOST_PENDING = 65536;
// Room for what sending adds to an operation or a frame: ids and a ballot.
const SENDING_BYTES = 256;
const PAGE_ENTRIES = 100;
const MOST_PAGE_ENTRIES = 1000;

function checkTimeout(name, value) {
  if (!(value > 0 && value <= LONGEST_TIMEOUT_MS)) {
    throw new RangeError(`${name} is a number of milliseconds, more than 0 and at most ${LONGEST_TIMEOUT_MS}, ` +
                         `not ${describe(value)}`);
  }
  return value;
}

// A node's URL as that of its WebSocket: "127.0.0.1:8080" as "ws://127.0.0.1:8080/v1/ws".
function socketUrl(given) {
  const text = String(given);
  let url;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : 'http://' + text);
  } catch {
    throw new TypeError(`${describe(text)} is no URL; one is http://127.0.0.1:8080`);
  }
  const scheme = {'http:': 'ws:', 'ws:': 'ws:', 'https:': 'wss:', 'wss:': 'wss:'}[url.protocol];
  if (scheme === undefined) throw new TypeError(`${describe(text)}: a node speaks http, https, ws or wss`);
  if (url.username || url.password || url.search || url.hash) {
    throw new TypeError(`${describe(text)}: a node's URL has no user, no query and no fragment`);
  }
  const path = url.pathname.replace(/\/+$/, '');
  return `${scheme}//${url.host}${path.endsWith('/v1/ws') ? path : path + '/v1/ws'}`;
}

async function randomHex64() {
  // Node.js 18 has it as a module only.
  const random = globalThis.crypto ?? (await import('node:crypto')).webcrypto;
  return [...random.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export async function connect(urls = globalThis.location?.origin, options = {}) {
  const list = Array.isArray(urls) ? urls : [urls];
  if (list.length === 0 || list[0] === undefined) throw new TypeError('connect wants the URL of at least one node');
  checkMembers(options, [...Object.keys(DEFAULTS), 'signal', 'onStateChange', 'WebSocket'], 'the options of connect');
  const given = {...DEFAULTS};
  for (const [name, value] of Object.entries(options)) if (value !== undefined) given[name] = value;
  for (const name of Object.keys(DEFAULTS)) checkTimeout(name, given[name]);
  const sockets = list.map(socketUrl);
  const clientId = await randomHex64();
  given.signal?.throwIfAborted();
  const link = new Link(sockets, given);
  let timer, onAbort;
  try {
    await new Promise((resolve, reject) => {
      link.onReady(resolve);
      onAbort = () => reject(given.signal.reason);
      given.signal?.addEventListener('abort', onAbort);
      timer = setTimeout(() => {
        reject(new NotAppliedError(`no node was reached: ${link.why}`, {type: 'unreachable'}));
      }, given.timeoutMs);
    });
  } catch (error) {
    link.close();
    throw error;
  } finally {
    clearTimeout(timer);
    given.signal?.removeEventListener('abort', onAbort);
  }
  // A watch has a link of its own.
  const {onStateChange, ...linkOptions} = given;
  return new Client(link, clientId, given.timeoutMs, () => new Link(sockets, linkOptions));
}

// Lists of operations that each fit into one message of the node.
function chunksOf(operations, limits) {
  const chunks = [];
  let chunkBytes = 0;
  for (const operation of operations) {
    const bytes = utf8Bytes(JSON.stringify(operation.wire)).length + SENDING_BYTES;
    const chunk = chunks.at(-1);
    if (chunk === undefined || chunk.length === limits.max_batch_operations ||
        chunkBytes + bytes > limits.max_message_bytes) {
      chunks.push([operation]);
      chunkBytes = bytes + SENDING_BYTES;
    } else {
      chunk.push(operation);
      chunkBytes += bytes;
    }
  }
  return chunks;
}

// For each chunk the earlier ones that it must wait for, since one of the two writes a key that is in both. (Sent at
// once they could change places: when something of the first has to be sent again.)
function predecessorsOf(chunks) {
  if (chunks.length < 2) return chunks.map(() => []);
  const touched = new Map();  // Key: the chunks that it is in, in order, and whether they write it.
  return chunks.map((chunk, i) => {
    const earlier = new Set();
    for (const {wire, isWrite} of chunk) {
      const key = wire.key ?? toBase64(utf8Bytes(wire.key_text));
      const chunksOfKey = touched.get(key) ?? [];
      for (const other of chunksOfKey) if (other.i !== i && (isWrite || other.isWrite)) earlier.add(other.i);
      const latest = chunksOfKey.at(-1);
      if (latest?.i === i) {
        latest.isWrite ||= isWrite;
      } else {
        touched.set(key, [...chunksOfKey, {i, isWrite}]);
      }
    }
    return [...earlier];
  });
}

// Ends all of them for the same reason; how they ended.
function endAll(units, details) {
  for (const unit of units) unit.give(details);
  return units.map((unit) => unit.end);
}

class Client {
  #link;
  #clientId;
  #timeoutMs;
  #newLink;
  #watches = new Set();  // Those that have not ended.
  #lastNumber = 0n;
  #ballots = new BallotCache();
  #pending = new Set();  // Promises of requests that have not ended.
  #closing = null;

  constructor(link, clientId, timeoutMs, newLink) {
    this.#link = link;
    this.#clientId = clientId;
    this.#timeoutMs = timeoutMs;
    this.#newLink = newLink;
  }

  get state() {
    return this.#closing !== null && this.#link.state !== 'closed' ? 'closing' : this.#link.state;
  }
  get node() {
    return this.#link.url === null ? null : this.#link.limits.node;
  }
  get url() {
    return this.#link.url;
  }

  get(key, options) {
    return this.#one({op: 'get', key}, options);
  }
  put(key, value, options) {
    return this.#one({op: 'put', key, value}, options);
  }
  cas(key, expected, value, options) {
    return this.#one({op: 'cas', key, expected, value}, options);
  }
  getAndSet(key, value, options) {
    return this.#one({op: 'getAndSet', key, value}, options);
  }
  delete(key, options) {
    return this.#one({op: 'delete', key}, options);
  }
  incr(key, by = 1, options = {}) {
    return this.#one({op: 'incr', key, by}, options);
  }
  append(key, value, options) {
    return this.#one({op: 'append', key, value}, options);
  }
  expire(key, ttlMs, options) {
    return this.#one({op: 'expire', key, ttlMs}, options);
  }
  persist(key, options) {
    return this.#one({op: 'persist', key}, options);
  }

  async batch(operations, options = {}) {
    if (!Array.isArray(operations)) {
      throw new TypeError(`a batch is an array of operations, not ${describe(operations)}`);
    }
    const {consistency, ...call} = this.#callOptions(options);
    // All are understood before the first is sent.
    const chunks = chunksOf(operations.map(operationOf), this.#link.limits);
    const told = await this.#runChunks(chunks, call, consistency);
    return told.flat().map(({value, error}) =>
      error === undefined ? {status: 'fulfilled', value} : {status: 'rejected', reason: error});
  }

  async *scan(prefix = '', options = {}) {
    const {consistency, ...call} = this.#callOptions(options, ['pageSize', 'keysOnly', 'timeoutMs', 'signal']);
    const {pageSize = PAGE_ENTRIES, keysOnly = false} = options;
    if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MOST_PAGE_ENTRIES) {
      throw new RangeError(`pageSize is a whole number from 1 to ${MOST_PAGE_ENTRIES}, not ${describe(pageSize)}`);
    }
    const wire = {...prefixMember(prefix), limit: pageSize, keys_only: Boolean(keysOnly)};
    for (let cursor = ''; ; ) {
      const [{value: page, error}] = await this.#run('scan', [new PageUnit({...wire, cursor})], call);
      if (error !== undefined) throw error;
      yield* page.entries;
      cursor = page.cursor;
      if (cursor === '') return;
    }
  }

  watch(targets, options = {}) {
    const request = watchRequest(targets, options);
    if (this.#closing !== null) throw new NotAppliedError('the client is closed', {type: 'closed'});
    const watch = new Watch(this.#newLink(), request, (closed) => {
      this.#watches.delete(watch);
      this.#track(closed);
    });
    this.#watches.add(watch);
    return watch;
  }

  close() {
    for (const watch of this.#watches) watch.stop(new NotAppliedError('the client is closed', {type: 'closed'}));
    this.#closing ??= Promise.allSettled(this.#pending).then(() => this.#link.close());
    return this.#closing;
  }

  #callOptions(options, allowed = CALL_OPTIONS) {
    checkMembers(options, allowed, 'the options');
    const {timeoutMs = this.#timeoutMs, signal, consistency} = options;
    return {timeoutMs: checkTimeout('timeoutMs', timeoutMs), signal, consistency: consistencyMember(consistency)};
  }

  #unit(operation) {
    return new OperationUnit(operation, () => `${this.#clientId}-${++this.#lastNumber}`, this.#ballots);
  }

  async #one(description, options = {}) {
    const own = OWN_OPTIONS.filter((name) => !(name in description) && MEMBERS[description.op].includes(name));
    const {consistency, ...call} = this.#callOptions(options, [...own, ...CALL_OPTIONS]);
    for (const name of own) description[name] = options[name];
    const operation = operationOf(description);
    Object.assign(operation.wire, consistency);
    const [{value, error}] = await this.#run('operation', [this.#unit(operation)], call);
    if (error !== undefined) throw error;
    return value;
  }

  // Why no request is taken now; null: it is.
  #refusal() {
    if (this.#closing !== null) return {type: 'closed', detail: 'the client is closed'};
    if (this.#pending.size < MOST_PENDING) return null;
    return {type: 'too-many-requests', detail: `${MOST_PENDING} requests are under way`};
  }

  #run(kind, units, call) {
    const refusal = this.#refusal();
    if (refusal !== null) return Promise.resolve(endAll(units, refusal));
    return this.#track(new Task(this.#link, kind, units, call).run());
  }

  // A batch, which is one request, though it may be several messages.
  #runChunks(chunks, call, common) {
    const refusal = this.#refusal();
    const until = performance.now() + call.timeoutMs;
    const predecessors = predecessorsOf(chunks);
    const runs = [];
    for (const [i, chunk] of chunks.entries()) {
      const units = chunk.map((operation) => this.#unit(operation));
      const run = () => {
        if (refusal !== null) return endAll(units, refusal);
        const timeoutMs = Math.ceil(until - performance.now());
        // Its timer would come after the sending, and leave the writes unknown.
        if (timeoutMs <= 1 && predecessors[i].length > 0) {
          const detail = `earlier operations on the same key took all of the ${call.timeoutMs} ms`;
          return endAll(units, {type: 'timed-out', detail});
        }
        return new Task(this.#link, 'batch', units, {...call, timeoutMs}, common).run();
      };
      // Without anything to wait for, it leaves in this very turn.
      const waits = predecessors[i].map((earlier) => runs[earlier]);
      runs.push(waits.length === 0 ? run() : Promise.all(waits).then(run));
    }
    const running = Promise.all(runs);
    return refusal === null ? this.#track(running) : running;
  }

  #track(running) {
    this.#pending.add(running);
    running.then(() => this.#pending.delete(running));
    return running;
  }
}
