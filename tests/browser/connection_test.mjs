// Time, limits and connections: every request ends by its deadline, nothing is sent that the node would not take, and a
// node that is gone or silent is replaced by the next.
import assert from 'node:assert/strict';
import test from 'node:test';
import {connect, NotAppliedError, UnknownOutcomeError} from './quoin.mjs';
import {closeFrame, connected, frame, HELLO, ScriptedNode} from './scripted_node.mjs';

test('no more requests are in flight than the node allows; the others wait, in order', async (t) => {
  const {client, connection} = await connected(t, connect, {node: {hello: {...HELLO, max_requests: 2}}});
  const told = ['a', 'b', 'c', 'd'].map((key) => client.delete(key));
  const first = await connection.requests.next(), second = await connection.requests.next();
  assert.equal(connection.requests.size, 0);
  connection.done(second);
  const third = await connection.requests.next();
  assert.equal(third.operation.key_text, 'c');
  connection.done(first);
  connection.done(third);
  connection.done(await connection.requests.next());
  await Promise.all(told);
});

test('a deadline: writes that were sent are unknown, reads and what was never sent not applied', async (t) => {
  const {client, connection} = await connected(t, connect, {node: {hello: {...HELLO, max_requests: 2}}});
  const call = {timeoutMs: 50};  // Not of connect: its deadline would be that of the connecting, too.
  const told = [client.put('a', 'v', call), client.get('b', call), client.put('c', 'v', call)];
  const [write, read, unsent] = (await Promise.allSettled(told)).map((settled) => settled.reason);
  assert(write instanceof UnknownOutcomeError, String(write));
  assert.equal(write.type, 'timed-out');
  const request = await connection.requests.next();
  assert.equal(write.operationId, request.operation.operation_id);
  assert(read instanceof NotAppliedError, String(read));
  assert(unsent instanceof NotAppliedError, String(unsent));
  await connection.requests.next();
  assert.equal(connection.requests.size, 0);
  // Answers that come too late harm nobody, and make room again.
  connection.done(request);
  const later = client.delete('d');
  connection.done(await connection.requests.next());
  assert.equal((await later).outcome, 'done');
});

test('an abort is told as its own reason, but a write that was sent as unknown', async (t) => {
  const {client, connection} = await connected(t, connect);
  const controller = new AbortController();
  const reason = new Error('changed my mind');
  const write = client.put('a', 'v', {signal: controller.signal});
  const read = client.get('b', {signal: controller.signal});
  await connection.requests.next();
  await connection.requests.next();
  controller.abort(reason);
  await assert.rejects(read, (error) => error === reason);
  await assert.rejects(write, (error) => error instanceof UnknownOutcomeError && error.cause === reason);
  await assert.rejects(client.put('c', 'v', {signal: controller.signal}), (error) => error === reason);
  assert.equal(connection.requests.size, 0);
});

test('a batch that ran into its deadline tells each operation for itself', async (t) => {
  const {client} = await connected(t, connect);
  const operations = [{op: 'get', key: 'a'}, {op: 'put', key: 'b', value: 'v'}];
  const [read, write] = await client.batch(operations, {timeoutMs: 50});
  assert(read.reason instanceof NotAppliedError);
  assert(write.reason instanceof UnknownOutcomeError);
});

test('a batch that is cut has one deadline, and what waited for its turn is certainly not applied', async (t) => {
  const {client, connection} = await connected(t, connect, {node: {hello: {...HELLO, max_batch_operations: 1}}});
  const told = await client.batch([1, 2, 3].map((by) => ({op: 'incr', key: 'n', by})), {timeoutMs: 50});
  const [first, ...rest] = told.map(({reason}) => reason);
  assert(first instanceof UnknownOutcomeError);
  for (const reason of rest) {
    assert(reason instanceof NotAppliedError);
    assert.equal(reason.type, 'timed-out');
    assert.match(reason.message, /earlier operations on the same key took all of the 50 ms/);
  }
  await connection.requests.next();
  assert.equal(connection.requests.size, 0);
});

test('close finishes all of a batch that is cut', async (t) => {
  const {client, connection} = await connected(t, connect, {node: {hello: {...HELLO, max_batch_operations: 1}}});
  const told = client.batch(['1', '2'].map((value) => ({op: 'put', key: 'k', value})));
  const closed = client.close();
  for (const value of ['1', '2']) {
    const request = await connection.requests.next();
    assert.equal(request.batch.operations[0].put.value_text, value);
    connection.answer(request, null, {batch: {results: [{outcome: 'DONE', version: '3.a.1'}]}});
  }
  assert((await told).every(({status}) => status === 'fulfilled'));
  await closed;
});

test('a node that says nothing any more is given up, and the write is sent to the next', async (t) => {
  const {node, client, connection} = await connected(t, connect, {silenceTimeoutMs: 50});
  const told = client.incr('n');
  const first = await connection.requests.next();
  // On a busy machine the next connection may seem silent too; the last one answers.
  (async () => {
    for (;;) {
      const again = await node.nextConnection();
      again.requests.next().then((request) => {
        again.done(request, {state: {value_text: '1'}, version: request.operation.operation_id});
      });
    }
  })();
  assert.equal((await told).version, first.operation.operation_id);
});

// A WebSocket that takes `steps` looks to send what it was given, and on which nothing ever comes but the hello.
function slowSocket(steps) {
  return class {
    static looks = [];
    #left = 0;
    constructor() {
      setImmediate(() => this.onmessage({data: JSON.stringify({hello: HELLO})}));
    }
    get bufferedAmount() {
      this.constructor.looks.push(this.#left);
      return this.#left > 0 ? this.#left-- : 0;
    }
    send() {
      this.#left = steps;
    }
    close(code = 1006) {
      setImmediate(() => this.onclose({code, reason: ''}));
    }
  };
}

test('a large request that is still leaving is no silence of the node; one that stays where it is, is', async (t) => {
  for (const steps of [0, 5]) {
    const Socket = slowSocket(steps);
    const enough = new AbortController();
    const onStateChange = (state) => state === 'connecting' && enough.abort(new Error('lost'));
    const client = await connect('http://n', {WebSocket: Socket, silenceTimeoutMs: 20, onStateChange});
    t.after(() => client.close());
    await assert.rejects(client.get('k', {signal: enough.signal}), {message: 'lost'});
    assert.equal(Socket.looks.at(-1), 0, 'given up only when nothing was leaving any more');
    assert(Socket.looks.length > steps, `${Socket.looks}`);
  }
});

test('pings, and a long answer that comes in pieces, are no silence', async (t) => {
  const {client, connection} = await connected(t, connect, {silenceTimeoutMs: 300});
  const told = client.get('k');
  const request = await connection.requests.next();
  const result = {outcome: 'DONE', state: {value_text: 'x'.repeat(100), version: '3.a.1'}};
  const answer = frame(JSON.stringify({id: request.id, result}));
  const start = performance.now();
  // In all much longer than the silence that is allowed, byte by byte much shorter.
  for (let at = 0; at < answer.length; ++at) {
    connection.write(answer.subarray(at, at + 1));
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  assert(performance.now() - start > 300);
  assert.equal((await told).text().length, 100);
});

test('an idle connection may be silent for as long as it likes', async (t) => {
  const {node, client, connection} = await connected(t, connect, {silenceTimeoutMs: 300});
  for (let i = 0; i < 3; ++i) {
    const told = client.get('k');
    connection.answer(await connection.requests.next(), {outcome: 'ABSENT'});
    assert.equal(await told, null);
    await new Promise((resolve) => setTimeout(resolve, 700));  // The idleness itself; nothing waits for it.
  }
  assert.equal(node.handshakes, 1);
});

test('a program that did not come to read does not take that for the node\'s silence', async (t) => {
  const {node, client, connection} = await connected(t, connect, {silenceTimeoutMs: 500});
  const told = client.get('k');
  connection.answer(await connection.requests.next(), {outcome: 'ABSENT'});
  const until = performance.now() + 1500;
  while (performance.now() < until);  // The answer arrives meanwhile, and the timer is late when this is over.
  assert.equal(await told, null);
  assert.equal(node.handshakes, 1);
});

test('a request that is larger than the node takes is refused here, and harms no other', async (t) => {
  const {client, connection} = await connected(t, connect, {node: {hello: {...HELLO, max_message_bytes: 1000}}});
  const refusal = {name: 'NotAppliedError', type: 'body-too-large', limit: 'max_batch_size'};
  await assert.rejects(client.put('k', 'é'.repeat(500)), refusal);
  const told = client.put('k', 'x'.repeat(500));
  connection.done(await connection.requests.next());
  await told;
});

test('with several nodes the next one is asked when one is gone', async (t) => {
  const nodes = [await ScriptedNode.start(), await ScriptedNode.start({hello: {...HELLO, node: '00000000000000bb'}})];
  for (const node of nodes) t.after(() => node.stop());
  const states = [];
  const client = await connect(nodes.map((node) => node.url), {onStateChange: (state) => states.push(state)});
  t.after(() => client.close());
  const [here, there] = client.node === HELLO.node ? nodes : [...nodes].reverse();
  assert.equal(client.url, here.url.replace('http', 'ws') + '/v1/ws');
  const told = client.incr('n');
  const connection = await here.nextConnection();
  const first = await connection.requests.next();
  await here.stop();
  const again = await there.nextConnection();
  const second = await again.requests.next();
  assert.equal(second.operation.operation_id, first.operation.operation_id);
  again.done(second, {state: {value_text: '1'}});
  await told;
  assert.equal(client.node, there.hello.node);
  assert.deepEqual(states, ['open', 'connecting', 'open']);
});

test('close finishes what is under way, then refuses', async (t) => {
  const {client, connection} = await connected(t, connect);
  const told = client.put('k', 'v');
  const request = await connection.requests.next();
  const closed = client.close();
  assert.equal(client.state, 'closing');
  await assert.rejects(client.get('k'), {name: 'NotAppliedError', type: 'closed'});
  connection.done(request);
  assert.equal((await told).outcome, 'done');
  const {opcode, payload} = await connection.controls.next();
  assert.equal(opcode, 8);
  assert.equal(payload.readUInt16BE(0), 1000);
  connection.end(closeFrame(1000));
  await closed;
  assert.equal(client.state, 'closed');
  await connection.ended;
});

test('close does not wait for a node that does not answer it', async (t) => {
  const {client} = await connected(t, connect);
  await client.close();
  assert.equal(client.state, 'closed');
});

test('without any node connect says why, in time; aborted, the reason', async (t) => {
  const node = await ScriptedNode.start({accept: false});
  t.after(() => node.stop());
  await assert.rejects(connect(node.url, {timeoutMs: 3000}), (error) => {
    assert(error instanceof NotAppliedError);
    assert.equal(error.type, 'unreachable');
    assert.match(error.message, /HTTP 403: not from there/);
    return true;
  });
  const reason = new Error('no more');
  await assert.rejects(connect(node.url, {signal: AbortSignal.abort(reason)}), (error) => error === reason);
  const controller = new AbortController();
  const connecting = connect(node.url, {signal: controller.signal});
  controller.abort(reason);
  await assert.rejects(connecting, (error) => error === reason);
});

test('an abort in onStateChange does not make certain what was sent', async (t) => {
  const controller = new AbortController();
  const onStateChange = (state) => state === 'connecting' && controller.abort(new Error('enough'));
  const {connection, client} = await connected(t, connect, {onStateChange});
  const told = client.incr('n', 1, {signal: controller.signal});
  await connection.requests.next();
  connection.cut();
  await assert.rejects(told, (error) => error instanceof UnknownOutcomeError && error.cause.message === 'enough');
});

test('while no node is there requests wait, and are told why at their deadline', async (t) => {
  let onLost;
  const lost = new Promise((resolve) => (onLost = resolve));
  const {node, client} = await connected(t, connect, {onStateChange: (state) => state === 'connecting' && onLost()});
  await node.stop();
  await lost;
  const refusal = {name: 'NotAppliedError', type: 'unreachable', message: /ECONNREFUSED/};
  await assert.rejects(client.put('k', 'v', {timeoutMs: 3000}), refusal);
});
