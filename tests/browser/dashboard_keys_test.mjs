// The dashboard's key browser, in Chromium: lists, edits, conflicts, and what others write meanwhile.
import assert from 'node:assert/strict';
import test from 'node:test';
import {launch, openPage, screenshot} from './browser.mjs';
import {ClusterProcess} from './cluster_process.mjs';
import {connect, json} from './quoin.mjs';
import {NodeProcess, Proxy} from './node_process.mjs';

const MARKUP = '<img src=x onerror="document.title=\'hacked\'"><b>bold</b> & <script>document.title="hacked"</script>';

async function started(t) {
  const node = await NodeProcess.start(t, ['--storage=memory']);
  const browser = await launch(t);
  const client = await connect(node.url);
  t.after(() => client.close());
  return {node, browser, client};
}

const textOf = (page, selector) => page.locator(selector).textContent();
const waitForText = (page, selector, pattern) => page.waitForFunction(([selector, source]) =>
  new RegExp(source).test(document.querySelector(selector)?.textContent ?? ''), [selector, pattern.source]);
const waitForValue = (page, selector, value) => page.waitForFunction(([selector, value]) =>
  document.querySelector(selector)?.value === value, [selector, value]);
const focused = (page) => page.evaluate(() => document.activeElement.id);

// From now on the page's client does not come back from `method` ("get") before it is released: `when` 'before', it does
// not even ask; 'after', it has its answer. Resolves with {reached, release}: the first is there, and all go on.
async function hold(page, method, when) {
  await page.evaluate(async ([method, when]) => {
    const {connect} = await import('/quoin.js');
    const client = await connect();
    const prototype = Object.getPrototypeOf(client);
    const original = prototype[method];
    const released = new Promise((release) => (globalThis.release = release));
    globalThis.reached = new Promise((reached) => {
      prototype[method] = async function(...given) {
        const answered = when === 'after' ? await original.apply(this, given) : null;
        reached();
        await released;
        return when === 'after' ? answered : original.apply(this, given);
      };
    });
    released.then(() => { prototype[method] = original; });
    await client.close();
  }, [method, when]);
  return {
    reached: () => page.evaluate(() => globalThis.reached),
    release: () => page.evaluate(() => globalThis.release()),
  };
}

// Wide enough for the list and a key side by side.
const WIDE = {viewport: {width: 1200, height: 1000}};

async function browse(t, browser, url, hash = '#keys', options = WIDE) {
  const page = await openPage(t, browser, `${url}/${hash}`, options);
  await waitForText(page, '#key-count', /key/);
  return page;
}

async function openKey(t, browser, url, key) {
  const page = await browse(t, browser, url, '#keys/' + encodeURIComponent(key));
  await waitForText(page, '#facts', /version|no such key/);
  return page;
}

test('10,000 keys are browsed with few elements, by wheel and by keyboard, and searched by prefix', async (t) => {
  const {node, browser, client} = await started(t);
  const name = (i) => `user/${String(i).padStart(5, '0')}`;
  for (let i = 0; i < 10_000; i += 1000) {
    await client.batch(Array.from({length: 1000}, (_, j) => ({op: 'put', key: name(i + j), value: `somebody ${i + j}`})));
  }
  const page = await browse(t, browser, node.url);
  await waitForText(page, '#key-rows', /user\/00000/);
  // As one scrolls, the rest comes.
  for (let at = 0; at < 10_000; at += 400) {
    await page.waitForFunction((at) => {
      const list = document.querySelector('#key-list');
      list.scrollTop = at * 40;
      return [...list.querySelectorAll('.row')].some((row) => Number(row.getAttribute('aria-posinset')) > at);
    }, at);
    assert(await page.locator('.row').count() < 100, 'too many elements');
  }
  await page.evaluate(() => { document.querySelector('#key-list').scrollTop = 1e9; });
  await waitForText(page, '#key-count', /^10,000 keys$/);
  // Each place has the key that belongs there, without a hole.
  const seen = await page.evaluate(async () => {
    const list = document.querySelector('#key-list');
    const seen = [];
    for (let top = 0; top < list.scrollHeight; top += list.clientHeight) {
      list.scrollTop = top;
      await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
      for (const row of list.querySelectorAll('.row')) seen[row.getAttribute('aria-posinset') - 1] = row.querySelector('.name').textContent;
    }
    return seen;
  });
  assert.deepEqual(seen, Array.from({length: 10_000}, (_, i) => name(i)));
  // By keyboard to the last one, and open it.
  await page.focus('#key-list');
  await page.keyboard.press('End');
  assert.equal(await page.locator('#key-list').getAttribute('aria-activedescendant'), 'key-user%2F09999');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await waitForValue(page, '#value', 'somebody 9998');
  await page.fill('#prefix', 'user/099');
  await waitForText(page, '#key-count', /^100 keys$/);
  await page.fill('#prefix', 'nobody');
  await waitForText(page, '#key-count', /no key has this prefix/);
  assert.deepEqual(page.complaints, []);
});

test('keys and values are never markup, wherever they are shown', async (t) => {
  const {node, browser, client} = await started(t);
  await client.put(MARKUP, MARKUP, {contentType: 'text/html'});
  const page = await browse(t, browser, node.url);
  await page.click('.row');
  await waitForValue(page, '#value', MARKUP);
  assert.equal(await textOf(page, '#editor-title'), MARKUP);
  assert.equal(await textOf(page, '.row .name'), MARKUP);
  await page.fill('#value', MARKUP + '1');
  await client.put(MARKUP, MARKUP + '2', {contentType: MARKUP.replace(/[^ -~]/g, '')});
  await page.click('#save');
  await page.waitForSelector('#conflict-title');
  assert.deepEqual(await page.locator('#conflict pre').allTextContents(), [MARKUP + '2', MARKUP + '1']);
  await page.click('#conflict-theirs');
  await page.click('#delete');
  assert.match(await textOf(page, 'dialog'), /<b>bold<\/b>/);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('#view-keys :is(img, b, script), dialog :is(img, b, script)').count(), 0);
  assert.doesNotMatch(await page.title(), /hacked/);
  // Also through the address of the page.
  await page.goto(`${node.url}/#keys/%ZZ<img>`);
  await page.reload();
  await waitForText(page, '#prefix-problem', /two hexadecimal digits/);
  assert.deepEqual(page.complaints, []);
});

test('a conflict is told with both values and a choice: mine, theirs, or later', async (t) => {
  const {node, browser, client} = await started(t);
  await client.put('note', 'bread');
  const page = await openKey(t, browser, node.url, 'note');
  await page.uncheck('#follow-key');
  // Mine.
  await page.fill('#value', 'bread and butter');
  await client.put('note', 'milk');
  await page.click('#save');
  await page.waitForSelector('#conflict-title');
  assert.equal(await focused(page), 'conflict-title');
  assert.deepEqual(await page.locator('#conflict pre').allTextContents(), ['milk', 'bread and butter']);
  assert.equal((await client.get('note')).text(), 'milk');
  await screenshot(page, 'dashboard-conflict');
  await page.click('#conflict-mine');
  await waitForText(page, '#editor-status', /^Saved as version/);
  assert.equal((await client.get('note')).text(), 'bread and butter');
  assert.equal(await focused(page), 'value');
  // Later, and then theirs.
  await page.fill('#value', 'mine');
  await client.put('note', 'theirs');
  await page.click('#save');
  await page.click('#conflict-later');
  assert.equal(await page.inputValue('#value'), 'mine');
  await page.keyboard.press('Control+Enter');
  await page.click('#conflict-theirs');
  assert.equal(await page.inputValue('#value'), 'theirs');
  assert.equal((await client.get('note')).text(), 'theirs');
  // Theirs is that it is gone.
  await page.fill('#value', 'again');
  await client.delete('note');
  await page.click('#save');
  await waitForText(page, '#conflict-title', /deleted this key/);
  await page.click('#conflict-mine');
  await waitForText(page, '#editor-status', /^Saved as version/);
  assert.equal((await client.get('note')).text(), 'again');
  // What is deleted is what was seen.
  await client.put('note', 'precious');
  await page.click('#delete');
  await page.click('dialog button.danger');
  await waitForText(page, '#conflict', /It was not deleted/);
  assert.equal((await client.get('note')).text(), 'precious');
  await page.click('#conflict-mine');
  await waitForText(page, '#editor-status', /^Deleted/);
  assert.equal(await client.get('note'), null);
  assert.deepEqual(page.complaints, []);
});

test('what somebody wrote just after a save is no base of the next one before it was seen', async (t) => {
  const {node, browser, client} = await started(t);
  await client.put('note', 'bread');
  const page = await openKey(t, browser, node.url, 'note');
  await page.uncheck('#follow-key');
  const saveAnd = async (value, meanwhile) => {
    await page.fill('#value', value);
    const {reached, release} = await hold(page, 'get', 'before');
    await page.click('#save');
    await reached();
    await meanwhile();
    await release();
    await waitForText(page, '#editor-status', /^Saved as version .* since\.$/);
  };
  // The one who saved has typed on.
  await saveAnd('bread and butter', async () => {
    await page.fill('#value', 'bread and butter!');
    await client.put('note', 'milk');
  });
  await page.click('#save');
  await waitForText(page, '#conflict-title', /changed this key/);
  assert.deepEqual(await page.locator('#conflict pre').allTextContents(), ['milk', 'bread and butter!']);
  assert.equal((await client.get('note')).text(), 'milk');
  await page.click('#conflict-theirs');
  // They have not: what is there now is shown, and is the base of what they save next.
  await saveAnd('water', () => client.put('note', 'wine'));
  assert.equal(await page.inputValue('#value'), 'wine');
  await page.fill('#value', 'beer');
  await page.click('#save');
  await waitForText(page, '#editor-status', /^Saved as version [^ ]*\.$/);
  // Deleted, as before the save; but in between it was there.
  await client.delete('note');
  await page.click('#reload-key');
  await waitForText(page, '#facts', /no such key/);
  await saveAnd('here', async () => {
    await page.fill('#value', 'here again');
    await client.delete('note');
  });
  await page.click('#save');
  await waitForText(page, '#conflict-title', /deleted this key/);
  assert.equal(await client.get('note'), null);
  assert.deepEqual(page.complaints, []);
});

test('an answer that is older than what the watch has told meanwhile is not shown', async (t) => {
  const {node, browser, client} = await started(t);
  await client.put('note', 'one');
  const page = await openKey(t, browser, node.url, 'note');
  // Read again.
  let {reached, release} = await hold(page, 'get', 'after');
  await page.click('#reload-key');
  await reached();
  await client.put('note', 'two');
  await waitForValue(page, '#value', 'two');
  await release();
  await waitForText(page, '#editor-status', /^Read at/);
  assert.equal(await page.inputValue('#value'), 'two');
  // Saved, and read.
  await page.fill('#value', 'three');
  ({reached, release} = await hold(page, 'get', 'after'));
  await page.click('#save');
  await reached();
  await page.evaluate(() => { document.querySelector('#editor-status').textContent = ''; });
  await client.put('note', 'four');
  await waitForText(page, '#editor-status', /^Changed by somebody else/);
  await release();
  await waitForText(page, '#editor-status', /^Saved as version .*, and changed by somebody else since/);
  assert.equal(await page.inputValue('#value'), 'four');
  // In a conflict, theirs.
  await page.fill('#value', 'mine');
  await client.put('note', 'five');
  await waitForText(page, '#editor-status', /^Changed by somebody else/);
  await page.click('#save');
  await page.waitForSelector('#conflict-title');
  await client.put('note', 'six');
  await waitForText(page, '#editor-status', /^Changed by somebody else/);
  await page.click('#conflict-theirs');
  await waitForValue(page, '#value', 'six');
  // Deleted.
  ({reached, release} = await hold(page, 'delete', 'after'));
  await page.click('#delete');
  await page.click('dialog button.danger');
  await reached();
  await client.put('note', 'seven');
  await waitForValue(page, '#value', 'seven');
  await release();
  await waitForText(page, '#editor-status', /^Deleted, and created by somebody else since/);
  assert.equal(await page.inputValue('#value'), 'seven');
  assert.deepEqual(page.complaints, []);
});

test('a key that somebody creates first is a conflict too', async (t) => {
  const {node, browser, client} = await started(t);
  const page = await browse(t, browser, node.url, '#keys/+');
  await page.fill('#key', 'room/1');
  await page.fill('#value', 'mine');
  await client.put('room/1', 'theirs');
  await page.click('#save');
  await page.click('#conflict-theirs');
  await waitForValue(page, '#value', 'theirs');
  assert.equal(await textOf(page, '#editor-title'), 'room/1');
});

test('keys and values of any bytes are created, found again by their address, and edited as hex', async (t) => {
  const {node, browser, client} = await started(t);
  const key = Uint8Array.from([0xff, 0x00, 0x25, 0x41]);
  const page = await browse(t, browser, node.url, '#keys/+');
  await page.check('#key-escaped');
  await page.fill('#key', '%FF%00%25');
  await page.check('[name=format][value=hex]');
  await page.fill('#value', '00 ff 0');
  await page.click('#save');
  await waitForText(page, '#value-problem', /one is left over/);
  await page.fill('#value', '00 ff 0d0a');
  await page.fill('#key', '%FF%00%25A');
  await page.click('#save');
  await waitForText(page, '#facts', /^4 bytes/);
  const stored = await client.get(key);
  assert.deepEqual([...stored.bytes()], [0, 255, 13, 10]);
  assert.equal(stored.contentType, 'application/octet-stream');
  assert.equal(new URL(page.url()).hash, '#keys/%FF%00%25A');
  assert.equal(await textOf(page, '.row .name'), '%FF%00%25A');
  await page.reload();
  await waitForValue(page, '#value', '00 ff 0d 0a');
  assert.equal(await page.inputValue('#prefix'), '');
  await page.fill('#prefix', '%FF');
  await page.check('#prefix-escaped');
  await waitForText(page, '#key-count', /^1 key$/);
  // Not as text: that would lose a byte.
  await client.put('crlf', 'a\r\nb');
  await page.goto(`${node.url}/#keys/crlf`);
  await waitForText(page, '#value-note', /carriage returns/);
  assert.equal(await page.locator('#value').evaluate((field) => field.readOnly), true);
  await page.check('[name=format][value=hex]');
  assert.equal(await page.inputValue('#value'), '61 0d 0a 62');
});

test('JSON is shown in lines, keeps its digits, and is refused when it is none', async (t) => {
  const {node, browser, client} = await started(t);
  await client.put('settings', '{"id":12345678901234567890,"dark":true}', {contentType: 'application/json'});
  const page = await openKey(t, browser, node.url, 'settings');
  const lines = '{\n  "id": 12345678901234567890,\n  "dark": true\n}';
  assert.equal(await page.inputValue('#value'), lines);
  assert(await page.isChecked('[name=format][value=json]'));
  await page.fill('#value', lines + ',');
  await page.click('#save');
  await waitForText(page, '#value-problem', /This is no JSON/);
  await page.fill('#value', lines.replace('true', 'false'));
  await page.click('#save');
  await waitForText(page, '#editor-status', /^Saved/);
  assert.equal((await client.get('settings')).text(), lines.replace('true', 'false'));
  await client.put('settings', json({a: 1}));
  assert.equal((await client.get('settings')).contentType, 'application/json');
});

test('a time to live is set, told, kept by later saves, and taken away', async (t) => {
  const {node, browser, client} = await started(t);
  await client.put('session', 'abc');
  const page = await openKey(t, browser, node.url, 'session');
  await page.selectOption('#life', 'for');
  await page.fill('#life-number', '2');
  await page.selectOption('#life-unit', {label: 'hours'});
  await page.click('#save');
  await waitForText(page, '#facts', /expires in 1 h 59 min|expires in 2 h/);
  const {expires} = await client.get('session');
  await page.fill('#value', 'def');
  await page.click('#save');
  await waitForText(page, '#editor-status', /^Saved/);
  await waitForText(page, '#facts', /expires in/);
  const after = await client.get('session');
  assert.equal(after.text(), 'def');
  assert(Math.abs(after.expires - expires) < 60_000, 'the deadline moved');
  await page.selectOption('#life', 'ever');
  await page.click('#save');
  await page.waitForFunction(() => !document.querySelector('#facts').textContent.includes('expires'));
  assert.equal((await client.get('session')).expires, null);
});

test('where the user has moved to while the list was read again is where they stay', async (t) => {
  const {node, browser} = await started(t);
  const page = await browse(t, browser, node.url);
  const opened = await page.evaluate(async () => {
    const {KeyList} = await import('/dashboard/key_list.js');
    const opened = [];
    const list = new KeyList((key) => opened.push(new TextDecoder().decode(key)));
    const answers = [];
    const client = {
      scan() {
        const answered = new Promise((answer) => answers.push(answer));
        const keys = ['a', 'b', 'c'].map((key) => ({key: new TextEncoder().encode(key), contentType: '', expires: null}));
        return {next: () => answered.then(() => keys.length > 0 ? {value: keys.shift(), done: false} : {done: true})};
      },
    };
    const box = document.querySelector('#key-list');
    const read = async (place) => {
      answers[place]();
      while (!/^3 keys$/.test(document.querySelector('#key-count').textContent)) await new Promise(requestAnimationFrame);
    };
    const press = (key) => box.dispatchEvent(new KeyboardEvent('keydown', {key}));
    list.load(client, new Uint8Array());
    await read(0);
    list.load(client, new Uint8Array(), {keepPlace: true});
    press('ArrowDown');
    press('ArrowDown');
    await read(1);
    press('Enter');
    return opened;
  });
  assert.deepEqual(opened, ['b']);
});

test('what lies in a page that was read before a key came or went is not taken from it', async (t) => {
  const {node, browser} = await started(t);
  const page = await browse(t, browser, node.url);
  const names = Array.from({length: 900}, (_, i) => `k/${String(i).padStart(4, '0')}`);
  const seen = await page.evaluate(async (names) => {
    const {KeyList} = await import('/dashboard/key_list.js');
    const list = new KeyList(() => {});
    const state = {contentType: '', expires: null};
    const client = {
      async *scan() {
        for (const key of names) yield {key, ...state};
      },
    };
    const box = document.querySelector('#key-list');
    const told = async (pattern) => {
      while (!pattern.test(document.querySelector('#key-count').textContent)) await new Promise(requestAnimationFrame);
    };
    const press = (key) => box.dispatchEvent(new KeyboardEvent('keydown', {key}));
    list.load(client, '');
    await told(/^500 keys so far$/);
    // The other 400 were read with them, and wait.
    list.put('k/0600', state);
    list.remove('k/0600');
    list.remove('k/0899');
    list.put('k/0700+', state);
    press('End');
    await told(/^\d+ keys$/);
    const seen = [];
    press('End');
    for (let at = Infinity; at > 0; press('PageUp')) {
      at = Number(box.querySelector('.active').getAttribute('aria-posinset')) - 1;
      for (const row of box.querySelectorAll('.row')) seen[row.getAttribute('aria-posinset') - 1] = row.querySelector('.name').textContent;
    }
    return seen;
  }, names);
  names.splice(701, 0, 'k/0700+');
  assert.deepEqual(seen, names.filter((name) => !['k/0600', 'k/0899'].includes(name)));
});

test('everything is done by keyboard alone', async (t) => {
  const {node, browser, client} = await started(t);
  await client.put('room/1', 'one');
  await client.put('room/2', 'two');
  await client.put('other', 'x');
  const page = await openPage(t, browser, node.url + '/');
  await page.keyboard.press('/');
  await page.waitForFunction(() => document.activeElement.id === 'prefix');
  await page.keyboard.type('room/');
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'key-list');
  await waitForText(page, '#key-count', /^2 keys$/);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await waitForValue(page, '#value', 'two');
  await page.waitForFunction(() => document.activeElement.id === 'editor-title');
  const stops = [];
  for (let i = 0; i < 4; ++i) {
    await page.keyboard.press('Tab');
    stops.push(await page.evaluate(() => document.activeElement.id || document.activeElement.name));
  }
  assert.deepEqual(stops, ['close-key', 'format', 'value', 'type']);
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Control+End');
  await page.keyboard.type('!');
  await page.keyboard.press('Control+Enter');
  await waitForText(page, '#editor-status', /^Saved/);
  assert.equal((await client.get('room/2')).text(), 'two!');
  // Escape asks before an edit is lost, and closes what has none.
  await page.keyboard.type('?');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog[open]');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', {state: 'detached'});
  assert.equal(await page.inputValue('#value'), 'two!?');
  await page.focus('#value');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog[open]');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#value', {state: 'detached'});
  // A new one.
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('n');
  await page.waitForFunction(() => document.activeElement.id === 'key');
  await page.keyboard.type('room/3');
  await page.keyboard.press('Control+Enter');
  await waitForText(page, '#editor-title', /^room\/3$/);
  await waitForText(page, '#key-count', /^3 keys$/);
  assert.equal((await client.get('room/3')).text(), '');
  assert.deepEqual(page.complaints, []);
});

test('what one tab writes another one sees, at another node: in the list, and in the key that is open', async (t) => {
  const cluster = await ClusterProcess.start(t, {flags: ['--partitions=16']});
  await cluster.rested();
  const browser = await launch(t);
  const one = await openPage(t, browser, cluster.nodes[0].url + '/#keys/+');
  const two = await browse(t, browser, cluster.nodes[1].url);
  await two.fill('#prefix', 'room/');
  await waitForText(two, '#key-count', /no key has this prefix/);
  // For a prefix, changes are followed without being asked to.
  await two.waitForFunction(() => document.querySelector('#follow').checked);
  await one.fill('#key', 'room/1');
  await one.fill('#value', 'bread');
  await one.click('#save');
  await waitForText(two, '#key-count', /^1 key$/);
  await two.click('.row');
  await waitForValue(two, '#value', 'bread');
  await waitForText(one, '#editor-title', /^room\/1$/);
  await waitForValue(one, '#value', 'bread');
  await one.fill('#value', 'bread and butter');
  await one.click('#save');
  await waitForValue(two, '#value', 'bread and butter');
  await waitForText(one, '#editor-status', /^Saved as version/);
  // An edit is not overwritten by what others do, and is told of it.
  await two.fill('#value', 'mine');
  await one.fill('#value', 'theirs');
  await one.click('#save');
  await waitForText(two, '#editor-status', /Changed by somebody else/);
  assert.equal(await two.inputValue('#value'), 'mine');
  await two.click('#save');
  await two.click('#conflict-mine');
  await waitForValue(one, '#value', 'mine');
  await one.click('#delete');
  await one.click('dialog button.danger');
  await waitForText(two, '#key-count', /no key has this prefix/);
  await waitForText(two, '#facts', /no such key/);
  assert.deepEqual([one.complaints, two.complaints], [[], []]);
});

test('a node that is away is said, and what is open goes on afterwards', async (t) => {
  const node = await NodeProcess.start(t);
  const proxy = await Proxy.start(t, node.port);
  const browser = await launch(t);
  const page = await openPage(t, browser, `${proxy.url}/#keys/+`);
  await page.fill('#key', 'a');
  await page.fill('#value', 'before');
  await page.click('#save');
  await waitForText(page, '#facts', /^6 bytes/);
  await node.kill9();
  await waitForText(page, '#link-state', /No connection to the node/);
  await node.start();  // Elsewhere: the proxy still leads to where nobody is.
  await page.fill('#value', 'after');
  await page.click('#save');
  await waitForText(page, '#editor-status', /Saving/);
  proxy.port = node.port;
  await waitForText(page, '#editor-status', /^Saved as version/);
  await waitForText(page, '#link-state', /^$/);
});
