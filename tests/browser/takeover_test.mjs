// Watches through a takeover: the node that leads what is watched is killed, and what others write afterwards is seen,
// in Chromium by pages of the other nodes, and by a client whose own node it was.
import assert from 'node:assert/strict';
import test from 'node:test';
import {launch, openPage} from './browser.mjs';
import {ClusterProcess} from './cluster_process.mjs';
import {Proxy} from './node_process.mjs';
import {connect, UnknownOutcomeError} from './quoin.mjs';

const KEY = 'room/1';
const PARTITIONS = 16;

const textOf = (page, selector) => page.locator(selector).textContent();
const waitForText = (page, selector, pattern) => page.waitForFunction(([selector, source]) =>
  new RegExp(source).test(document.querySelector(selector)?.textContent ?? ''), [selector, pattern.source]);
const waitForValue = (page, selector, value) => page.waitForFunction(([selector, value]) =>
  document.querySelector(selector)?.value === value, [selector, value]);

// A cluster of three whose partitions have all their replicas: the only one of a partition must not be killed.
async function started(t) {
  const cluster = await ClusterProcess.start(t, {flags: [`--partitions=${PARTITIONS}`]});
  await cluster.rested();
  return cluster;
}

// Whose answer was lost with the leader is written again.
async function write(client, value) {
  for (;;) {
    try {
      return await client.put(KEY, value);
    } catch (error) {
      if (!(error instanceof UnknownOutcomeError)) throw error;
    }
  }
}

// Writes the key, and tells which node led its partition then: a version names the ballot under which it was written.
async function leaderOf(cluster, client, value) {
  const {version} = await write(client, value);
  const leader = cluster.nodes.find(({id}) => version.split('.')[1] === id);
  assert(leader, `version ${version} names a node of the cluster`);
  return {leader, version};
}

// Kills the leader, once `prepare` has been told who it is, and writes through the others. Resolves with the leader when
// another one leads the key.
async function takeOver(t, cluster, client, prepare = async () => {}) {
  const {leader, version} = await leaderOf(cluster, client, 'before');
  await prepare(leader);
  await cluster.command(`kill ${leader.name}`);
  const other = await connect(cluster.nodes.filter(({id}) => id !== leader.id).map(({url}) => url), {timeoutMs: 60_000});
  t.after(() => other.close());
  for (let i = 0; i < 19; ++i) await write(other, `after ${i}`);
  const after = await leaderOf(cluster, other, 'after 19');
  assert.notEqual(after.leader.id, leader.id, `${version} was written by the node that was killed, and so is ${after.version}`);
  t.diagnostic(`${leader.name} led at ${version}, then ${after.leader.name} at ${after.version}`);
  return {leader, client: other};
}

test('pages go on watching a key whose leader is killed, and the one that it served does at another node', async (t) => {
  const cluster = await started(t);
  const browser = await launch(t);
  const first = await connect(cluster.nodes.map(({url}) => url));
  t.after(() => first.close());
  await write(first, 'bread');
  const pages = new Map();
  for (const {id, url} of cluster.nodes) {
    const page = await openPage(t, browser, `${url}/#keys/${encodeURIComponent(KEY)}`, {viewport: {width: 1200, height: 1000}});
    await waitForValue(page, '#value', 'bread');
    await page.fill('#prefix', 'room/');
    await waitForText(page, '#key-count', /^1 key$/);
    pages.set(id, page);
  }
  const {leader, client} = await takeOver(t, cluster, first);
  const survivors = [...pages].filter(([id]) => id !== leader.id).map(([, page]) => page);
  for (const page of survivors) {
    await waitForValue(page, '#value', 'after 19');
    assert.equal(await textOf(page, '#link-state'), '');
  }
  // The page of the node that is gone says so; its link to another one shows the key, and goes on from there.
  const lost = pages.get(leader.id);
  await waitForText(lost, '#link-state', /No connection to the node/);
  const {url} = cluster.nodes.find(({id}) => id !== leader.id);
  await lost.goto(`${url}/#keys/${encodeURIComponent(KEY)}`);
  await waitForValue(lost, '#value', 'after 19');
  await write(client, 'butter');
  for (const page of pages.values()) await waitForValue(page, '#value', 'butter');
  await client.delete(KEY);
  for (const page of survivors) await waitForText(page, '#key-count', /no key has this prefix/);
  for (const page of survivors) assert.deepEqual(page.complaints, []);
});

test('a watch whose own node led the key goes on at another one, and its versions only go up', async (t) => {
  const cluster = await started(t);
  const first = await connect(cluster.nodes.map(({url}) => url));
  t.after(() => first.close());
  // Whom it is connected to is not left to chance: a load balancer's job, done by hand.
  const portOf = ({url}) => Number(new URL(url).port);
  const proxy = await Proxy.start(t, 0);
  let watch;
  const told = [];
  const until = async (value) => {
    for (;;) {
      const {value: event} = await watch.next();
      if (event.type === 'gap') told.length = 0;
      if (event.type !== 'put') continue;
      told.push(event.version);
      if (event.state.text() === value) return;
    }
  };
  const {leader} = await takeOver(t, cluster, first, async (leader) => {
    proxy.port = portOf(leader);
    const reader = await connect(proxy.url, {timeoutMs: 60_000});
    t.after(() => reader.close());
    assert.equal(reader.node, leader.id);
    watch = reader.watch({keys: [KEY]});
    await until('before');
  });
  proxy.port = portOf(cluster.nodes.find(({id}) => id !== leader.id));
  await until('after 19');
  const order = told.map((version) => version.split('.').map((part, i) => i === 1 ? BigInt(`0x${part}`) : BigInt(part)));
  for (let i = 1; i < order.length; ++i) {
    const at = [0, 1, 2].find((part) => order[i][part] !== order[i - 1][part]);
    assert(at !== undefined && order[i][at] > order[i - 1][at], `${told[i]} came after ${told[i - 1]}`);
  }
  await watch.return();
});
