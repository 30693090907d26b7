// The dashboard's view of the cluster, in Chromium, of a cluster of real nodes.
import assert from 'node:assert/strict';
import test from 'node:test';
import {launch, openPage, screenshot} from './browser.mjs';
import {ClusterProcess} from './cluster_process.mjs';
import {connect} from './quoin.mjs';

const PARTITIONS = 32;
// How long a lost node may go unnoticed.
const NOTICE_MS = 2000;

async function started(t, nodes = 3) {
  const cluster = await ClusterProcess.start(t, {nodes, flags: [`--partitions=${PARTITIONS}`]});
  await cluster.rested();
  const browser = await launch(t);
  return {cluster, browser};
}

const textOf = (page, selector) => page.locator(selector).textContent();
const waitForText = (page, selector, pattern) => page.waitForFunction(([selector, source]) =>
  new RegExp(source).test(document.querySelector(selector)?.textContent ?? ''), [selector, pattern.source]);
const allWell = (page) => waitForText(page, '#state', /^all well$/);

async function dashboard(t, browser, url, options) {
  const page = await openPage(t, browser, url + '/', options);
  await allWell(page);
  return page;
}

test('shows three nodes, their ring and what they do, also what happens at another node', async (t) => {
  const {cluster, browser} = await started(t);
  const page = await dashboard(t, browser, cluster.nodes[0].url);
  assert.equal(await page.locator('#nodes tr').count(), 3);
  for (const {id, url} of cluster.nodes) {
    const row = `#nodes tr[data-id="${id}"]`;
    await waitForText(page, `${row} .pill`, /^well$/);
    await waitForText(page, `${row} .holds`, new RegExp(`^${PARTITIONS}$`));
    assert.equal(await textOf(page, `${row} .address`), new URL(url).host);
  }
  await page.waitForFunction((partitions) => {
    const leads = [...document.querySelectorAll('#nodes .leads')].map((cell) => Number(cell.textContent));
    return leads.reduce((sum, count) => sum + count, 0) === partitions;
  }, PARTITIONS);
  await page.waitForFunction(() => document.querySelectorAll('#ring .leads').length === 3);
  assert.equal(await page.locator('#ring g.node').count(), 3);
  assert.equal(await page.locator('.chart canvas').count(), 2);
  // By keyboard, from one partition to the next.
  await page.focus('.ring');
  await page.keyboard.press('End');
  assert.match(await textOf(page, '#ring-text'), new RegExp(`^Partition ${PARTITIONS - 1} of ${PARTITIONS}: led by [0-9a-f]{4}, copies on `));
  assert.equal(await page.locator('.ring').getAttribute('aria-valuenow'), String(PARTITIONS - 1));

  // This page asks its own node alone; the traffic is at another one.
  const client = await connect(cluster.nodes[1].url);
  let enough = false;
  const traffic = (async () => {
    while (!enough) {
      await client.put('a', 'b');
      await client.get('a');
    }
  })();
  for (const id of ['#tile-reads', '#tile-writes']) await waitForText(page, id, /^\d*[1-9]/);
  await waitForText(page, `#nodes tr[data-id="${cluster.nodes[1].id}"] .operations`, /^\d*[1-9]/);
  await waitForText(page, '#tile-read-latency', /s$/);
  await page.selectOption('#chart-scope', 'nodes');
  assert.equal(await page.locator('#rate-chart .u-series').count(), 4);
  await page.selectOption('#chart-scope', cluster.nodes[1].id);
  await waitForText(page, '#rate-chart .u-legend', /reads\/s/);
  enough = true;
  await traffic;
  await client.close();
  assert.deepEqual(page.complaints, []);
});

test('a killed node is seen within two seconds, and so is its return', async (t) => {
  const {cluster, browser} = await started(t);
  const page = await dashboard(t, browser, cluster.nodes[0].url);
  // A machine may be busy with other things for a moment; the node's and the page's own part is what counts.
  const took = [];
  do {
    const began = Date.now();
    await cluster.command('kill n3');
    await page.waitForSelector(`#problems [data-id="unheard-${cluster.nodes[2].id}"]`);
    took.push(Date.now() - began);
    assert.match(await textOf(page, '#state'), /problem/);
    assert.equal(await textOf(page, `#nodes tr[data-id="${cluster.nodes[2].id}"] .pill`), 'not heard');
    assert.match(await textOf(page, '#ring'), /not heard/);
    await screenshot(page, 'dashboard-killed');
    await cluster.command('restart n3');
    await allWell(page);
    await page.waitForFunction(() => document.querySelectorAll('#problems li').length === 0);
  } while (took.at(-1) > NOTICE_MS && took.length < 8);
  t.diagnostic(`seen after ${took.join(', ')} ms`);
  assert(took.at(-1) <= NOTICE_MS, `seen only after ${took} ms`);
  assert.deepEqual(page.complaints, []);
});

test('says that its own node does not answer, names others, and goes on when it is back', async (t) => {
  const {cluster, browser} = await started(t);
  const page = await dashboard(t, browser, cluster.nodes[0].url);
  await cluster.command('kill n1');
  await page.waitForSelector('#unreachable:not([hidden])');
  assert.match(await textOf(page, '#unreachable-text'), /does not answer\. What is shown is of \d/);
  assert.equal(await textOf(page, '#state'), 'node unreachable');
  const links = await page.locator('#elsewhere a').evaluateAll((all) => all.map((link) => link.href));
  assert.deepEqual(links.sort(), cluster.nodes.slice(1).map(({url}) => url + '/').sort());
  await screenshot(page, 'dashboard-unreachable');
  await cluster.command('restart n1');
  await page.waitForSelector('#unreachable', {state: 'hidden'});
  await allWell(page);
});

test('a drain wants the node\'s name, tells a refusal, shows progress, and ends', async (t) => {
  const {cluster, browser} = await started(t);
  const page = await dashboard(t, browser, cluster.nodes[0].url);
  const drain = `#nodes tr[data-id="${cluster.nodes[1].id}"] button[data-id=drain]`;
  const word = cluster.nodes[1].id.slice(0, 4);
  // Escape: nothing was asked.
  await page.click(drain);
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', {state: 'detached'});
  assert(await page.locator('#asked').isHidden());
  // The wrong word: the button stays off.
  await page.click(drain);
  await page.fill('#confirm-word', 'yes');
  assert(await page.locator('dialog button.danger').isDisabled());
  await screenshot(page, 'dashboard-drain');
  // Two of three nodes could not hold three copies.
  await page.fill('#confirm-word', word);
  await page.keyboard.press('Enter');
  await waitForText(page, '#asked', /there would be 2 active nodes/);
  assert.equal(await page.locator('#asked').getAttribute('class'), 'notice bad');

  await cluster.command('add');
  await page.waitForFunction(() => document.querySelectorAll('#nodes tr').length === 4);
  await page.waitForFunction(() => [...document.querySelectorAll('#nodes .pill')].every((pill) => pill.textContent === 'well'));
  await page.click(drain);
  await page.fill('#confirm-word', word);
  await page.click('dialog button.danger');
  await waitForText(page, '#asked', /is to be drained/);
  await waitForText(page, '#actions', new RegExp(`Node ${word} (is being|was) drained`));
  await waitForText(page, '#actions', new RegExp(`Node ${word} was drained`));
  assert.equal(await page.locator('#actions li.done progress').first().getAttribute('value'), '1.000');
  assert.deepEqual(page.complaints.filter((text) => !/409/.test(text)), []);
});

test('fits a phone, light and dark, readable and by finger', async (t) => {
  const {cluster, browser} = await started(t);
  const client = await connect(cluster.nodes[0].url);
  for (let i = 0; i < 30; ++i) await client.put(`user/${i}`, `somebody ${i}`);
  await client.close();
  const phone = {viewport: {width: 320, height: 700}, hasTouch: true, isMobile: true};
  for (const [name, options] of [['light', {}], ['dark', {colorScheme: 'dark'}], ['phone', phone], ['phone-dark', {...phone, colorScheme: 'dark'}]]) {
    const page = await dashboard(t, browser, cluster.nodes[0].url, options);
    for (const view of ['#cluster', '#keys', '#keys/user%2F1']) {
      await page.evaluate((hash) => { location.hash = hash; }, view);
      await page.waitForSelector(view.startsWith('#keys') ? '#view-keys:not([hidden])' : '#view-cluster:not([hidden])');
      if (view === '#keys/user%2F1') await waitForText(page, '#facts', /bytes/);
      await screenshot(page, `dashboard-${name}${view.replace(/[#/%]/g, '-')}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert(overflow <= 0, `${name} ${view}: ${overflow} pixels too wide`);
      const low = await page.evaluate(() => [...document.querySelectorAll('button, select, header nav a, input:not([type=checkbox], [type=radio])')]
          .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 43.5).map((element) => element.id || element.textContent));
      assert.deepEqual(low, [], `${name} ${view}: too low for a finger`);
      assert.deepEqual(await faint(page), [], `${name} ${view}: too little contrast`);
    }
    assert.deepEqual(page.complaints, []);
  }
});

// Texts whose contrast to their ground is less than 4.5, as WCAG 2 counts it.
function faint(page) {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const parts = (color) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      return canvas.getImageData(0, 0, 1, 1).data;
    };
    const light = ([r, g, b]) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
      const c = [r, g, b][i] / 255;
      return sum + weight * (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    }, 0);
    const ground = (element) => {
      const color = parts(getComputedStyle(element).backgroundColor);
      return color[3] === 0 ? ground(element.parentElement) : color;
    };
    const all = [...document.querySelectorAll('p, h1, h2, h3, a, button, label, td, th, dt, dd, li, span, textarea')]
        .filter((element) => element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''));
    if (all.length < 15) throw new Error('there is hardly any text');
    return all.map((element) => {
      const [a, b] = [light(parts(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
      return [element.textContent.slice(0, 30), (a + 0.05) / (b + 0.05)];
    }).filter(([, contrast]) => contrast < 4.5);
  });
}

test('the shortcuts are shown, lead where they say, and the page is reached by Tab in order', async (t) => {
  const {cluster, browser} = await started(t);
  const page = await dashboard(t, browser, cluster.nodes[0].url);
  await page.keyboard.press('?');
  await page.waitForSelector('dialog[open]');
  assert.match(await textOf(page, 'dialog'), /Escape|Esc/);
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', {state: 'detached'});
  await page.keyboard.press('2');
  await page.waitForSelector('#view-keys:not([hidden])');
  assert.equal(await page.locator('#to-keys').getAttribute('aria-current'), 'page');
  await page.keyboard.press('1');
  await page.waitForSelector('#view-cluster:not([hidden])');
  await page.goBack();
  await page.waitForSelector('#view-keys:not([hidden])');
  await page.keyboard.press('1');
  await page.evaluate(() => document.activeElement.blur());
  const order = [];
  for (let i = 0; i < 7; ++i) {
    await page.keyboard.press('Tab');
    order.push(await page.evaluate(() => {
      const {activeElement: element} = document;
      // One can see where one is.
      if (getComputedStyle(element).outlineStyle === 'none') throw new Error(`no outline around ${element.outerHTML}`);
      return element.id || element.getAttribute('class') || element.dataset.id;
    }).then(String));
  }
  assert.deepEqual(order.slice(0, 5), ['skip', 'to-cluster', 'to-keys', 'ring', 'chart-scope']);
  assert.deepEqual(page.complaints, []);
});

test('nothing moves by itself for people who don\'t want that', async (t) => {
  const {cluster, browser} = await started(t);
  const page = await dashboard(t, browser, cluster.nodes[0].url, {reducedMotion: 'reduce'});
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  const moving = await page.evaluate(() => {
    const move = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    move.setAttribute('class', 'move');
    document.querySelector('.ring').append(move);
    return getComputedStyle(move).animationName;
  });
  assert.equal(moving, 'none');
});
