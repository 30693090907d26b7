// A watch: what happens to some keys, as an async iterator, over as many connections as it takes. It has a link of its
// own, whose credit says how much may still come: whoever takes events slowly holds up nobody else, and the node leaves
// out older states for newer ones.
import {NotAppliedError, detailsOf} from './errors.js';
import {backoffMs} from './link.js';
import {checkMembers} from './operations.js';
import {State, describe, fromBase64, keyMember, prefixMember} from './values.js';

const MOST_TARGETS = 256;
// Bytes of messages that may wait here until they are taken; the last message may be beyond.
const WINDOW_BYTES = 1 << 20;
// For so many keys it is remembered what was told of them last, so that a reconnect tells nothing twice.
const MOST_KEYS_KNOWN = 16384;
const TYPES = {PUT: 'put', DELETED: 'deleted', EXPIRED: 'expired', GAP: 'gap', SYNCED: 'synced'};
const PASSING_STATUSES = [429, 503];

function isNewerVersion(version, than) {
  const [round, node, sequence] = version.split('.');
  const [thanRound, thanNode, thanSequence] = than.split('.');
  if (round !== thanRound) return BigInt(round) > BigInt(thanRound);
  return node === thanNode ? BigInt(sequence) > BigInt(thanSequence) : node > thanNode;
}

// What the caller says, understood. Throws TypeError or RangeError, or the reason of a signal that is aborted.
export function watchRequest(given, options) {
  checkMembers(given, ['keys', 'prefixes'], 'what is watched');
  checkMembers(options, ['signal', 'cursor', 'state'], 'the options');
  const {keys = [], prefixes = []} = given;
  const {cursor = '', state = true, signal} = options;
  if (typeof cursor !== 'string') throw new TypeError(`cursor is a string, not ${describe(cursor)}`);
  if (typeof state !== 'boolean') throw new TypeError(`state is true or false, not ${describe(state)}`);
  for (const [name, list] of Object.entries({keys, prefixes})) {
    if (!Array.isArray(list)) throw new TypeError(`${name} is an array, not ${describe(list)}`);
  }
  const targets = [...keys.map(keyMember), ...prefixes.map(prefixMember)];
  if (targets.length < 1 || targets.length > MOST_TARGETS) {
    throw new RangeError(`a watch has 1 to ${MOST_TARGETS} keys and prefixes, not ${targets.length}`);
  }
  signal?.throwIfAborted();
  return {targets, cursor, state, signal};
}

function checkEvent({kind, key, key_text, version, state}) {
  if (!Object.hasOwn(TYPES, String(kind))) throw new Error(`an event of kind ${describe(kind)}`);
  if (kind === 'GAP' || kind === 'SYNCED') return;
  if ((key ?? key_text) === undefined || !version) throw new Error('an event without key or version');
  if (kind === 'PUT' && !state) throw new Error('a put without a state');
}

// How far a watch has come, over all its connections. No clock, no connection. (As net/client/watch_progress.h.)
export class WatchProgress {
  #targets;
  #cursor;
  #state;
  #told = false;        // Anything was.
  #known = new Map();   // By key: {version, isGone} of what was told last; the one told last is last.

  constructor(targets, cursor, state) {
    this.#targets = targets;
    this.#cursor = cursor;
    this.#state = state;
  }

  // What another connection asks for, and the event that is told before what it brings, or null.
  begin() {
    let gap = null;
    if (this.#cursor === '' && this.#told) {
      // What was told since the start, or since a gap, is no state to go on from.
      this.#known.clear();
      this.#told = false;
      this.#state = true;
      gap = {type: 'gap', key: null, cursor: ''};
    }
    const watch = {targets: this.#targets};
    if (this.#cursor !== '') watch.cursor = this.#cursor;
    else if (!this.#state) watch.state = 'NONE';
    return {watch, gap};
  }

  // What of a node's Events is news. `cursor` of an event: how far the watch is with it; undefined: as before.
  take({events = [], cursor}) {
    events.forEach(checkEvent);  // Nothing is taken of what makes no sense.
    const told = [];
    for (const wire of events) {
      const event = this.#read(wire);
      if (event !== null) told.push(event);
    }
    if (cursor) {
      this.#cursor = cursor;
      if (told.length > 0) told.at(-1).cursor = cursor;
    }
    return {told, cursor};
  }

  #read(wire) {
    const event = {type: TYPES[wire.kind], key: wire.key_text ?? (wire.key === undefined ? null : fromBase64(wire.key))};
    const id = wire.key_text === undefined ? 'b' + wire.key : 't' + wire.key_text;
    this.#told = true;
    if (event.type === 'synced') return event;
    if (event.type === 'gap') {
      if (event.key !== null) {
        this.#known.delete(id);
        return event;
      }
      // A cursor of before the gap would go on as if there had been none.
      this.#known.clear();
      this.#cursor = event.cursor = '';
      return event;
    }
    event.version = wire.version;
    event.skipped = Number(wire.skipped ?? 0);
    if (event.type === 'put') event.state = new State({version: wire.version, ...wire.state});
    return this.#learn(id, wire.version, event.type !== 'put') ? event : null;
  }

  // A key that is put and then expires without another write has the version twice.
  #learn(id, version, isGone) {
    const known = this.#known.get(id);
    if (known !== undefined && !isNewerVersion(version, known.version)) {
      if (version !== known.version || known.isGone || !isGone) return false;
    }
    this.#known.delete(id);
    this.#known.set(id, {version, isGone});
    if (this.#known.size > MOST_KEYS_KNOWN) this.#known.delete(this.#known.keys().next().value);
    return true;
  }
}

export class Watch {
  #link;
  #progress;
  #sending = null;       // While a node has, or will get, the watch.
  #waiting = [];         // {event, bytes}: what came and was not taken yet.
  #waitingBytes = 0;
  #freedBytes = 0;       // Not given back to the node yet.
  #failures = 0;         // Connections in a row that brought no events.
  #timer = null;
  #wake = null;          // Of the next() that waits.
  #end = null;           // {error} or {} once it is over and what waits is all there is.
  #signal;
  #onAbort = () => this.#finish({error: this.#signal.reason}, true);
  #onEnd;
  cursor;

  // `link` is the watch's own. `onEnd` is called once, with the promise of the link's end.
  constructor(link, {targets, cursor, state, signal}, onEnd) {
    this.#link = link;
    this.cursor = cursor;
    this.#progress = new WatchProgress(targets, cursor, state);
    this.#signal = signal;
    this.#onEnd = onEnd;
    signal?.addEventListener('abort', this.#onAbort);
    this.#begin();
  }

  #begin() {
    this.#timer = null;
    // A node would cut off whoever takes nothing; it is asked again when there is room.
    if (this.#end !== null || this.#sending !== null || 2 * this.#waitingBytes > WINDOW_BYTES) return;
    const sending = {
      isStream: true,
      body: () => {
        this.#freedBytes = 0;
        const {watch, gap} = this.#progress.begin();
        if (gap !== null) this.#push(gap, 0);
        return {watch};
      },
      // Before there is anything that it could be spent on.
      credit: () => WINDOW_BYTES - this.#waitingBytes,
      onAnswer: (frame, bytes) => this.#onFrame(frame, bytes),
      onLost: () => this.#again(0),
      onRefused: (details) => this.#finish({error: this.#errorOf(details)}),
    };
    this.#sending = sending;
    this.#link.submit(sending);
  }

  #onFrame({events, result}, bytes) {
    if (events === undefined) return this.#onRefused(result?.problem);
    const {told, cursor} = this.#progress.take(events);
    this.#failures = 0;
    if (told.length === 0) {
      // Nothing waits before it, or the last that waits brings it.
      if (cursor && this.#waiting.length === 0) this.cursor = cursor;
      else if (cursor) this.#waiting.at(-1).event.cursor = cursor;
      return this.#free(bytes, bytes);
    }
    for (const [i, event] of told.entries()) this.#push(event, i === told.length - 1 ? bytes : 0);
  }

  #onRefused(problem) {
    const details = detailsOf(problem);
    if (!PASSING_STATUSES.includes(details.status)) return this.#finish({error: this.#errorOf(details)});
    this.#link.leave(`the node refused the watch: ${details.detail}`);
    this.#again(problem.retry_after_ms ?? 0);
  }

  #errorOf(details) {
    return new NotAppliedError(`the watch ended: ${details.detail}`, details);
  }

  // The link opens its connections with pauses of its own; here is one for nodes that take none of our watches.
  #again(leastMs) {
    this.#sending = null;
    if (this.#end !== null) return;
    this.#timer = setTimeout(() => this.#begin(), leastMs + (this.#failures === 0 ? 0 : backoffMs(this.#failures)));
    ++this.#failures;
  }

  #push(event, bytes) {
    this.#waiting.push({event, bytes});
    this.#waitingBytes += bytes;
    this.#wake?.();
  }

  // Bytes that no longer wait, `uncounted` of which never did.
  #free(bytes, uncounted = 0) {
    this.#waitingBytes -= bytes - uncounted;
    this.#freedBytes += bytes;
    if (this.#sending === null) {
      if (this.#timer === null) this.#begin();
    } else if (2 * this.#freedBytes >= WINDOW_BYTES && this.#link.grant(this.#freedBytes)) {
      this.#freedBytes = 0;
    }
  }

  async next() {
    while (this.#waiting.length === 0) {
      if (this.#end !== null) {
        const {error} = this.#end;
        this.#end = {};  // An error is thrown once.
        if (error !== undefined) throw error;
        return {value: undefined, done: true};
      }
      await new Promise((resolve) => (this.#wake = resolve));
      this.#wake = null;
    }
    const {event, bytes} = this.#waiting.shift();
    if (event.cursor !== undefined) this.cursor = event.cursor;
    event.cursor = this.cursor;
    this.#free(bytes);
    return {value: event, done: false};
  }

  async return() {
    this.#finish({}, true);
    return {value: undefined, done: true};
  }

  stop(error) {
    this.#finish({error});
  }

  #finish(end, dropsWhatWaits = false) {
    if (dropsWhatWaits) this.#waiting = [];
    if (this.#end === null) {
      this.#end = end;
      clearTimeout(this.#timer);
      this.#signal?.removeEventListener('abort', this.#onAbort);
      this.#onEnd(this.#link.close());
    }
    this.#wake?.();
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}
