// Numbers, times and ids as people read them. Pure.

export const shortId = (id) => id.slice(0, 4);

export function count(number) {
  return Math.round(number).toLocaleString('en');
}

export function plural(number, one, many = one + 's') {
  return `${count(number)} ${number === 1 ? one : many}`;
}

// 12.3k: for axes and tiles.
export function compact(number) {
  if (number === null || number === undefined) return '–';
  if (number === 0) return '0';
  if (number < 10) return number.toFixed(1).replace(/\.0$/, '');
  if (number < 1000) return String(Math.round(number));
  if (number < 99_950) return (number / 1000).toFixed(1).replace(/\.0$/, '') + 'k';
  if (number < 999_500) return Math.round(number / 1000) + 'k';
  return (number / 1e6).toFixed(1).replace(/\.0$/, '') + 'M';
}

export function latency(us) {
  if (us === null || us === undefined) return '–';
  if (us < 1000) return `${Math.round(us)} µs`;
  if (us < 10_000) return `${(us / 1000).toFixed(1)} ms`;
  if (us < 1e6) return `${Math.round(us / 1000)} ms`;
  return `${(us / 1e6).toFixed(1)} s`;
}

export function bytes(number) {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (number >= 1024 && unit + 1 < units.length) {
    number /= 1024;
    ++unit;
  }
  if (unit === 0) return plural(number, 'byte');
  return `${number < 10 ? number.toFixed(1) : Math.round(number)} ${units[unit]}`;
}

// The two largest units: "2 h 5 min".
export function duration(seconds) {
  if (seconds < 1) return 'less than a second';
  const units = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const parts = [];
  let rest = Math.round(seconds);
  for (const [size, name] of units) {
    if (rest >= size || (parts.length === 1 && rest > 0)) {
      if (Math.floor(rest / size) > 0) parts.push(`${Math.floor(rest / size)} ${name}`);
      rest %= size;
    }
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

export function clock(date) {
  return date.toLocaleTimeString('en-GB');
}
