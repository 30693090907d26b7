// Watches of quoin.js against a scripted node: events, cursors, gaps, credit, lost connections, ends.
import assert from 'node:assert/strict';
import test from 'node:test';
import {connect, NotAppliedError} from './quoin.mjs';
import {closeFrame, connected, ScriptedNode} from './scripted_node.mjs';

// "put a 7 v", "deleted a 8", "gap", "gap a", "synced": a kind, a key, a sequence, a value.
function eventOf(line) {
  const [kind, key, sequence, value] = line.split(' ');
  const event = {kind: kind.toUpperCase()};
  if (key !== undefined) event.key_text = key;
  if (sequence !== undefined) event.version = `1.00c0ffee00c0ffee.${sequence}`;
  if (value !== undefined) event.state = {value_text: value};
  return event;
}
const lineOf = ({type, key, version, state}) =>
  [type, key, version?.split('.').at(-1), state?.text()].filter((part) => part !== undefined && part !== null).join(' ');

// The next connection of the node, on which a watch is asked for.
async function watched(node) {
  const connection = await node.nextConnection();
  const credit = await connection.requests.next();
  const request = await connection.requests.next();
  return {
    connection, request, credit: Number(credit.credit.bytes), watch: request.watch,
    tell: (lines, cursor) => connection.say({id: request.id, events: {events: lines.map(eventOf), ...(cursor && {cursor})}}),
  };
}
const take = async (watch, count) => {
  const lines = [];
  while (lines.length < count) lines.push(lineOf((await watch.next()).value));
  return lines;
};

test('events are told in order, each with the cursor that is good behind it', async (t) => {
  const {node, client} = await connected(t, connect);
  const watch = client.watch({keys: ['a', new Uint8Array([0xff])], prefixes: ['']});
  const {tell, request, credit} = await watched(node);
  assert.deepEqual(request.watch, {targets: [{key_text: 'a'}, {key: '/w=='}, {prefix_text: ''}]});
  assert.equal(credit, 1 << 20);
  tell(['put a 1 x', 'deleted b 2', 'expired c 3'], 'c1');
  tell(['gap d', 'put d 4 y', 'synced']);
  assert.deepEqual(await take(watch, 2), ['put a 1 x', 'deleted b 2']);
  assert.equal(watch.cursor, '');
  assert.deepEqual(await take(watch, 4), ['expired c 3', 'gap d', 'put d 4 y', 'synced']);
  assert.equal(watch.cursor, 'c1');
  tell([], 'c2');
  tell(['put a 9 z']);
  const {value: event} = await watch.next();
  assert.equal(event.cursor, 'c2');
  assert.equal(event.state.version, event.version);
});

test('a lost connection: it goes on from the cursor, and what was told is not told again', async (t) => {
  const {node, client} = await connected(t, connect);
  const watch = client.watch({keys: ['a', 'b']});
  const first = await watched(node);
  first.tell(['put a 1 x', 'synced'], 'c1');
  first.tell(['put a 3 z', 'deleted b 4']);
  await take(watch, 4);
  first.connection.cut();
  const second = await watched(node);
  assert.equal(second.watch.cursor, 'c1');
  second.tell(['put a 2 y', 'put a 3 z', 'deleted b 4', 'put a 5 new', 'synced'], 'c2');
  assert.deepEqual(await take(watch, 2), ['put a 5 new', 'synced']);
  assert.equal(watch.cursor, 'c2');
});

test('where no cursor came, or none since a gap, it begins anew with a gap', async (t) => {
  const {node, client} = await connected(t, connect);
  const watch = client.watch({prefixes: ['']}, {state: false});
  const first = await watched(node);
  assert.equal(first.watch.state, 'NONE');
  first.tell(['put a 1 x']);
  assert.deepEqual(await take(watch, 1), ['put a 1 x']);
  first.connection.cut();
  const second = await watched(node);
  assert.equal(second.watch.state, undefined);
  second.tell(['put a 1 x', 'synced'], 'c1');
  assert.deepEqual(await take(watch, 3), ['gap', 'put a 1 x', 'synced']);
  second.tell(['gap', 'put a 1 x']);
  assert.deepEqual(await take(watch, 2), ['gap', 'put a 1 x']);
  assert.equal(watch.cursor, '');
  second.connection.cut();
  const third = await watched(node);
  assert.equal(third.watch.cursor, undefined);
  third.tell(['synced'], 'c2');
  assert.deepEqual(await take(watch, 2), ['gap', 'synced']);
});

test('credit is given for what was taken, and for no more', async (t) => {
  const {node, client} = await connected(t, connect);
  const watch = client.watch({prefixes: ['']});
  const {tell, connection} = await watched(node);
  const value = 'v'.repeat(300_000);
  for (let i = 1; i <= 4; ++i) tell([`put k${i} ${i} ${value}`]);
  assert.deepEqual(await take(watch, 1), [`put k1 1 ${value}`]);
  assert.equal(connection.requests.size, 0);
  await take(watch, 1);
  const {credit} = await connection.requests.next();
  assert(Number(credit.bytes) > 600_000 && Number(credit.bytes) < 601_000, credit.bytes);
});

test('while too much waits to be taken, no node is asked for more', async (t) => {
  const {node, client} = await connected(t, connect);
  const watch = client.watch({prefixes: ['']});
  const first = await watched(node);
  first.tell([`put k 1 ${'v'.repeat(700_000)}`], 'c1');
  first.connection.end(closeFrame(1001));  // Behind what was said, unlike a cut.
  const connection = await node.nextConnection();
  assert.equal(connection.requests.size, 0);
  assert.equal((await watch.next()).value.cursor, 'c1');
  await connection.requests.next();
  assert.equal((await connection.requests.next()).watch.cursor, 'c1');
});

test('a refusal for good ends it; one for now does not', async (t) => {
  const {node, client} = await connected(t, connect);
  const watch = client.watch({keys: ['a']}, {cursor: 'old'});
  const first = await watched(node);
  assert.equal(first.watch.cursor, 'old');
  first.connection.refuse(first.request, 'too-many-watches');
  const second = await watched(node);
  second.connection.refuse(second.request, 'bad-cursor', {status: 400});
  await assert.rejects(watch.next(), (error) => error instanceof NotAppliedError && error.type === 'bad-cursor');
  assert.equal((await watch.next()).done, true);
  await second.connection.ended;
});

test('an abort is told as its reason, and a break ends the connection', async (t) => {
  const {node, client} = await connected(t, connect);
  const controller = new AbortController();
  const reason = new Error('enough');
  const watch = client.watch({keys: ['a']}, {signal: controller.signal});
  const aborted = await watched(node);
  const next = watch.next();
  controller.abort(reason);
  await assert.rejects(next, (error) => error === reason);
  await aborted.connection.controls.next();
  aborted.connection.cut();
  assert.throws(() => client.watch({keys: ['a']}, {signal: controller.signal}), (error) => error === reason);
  const broken = (async () => {
    for await (const event of client.watch({keys: ['a']})) return lineOf(event);
  })();
  const {tell, connection} = await watched(node);
  tell(['synced'], 'c1');
  assert.equal(await broken, 'synced');
  await connection.controls.next();
  connection.cut();
});

test('close ends watches, and tells what came before', async (t) => {
  const node = await ScriptedNode.start();
  t.after(() => node.stop());
  const client = await connect(node.url);
  await node.nextConnection();
  const watch = client.watch({keys: ['a']});
  const {tell, connection} = await watched(node);
  tell(['put a 1 x', 'synced']);
  assert.deepEqual(await take(watch, 1), ['put a 1 x']);
  const closed = client.close();
  connection.cut();
  assert.deepEqual(await take(watch, 1), ['synced']);
  await assert.rejects(watch.next(), (error) => error.type === 'closed');
  assert.throws(() => client.watch({keys: ['a']}), (error) => error.type === 'closed');
  await closed;
});

test('a node with nothing to tell shows that it is there, or is given up', async (t) => {
  const {node, client} = await connected(t, connect, {silenceTimeoutMs: 50});
  const watch = client.watch({keys: ['a']});
  const first = await watched(node);
  first.tell(['synced'], 'c1');
  await take(watch, 1);
  const probe = await first.connection.requests.next();
  assert.deepEqual(probe.unwatch, {watch: 2 ** 32 - 1});
  first.connection.answer(probe, {outcome: 'ABSENT'});
  assert.notEqual((await first.connection.requests.next()).credit, undefined);
  await first.connection.requests.next();  // The next one, which is not answered.
  const second = await watched(node);
  assert.equal(second.watch.cursor, 'c1');
});

// Otherwise a watch of keys that rest would be out of credit after a day or two, and never hear of anything again.
test('what shows that the node is there costs no credit', async (t) => {
  const {node, client} = await connected(t, connect, {silenceTimeoutMs: 20});
  client.watch({keys: ['a']});
  const {connection, credit} = await watched(node);
  let left = credit;
  for (let probes = 0; probes < 4; ) {
    const request = await connection.requests.next();
    if (request.credit !== undefined) {
      left += Number(request.credit.bytes);
      continue;
    }
    assert.equal(left, 1 << 20);  // What the answers before this probe took has been given back.
    ++probes;
    const answer = {id: request.id, result: {outcome: 'ABSENT'}};
    left -= JSON.stringify(answer).length;
    connection.say(answer);
  }
});

test('nonsense is the end of a connection, and nothing of it is taken', async (t) => {
  const {node, client} = await connected(t, connect);
  const watch = client.watch({keys: ['a']});
  const first = await watched(node);
  first.tell(['put a 1 x', 'put b'], 'c1');
  const second = await watched(node);
  assert.equal(second.watch.cursor, undefined);
  second.tell(['put a 1 x']);
  assert.deepEqual(await take(watch, 1), ['put a 1 x']);
});

test('arguments that make no sense are refused', async (t) => {
  const {client, node} = await connected(t, connect);
  const wrong = (expected, message, targets, options) => assert.throws(() => client.watch(targets, options), (error) => {
    assert(error instanceof expected && message.test(error.message), String(error));
    return true;
  });
  wrong(RangeError, /1 to 256 keys and prefixes, not 0/, {});
  wrong(RangeError, /not 257/, {keys: Array(257).fill('a')});
  wrong(RangeError, /at least 1 byte/, {keys: ['']});
  wrong(TypeError, /keys is an array, not "a"/, {keys: 'a'});
  wrong(TypeError, /has no member "key"/, {key: 'a'});
  wrong(TypeError, /cursor is a string, not 1/, {keys: ['a']}, {cursor: 1});
  wrong(TypeError, /state is true or false/, {keys: ['a']}, {state: 'NONE'});
  wrong(TypeError, /has no member "from"/, {keys: ['a']}, {from: 'c'});
  assert.equal(node.handshakes, 1);
});
