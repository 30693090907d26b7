// Keys, which may be any bytes, as text: for addresses (percent-encoded, one way for each key), and for people. Pure.

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
export const MOST_KEY_BYTES = 4096;

export const keyBytes = (key) => typeof key === 'string' ? encoder.encode(key) : key;

const hexByte = (byte) => '%' + byte.toString(16).toUpperCase().padStart(2, '0');

// As encodeURIComponent does it, of any bytes.
export function keyId(key) {
  if (typeof key === 'string') return encodeURIComponent(key).replace(/[!'()*]/g, (c) => hexByte(c.charCodeAt(0)));
  return [...key].map((byte) => /[A-Za-z0-9_.~-]/.test(String.fromCharCode(byte)) && byte < 128 ?
      String.fromCharCode(byte) : hexByte(byte)).join('');
}

// Bytes as a key: text where they are UTF-8, as the client tells keys.
export function keyOf(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    return bytes;
  }
}

// Text in which %XX stands for a byte. Throws Error for a % that is followed by anything else.
export function unescapeBytes(text) {
  const parts = [];
  for (let i = 0; i < text.length;) {
    if (text[i] === '%') {
      const digits = text.slice(i + 1, i + 3);
      if (!/^[0-9a-f]{2}$/i.test(digits)) {
        throw new Error(`after % come two hexadecimal digits, not "${digits}"; %25 stands for % itself`);
      }
      parts.push(Number.parseInt(digits, 16));
      i += 3;
    } else {
      const next = text.indexOf('%', i) === -1 ? text.length : text.indexOf('%', i);
      for (const byte of encoder.encode(text.slice(i, next))) parts.push(byte);
      i = next;
    }
  }
  return Uint8Array.from(parts);
}

// What somebody has typed, as a key. `escaped`: with %XX. Throws Error that says what is wrong.
export function parseKey(text, escaped) {
  if (!escaped && /\p{Surrogate}/u.test(text)) throw new Error('this text has half of a surrogate pair, and so no UTF-8');
  const key = escaped ? keyOf(unescapeBytes(text)) : text;
  const {length} = keyBytes(key);
  if (length > MOST_KEY_BYTES) throw new Error(`a key has at most ${MOST_KEY_BYTES} bytes; this one has ${length}`);
  return key;
}

// Characters that would not be seen, or would change how others are: control characters, and those that turn the
// direction of text.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const ALL_UNSEEN = new RegExp(UNSEEN.source, 'gu');

// For people: {text, escaped}. `escaped`: bytes are shown as %XX, and % as %25, since the text alone would deceive.
export function shownKey(key) {
  if (typeof key !== 'string') {
    return {text: [...key].map((byte) => byte > 0x20 && byte < 0x7f && byte !== 0x25 ? String.fromCharCode(byte) : hexByte(byte))
        .join(''), escaped: true};
  }
  const hidden = UNSEEN.test(key) || key !== key.trim();
  if (!hidden) return {text: key, escaped: false};
  const escape = (text) => [...encoder.encode(text)].map(hexByte).join('');
  const text = key.replaceAll('%', '%25').replace(ALL_UNSEEN, escape).replace(/^\s+|\s+$/g, escape);
  return {text, escaped: true};
}

// The order of keys: that of their bytes.
export function compareKeys(a, b) {
  const x = keyBytes(a), y = keyBytes(b);
  const length = Math.min(x.length, y.length);
  for (let i = 0; i < length; ++i) if (x[i] !== y[i]) return x[i] - y[i];
  return x.length - y.length;
}
