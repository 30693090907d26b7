// The module under Node.js against a real node: every operation, many at once, and a node that dies and comes back.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import test from 'node:test';
import * as module from './quoin.mjs';
import {NodeProcess, Proxy} from './node_process.mjs';

const {connect, json, RejectedError} = module;
const FAST = ['--storage=memory'];

async function connected(t, flags = FAST) {
  const node = await NodeProcess.start(t, flags);
  const client = await connect(node.url, {timeoutMs: 120_000});  // The machine may be busy.
  t.after(() => client.close());
  return {node, client};
}

test('what is put is read back: text, bytes, JSON, nothing at all, under keys of any bytes', async (t) => {
  const {node, client} = await connected(t);
  assert.equal(client.node, node.id);
  const cases = [
    ['text', 'Grüße \u0000 \ud83d\ude00', 'text/plain; charset=utf-8'],
    ['a/b c%20?#', Uint8Array.from({length: 256}, (_, i) => i), 'application/octet-stream'],
    [new Uint8Array([0, 255, 254]), json({list: [1, null, '\u2028']}), 'application/json'],
    ['empty', '', 'text/plain; charset=utf-8'],
  ];
  for (const [key, value, contentType] of cases) {
    assert.equal(await client.get(key), null);
    const put = await client.put(key, value);
    assert.equal(put.created, true);
    const state = await client.get(key);
    const bytes = value instanceof Uint8Array ? value : new TextEncoder().encode(value.text ?? value);
    assert.deepEqual(state.bytes(), bytes);
    assert.equal(state.contentType, contentType);
    assert.equal(state.version, put.version);
    assert.equal((await client.put(key, value)).created, false);
  }
});

test('cas and conditional deletes, on version, value, absence and presence', async (t) => {
  const {client} = await connected(t);
  const first = await client.cas('k', {absent: true}, 'one');
  assert.equal(first.outcome, 'done');
  const refused = await client.cas('k', {absent: true}, 'two');
  assert.deepEqual([refused.outcome, refused.version], ['condition-failed', first.version]);
  const second = await client.cas('k', {version: ['3.00c0ffee00c0ffee.1', first.version]}, 'two');
  assert.equal(second.outcome, 'done');
  assert.equal((await client.cas('k', {version: first.version}, 'three')).outcome, 'condition-failed');
  assert.equal((await client.cas('k', {value: 'one'}, 'three')).outcome, 'condition-failed');
  assert.equal((await client.cas('k', {value: 'two'}, new Uint8Array([255]))).outcome, 'done');
  assert.equal((await client.cas('k', {value: new Uint8Array([255])}, 'four')).outcome, 'done');
  assert.equal((await client.delete('k', {expected: {value: 'five'}})).outcome, 'condition-failed');
  assert.equal((await client.delete('k', {expected: {value: 'four'}})).outcome, 'done');
  assert.equal((await client.delete('k')).outcome, 'absent');
  assert.equal((await client.cas('k', {present: true}, 'v')).outcome, 'condition-failed');
});

test('increments are exact up to 64 bits, and what does not fit is rejected', async (t) => {
  const {client} = await connected(t);
  assert.equal((await client.incr('n')).value, 1);
  assert.equal((await client.incr('n', -3)).value, -2);
  assert.equal((await client.incr('n', 2n ** 53n)).value, 2 ** 53 - 2);
  assert.equal((await client.incr('n', 5)).value, 2n ** 53n + 3n);
  assert.equal((await client.incr('n', 2n ** 63n - 2n ** 53n - 4n)).value, 2n ** 63n - 1n);
  await assert.rejects(client.incr('n'), (error) => error instanceof RejectedError && error.type === 'wrong-value');
  await client.put('text', 'seven');
  await assert.rejects(client.incr('text'), RejectedError);
});

test('append, getAndSet, expire and persist', async (t) => {
  const {client} = await connected(t);
  assert.equal((await client.append('log', 'one,')).created, true);
  await client.append('log', 'two');
  assert.equal((await client.get('log')).text(), 'one,two');
  assert.equal((await client.getAndSet('log', 'new')).previous.text(), 'one,two');
  assert.equal((await client.getAndSet('other', 'x')).previous, null);
  assert.equal((await client.expire('nothing', 1000)).outcome, 'absent');
  const before = Date.now();
  assert.equal((await client.expire('log', 3_600_000)).outcome, 'done');
  const {expires} = await client.get('log');
  assert(expires.getTime() >= before + 3_600_000 && expires.getTime() <= Date.now() + 3_600_000);
  await client.persist('log');
  assert.equal((await client.get('log')).expires, null);
  await client.put('brief', 'x', {ttlMs: 1});
  while ((await client.get('brief')) !== null);
});

test('a batch and a scan of many keys', async (t) => {
  const {client} = await connected(t);
  const operations = Array.from({length: 2500}, (_, i) =>
    ({op: 'put', key: `user/${String(i).padStart(4, '0')}`, value: String(i)}));
  const results = await client.batch([...operations, {op: 'get', key: 'user/0007'}, {op: 'incr', key: 'user/0007'},
                                      {op: 'get', key: 'none'}]);
  assert.equal(results.length, 2503);
  assert(results.every((result) => result.status === 'fulfilled'));
  assert.equal(results[2500].value.text(), '7');
  assert.equal(results[2501].value.value, 8);
  assert.equal(results[2502].value, null);
  await client.put('userless', 'x');
  const keys = [];
  for await (const entry of client.scan('user/', {pageSize: 1000, keysOnly: true})) keys.push(entry.key);
  assert.deepEqual(keys, operations.map((operation) => operation.key));
  let seen = 0;
  for await (const entry of client.scan('user/', {pageSize: 7})) {
    assert.equal(entry.text(), seen === 7 ? '8' : String(seen));
    if (++seen === 20) break;
  }
  assert.equal(seen, 20);
});

test('thousands of requests at once, more than the node allows in flight', async (t) => {
  const {client} = await connected(t, [...FAST, '--max_websocket_requests=100']);
  const sums = await Promise.all(Array.from({length: 3000}, () => client.incr('n')));
  assert.deepEqual(sums.map(({value}) => value).sort((a, b) => a - b), Array.from({length: 3000}, (_, i) => i + 1));
});

test('of many that want to be the first exactly one is', async (t) => {
  const {node} = await connected(t);
  const clients = await Promise.all(Array.from({length: 4}, () => connect(node.url)));
  const told = await Promise.all(clients.map((client, i) => client.cas('leader', {absent: true}, String(i))));
  assert.equal(told.filter(({outcome}) => outcome === 'done').length, 1);
  await Promise.all(clients.map((client) => client.close()));
});

test('a value over the limit is refused with the name of the flag', async (t) => {
  const {client} = await connected(t, [...FAST, '--max_value_size=1000']);
  const refusal = {name: 'NotAppliedError', type: 'value-too-large', limit: 'max_value_size'};
  await assert.rejects(client.put('k', 'x'.repeat(1001)), refusal);
  await client.put('k', 'x'.repeat(1000));
});

test('a node that is killed and started again is found again, with everything that was acknowledged', async (t) => {
  const node = await NodeProcess.start(t);
  const proxy = await Proxy.start(t, node.port);
  const client = await connect(proxy.url, {timeoutMs: 60_000});
  t.after(() => client.close());
  let value = 0;
  for (let round = 0; round < 3; ++round) {
    value = (await client.incr('n')).value;
    const underWay = Promise.all(Array.from({length: 50}, (_, i) => client.put(`${round}/${i}`, String(i))));
    await node.kill9();
    await node.start();
    proxy.port = node.port;
    await underWay;
  }
  assert.equal(value, 3);
  assert.equal((await client.get('n')).text(), '3');
  for (let round = 0; round < 3; ++round) assert.equal((await client.get(`${round}/49`)).text(), '49');
});

test('a node that stops answers what was asked, and closes', async (t) => {
  const {node, client} = await connected(t);
  const told = Promise.all(Array.from({length: 20}, (_, i) => client.put(`k${i}`, 'v')));
  await told;
  assert.deepEqual(await node.terminate(), {code: 0, signal: null});
  await assert.rejects(client.get('k1', {timeoutMs: 50}), {name: 'NotAppliedError'});
});

test('the node serves the very module that is tested here, its types, and pages under a strict policy', async (t) => {
  const {node} = await connected(t);
  for (const [path, type, file] of [['/quoin.js', 'text/javascript; charset=utf-8', 'quoin.mjs'],
                                    ['/quoin.d.ts', 'text/plain; charset=utf-8', 'quoin.d.mts']]) {
    const answer = await fetch(node.url + path);
    assert.equal(answer.headers.get('content-type'), type);
    assert.equal(await answer.text(), readFileSync(new URL(file, import.meta.url), 'utf8'));
  }
  const page = await fetch(node.url + '/example');
  assert.match(page.headers.get('content-security-policy'), /default-src 'none'; script-src 'self'/);
});

test('a watch tells what happens to keys, over connections that are cut', async (t) => {
  const node = await NodeProcess.start(t, FAST);
  const proxy = await Proxy.start(t, node.port);
  const writer = await connect(node.url);
  t.after(() => writer.close());
  const reader = await connect(proxy.url);
  t.after(() => reader.close());
  await writer.put('room/1', 'hello');
  const watch = reader.watch({keys: ['title'], prefixes: ['room/']});
  const next = async () => {
    const {value: {type, key, state}} = await watch.next();
    return [type, key, state?.text()].filter((part) => part !== undefined && part !== null).join(' ');
  };
  assert.equal(await next(), 'put room/1 hello');
  assert.equal(await next(), 'synced');
  const {version} = await writer.put('title', 'T');
  const {value: told} = await watch.next();
  assert.deepEqual([told.type, told.key, told.version], ['put', 'title', version]);
  await writer.delete('room/1');
  assert.equal(await next(), 'deleted room/1');
  // Every few hundred bytes the connection ends; the newest value comes all the same, and versions go up.
  let left = 300;
  proxy.cutAt = (bytes) => {
    left -= bytes.length;
    if (left > 0) return undefined;
    left = 10_000;  // A hello, a state and a cursor must fit.
    return 0;
  };
  for (let i = 0; i < 50; ++i) await writer.put('title', `number ${i}`);
  let latest = version, text = '';
  while (text !== 'number 49') {
    const {value: event} = await watch.next();
    if (event.type === 'gap') latest = null;
    if (event.type !== 'put') continue;
    if (latest !== null) assert.notEqual(event.version, latest);
    latest = event.version;
    text = event.state.text();
  }
  assert(proxy.cuts > 0);
  // Another client goes on from there.
  await writer.put('title', 'later');
  const resumed = writer.watch({keys: ['title'], prefixes: ['room/']}, {cursor: watch.cursor});
  for await (const event of resumed) if (event.type === 'put' && event.state.text() === 'later') break;
});

// Each block of the page is run as it stands there, in order, with what the module exports and `db` in scope.
test('the examples of docs/javascript.md run, and log what their names promise', async (t) => {
  const {node, client} = await connected(t);
  const page = readFileSync(new URL('javascript.md', import.meta.url), 'utf8');
  const examples = [...page.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code);
  assert(examples.length >= 6);
  const AsyncFunction = (async () => {}).constructor;
  const logged = [];
  const console = {log: (...values) => logged.push(values)};
  for (const code of examples) {
    const given = {...module, console, ...(code.includes('const db =') ? {} : {db: client})};
    const runnable = code.replace(/^import .*$/gm, '').replaceAll('http://127.0.0.1:8080', node.url);
    await new AsyncFunction(...Object.keys(given), runnable)(...Object.values(given));
  }
  assert.deepEqual(logged[0], ['Alice']);
  assert.equal(logged[1][0], true);
  assert.deepEqual(logged[2], [2, true]);
  assert(!logged.flat().some((value) => /somebody was faster|try again|look what is there/.test(value)));
  assert.deepEqual(logged.at(-1), ['user/1', 'Alice']);
  assert.equal((await client.get('visits')).text(), '2');
});
