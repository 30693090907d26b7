// Values, which may be any bytes, as text that can be edited, and back: text, JSON, hex. Pure.

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
// Beyond, hex would be a megabyte of digits in a field; such a value is shown in part, and not edited.
export const MOST_HEX_BYTES = 1 << 16;

function decode(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Error('this value is no UTF-8 text: look at it as hex');
  }
}

// The tokens of JSON. (One regular expression for all of them runs out of stack on a string of megabytes.)
function* tokensOf(json) {
  for (let at = 0; at < json.length;) {
    let end = at + 1;
    if (json[at] === '"') {
      while (json[end] !== '"') end += json[end] === '\\' ? 2 : 1;
      ++end;
    } else if (!/[[\]{},:\s]/.test(json[at])) {
      while (end < json.length && !/[[\]{},:\s]/.test(json[end])) ++end;
    }
    if (!/\s/.test(json[at])) yield json.slice(at, end);
    at = end;
  }
}

// Sets JSON in lines without touching what stands in it: numbers keep all their digits, objects their order and their
// doubles. `text` is JSON. What would become many times as long, as it is nested too deeply, stays as it is.
export function indentJson(text) {
  const most = 8 * text.length + 1000;
  const parts = [];
  let depth = 0, length = 0, opened = false;
  const add = (part) => {
    parts.push(part);
    length += part.length;
  };
  const line = () => add('\n' + '  '.repeat(depth));
  for (const token of tokensOf(text)) {
    const closes = token === '}' || token === ']';
    if (closes) --depth;
    // Nothing between the brackets stays on one line.
    if (opened !== closes) line();
    add(token === ':' ? ': ' : token);
    opened = token === '{' || token === '[';
    if (opened) ++depth;
    if (token === ',') line();
    if (length > most) return text;
  }
  return parts.join('');
}

function toHex(bytes) {
  const lines = [];
  for (let i = 0; i < bytes.length; i += 16) {
    lines.push([...bytes.subarray(i, i + 16)].map((byte) => byte.toString(16).padStart(2, '0')).join(' '));
  }
  return lines.join('\n');
}

function fromHex(text) {
  const digits = text.replace(/\s+/g, '');
  const wrong = /[^0-9a-f]/i.exec(digits);
  if (wrong !== null) throw new Error(`"${wrong[0]}" is no hexadecimal digit`);
  if (digits.length % 2 !== 0) throw new Error('a byte is two hexadecimal digits, and one is left over');
  return Uint8Array.from({length: digits.length / 2}, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

function parseJson(text) {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new Error(`this is no JSON: ${error.message}`);
  }
}

// {text, readOnly: why it can't be edited like this, or null}. Throws Error when it can't be shown like this.
export function showValue(bytes, format) {
  if (format === 'hex') {
    const whole = bytes.length <= MOST_HEX_BYTES;
    return {text: toHex(bytes.subarray(0, MOST_HEX_BYTES)),
            readOnly: whole ? null : `the first ${MOST_HEX_BYTES} of ${bytes.length} bytes; that is too many to edit as hex`};
  }
  const text = decode(bytes);
  if (format === 'json') {
    parseJson(text);
    return {text: indentJson(text), readOnly: null};
  }
  const returns = /\r/.test(text);
  return {text, readOnly: returns ? 'the text has carriage returns, which a text field would lose: edit it as hex' : null};
}

// What was edited, as bytes. Throws Error that says what is wrong with it.
export function readValue(text, format) {
  if (format === 'hex') return fromHex(text);
  if (/\p{Surrogate}/u.test(text)) throw new Error('this text has half of a surrogate pair, and so no UTF-8');
  if (format === 'json') parseJson(text);
  return encoder.encode(text);
}

// How a value is best looked at first.
export function bestFormat(bytes, contentType) {
  let text;
  try {
    text = decode(bytes);
  } catch {
    return 'hex';
  }
  if (/\bjson\b/i.test(contentType)) {
    try {
      JSON.parse(text);
      return 'json';
    } catch {
      // It only says that it is.
    }
  }
  // Control characters beside tab and line ends: no text for people.
  return /[\x00-\x08\x0b\x0c\x0e-\x1f]/.test(text) ? 'hex' : 'text';
}

// The beginning of a value for people, of whatever kind: at most `most` characters.
export function preview(bytes, most = 4000) {
  const format = bestFormat(bytes, '');
  if (format === 'hex') {
    const shown = toHex(bytes.subarray(0, Math.floor(most / 3)));
    return shown.length < bytes.length * 3 - 1 ? shown + '\n…' : shown;
  }
  const text = decode(bytes);
  return text.length > most ? text.slice(0, most) + '…' : text;
}
