// Elements from code. Nothing here, or anywhere in the dashboard, takes markup: what comes from the cluster is put in
// as text or as an attribute's value, so that it can't become anything else.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value);
    } else {
      element.setAttribute(name, value === true ? '' : value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// h('button', {type: 'button', onclick: f}, 'Save'): strings among the children become text.
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

export const byId = (id) => document.getElementById(id);

// Only when it differs: a screen reader repeats what is written again, and a selection is lost.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

// Makes the children of `parent` one for each item, in order, and keeps the element of an item as long as its id
// stays, so that focus stays too. `make(item)` makes an element, `update(element, item)` brings it up to date.
export function reconcile(parent, items, idOf, make, update) {
  const kept = new Map([...parent.children].map((child) => [child.dataset.id, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const id = String(idOf(item));
    let element = kept.get(id);
    if (element === undefined) {
      element = make(item);
      element.dataset.id = id;
    }
    kept.delete(id);
    update(element, item);
    if (element === place) {
      place = place.nextElementSibling;
    } else {
      parent.insertBefore(element, place);
    }
  }
  for (const gone of kept.values()) gone.remove();
}
