// What is done with the key that is open: it is read, watched, saved on condition that it has not changed since, and
// deleted. Every write names the version that people have seen.
import {UnknownOutcomeError} from '/quoin.js';
import {askConflict} from './conflict.js';
import {confirmDialog} from './dialogs.js';
import {byId, h} from './dom.js';
import {clock} from './format.js';
import {KeyForm} from './key_form.js';
import {keyId, shownKey} from './key_text.js';
import {follow} from './live.js';

const FACTS_MS = 1000;  // How often "expires in" is told anew.
const MOST_GETS = 5;    // For one reading. What changes faster than that is put right by its next news.
const NEWS = {changed: 'Changed', deleted: 'Deleted', expired: 'Expired'};

const sameState = (a, b) => (a?.version ?? null) === (b?.version ?? null);

export class Editor {
  #on;
  #place = byId('editor');
  #form = null;
  #client = null;
  #key = null;       // null: a new one, or none.
  #state = null;     // What was seen last; null: absent.
  #following = null;
  #newsSeen = 0;     // How often the watch has told of a change.
  #turn = 0;         // Which key was opened: late answers about an earlier one are dropped.

  // `on`: {nodeNow(), close(), changed(key, state)}
  constructor(on) {
    this.#on = on;
    this.hide();
    setInterval(() => this.#tellFacts(), FACTS_MS);
    addEventListener('beforeunload', (event) => {
      if (this.#form?.isEdited) event.preventDefault();
    });
  }

  get isOpen() {
    return this.#form !== null;
  }
  // As the address has it.
  get id() {
    return this.#form === null ? '' : this.#key === null ? '+' : keyId(this.#key);
  }

  // Whether what is open may be left; asks when something would be lost.
  async mayLeave() {
    if (!this.#form?.isEdited) return true;
    const text = 'What was edited here is not saved.';
    return await confirmDialog({title: 'Leave without saving?', text, action: 'Leave'}) === true;
  }

  hide() {
    this.#begin(null, null);
    this.#form = null;
    this.#place.replaceChildren(h('p', {class: 'soft hint'}, 'Choose a key in the list, or create a new one. ', h('kbd', {}, '?'),
                                  ' shows what the keyboard does.'));
  }

  create(client) {
    this.#begin(client, null);
    this.#show(null);
    this.#form.show(new Uint8Array(), 'text/plain; charset=utf-8', 'text');
    this.#form.keyInput.focus();
  }

  async open(client, key) {
    this.#begin(client, key);
    this.#show(key);
    this.#form.title.focus();
    await this.#read();
  }

  #begin(client, key) {
    ++this.#turn;
    this.#following?.abort();
    this.#following = null;
    this.#client = client;
    this.#key = key;
    this.#state = null;
  }

  #show(key) {
    this.#form = new KeyForm(key, {
      isNew: key === null, close: this.#on.close,
      save: () => this.#save(), remove: () => this.#remove(), reload: () => this.#read(),
      follow: (wanted) => this.#follow(wanted), edited: () => {},
    });
    this.#place.replaceChildren(this.#form.element);
  }

  #tellFacts() {
    if (this.#form !== null && this.#key !== null) this.#form.tellFacts(this.#state, this.#on.nodeNow());
  }

  #take(state) {
    this.#state = state;
    this.#form.show(state?.bytes() ?? new Uint8Array(), state?.contentType ?? '');
    this.#tellFacts();
    this.#form.remove.disabled = state === null;
  }

  // What is there. An answer may be older than what the watch has told while it was on its way; then it is asked again.
  async #get(key) {
    const turn = this.#turn;
    for (let gets = 1; ; ++gets) {
      const newsSeen = this.#newsSeen;
      const state = await this.#client.get(key);
      if (newsSeen === this.#newsSeen || turn !== this.#turn || gets === MOST_GETS) return state;
    }
  }

  async #read() {
    const turn = this.#turn;
    this.#form.tell('Reading…');
    try {
      const state = await this.#get(this.#key);
      if (turn !== this.#turn) return;
      this.#take(state);
      this.#form.tell(state === null ? 'There is no such key. Saving creates it.' : `Read at ${clock(new Date())}.`);
      if (this.#form.followBox.checked && this.#following === null) this.#follow(true);
    } catch (error) {
      if (turn === this.#turn) this.#form.tell(`It could not be read: ${error.message}`, 'problem');
    }
  }

  async #follow(wanted) {
    this.#following?.abort();
    this.#following = null;
    if (!wanted) return;
    const turn = this.#turn;
    const controller = this.#following = new AbortController();
    let there = false;  // Whether the watch has told a state of the key since it began, or since a gap.
    const news = (state, what) => {
      there = true;
      if (turn === this.#turn && !sameState(state, this.#state)) this.#onNews(state, what);
    };
    await follow(this.#client, {keys: [this.#key]}, {
      signal: controller.signal,
      put: (key, state) => news(state, 'changed'), gone: (key, kind) => news(null, kind), gap: () => { there = false; },
      synced: (whole) => { if (whole && !there) news(null, 'deleted'); },
      failed: (error) => {
        if (turn !== this.#turn) return;
        this.#form.followBox.checked = false;
        this.#form.tell(`It is not watched any more: ${error.message}`, 'problem');
      },
    });
  }

  // Somebody else wrote. What is being edited stays; saving it will ask.
  #onNews(state, what) {
    ++this.#newsSeen;
    this.#on.changed(this.#key, state);
    const when = clock(new Date());
    if (this.#form.isEdited) {
      this.#form.tell(`${NEWS[what]} by somebody else at ${when}. ` +
                      'Your edit is kept; saving it will show both.', 'warn');
      return;
    }
    const {selectionStart, selectionEnd, scrollTop} = this.#form.value;
    this.#take(state);
    this.#form.value.setSelectionRange(selectionStart, selectionEnd);
    this.#form.value.scrollTop = scrollTop;
    this.#form.tell(`${NEWS[what]} at ${when}.`);
    this.#form.element.classList.remove('news');
    requestAnimationFrame(() => this.#form?.element.classList.add('news'));
  }

  #conditionOn(state) {
    return state === null ? {absent: true} : {version: state.version};
  }

  async #save(base = this.#state) {
    if (this.#form.save.disabled) return;
    const draft = this.#form.read(base?.expires ?? null, this.#on.nodeNow());
    if (draft === null) return;
    const turn = this.#turn;
    const key = this.#key ?? draft.key;
    const typed = this.#form.value.value;
    const {contentType, ttlMs} = draft;
    const told = await this.#writing('Saving…', 'saved', () =>
      this.#client.cas(key, this.#conditionOn(base), draft.bytes, {contentType, ttlMs}));
    if (told === null || turn !== this.#turn) return;
    if (told.outcome === 'condition-failed') return this.#onConflict(key, draft);
    const state = await this.#look(key, `Saved as version ${told.version}.`);
    if (state === undefined || turn !== this.#turn) return;
    const isOurs = state?.version === told.version;
    if (isOurs) this.#on.changed(key, state);
    if (this.#key === null) return this.#created(key);
    // What is there now becomes the base of the next save only if it was seen: it is what was saved, or is shown.
    if (this.#form.value.value === typed) this.#take(state);
    else this.#state = isOurs ? state : this.#saved(draft, told.version);
    if (isOurs) return this.#form.tell(`Saved as version ${told.version}.`, 'good');
    const since = state === null ? 'deleted, or expired,' : 'changed by somebody else';
    this.#form.tell(`Saved as version ${told.version}, and ${since} since.`, 'warn');
  }

  // What a draft became, as far as it is known without being read.
  #saved({bytes, contentType, ttlMs}, version) {
    const expires = ttlMs === undefined ? null : new Date(this.#on.nodeNow() + ttlMs);
    return {version, contentType, expires, bytes: () => bytes};
  }

  #created(key) {
    this.#form.show(new Uint8Array(), '', 'text');
    location.hash = '#keys/' + keyId(key);
  }

  // `draft`: what was to be saved; null: the key was to be deleted.
  async #onConflict(key, draft) {
    const turn = this.#turn;
    const what = draft === null ? 'Not deleted' : 'Not saved';
    const theirs = await this.#look(key, `${what}: somebody was faster.`);
    if (theirs === undefined || turn !== this.#turn) return;
    this.#form.tell(`${what}.`, 'warn');
    const newsSeen = this.#newsSeen;
    const choice = await askConflict(this.#form.conflict, {theirs, mine: draft?.bytes ?? null});
    if (turn !== this.#turn) return;
    this.#form.tell('');
    this.#form.value.focus();
    if (choice === 'mine') return draft === null ? this.#delete(theirs) : this.#save(theirs);
    if (choice === 'later') return;
    if (this.#key === null) return this.#created(key);
    // Theirs is what is there, also when that has changed since it was asked.
    if (newsSeen !== this.#newsSeen) return this.#read();
    this.#take(theirs);
  }

  async #remove() {
    const base = this.#state;
    if (base === null) return;
    const agreed = await confirmDialog({
      title: 'Delete this key?', text: 'Its value can\'t be brought back.', action: 'Delete',
      details: [h('p', {class: 'mono'}, shownKey(this.#key).text)],
    });
    if (agreed) await this.#delete(base);
  }

  async #delete(base) {
    const turn = this.#turn;
    const key = this.#key;
    const newsSeen = this.#newsSeen;
    const told = await this.#writing('Deleting…', 'deleted', () =>
      this.#client.delete(key, {expected: this.#conditionOn(base)}));
    if (told === null || turn !== this.#turn) return;
    if (told.outcome === 'condition-failed') return this.#onConflict(key, null);
    // The watch may have told of it already, and of what came after it.
    const state = newsSeen === this.#newsSeen ? null : await this.#look(key, 'Deleted.');
    if (state === undefined || turn !== this.#turn) return;
    if (state === null) this.#on.changed(key, null);
    this.#take(state);
    if (state === null) this.#form.tell('Deleted.', 'good');
    else this.#form.tell('Deleted, and created by somebody else since.', 'warn');
  }

  // Runs a write, with the buttons off. Resolves with what it was told, or with null, and says why.
  async #writing(meanwhile, what, write) {
    const form = this.#form;
    form.tell(meanwhile);
    form.save.disabled = form.remove.disabled = true;
    try {
      return await write();
    } catch (error) {
      form.tell(error instanceof UnknownOutcomeError ?
        `It is not known whether this was ${what}: ${error.detail}. Read the key again to see.` :
        `This was not ${what}: ${error.detail ?? error.message}`, 'problem');
      return null;
    } finally {
      form.save.disabled = false;
      form.remove.disabled = this.#state === null;
    }
  }

  // The state of a key after a write that was told; undefined, and `told` is said, when it can't be had.
  async #look(key, told) {
    const form = this.#form;
    try {
      return await this.#get(key);
    } catch (error) {
      form.tell(`${told} What is there now could not be read: ${error.message}`, 'problem');
      return undefined;
    }
  }
}
