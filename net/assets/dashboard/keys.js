// The key browser: a list of keys by prefix, and beside it the one that is open.
import {connect} from '/quoin.js';
import {byId, setAttribute, setText} from './dom.js';
import {Editor} from './editor.js';
import {KeyList} from './key_list.js';
import {keyId, keyOf, parseKey, unescapeBytes} from './key_text.js';
import {follow} from './live.js';

// Typing rests this long before a search begins.
const TYPING_MS = 200;
const RECONNECT_MS = 1000;

// One client for the page, which finds its connection again by itself once it had one.
async function connected(onStateChange) {
  for (;;) {
    try {
      return await connect(location.origin, {onStateChange});
    } catch {
      await new Promise((again) => setTimeout(again, RECONNECT_MS));
    }
  }
}

export class KeyBrowser {
  // The time at the node, in milliseconds.
  nodeNow = Date.now;
  #client = null;
  #list = new KeyList((key) => { location.hash = '#keys/' + keyId(key); });
  #editor = new Editor({
    nodeNow: () => this.nodeNow(), close: () => { location.hash = '#keys'; },
    changed: (key, state) => this.#onChange(key, state),
  });
  #prefix = byId('prefix');
  #escaped = byId('prefix-escaped');
  #follow = byId('follow');
  #following = null;   // AbortController of the watch behind the list.
  #followed = null;    // The prefix that it is for.
  #typing = null;

  constructor() {
    byId('search-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#search();
      this.#list.focus();
    });
    this.#prefix.addEventListener('input', () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#search(), TYPING_MS);
    });
    this.#escaped.addEventListener('change', () => this.#search());
    this.#follow.addEventListener('change', () => this.#watch());
    byId('reload-keys').addEventListener('click', () => this.#search());
    byId('new-key').addEventListener('click', () => this.create());
    byId('view-keys').addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.#editor.isOpen && !event.target.closest('dialog')) location.hash = '#keys';
    });
  }

  // Shows the key whose id stands in the address, "" for none; "+" for one that is to be.
  async show(id) {
    if (this.#client === null) {
      this.#client = connected((state) => this.#onLink(state));
      this.#search();
    }
    const client = await this.#client;
    this.#onLink(client.state);
    if (this.#editor.isOpen && id === this.#editor.id) return;
    if (!await this.#editor.mayLeave()) return history.replaceState(null, '', '#keys/' + this.#editor.id);
    // Before: what is not shown can't be given the focus.
    byId('view-keys').classList.toggle('opened', id !== '');
    await this.#open(client, id);
  }

  async #open(client, id) {
    if (id === '') {
      this.#editor.hide();
      this.#list.mark(null);
    } else if (id === '+') {
      this.#editor.create(client);
      this.#list.mark(null);
    } else {
      let key;
      try {
        key = keyOf(unescapeBytes(id));
      } catch (error) {
        byId('view-keys').classList.remove('opened');
        return this.#complain(`The address of this page names no key: ${error.message}.`);
      }
      this.#list.mark(key);
      await this.#editor.open(client, key);
    }
  }

  search() {
    location.hash = '#keys';
    // The view appears with the event that this brings.
    setTimeout(() => this.#prefix.focus());
  }

  create() {
    location.hash = '#keys/+';
  }

  #onLink(state) {
    setText(byId('link-state'), state === 'open' ? '' : 'No connection to the node: looking for it…');
  }

  #complain(text) {
    setText(byId('prefix-problem'), text);
    setAttribute(this.#prefix, 'aria-invalid', text === '' ? 'false' : 'true');
  }

  #wanted() {
    try {
      const prefix = parseKey(this.#prefix.value, this.#escaped.checked);
      this.#complain('');
      return prefix;
    } catch (error) {
      this.#complain(`${error.message[0].toUpperCase()}${error.message.slice(1)}.`);
      return null;
    }
  }

  async #search() {
    clearTimeout(this.#typing);
    const prefix = this.#wanted();
    if (prefix === null) return;
    // What all keys do would be a lot for a page that was only opened.
    if (this.#followed === null || keyId(prefix) !== keyId(this.#followed)) this.#follow.checked = prefix.length > 0;
    const client = await this.#client;
    if (this.#wanted() !== null && keyId(this.#wanted()) !== keyId(prefix)) return;
    this.#list.load(client, prefix);
    this.#watch();
  }

  // Keeps the list in step with the cluster, if that is wanted.
  async #watch() {
    this.#following?.abort();
    const prefix = this.#wanted();
    this.#followed = prefix;
    if (!this.#follow.checked || prefix === null) return;
    const controller = this.#following = new AbortController();
    const client = await this.#client;
    const again = () => this.#list.load(client, prefix, {keepPlace: true});
    let begun = false;
    await follow(client, {prefixes: [prefix]}, {
      signal: controller.signal, state: false,
      put: (key, state) => this.#list.put(key, state), gone: (key) => this.#list.remove(key), gap: again,
      // What happened between the reading of the list and this is not told by anybody: it is read once more.
      synced: () => {
        if (!begun) again();
        begun = true;
      },
      failed: (error) => {
        this.#follow.checked = false;
        this.#complain(`Changes are not followed any more: ${error.message}`);
      },
    });
  }

  // The editor wrote: the list need not wait for the news.
  #onChange(key, state) {
    const prefix = this.#wanted();
    if (prefix === null || !keyId(key).startsWith(keyId(prefix))) return;
    if (state === null) this.#list.remove(key);
    else this.#list.put(key, state);
    if (state !== null) this.#list.mark(key);
  }
}
