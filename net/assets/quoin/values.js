// Keys and values, from what callers have to what the schema says (net/proto/quoin.proto) and back.

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
const TEXT_TYPE = 'text/plain; charset=utf-8';
const LONGEST_TTL_MS = 36500 * 24 * 3600 * 1000;
const MOST_VERSIONS = 256;

export function utf8Bytes(text) {
  return encoder.encode(text);
}

// For messages of errors: short, and of whatever type.
export function describe(value) {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length <= 60 ? text : text.slice(0, 57) + '...';
}

function bytesOf(value) {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return null;
}

// btoa and atob take texts in which each character is a byte.
export function toBase64(bytes) {
  const CHUNK = 0x8000;  // So many arguments every engine takes.
  let binary = '';
  for (let i = 0; i < bytes.length; i += CHUNK) binary += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return btoa(binary);
}

export function fromBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; ++i) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

// A text or bytes as the member of that name: {key_text: 'a'} or {key: 'AAE='}.
function member(name, value, what) {
  if (typeof value === 'string') {
    // Half of a surrogate pair has no UTF-8; written as U+FFFD it would be another text.
    if (/\p{Surrogate}/u.test(value)) throw new TypeError(`${what} has half of a surrogate pair, and so no UTF-8`);
    return {[name + '_text']: value};
  }
  const bytes = bytesOf(value);
  if (bytes === null) {
    throw new TypeError(`${what} is a string, a Uint8Array or an ArrayBuffer, not ${describe(value)}`);
  }
  return {[name]: toBase64(bytes)};
}

export function keyMember(key) {
  const length = typeof key === 'string' ? utf8Bytes(key).length : bytesOf(key)?.length;
  if (length === 0) throw new RangeError('a key has at least 1 byte');
  return member('key', key, 'a key');
}

export function prefixMember(prefix) {
  return member('prefix', prefix, 'a prefix');
}

// A value that carries its own type: what json() makes.
class Typed {
  constructor(text, contentType) {
    this.text = text;
    this.contentType = contentType;
  }
}

export function json(value) {
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`${describe(value)} has no JSON`);
  return new Typed(text, 'application/json');
}

function plain(value) {
  return value instanceof Typed ? value.text : value;
}

export function valueMember(value) {
  return member('value', plain(value), 'a value');
}

export function expectedMember(value) {
  return member('value_is', plain(value), 'an expected value');
}

export function contentTypeOf(value) {
  if (value instanceof Typed) return value.contentType;
  return typeof value === 'string' ? TEXT_TYPE : '';
}

export function checkTtl(ttlMs) {
  if (!Number.isInteger(ttlMs) || ttlMs < 1 || ttlMs > LONGEST_TTL_MS) {
    throw new RangeError(`ttlMs is a whole number of milliseconds from 1 to ${LONGEST_TTL_MS}, not ${describe(ttlMs)}`);
  }
  return String(ttlMs);
}

export function checkVersions(version) {
  const versions = Array.isArray(version) ? version : [version];
  if (versions.length < 1 || versions.length > MOST_VERSIONS || !versions.every((v) => typeof v === 'string')) {
    throw new TypeError(`version is a string, or 1 to ${MOST_VERSIONS} of them, not ${describe(version)}`);
  }
  return versions;
}

// A 64-bit integer, exactly: a number where numbers are exact, otherwise a BigInt.
export function integer(text) {
  const exact = BigInt(text);
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : exact;
}

export function checkIncrement(by) {
  const is64Bits = typeof by === 'bigint' && BigInt.asIntN(64, by) === by;
  if (!is64Bits && !Number.isSafeInteger(by)) {
    throw new RangeError(`by is a safe integer or a BigInt of 64 bits, not ${describe(by)}`);
  }
  return String(by);
}

// The state of a key that is there.
export class State {
  #text;
  #bytes;

  constructor(wire) {
    // A value of no bytes is spelled as an empty text; none at all comes of keysOnly.
    this.#text = wire.value_text;
    this.#bytes = wire.value === undefined ? undefined : fromBase64(wire.value);
    this.version = wire.version;
    this.contentType = wire.content_type ?? '';
    this.expires = wire.expires_ms === undefined ? null : new Date(Number(wire.expires_ms));
  }

  bytes() {
    if (this.#bytes === undefined) this.#bytes = utf8Bytes(this.text());
    return this.#bytes;
  }

  text() {
    if (this.#text === undefined) {
      if (this.#bytes === undefined) throw new TypeError('the value was not asked for (keysOnly)');
      this.#text = decoder.decode(this.#bytes);
    }
    return this.#text;
  }

  json() {
    return JSON.parse(this.text());
  }
}

export class Entry extends State {
  constructor(wire) {
    super(wire.state);
    this.key = wire.key_text ?? fromBase64(wire.key);
  }
}
