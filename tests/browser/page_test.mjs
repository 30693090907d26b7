// quoin.js in Chromium against a real node, and the example page, by clicks and by keyboard, in two windows.
import assert from 'node:assert/strict';
import test from 'node:test';
import {launch, openPage, screenshot} from './browser.mjs';
import {connect} from './quoin.mjs';
import {NodeProcess, Proxy} from './node_process.mjs';

const MARKUP = '<img src=x onerror="document.title=1"><b>bold</b> & more';

async function started(t) {
  const node = await NodeProcess.start(t, ['--storage=memory']);
  const browser = await launch(t);
  const client = await connect(node.url);
  t.after(() => client.close());
  return {node, browser, client};
}

const textOf = (page, selector) => page.locator(selector).textContent();
// Waits until the element's text passes.
async function waitForText(page, selector, pattern) {
  await page.waitForFunction(([selector, source]) => {
    return new RegExp(source).test(document.querySelector(selector).textContent);
  }, [selector, pattern.source]);
}

async function example(t, browser, url, options) {
  const page = await openPage(t, browser, url + '/example', options);
  await waitForText(page, '#state', /^connected$/);
  await waitForText(page, '#count', /^-?\d+$/);
  return page;
}

test('the module does in a browser what it does in Node.js', async (t) => {
  const {node, browser, client} = await started(t);
  const page = await openPage(t, browser, node.url + '/example');
  const told = await page.evaluate(async () => {
    const {connect, json, NotAppliedError} = await import('/quoin.js');
    const db = await connect();
    const results = {state: db.state, node: db.node};
    await db.put('bytes', new Uint8Array([0, 255]));
    await db.put('json', json({a: [1]}));
    const first = await db.cas('text', {absent: true}, 'Grüße');
    const second = await db.cas('text', {absent: true}, 'nobody');
    results.outcomes = [first.outcome, second.outcome, second.version === first.version];
    results.bytes = [...(await db.get('bytes')).bytes()];
    results.json = (await db.get('json')).json();
    results.text = (await db.get('text')).text();
    results.sum = String((await db.incr('n', 2n ** 60n)).value);
    results.batch = (await db.batch([{op: 'incr', key: 'm'}, {op: 'get', key: 'none'}])).map((result) => result.status);
    results.keys = [];
    for await (const entry of db.scan('', {pageSize: 2, keysOnly: true})) results.keys.push(entry.key);
    try {
      await db.put('large', new Uint8Array(2 << 20));
    } catch (error) {
      results.error = [error instanceof NotAppliedError, error.type];
    }
    const controller = new AbortController();
    controller.abort();
    results.aborted = await db.get('text', {signal: controller.signal}).catch((error) => error.name);
    await db.close();
    results.closed = db.state;
    return results;
  });
  assert.deepEqual(told, {
    state: 'open', node: node.id, outcomes: ['done', 'condition-failed', true], bytes: [0, 255], json: {a: [1]},
    text: 'Grüße', sum: String(2n ** 60n), batch: ['fulfilled', 'fulfilled'],
    keys: ['bytes', 'json', 'm', 'n', 'text'],
    error: [true, 'value-too-large'], aborted: 'AbortError', closed: 'closed',
  });
  assert.deepEqual(page.complaints, []);
  assert.deepEqual(await client.get('none'), null);
});

test('in a browser too, a node that is killed is found again, and no increment counts twice', async (t) => {
  const node = await NodeProcess.start(t);
  const proxy = await Proxy.start(t, node.port);
  const browser = await launch(t);
  const page = await openPage(t, browser, proxy.url + '/example');
  await page.evaluate(async () => {
    const {connect} = await import('/quoin.js');
    window.db = await connect(location.origin, {timeoutMs: 60000});
    window.sums = [];
    window.work = (async () => {
      while (!window.enough) window.sums.push((await window.db.incr('browser')).value);
    })();
  });
  for (let round = 0; round < 2; ++round) {
    const before = await page.evaluate(() => window.sums.length);
    await page.waitForFunction((count) => window.sums.length > count + 5, before);
    await node.kill9();
    await node.start();
    proxy.port = node.port;
  }
  const before = await page.evaluate(() => window.sums.length);
  await page.waitForFunction((count) => window.sums.length > count + 5, before);
  const sums = await page.evaluate(async () => {
    window.enough = true;
    await window.work;
    return window.sums;
  });
  assert.deepEqual(sums, sums.map((_, i) => i + 1));
});

test('two windows share the counter, by click and by keyboard', async (t) => {
  const {node, browser, client} = await started(t);
  const one = await example(t, browser, node.url), two = await example(t, browser, node.url);
  assert.equal(await textOf(one, '#count'), '0');
  await one.click('#more');
  await waitForText(one, '#count', /^1$/);
  await waitForText(two, '#count', /^1$/);
  await two.focus('#more');
  await two.keyboard.press('Enter');
  await two.keyboard.press('Space');
  for (const page of [one, two]) await waitForText(page, '#count', /^3$/);
  await two.keyboard.press('Shift+Tab');
  assert.equal(await two.evaluate(() => document.activeElement.id), 'less');
  await two.keyboard.press('Enter');
  await waitForText(one, '#count', /^2$/);
  assert.equal((await client.get('example/counter')).text(), '2');
  // What is no number is said, not hidden.
  await client.put('example/counter', 'many');
  await one.click('#more');
  await waitForText(one, '#counter-note', /This was not applied/);
  assert.deepEqual([one.complaints, two.complaints], [[], []]);
});

test('two windows that edit the same note: the second sees the conflict, and nothing is lost', async (t) => {
  const {node, browser, client} = await started(t);
  const one = await example(t, browser, node.url), two = await example(t, browser, node.url);
  await one.fill('#text', 'bread');
  await one.click('#save');
  await waitForText(one, '#note', /^Saved as version/);
  // The other window has nothing of its own to lose, so it shows what was saved.
  await two.waitForFunction(() => document.querySelector('#text').value === 'bread');
  await two.fill('#text', 'bread and butter');
  await one.fill('#text', MARKUP);
  await one.keyboard.press('Control+Enter');
  // The window has said "Saved" before, so the node is asked.
  while ((await client.get('example/note')).text() !== MARKUP) await new Promise((again) => setTimeout(again, 20));
  await two.focus('#text');
  await two.keyboard.press('Tab');
  await two.keyboard.press('Enter');
  await two.waitForSelector('#conflict:not([hidden])');
  assert.equal(await textOf(two, '#theirs'), MARKUP);
  assert.equal(await two.locator('#theirs *').count(), 0, 'a value became markup');
  assert.equal(await two.inputValue('#text'), 'bread and butter');
  assert.equal(await two.evaluate(() => document.activeElement.id), 'conflict-title');
  assert.equal((await client.get('example/note')).text(), MARKUP);
  await screenshot(two, 'conflict');
  // Mine, by keyboard: the first button after the heading.
  await two.keyboard.press('Tab');
  assert.equal(await two.evaluate(() => document.activeElement.id), 'keep');
  await two.keyboard.press('Enter');
  await two.waitForSelector('#conflict', {state: 'hidden'});
  // The focus is where one goes on writing, not nowhere.
  assert.equal(await two.evaluate(() => document.activeElement.id), 'text');
  await one.waitForFunction(() => document.querySelector('#text').value === 'bread and butter');
  // Theirs.
  await one.fill('#text', 'tea');
  await client.put('example/note', 'coffee');
  await one.click('#save');
  await one.waitForSelector('#conflict:not([hidden])');
  await one.click('#take');
  assert.equal(await one.inputValue('#text'), 'coffee');
  await one.fill('#text', 'tea after all');
  await one.click('#save');
  await waitForText(one, '#note', /^Saved as version/);
  assert.equal((await client.get('example/note')).text(), 'tea after all');
  assert.deepEqual([one.complaints, two.complaints], [[], []]);
});

test('the page says that the node is gone, and goes on when it is back', async (t) => {
  const node = await NodeProcess.start(t);
  const proxy = await Proxy.start(t, node.port);
  const browser = await launch(t);
  const page = await example(t, browser, proxy.url);
  await page.click('#more');
  await waitForText(page, '#count', /^1$/);
  await node.kill9();
  await waitForText(page, '#state', /^looking for the node/);
  await screenshot(page, 'gone');
  await node.start();  // Elsewhere: the proxy still leads to where nobody is.
  await page.click('#more');
  proxy.port = node.port;
  await waitForText(page, '#count', /^2$/);
  await waitForText(page, '#state', /^connected$/);
});

test('the page fits a phone, light and dark, and the dashboard leads to it', async (t) => {
  const {node, browser, client} = await started(t);
  await client.put('example/note', 'bread\n' + 'averylongwordwithoutanyspaces'.repeat(10));
  await client.put('example/counter', '-9223372036854775807');
  const phone = {viewport: {width: 360, height: 740}, hasTouch: true, isMobile: true};
  for (const [name, options] of [['light', {}], ['dark', {colorScheme: 'dark'}], ['phone', phone],
                                 ['phone-dark', {...phone, colorScheme: 'dark'}]]) {
    const page = await example(t, browser, node.url, options);
    await page.fill('#text', 'milk\n' + 'averylongwordwithoutanyspaces'.repeat(10));
    await client.append('example/note', '.');
    await page.click('#save');
    await page.waitForSelector('#conflict:not([hidden])');
    await screenshot(page, name);
    const overflow = await page.evaluate(() => {
      return document.documentElement.scrollWidth - document.documentElement.clientWidth;
    });
    assert(overflow <= 0, `${name}: ${overflow} pixels too wide`);
    for (const id of ['less', 'more', 'save', 'reload', 'keep', 'take']) {
      const {height} = await page.locator('#' + id).boundingBox();
      assert(height >= 44, `${name}: ${id} is ${height} pixels high`);
    }
    // The contrast of text to its ground, as WCAG 2 counts it.
    const contrasts = await page.evaluate(() => {
      const parts = (color) => color.match(/[\d.]+/g).map(Number);
      const light = ([r, g, b]) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
        const c = [r, g, b][i] / 255;
        return sum + weight * (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
      }, 0);
      const ground = (element) => {
        const color = parts(getComputedStyle(element).backgroundColor);
        return color.length === 4 && color[3] === 0 ? ground(element.parentElement) : color;
      };
      return [...document.querySelectorAll('p, h1, h2, h3, a, button, label, output, textarea, pre')]
        .filter((element) => element.textContent.trim() !== '' && element.checkVisibility())
        .map((element) => {
          const [a, b] = [light(parts(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
          return [element.id || element.tagName, (a + 0.05) / (b + 0.05)];
        });
    });
    assert(contrasts.length > 15);
    for (const [what, contrast] of contrasts) {
      assert(contrast >= 4.5, `${name}: ${what} has a contrast of ${contrast.toFixed(2)}`);
    }
    assert.deepEqual(page.complaints, []);
  }
  const dashboard = await openPage(t, browser, node.url);
  await dashboard.click('a[href="/example"]');
  await waitForText(dashboard, '#state', /^connected$/);
});
