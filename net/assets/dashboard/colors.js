// A colour for each node, which it keeps as long as the page is open. Hues that stay apart for most people who see
// colours differently come first; nodes are never told apart by colour alone.

const HUES = [28, 210, 150, 330, 265, 55, 185, 0, 95, 240];

const chosen = new Map();
const dark = matchMedia('(prefers-color-scheme: dark)');

export function colorOf(node) {
  if (!chosen.has(node)) chosen.set(node, chosen.size);
  const place = chosen.get(node);
  const hue = place < HUES.length ? HUES[place] : (place * 137.5) % 360;
  return dark.matches ? `hsl(${hue} 62% 62%)` : `hsl(${hue} 62% 42%)`;
}

export function onSchemeChange(act) {
  dark.addEventListener('change', act);
}

// A colour of the style sheet, by its name, as canvases need it.
export function styleColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
