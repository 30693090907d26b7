// What the module does when answers are lost, late, out of order or errors: no write is applied twice, none is said to
// have failed that may have been applied.
import assert from 'node:assert/strict';
import test from 'node:test';
import {connect, NotAppliedError, UnknownOutcomeError} from './quoin.mjs';
import {closeFrame, connected, frame} from './scripted_node.mjs';

const BALLOT = '3.00c0ffee00c0ffee.41';
const page = (entries, cursor) => ({page: {entries, cursor}});

test('answers belong to their ids, in whatever order they come', async (t) => {
  const {client, connection} = await connected(t, connect);
  const keys = ['a', 'b', 'c', 'd'];
  const told = keys.map((key) => client.get(key));
  const requests = [];
  for (const key of keys) {
    requests.push(await connection.requests.next());
    assert.equal(requests.at(-1).operation.key_text, key);
  }
  assert.equal(new Set(requests.map((request) => request.id)).size, 4);
  for (const i of [2, 0, 3, 1]) connection.done(requests[i], {state: {value_text: keys[i], version: '3.a.1'}});
  assert.deepEqual((await Promise.all(told)).map((state) => state.text()), keys);
});

test('a write whose connection ended is sent again with the same id, as repeated', async (t) => {
  const {node, client, connection} = await connected(t, connect);
  const told = client.incr('n');
  const first = await connection.requests.next();
  connection.cut();
  const again = await node.nextConnection();
  const second = await again.requests.next();
  assert.equal(first.operation.repeated, undefined);
  assert.deepEqual(second.operation, {...first.operation, repeated: true});
  again.done(second, {state: {value_text: '1', version: '3.a.1'}});
  assert.equal((await told).value, 1);
});

test('an answer that was cut in the middle counts as none', async (t) => {
  const {node, client, connection} = await connected(t, connect);
  const told = client.incr('n');
  const request = await connection.requests.next();
  const answer = frame(JSON.stringify({id: request.id, result: {outcome: 'DONE', state: {value_text: '1'}}}));
  await new Promise((resolve) => connection.writeBytewise(answer.subarray(0, answer.length - 1)).then(resolve));
  connection.cut();
  const again = await node.nextConnection();
  const second = await again.requests.next();
  assert.equal(second.operation.repeated, true);
  again.done(second, {state: {value_text: '1', version: '3.a.1'}});
  assert.equal((await told).value, 1);
});

test('a read is sent again without further ado', async (t) => {
  const {node, client, connection} = await connected(t, connect);
  const told = client.get('k');
  const first = await connection.requests.next();
  connection.write(closeFrame(1001, 'the node is stopping'));
  const again = await node.nextConnection();
  const second = await again.requests.next();
  assert.deepEqual(second.operation, first.operation);
  again.answer(second, {outcome: 'ABSENT'});
  assert.equal(await told, null);
});

test('a page of a scan whose connection ended is asked for again, and no entry is lost or told twice', async (t) => {
  const {node, client, connection} = await connected(t, connect);
  const keys = (async () => {
    const found = [];
    for await (const entry of client.scan('')) found.push(entry.key);
    return found;
  })();
  const entry = (key) => ({key_text: key, state: {value_text: '', version: '3.a.1'}});
  connection.answer(await connection.requests.next(), null, page([entry('a')], 'YQ=='));
  await connection.requests.next();
  connection.cut();
  const again = await node.nextConnection();
  const request = await again.requests.next();
  assert.equal(request.scan.cursor, 'YQ==');
  again.answer(request, null, page([entry('b')]));
  assert.deepEqual(await keys, ['a', 'b']);
});

test('the ballot of an earlier answer about the key is named, the newest one, and only for that key', async (t) => {
  const {client, connection} = await connected(t, connect);
  const sent = async (key, ballot) => {
    const told = client.put(key, 'v');
    const request = await connection.requests.next();
    connection.done(request, {ballot});
    await told;
    return request.operation.ballot;
  };
  assert.equal(await sent('a', '9.00c0ffee00c0ffee'), undefined);
  assert.equal(await sent('a', '10.00c0ffee00c0ffee'), '9.00c0ffee00c0ffee');
  assert.equal(await sent('a', '10.00c0ffee00c0ffed'), '10.00c0ffee00c0ffee');
  assert.equal(await sent('a', '10.00c0ffee00c0ffef'), '10.00c0ffee00c0ffee');
  assert.equal(await sent('b', ''), undefined);
  assert.equal(await sent('a', '10.00c0ffee00c0ffef.9'), '10.00c0ffee00c0ffef');
  assert.equal(await sent('a', '10.00c0ffee00c0ffef.10'), '10.00c0ffee00c0ffef.9');
  assert.equal(await sent('a', '10.00c0ffee00c0ffef'), '10.00c0ffee00c0ffef.10');
  assert.equal(await sent('a', '10.00c0ffee00c0ffee.99'), '10.00c0ffee00c0ffef.10');
  assert.equal(await sent('a', undefined), '10.00c0ffee00c0ffef.10');
});

test('all sendings of a write name the ballot of the first, whatever is learned meanwhile', async (t) => {
  const {node, client, connection} = await connected(t, connect);
  const told = client.incr('n'), other = client.get('n');
  const write = await connection.requests.next(), read = await connection.requests.next();
  connection.answer(read, {outcome: 'ABSENT', ballot: BALLOT});
  await other;
  connection.cut();
  const again = await node.nextConnection();
  const second = await again.requests.next();
  assert.equal(write.operation.ballot, undefined);
  assert.equal(second.operation.ballot, undefined);
  again.done(second, {state: {value_text: '1'}});
  await told;
});

test('ballot-required: sent again at once with the ballot that was told, and not as repeated', async (t) => {
  const {client, connection} = await connected(t, connect);
  const told = client.incr('n');
  const first = await connection.requests.next();
  connection.refuse(first, 'ballot-required', {status: 409}, {ballot: BALLOT});
  const second = await connection.requests.next();
  assert.deepEqual(second.operation, {...first.operation, ballot: BALLOT});
  connection.done(second, {state: {value_text: '1'}, ballot: BALLOT});
  assert.equal((await told).value, 1);
});

test('ballot-required to a sending that came back: later sendings of it name that ballot', async (t) => {
  const {node, client, connection} = await connected(t, connect);
  const told = client.incr('n');
  connection.refuse(await connection.requests.next(), 'ballot-required', {}, {ballot: BALLOT});
  await connection.requests.next();
  connection.cut();
  const again = await node.nextConnection();
  const third = await again.requests.next();
  assert.equal(third.operation.ballot, BALLOT);
  assert.equal(third.operation.repeated, true);
  again.done(third, {state: {value_text: '1'}});
  await told;
});

test('a node that asks for ballots without end is asked until the deadline: certainly not applied', async (t) => {
  const {client, connection} = await connected(t, connect);
  let sendings = 0;
  const told = client.incr('n', 1, {timeoutMs: 2000});
  (async () => {
    for (;;) {
      const request = await connection.requests.next();
      // In the end with a pause that outlasts the deadline: whatever is under way then is unknown, not refused.
      const pause = ++sendings > 3 ? {retry_after_ms: 60_000} : {};
      connection.refuse(request, 'ballot-required', pause, {ballot: `${sendings}.00c0ffee00c0ffee`});
    }
  })();
  await assert.rejects(told, {name: 'NotAppliedError', type: 'ballot-required'});
  assert(sendings > 3);
});

test('outcome-unknown is asked again with the same id; the answer to that is the outcome', async (t) => {
  const {client, connection} = await connected(t, connect);
  const told = client.incr('n');
  const first = await connection.requests.next();
  const {operation_id} = first.operation;
  connection.refuse(first, 'outcome-unknown', {status: 504, effect: 'UNKNOWN', operation_id});
  const second = await connection.requests.next();
  assert.deepEqual(second.operation, {...first.operation, repeated: true});
  connection.done(second, {state: {value_text: '1'}});
  assert.equal((await told).value, 1);
});

test('after outcome-unknown a refusal says nothing of the earlier sending', async (t) => {
  const {client, connection} = await connected(t, connect);
  const told = client.incr('n');
  connection.refuse(await connection.requests.next(), 'outcome-unknown', {effect: 'UNKNOWN'});
  // Even one that would end a first sending at once, or that names a ballot.
  connection.refuse(await connection.requests.next(), 'read-only');
  connection.refuse(await connection.requests.next(), 'ballot-required', {}, {ballot: BALLOT});
  const last = await connection.requests.next();
  assert.equal(last.operation.repeated, true);
  assert.equal(last.operation.ballot, undefined);
  connection.done(last, {state: {value_text: '1'}});
  await told;
});

test('an outcome that stays unknown is told as unknown, with the id of the operation', async (t) => {
  const {client, connection} = await connected(t, connect);
  const told = client.incr('n');
  let id;
  (async () => {
    for (;;) {
      const request = await connection.requests.next();
      id = request.operation.operation_id;
      connection.refuse(request, 'outcome-unknown', {status: 504, effect: 'UNKNOWN'});
    }
  })();
  await assert.rejects(told, (error) => {
    assert(error instanceof UnknownOutcomeError && !(error instanceof NotAppliedError));
    assert.equal(error.outcome, 'unknown');
    assert.equal(error.operationId, id);
    return true;
  });
});

test('a refusal that will pass says nothing of an earlier sending, and does not use up patience', async (t) => {
  const {client, connection} = await connected(t, connect);
  const told = client.incr('n');
  connection.refuse(await connection.requests.next(), 'outcome-unknown', {effect: 'UNKNOWN'});
  for (let i = 0; i < 9; ++i) {
    const request = await connection.requests.next();
    assert.equal(request.operation.repeated, true);
    connection.refuse(request, 'too-many-requests', {status: 429, effect: 'UNKNOWN'});
  }
  connection.done(await connection.requests.next(), {state: {value_text: '1'}});
  assert.equal((await told).value, 1);
});

test('a refusal that will pass is tried again, and is still the first sending', async (t) => {
  const {client, connection} = await connected(t, connect);
  for (const type of ['too-many-requests', 'stopping', 'timed-out', 'too-many-connections']) {
    const told = client.put('k', 'v');
    const first = await connection.requests.next();
    connection.refuse(first, type);
    const second = await connection.requests.next();
    assert.deepEqual(second.operation, first.operation);
    connection.done(second);
    await told;
  }
});

test('an answer that does not say how a write ended is no certain one', async (t) => {
  const {client, connection} = await connected(t, connect);
  for (const result of [{}, {outcome: 'ERROR'}, {outcome: 'toString'}, {outcome: 'OUTCOME_UNSPECIFIED'}]) {
    const told = client.incr('n');
    connection.answer(await connection.requests.next(), result);
    const again = await connection.requests.next();
    assert.equal(again.operation.repeated, true);
    connection.done(again, {state: {value_text: '1'}});
    await told;
  }
  const told = client.batch([{op: 'incr', key: 'a'}, {op: 'incr', key: 'b'}]);
  const one = {outcome: 'DONE', state: {value_text: '1'}};
  connection.answer(await connection.requests.next(), null, {batch: {results: [one]}});
  const again = await connection.requests.next();
  assert.deepEqual(again.batch.operations.map(({key_text, repeated}) => [key_text, repeated]), [['b', true]]);
  connection.answer(again, null, {batch: {results: [one]}});
  assert.equal((await told)[1].value.value, 1);
});

test('an answer that makes no sense ends the connection, not the program', async (t) => {
  for (const state of [undefined, {value_text: 'seven'}, {value: '*'}]) {
    const {node, client, connection} = await connected(t, connect);
    const told = client.incr('n');
    connection.done(await connection.requests.next(), {state});
    const again = await node.nextConnection();
    const second = await again.requests.next();
    assert.equal(second.operation.repeated, true);
    again.done(second, {state: {value_text: '1'}});
    assert.equal((await told).value, 1);
  }
});

test('a refusal that stays is told at once', async (t) => {
  const {client, connection} = await connected(t, connect);
  for (const type of ['disk-full', 'read-only', 'damaged', 'bad-body', 'value-too-large']) {
    const told = client.put('k', 'v');
    connection.refuse(await connection.requests.next(), type);
    await assert.rejects(told, {name: 'NotAppliedError', type});
  }
});

test('of a batch only what is not certain is sent again', async (t) => {
  const {node, client, connection} = await connected(t, connect);
  const told = client.batch(['a', 'b', 'c'].map((key) => ({op: 'incr', key})));
  const first = await connection.requests.next();
  const one = {outcome: 'DONE', state: {value_text: '1'}};
  const refusal = (type, more) => ({outcome: 'ERROR', problem: {type, ...more}});
  const unknown = refusal('outcome-unknown', {effect: 'UNKNOWN'});
  connection.answer(first, null, {batch: {results: [one, unknown, refusal('stopping')]}});
  const second = await connection.requests.next();
  const [, b, c] = first.batch.operations;
  assert.deepEqual(second.batch.operations, [{...b, repeated: true}, c]);
  connection.cut();
  const again = await node.nextConnection();
  const third = await again.requests.next();
  assert.deepEqual(third.batch.operations, [{...b, repeated: true}, {...c, repeated: true}]);
  again.answer(third, null, {batch: {results: [one, unknown]}});
  const fourth = await again.requests.next();
  again.answer(fourth, null, {batch: {results: [one]}});
  assert.deepEqual((await told).map((result) => result.value.value), [1, 1, 1]);
});

test('one result that is no refusal says nothing of the operations of a batch', async (t) => {
  const {client, connection} = await connected(t, connect);
  const told = client.batch([{op: 'put', key: 'a', value: 'v'}]);
  const first = await connection.requests.next();
  connection.done(first);
  const again = await connection.requests.next();
  assert.deepEqual(again.batch.operations, [{...first.batch.operations[0], repeated: true}]);
  connection.answer(again, null, {batch: {results: [{outcome: 'DONE'}]}});
  assert.equal((await told)[0].status, 'fulfilled');
});

test('a batch that is refused as a whole is told so for each operation', async (t) => {
  const {client, connection} = await connected(t, connect);
  const told = client.batch([{op: 'get', key: 'a'}, {op: 'put', key: 'b', value: 'v'}]);
  connection.refuse(await connection.requests.next(), 'bad-body');
  for (const result of await told) assert.equal(result.reason.type, 'bad-body');
});
