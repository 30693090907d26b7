// The example page: a counter (increments, which never get lost and never count twice, and a watch) and a notepad
// (conditional writes). Values are only ever put into the page as text.
import {connect, UnknownOutcomeError} from '/quoin.js';

const COUNTER = 'example/counter';
const NOTE = 'example/note';
// How often the page looks at the note.
const LOOK_MS = 1000;

const byId = (id) => document.getElementById(id);
const NO_NOTE = {text: '', expected: {absent: true}};

function say(place, text, mood = '') {
  byId(place).textContent = text;
  byId(place).className = 'note ' + mood;
}

function explain(error) {
  if (error instanceof UnknownOutcomeError) return 'It is not known whether this was applied: ' + error.detail;
  return 'This was not applied: ' + (error.detail ?? error.message);
}

function showState(state) {
  byId('state').textContent = {open: 'connected', connecting: 'looking for the node\u2026', closed: 'closed'}[state];
  byId('state').className = 'state ' + (state === 'open' ? 'good' : 'bad');
}

// ---- The counter

function showCount(text) {
  byId('count').textContent = text;
  byId('count').className = text.length > 8 ? 'long' : '';
}

async function add(db, by) {
  try {
    showCount(String((await db.incr(COUNTER, by)).value));
    say('counter-note', '');
  } catch (error) {
    say('counter-note', explain(error), 'bad');
  }
}

// Ten lines, and the counter shows what anybody does, as it happens.
async function followCount(db) {
  let count = '0';
  for await (const event of db.watch({keys: [COUNTER]})) {
    if (event.type === 'put') count = event.state.text();
    if (event.type === 'deleted' || event.type === 'expired') count = '0';
    if (event.type === 'gap') count = '0';  // What is there comes next, if anything is.
    else showCount(count);
  }
}

// ---- The notepad

let loaded = NO_NOTE;   // What the note was when it was loaded or saved here.
let theirs = null;      // What somebody else has saved since, while this one is being edited.
let busy = false;

const isEdited = () => byId('text').value !== loaded.text;

async function read(db) {
  const state = await db.get(NOTE);
  return state === null ? NO_NOTE : {text: state.text(), expected: {version: state.version}};
}

const isSame = (a, b) => a.expected.version === b.expected.version;

function load(note) {
  loaded = note;
  byId('text').value = note.text;
  showConflict(null);
}

function showConflict(note) {
  theirs = note;
  byId('conflict').hidden = note === null;
  byId('theirs').textContent = note === null ? '' : note.text || '(it is empty)';
}

// Conditional on `expected`; whoever comes second is shown what the first one wrote.
async function save(db, expected) {
  const text = byId('text').value;
  const told = await db.cas(NOTE, expected, text);
  if (told.outcome === 'done') {
    loaded = {text, expected: {version: told.version}};
    showConflict(null);
    say('note', 'Saved as version ' + told.version, 'good');
    return;
  }
  showConflict(await read(db));
  say('note', 'Not saved: the note is no longer the one that was loaded.', 'bad');
  byId('conflict-title').focus();
}

async function lookAtNote(db) {
  const before = loaded;
  const note = await read(db);
  // What was read while this page saved may be older than what it saved.
  if (busy || loaded !== before || isSame(note, loaded)) return;
  if (!isEdited() && theirs === null) {
    load(note);
    say('note', 'Somebody else has saved this.');
  }
}

// One thing at a time, and whatever fails is said.
async function during(action) {
  if (busy) return;
  busy = true;  // The buttons stay as they are: a disabled one would lose the focus.
  try {
    await action();
  } catch (error) {
    say('note', explain(error), 'bad');
  }
  busy = false;
}

async function start() {
  const db = await connect(location.origin, {onStateChange: showState, timeoutMs: 30000});
  showState(db.state);
  byId('more').addEventListener('click', () => add(db, 1));
  byId('less').addEventListener('click', () => add(db, -1));
  byId('form').addEventListener('submit', (event) => {
    event.preventDefault();
    during(() => save(db, loaded.expected));
  });
  byId('text').addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) byId('form').requestSubmit();
  });
  byId('reload').addEventListener('click', () => during(async () => {
    load(await read(db));
    say('note', 'Loaded.');
  }));
  byId('keep').addEventListener('click', () => during(async () => {
    await save(db, theirs.expected);
    // Its button is gone, unless somebody was faster again.
    if (theirs === null) byId('text').focus();
  }));
  byId('take').addEventListener('click', () => {
    load(theirs);
    say('note', 'Loaded.');
    byId('text').focus();
  });
  load(await read(db));
  followCount(db).catch((error) => say('counter-note', explain(error), 'bad'));
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    // The connection comes back by itself; until then there is nothing to see.
    if (document.hidden || db.state !== 'open') continue;
    await Promise.allSettled([lookAtNote(db)]);
  }
}

start().catch((error) => {
  showState('closed');
  byId('state').textContent = explain(error);
});
