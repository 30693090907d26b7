// Types of quoin.js, the client of Quoin for browsers and Node.js 18 or newer (docs/javascript.md).
//
// One client has one WebSocket, with many requests in flight, and opens it again by itself whenever it is lost. Each
// request ends by its deadline (timeoutMs) in one of three ways: with a result, or with an error that says that it was
// certainly not applied (NotAppliedError), or with one that says that this is not known (UnknownOutcomeError).

/** A key: 1 to 4096 bytes. A string stands for its UTF-8. */
export type Key = string | Uint8Array | ArrayBuffer | ArrayBufferView;

/** What json() makes. */
export interface JsonValue {
  readonly text: string;
  readonly contentType: string;
}

/** A value: any bytes, at most as many as the node's --max_value_size (1 MiB). A string stands for its UTF-8. */
export type Value = string | Uint8Array | ArrayBuffer | ArrayBufferView | JsonValue;

/** A value as JSON text, stored as application/json. Throws TypeError for what has no JSON, such as undefined. */
export function json(value: unknown): JsonValue;

/** The state of a key that is there. */
export interface State {
  /** "3.00c0ffee00c0ffee.41": opaque; the versions of a key only go up. For conditions. */
  readonly version: string;
  readonly contentType: string;
  /** When the key will be gone; null: it stays. */
  readonly expires: Date | null;
  /** The value. Throws TypeError when it was not asked for (scan with keysOnly), as the next two do. */
  bytes(): Uint8Array;
  /** The value as text. Throws TypeError when it is no UTF-8: nothing is replaced. */
  text(): string;
  /** The value, parsed. Throws SyntaxError when it is no JSON. */
  json(): any;
}

/** A key and its state, of a scan. */
export interface Entry extends State {
  /** As text when its bytes are UTF-8, otherwise as bytes; a Key in either case. */
  readonly key: string | Uint8Array;
}

/** What must hold of a key for a write to be applied: exactly one of these. */
export type Expected =
  /** Its current version is this one, or one of these (at most 256). */
  | {version: string | readonly string[]}
  /** Its current value is exactly this. */
  | {value: Value}
  /** It is not there. */
  | {absent: true}
  /** It is there. */
  | {present: true};

/** How a write ended. All of these are certain. */
export interface Written<Outcome extends string = 'done'> {
  readonly outcome: Outcome;
  /** After a write that is done the new version, otherwise that of what was found; null: the key is absent. */
  readonly version: string | null;
  /** The write is done, and found the key absent. */
  readonly created: boolean;
}

export interface RequestOptions {
  /** How long the request may take, its repetitions included, in milliseconds. Default: that of connect. */
  timeoutMs?: number;
  /** Ends it early: with the signal's reason when it is certain that nothing was or will be applied (reads: always),
   *  otherwise with UnknownOutcomeError, whose cause is that reason. */
  signal?: AbortSignal;
  /** How sure the answer must be (docs/api.md). Default "quorum": linearizable. */
  consistency?: 'one' | 'quorum' | 'all';
}

export interface StoreOptions extends RequestOptions {
  /** At most 256 characters of printable ASCII. Default: by the kind of value: text, JSON, or none for bytes. */
  contentType?: string;
  /** How long the key lives, 1 ms to 36500 days. Default: until it is deleted. */
  ttlMs?: number;
}

export interface ScanOptions {
  /** Entries that are asked for at once, 1 to 1000. Default 100. */
  pageSize?: number;
  /** Without values. */
  keysOnly?: boolean;
  /** How long one page may take. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** What is watched: 1 to 256 keys and prefixes together. The prefix "" is every key. */
export interface WatchTargets {
  keys?: readonly Key[];
  prefixes?: readonly Key[];
}

export interface WatchOptions {
  /** Ends the watch, with the signal's reason. */
  signal?: AbortSignal;
  /** Of an earlier watch of the same targets: goes on where that one was, a page or a process earlier. */
  cursor?: string;
  /** Whether what is there is told first. Default true. With a cursor it means nothing. */
  state?: boolean;
}

interface Watched<Type extends string> {
  readonly type: Type;
  /** From here a watch goes on behind this event, and misses nothing; "": it would have to begin anew. */
  readonly cursor: string;
}
interface WatchedKey<Type extends string> extends Watched<Type> {
  /** As text when its bytes are UTF-8, otherwise as bytes. */
  readonly key: string | Uint8Array;
  /** The versions of a key's events only go up, but after a gap. */
  readonly version: string;
  /** Earlier events of this key that were left out for this one, because this client was behind. */
  readonly skipped: number;
}

export type WatchEvent =
  | (WatchedKey<'put'> & {readonly state: State})
  | WatchedKey<'deleted'>
  /** Its time to live ended. */
  | WatchedKey<'expired'>
  /** What happened in between is not known. With a key: its state comes next. With null: the state of everything that is
   *  watched follows, up to the next "synced"; a key that is not told by then is absent. */
  | (Watched<'gap'> & {readonly key: string | Uint8Array | null})
  /** Everything up to now has been told. */
  | (Watched<'synced'> & {readonly key: null});

/** One next() at a time, as for await does it. */
export interface Watch extends AsyncIterableIterator<WatchEvent> {
  /** That of the latest event that was taken. */
  readonly cursor: string;
  return(): Promise<IteratorResult<WatchEvent>>;
}

/** One operation of a batch: the members are the arguments of the method of that name. */
export type BatchOperation =
  | {op: 'get'; key: Key}
  | {op: 'put'; key: Key; value: Value; contentType?: string; ttlMs?: number}
  | {op: 'cas'; key: Key; expected: Expected; value: Value; contentType?: string; ttlMs?: number}
  | {op: 'getAndSet'; key: Key; value: Value; contentType?: string; ttlMs?: number}
  | {op: 'delete'; key: Key; expected?: Expected}
  | {op: 'incr'; key: Key; by?: number | bigint}
  | {op: 'append'; key: Key; value: Value}
  | {op: 'expire'; key: Key; ttlMs: number}
  | {op: 'persist'; key: Key};

/** What each operation is told when it is done. */
export interface Results {
  get: State | null;
  put: Written;
  cas: Written<'done' | 'condition-failed'>;
  getAndSet: Written & {readonly previous: State | null};
  delete: Written<'done' | 'absent' | 'condition-failed'>;
  incr: Written & {readonly value: number | bigint};
  append: Written;
  expire: Written<'done' | 'absent'>;
  persist: Written<'done' | 'absent'>;
}

/** As Promise.allSettled tells it. */
export type Settled<Value> =
  | {status: 'fulfilled'; value: Value}
  | {status: 'rejected'; reason: unknown};

export type BatchResults<Operations extends readonly BatchOperation[]> =
  {-readonly [I in keyof Operations]: Settled<Results[Operations[I]['op']]>};

/** Made by connect. All methods that ask the node reject with QuoinError, or with TypeError or RangeError for arguments
 *  that make no sense (nothing was sent then). At most 65536 requests may be under way. */
export interface Client {
  /** Whether there is a connection right now. Requests wait for one, up to their deadline. */
  readonly state: 'connecting' | 'open' | 'closing' | 'closed';
  /** The id of the node that is connected, 16 hexadecimal digits; null: none. */
  readonly node: string | null;
  /** Its URL; null: none. */
  readonly url: string | null;

  /** null: the key is absent. */
  get(key: Key, options?: RequestOptions): Promise<State | null>;
  /** Stores a value. Without ttlMs the key stays until it is deleted, also when it had a deadline before. */
  put(key: Key, value: Value, options?: StoreOptions): Promise<Results['put']>;
  /** Compare-and-set: stores a value if what is expected holds. */
  cas(key: Key, expected: Expected, value: Value, options?: StoreOptions): Promise<Results['cas']>;
  /** Stores a value and tells what was there before; null: nothing. */
  getAndSet(key: Key, value: Value, options?: StoreOptions): Promise<Results['getAndSet']>;
  delete(key: Key, options?: RequestOptions & {expected?: Expected}): Promise<Results['delete']>;
  /** Adds to a decimal integer of 64 bits (default 1); an absent key counts as 0. The sum is exact: a number as far as
   *  numbers are, a BigInt beyond. RejectedError: the value is no integer, or the sum has more than 64 bits. */
  incr(key: Key, by?: number | bigint, options?: RequestOptions): Promise<Results['incr']>;
  /** Adds bytes at the end; an absent key counts as empty. */
  append(key: Key, value: Value, options?: RequestOptions): Promise<Results['append']>;
  /** Gives a key that is there a new deadline. */
  expire(key: Key, ttlMs: number, options?: RequestOptions): Promise<Results['expire']>;
  /** Takes the deadline of a key away. */
  persist(key: Key, options?: RequestOptions): Promise<Results['persist']>;

  /** Operations that are independent of each other: each succeeds or fails for itself; those on one key happen in the
   *  order given. Tells how each ended, in their order; rejects only for arguments that make no sense. */
  batch<const Operations extends readonly BatchOperation[]>(
      operations: Operations, options?: RequestOptions): Promise<BatchResults<Operations>>;

  /** The keys that start with `prefix` (default: all), in the order of their bytes. Pages are fetched as they are
   *  consumed; each shows one moment of each key, and keys that stay for the whole walk appear exactly once. */
  scan(prefix?: Key, options?: ScanOptions): AsyncGenerator<Entry, void, void>;

  /** Tells of changes to keys and prefixes as they happen (docs/watch.md): first of what is there, then of what becomes
   *  of it, over lost connections and nodes, until it is aborted or broken out of, or the client is closed. Each has a
   *  connection of its own, so one watch of many keys costs less than many watches. Events that are taken slowly wait at
   *  the node, which leaves out older states of a key for newer ones; at most 1 MiB and one message wait here.
   *  Throws TypeError or RangeError for arguments that make no sense. Its next() rejects with the signal's reason, or
   *  with NotAppliedError when the nodes refuse it for good, or the client is closed. */
  watch(targets: WatchTargets, options?: WatchOptions): Watch;

  /** Refuses new requests, ends watches, waits until those under way have ended, then closes the connection. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** Default deadline of requests, and that of connect itself. Default 15000. */
  timeoutMs?: number;
  /** How long one attempt to open a connection may take. Default 5000. */
  connectTimeoutMs?: number;
  /** A node that is asked and says nothing at all for so long is given up, and another connection is opened. Should be
   *  more than the node's --request_timeout. Default 8000. */
  silenceTimeoutMs?: number;
  /** Ends connect early, with the signal's reason. */
  signal?: AbortSignal;
  /** Called whenever a connection is there ("open"), lost ("connecting"), or no longer wanted ("closed"). */
  onStateChange?: (state: 'connecting' | 'open' | 'closed') => void;
  /** The WebSocket class to use. Default: the global one; where there is none (Node.js before 22), one of its own. */
  WebSocket?: new (url: string, protocol: string) => any;
}

/** Connects to a node, "http://127.0.0.1:8080", or to one of several; when it is lost, to the next, without end, until
 *  close. http, https, ws and wss are all understood. Default, in a browser: the node that the page comes from.
 *  Resolves once there is a connection; rejects with NotAppliedError when there is none within timeoutMs. */
export function connect(urls?: string | URL | readonly (string | URL)[], options?: ConnectOptions): Promise<Client>;

/** How a request failed. `type` is that of docs/api.md ("value-too-large"), or, of the client's own: "unreachable" (no
 *  connection by the deadline), "timed-out", "aborted", "closed", "bad-answer" (the node broke its own rules). */
export abstract class QuoinError extends Error {
  readonly type: string;
  /** What HTTP would have answered; 0: the client's own. */
  readonly status: number;
  /** For people. */
  readonly detail: string;
  /** The node's flag that sets the limit, such as "max_value_size"; or "". */
  readonly limit: string;
  /** Of a write whose outcome is unknown; otherwise "". */
  readonly operationId: string;
  abstract readonly outcome: 'not-applied' | 'rejected' | 'unknown';
}

/** Certainly not applied, and never will be. It may be tried again. */
export class NotAppliedError extends QuoinError {
  readonly outcome: 'not-applied' | 'rejected';
}

/** The operation does not fit the value, for example an increment of what is no integer. Nothing changed. */
export class RejectedError extends NotAppliedError {
  readonly outcome: 'rejected';
}

/** A write that may have been applied, may still be, or may not. A read says what is there; calling the method again
 *  makes another operation of it, which may be applied besides. */
export class UnknownOutcomeError extends QuoinError {
  readonly outcome: 'unknown';
}
