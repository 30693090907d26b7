// The list of keys with a prefix: any number of them, of which only those in sight are elements. Pages are fetched as
// one gets near the end of what is there.
//
// For the keyboard it is a listbox: one stop for Tab; arrows, Page, Home and End move in it, Enter opens.
import {byId, h, reconcile, setAttribute, setText} from './dom.js';
import {count, plural} from './format.js';
import {compareKeys, keyId, shownKey} from './key_text.js';

const ROW_PX = 40;
const PAGE = 500;
const AHEAD = 200;        // Rows below those in sight that are fetched before they are needed.
const OVERSCAN = 8;       // Rows beyond the edges that are elements.
const MOST = 100_000;     // Keys that are kept; beyond, a longer prefix helps.

export class KeyList {
  #box = byId('key-list');
  #space = byId('key-rows');
  #note = byId('key-count');
  #onOpen;
  #entries = [];
  #active = -1;
  #opened = null;        // The id of the key that is open.
  #pages = null;         // The scan; null: no connection yet.
  #complete = false;
  #loading = null;
  #wanted = 0;           // Load at least so many.
  #error = null;
  #load = 0;             // Of which load, so that a late answer of an earlier one is dropped.
  #frame = null;
  #scanned = 0;          // Entries that came of the scan.
  #recent = new Map();   // By id: {act, scanned}, the latest that happened to a key, which pages may or may not show.

  // `onOpen(key)`
  constructor(onOpen) {
    this.#onOpen = onOpen;
    this.#box.addEventListener('scroll', () => this.#draw(), {passive: true});
    this.#box.addEventListener('keydown', (event) => this.#onKey(event));
    this.#box.addEventListener('click', (event) => this.#onClick(event));
    new ResizeObserver(() => this.#draw()).observe(this.#box);
  }

  // Begins anew. `keepPlace`: what is shown stays until the new first page is there.
  load(client, prefix, {keepPlace = false} = {}) {
    ++this.#load;
    this.#pages = client.scan(prefix, {pageSize: PAGE, keysOnly: true});
    const place = keepPlace ? this.#entries.length : 0;
    if (!keepPlace) {
      this.#entries = [];
      this.#active = -1;
      this.#box.scrollTop = 0;
    }
    this.#complete = false;
    this.#error = null;
    this.#scanned = 0;
    this.#recent.clear();
    this.#wanted = Math.max(PAGE, place);
    this.#loading = this.#fetch(this.#load, keepPlace);
    this.#draw();
  }

  async #fetch(load, replaces) {
    const pages = this.#pages;
    let fresh = replaces ? [] : this.#entries;
    try {
      while (fresh.length < this.#wanted && fresh.length < MOST) {
        // Each page is one wait; its other entries come without one.
        const {value, done} = await pages.next();
        if (load !== this.#load) return;
        if (done) {
          this.#complete = true;
          break;
        }
        ++this.#scanned;
        fresh.push({key: value.key, id: keyId(value.key), type: value.contentType, expires: value.expires});
        if (!replaces && fresh.length % PAGE === 0) this.#soon();
      }
    } catch (error) {
      if (load !== this.#load) return;
      this.#error = error;
    }
    if (replaces && this.#error === null) {
      // Where the user is by now, who may have moved meanwhile.
      const active = this.#entries[this.#active]?.id;
      this.#entries = fresh;
      this.#active = active === undefined ? -1 : fresh.findIndex(({id}) => id === active);
    }
    this.#loading = null;
    for (const {act} of this.#recent.values()) act();
    this.#forget();
    this.#soon();
  }

  // Acts now, and once more when more of the scan is there: it may have come to the node before this happened, whether it
  // is on its way or lies here as the rest of a page.
  #apply(key, act) {
    act();
    if (!this.#complete) {
      const id = keyId(key);
      this.#recent.delete(id);
      this.#recent.set(id, {act, scanned: this.#scanned});
      if (this.#recent.size > MOST) this.#recent.delete(this.#recent.keys().next().value);
    }
    this.#soon();
  }

  // What happened a whole page ago is in whatever comes now.
  #forget() {
    for (const [id, {scanned}] of this.#recent) {
      if (!this.#complete && this.#scanned - scanned < PAGE) break;  // The others are later.
      this.#recent.delete(id);
    }
  }

  #more(wanted) {
    this.#wanted = Math.max(this.#wanted, wanted);
    if (this.#pages === null || this.#complete || this.#loading !== null || this.#error !== null) return;
    if (this.#entries.length >= Math.min(this.#wanted, MOST)) return;
    this.#wanted = Math.max(this.#wanted, this.#entries.length + PAGE);
    this.#loading = this.#fetch(this.#load, false);
  }

  // A key came or changed; one that lies beyond what is loaded comes with its page.
  put(key, state) {
    this.#apply(key, () => this.#put(key, state));
  }

  remove(key) {
    this.#apply(key, () => this.#remove(key));
  }

  #put(key, state) {
    const [place, found] = this.#find(key);
    const entry = {key, id: keyId(key), type: state.contentType, expires: state.expires};
    if (found) {
      this.#entries[place] = entry;
    } else if (place < this.#entries.length || this.#complete) {
      this.#entries.splice(place, 0, entry);
      if (this.#active >= place) ++this.#active;
    }
  }

  #remove(key) {
    const [place, found] = this.#find(key);
    if (!found) return;
    this.#entries.splice(place, 1);
    if (this.#active > place) --this.#active;
    this.#active = Math.min(this.#active, this.#entries.length - 1);
  }

  // Which key is open beside the list; null: none.
  mark(key) {
    this.#opened = key === null ? null : keyId(key);
    if (key !== null) {
      const [place, found] = this.#find(key);
      if (found) this.#active = place;
    }
    this.#soon();
  }

  focus() {
    this.#box.focus();
  }

  #find(key) {
    let low = 0, high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareKeys(this.#entries[middle].key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return [low, low < this.#entries.length && compareKeys(this.#entries[low].key, key) === 0];
  }

  #soon() {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#draw();
    });
  }

  #draw() {
    const inSight = Math.ceil(this.#box.clientHeight / ROW_PX);
    const top = Math.floor(this.#box.scrollTop / ROW_PX);
    const first = Math.max(0, top - OVERSCAN);
    const rows = this.#entries.slice(first, top + inSight + OVERSCAN).map((entry, i) => ({...entry, place: first + i}));
    this.#space.style.height = `${this.#entries.length * ROW_PX}px`;
    reconcile(this.#space, rows, ({id}) => id, ({id}) =>
      h('li', {role: 'option', id: 'key-' + id, class: 'row'}, h('span', {class: 'mono name'}), h('span', {class: 'soft type'})),
    (row, {key, id, type, expires, place}) => {
      const {text, escaped} = shownKey(key);
      row.style.transform = `translateY(${place * ROW_PX}px)`;
      setText(row.firstChild, text);
      row.firstChild.classList.toggle('escaped', escaped);
      setText(row.lastChild, (expires === null ? '' : 'expires · ') + type.replace(/;.*/, ''));
      setAttribute(row, 'aria-posinset', place + 1);
      setAttribute(row, 'aria-setsize', this.#complete ? this.#entries.length : -1);
      setAttribute(row, 'aria-selected', String(id === this.#opened));
      row.classList.toggle('active', place === this.#active);
      row.title = text;
    });
    const active = this.#entries[this.#active];
    const present = active !== undefined && rows.some(({id}) => id === active.id);
    if (present) setAttribute(this.#box, 'aria-activedescendant', 'key-' + active.id);
    else this.#box.removeAttribute('aria-activedescendant');
    this.#tell();
    this.#more(top + inSight + AHEAD);
  }

  #tell() {
    const number = this.#entries.length;
    let text = plural(number, 'key');
    if (this.#error !== null) text = `${count(number)} so far; the rest could not be read: ${this.#error.message}`;
    else if (number >= MOST && !this.#complete) text = `the first ${count(number)} keys; a longer prefix shows others`;
    else if (this.#pages === null || (this.#loading !== null && number === 0)) text = 'asking the node…';
    else if (!this.#complete) text = `${count(number)} keys so far`;
    else if (number === 0) text = 'no key has this prefix';
    setText(this.#note, text);
  }

  #onClick(event) {
    const row = event.target.closest('.row');
    if (row === null) return;
    const place = Number(row.getAttribute('aria-posinset')) - 1;
    this.#active = place;
    this.#onOpen(this.#entries[place].key);
  }

  #onKey(event) {
    const page = Math.max(1, Math.floor(this.#box.clientHeight / ROW_PX) - 1);
    const steps = {ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity};
    if (event.key === 'Enter' && this.#active >= 0) {
      event.preventDefault();
      return this.#onOpen(this.#entries[this.#active].key);
    }
    if (!(event.key in steps) || this.#entries.length === 0) return;
    event.preventDefault();
    this.#active = Math.min(this.#entries.length - 1, Math.max(0, this.#active + steps[event.key]));
    const y = this.#active * ROW_PX;
    const {scrollTop, clientHeight} = this.#box;
    if (y < scrollTop) this.#box.scrollTop = y;
    if (y + ROW_PX > scrollTop + clientHeight) this.#box.scrollTop = y + ROW_PX - clientHeight;
    this.#draw();
  }
}
