// Pictures of the dashboard for the documents, of a cluster that has something to do. Started by hand; see BUILD.bazel.
import test from 'node:test';
import {launch, openPage, screenshot} from './browser.mjs';
import {ClusterProcess} from './cluster_process.mjs';
import {connect, json} from './quoin.mjs';

// How much of the charts is to be seen.
const HISTORY_MS = Number(process.env.QUOIN_HISTORY_S ?? 240) * 1000;
const DESKTOP = {viewport: {width: 1280, height: 900}};
const PHONE = {viewport: {width: 390, height: 800}, hasTouch: true, isMobile: true};

const names = ['Alice', 'Bob', 'Chloé', 'Dmitri', 'Emi', 'Fatima'];
const user = (i) => `user/${String(i).padStart(5, '0')}`;
const random = (limit) => Math.floor(Math.random() * limit);

async function fill(url) {
  const client = await connect(url);
  for (let i = 0; i < 10_000; i += 1000) {
    await client.batch(Array.from({length: 1000}, (_, j) => ({op: 'put', key: user(i + j), value: names[random(names.length)]})));
  }
  await client.put('settings', json({theme: 'dark', limits: {uploads: 20, bytes: 1048576}, admins: ['Alice', 'Bob']}));
  await client.put('session/9f3a', 'f2c81d', {ttlMs: 45 * 60_000});
  await client.put('room/1/title', 'Kitchen');
  await client.put('room/1/note', 'bread\nmilk\n');
  await client.put(Uint8Array.from([0xff, 0x00, 0x41]), Uint8Array.from({length: 48}, (_, i) => i * 5));
  await client.close();
}

// Waves of requests until it is told to stop.
async function work(clients, isOver) {
  for (let turn = 0; !isOver(); ++turn) {
    const wave = 20 + Math.round(14 * Math.sin(turn / 60)) + random(6);
    await Promise.all(Array.from({length: wave}, (_, i) => {
      const client = clients[random(clients.length)];
      return i % 4 === 0 ? client.put(user(random(10_000)), names[random(names.length)]) : client.get(user(random(10_000)));
    }).map((request) => request.catch(() => {})));
    await new Promise((next) => setTimeout(next, 100));
  }
}

test('pictures', async (t) => {
  const cluster = await ClusterProcess.start(t, {flags: ['--partitions=128']});
  const browser = await launch(t);
  const clients = await Promise.all(cluster.nodes.map(({url}) => connect(url, {timeoutMs: 1500})));
  t.after(() => Promise.all(clients.map((client) => client.close())));
  await fill(cluster.nodes[0].url);
  let over = false;
  const working = work(clients, () => over);
  const url = cluster.nodes[0].url + '/';
  const open = (options) => openPage(t, browser, url, options);
  const [light, dark, phone] = await Promise.all([open(DESKTOP), open({...DESKTOP, colorScheme: 'dark'}), open(PHONE)]);
  await new Promise((shown) => setTimeout(shown, HISTORY_MS));
  await screenshot(light, 'dashboard');
  await screenshot(dark, 'dashboard-dark');
  await screenshot(phone, 'dashboard-phone');

  const keys = await openPage(t, browser, url + '#keys/settings', DESKTOP);
  await keys.waitForFunction(() => document.querySelector('#value')?.value.includes('Alice'));
  await screenshot(keys, 'dashboard-keys');
  await keys.fill('#value', '{\n  "theme": "light"\n}');
  await clients[1].put('settings', json({theme: 'dark', limits: {uploads: 50}}));
  await keys.click('#save');
  await keys.waitForSelector('#conflict-title');
  await screenshot(keys, 'dashboard-conflict');

  await cluster.command('kill n3');
  await light.waitForSelector('#problems .bad');
  await screenshot(light, 'dashboard-problems');
  await cluster.command('add');
  await light.waitForFunction(() => document.querySelectorAll('#nodes tr').length === 4);
  await light.click(`button[aria-label="remove node ${cluster.nodes[2].id.slice(0, 4)}"]`);
  await light.fill('#confirm-word', cluster.nodes[2].id.slice(0, 4));
  await screenshot(light, 'dashboard-remove');
  await light.click('dialog button.danger');
  await light.waitForFunction(() => document.querySelector('.ring .move') !== null);
  await screenshot(light, 'dashboard-moving');
  over = true;
  await working;
});
