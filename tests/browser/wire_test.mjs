// What is asked, and how answers are told: the spelling of each operation, and values of every kind.
import assert from 'node:assert/strict';
import test from 'node:test';
import {connect, json, NotAppliedError, RejectedError} from './quoin.mjs';
import {connected, HELLO} from './scripted_node.mjs';

const ID = /^[0-9a-f]{16}-\d+$/;

// Calls, takes the request, answers it, and gives both.
async function ask(t, call, result, options) {
  const {client, connection} = await connected(t, connect, options);
  const told = call(client);
  const request = await connection.requests.next();
  connection.answer(request, result);
  return {operation: request.operation, told: await told};
}

// The operation as it was sent, without its id, which must be there for writes.
function withoutId(operation) {
  const {operation_id: id, ...rest} = operation;
  assert.match(id, ID);
  return rest;
}

const DONE = {outcome: 'DONE', version: '3.00c0ffee00c0ffee.41'};
const TOLD = {outcome: 'done', version: '3.00c0ffee00c0ffee.41', created: false};
const CONDITION_FAILED = {outcome: 'CONDITION_FAILED', version: '3.00c0ffee00c0ffee.44'};

test('get tells the state, its deadline too, and null for an absent key', async (t) => {
  const {client, connection} = await connected(t, connect);
  const present = client.get('a/ü'), absent = client.get(new Uint8Array([0, 255]), {consistency: 'one'});
  const first = await connection.requests.next(), second = await connection.requests.next();
  assert.deepEqual(first.operation, {key_text: 'a/ü', get: {}});
  assert.deepEqual(second.operation, {key: 'AP8=', get: {}, consistency: 'ONE'});
  connection.answer(second, {outcome: 'ABSENT'});
  connection.done(first, {state: {value_text: '{"a": 1}', content_type: 'application/json', version: '3.a.7',
                                  expires_ms: '1700000000000'}});
  const state = await present;
  assert.equal(state.text(), '{"a": 1}');
  assert.deepEqual(state.json(), {a: 1});
  assert.deepEqual(state.bytes(), new TextEncoder().encode('{"a": 1}'));
  assert.equal(state.contentType, 'application/json');
  assert.equal(state.version, '3.a.7');
  assert.equal(state.expires.getTime(), 1700000000000);
  assert.equal(await absent, null);
});

test('bytes that are no text come as they are, and text() says so instead of replacing them', async (t) => {
  const {told} = await ask(t, (client) => client.get('k'), {...DONE, state: {value: '//79', version: '3.a.7'}});
  assert.deepEqual(told.bytes(), new Uint8Array([255, 254, 253]));
  assert.throws(() => told.text(), TypeError);
  assert.equal(told.expires, null);
});

test('a value of no bytes is a value, and a byte order mark belongs to it', async (t) => {
  const {client, connection} = await connected(t, connect);
  for (const text of ['', '\ufeffx']) {
    const told = client.get('k');
    connection.done(await connection.requests.next(), {state: {value_text: text, version: '3.a.7'}});
    assert.equal((await told).text(), text);
  }
});

test('put sends text, bytes and JSON, each with its type', async (t) => {
  const {client, connection} = await connected(t, connect);
  const cases = [
    ['é', {}, {value_text: 'é', content_type: 'text/plain; charset=utf-8'}],
    [new Uint8Array([0, 255]), {}, {value: 'AP8=', content_type: ''}],
    [new Uint8Array([9, 0, 255, 9]).subarray(1, 3), {}, {value: 'AP8=', content_type: ''}],
    [new Uint8Array([0, 255]).buffer, {}, {value: 'AP8=', content_type: ''}],
    [new Uint8Array(0), {}, {value: '', content_type: ''}],
    [json({a: [1]}), {}, {value_text: '{"a":[1]}', content_type: 'application/json'}],
    ['<p>', {contentType: 'text/html', ttlMs: 1500}, {value_text: '<p>', content_type: 'text/html', ttl_ms: '1500'}],
  ];
  for (const [value, options, expected] of cases) {
    const told = client.put('k', value, options);
    const request = await connection.requests.next();
    assert.deepEqual(withoutId(request.operation), {key_text: 'k', put: expected});
    connection.done(request, {created: true});
    assert.deepEqual(await told, {outcome: 'done', version: '3.00c0ffee00c0ffee.1', created: true});
  }
});

test('large bytes survive base64 in both directions', async (t) => {
  const bytes = Uint8Array.from({length: 300_001}, (_, i) => (i * 7919) >> 3);
  const {client, connection} = await connected(t, connect);
  const put = client.put('k', bytes);
  const request = await connection.requests.next();
  assert.deepEqual(new Uint8Array(Buffer.from(request.operation.put.value, 'base64')), bytes);
  connection.done(request);
  await put;
  const got = client.get('k');
  connection.done(await connection.requests.next(), {state: {value: request.operation.put.value, version: '3.a.7'}});
  assert.deepEqual((await got).bytes(), bytes);
});

test('cas compares versions, values, absence and presence', async (t) => {
  const {client, connection} = await connected(t, connect);
  const cases = [
    [{version: '3.a.7'}, {version_in: {versions: ['3.a.7']}}],
    [{version: ['3.a.7', '3.a.8']}, {version_in: {versions: ['3.a.7', '3.a.8']}}],
    [{value: 'old'}, {value_is_text: 'old'}],
    [{value: new Uint8Array([255])}, {value_is: '/w=='}],
    [{value: json([1])}, {value_is_text: '[1]'}],
    [{absent: true}, {absent: true}],
    [{present: true}, {present: true}],
  ];
  for (const [expected, condition] of cases) {
    const told = client.cas('k', expected, 'new');
    const request = await connection.requests.next();
    assert.deepEqual(withoutId(request.operation).conditions, [condition]);
    assert.equal(request.operation.put.value_text, 'new');
    connection.answer(request, CONDITION_FAILED);
    assert.deepEqual(await told, {outcome: 'condition-failed', version: '3.00c0ffee00c0ffee.44', created: false});
  }
});

test('each of the other writes is spelled as the schema says', async (t) => {
  const {client, connection} = await connected(t, connect);
  const cases = [
    [() => client.delete('k'), {key_text: 'k', delete: {}}],
    [() => client.delete('k', {expected: {version: '3.a.7'}}),
     {key_text: 'k', delete: {}, conditions: [{version_in: {versions: ['3.a.7']}}]}],
    [() => client.append('k', 'more'), {key_text: 'k', append: {value_text: 'more'}}],
    [() => client.expire('k', 90_000), {key_text: 'k', set_deadline: {ttl_ms: '90000'}}],
    [() => client.persist('k', {consistency: 'all'}), {key_text: 'k', set_deadline: {}, consistency: 'ALL'}],
  ];
  for (const [call, expected] of cases) {
    const told = call();
    const request = await connection.requests.next();
    assert.deepEqual(withoutId(request.operation), expected);
    connection.answer(request, DONE);
    assert.deepEqual(await told, TOLD);
  }
});

test('delete of an absent key is told as such', async (t) => {
  const {told} = await ask(t, (client) => client.delete('k'), {outcome: 'ABSENT'});
  assert.deepEqual(told, {outcome: 'absent', version: null, created: false});
});

test('incr is exact: numbers where they are, BigInt beyond', async (t) => {
  const {client, connection} = await connected(t, connect);
  const cases = [
    [undefined, '1', '8', 8],
    [-3, '-3', '-9007199254740991', -9007199254740991],
    [2n ** 53n, '9007199254740992', '9007199254740993', 9007199254740993n],
    [2n ** 63n - 1n, '9223372036854775807', '-9223372036854775808', -(2n ** 63n)],
  ];
  for (const [by, sent, sum, value] of cases) {
    const told = client.incr('n', by);
    const request = await connection.requests.next();
    assert.deepEqual(withoutId(request.operation), {key_text: 'n', increment: {by: sent}});
    connection.answer(request, {...DONE, state: {value_text: sum, version: '3.a.7'}});
    assert.deepEqual(await told, {...TOLD, value});
  }
});

test('getAndSet tells what was there, or null', async (t) => {
  const {client, connection} = await connected(t, connect);
  for (const previous of [{value_text: 'old', version: '3.a.7'}, undefined]) {
    const told = client.getAndSet('k', 'new');
    const request = await connection.requests.next();
    assert.equal(request.operation.swap.value_text, 'new');
    connection.answer(request, {...DONE, previous});
    assert.equal((await told).previous?.text(), previous?.value_text);
  }
});

test('a batch tells each operation for itself, in order', async (t) => {
  const {client, connection} = await connected(t, connect);
  const operations = [{op: 'get', key: 'a'}, {op: 'incr', key: 'b', by: 2}, {op: 'put', key: 'c', value: 'x'}];
  const told = client.batch(operations, {consistency: 'all'});
  const request = await connection.requests.next();
  assert.equal(request.batch.consistency, 'ALL');
  assert.deepEqual(request.batch.operations[0], {key_text: 'a', get: {}});
  assert.deepEqual(withoutId(request.batch.operations[1]), {key_text: 'b', increment: {by: '2'}});
  assert.notEqual(request.batch.operations[1].operation_id, request.batch.operations[2].operation_id);
  connection.answer(request, null, {batch: {results: [
    {outcome: 'ABSENT'},
    {outcome: 'REJECTED', problem: {type: 'wrong-value', status: 409, detail: 'no integer'}},
    DONE,
  ]}});
  const [first, second, third] = await told;
  assert.deepEqual(first, {status: 'fulfilled', value: null});
  assert.equal(second.status, 'rejected');
  assert(second.reason instanceof RejectedError);
  assert.deepEqual(third, {status: 'fulfilled', value: TOLD});
});

test('a batch is cut where the node allows no more, by number and by size', async (t) => {
  const hello = {...HELLO, max_batch_operations: 2, max_message_bytes: 2000};
  const {client, connection} = await connected(t, connect, {node: {hello}});
  const large = 'x'.repeat(1200);
  const told = client.batch(['a', 'b', 'c', large, large].map((value, i) => ({op: 'put', key: `k${i}`, value})));
  const keys = [];
  while (keys.flat().length < 5) {
    const request = await connection.requests.next();
    keys.push(request.batch.operations.map((operation) => operation.key_text));
    connection.answer(request, null, {batch: {results: keys.at(-1).map(() => DONE)}});
  }
  assert.deepEqual(keys, [['k0', 'k1'], ['k2'], ['k3'], ['k4']]);
  assert.deepEqual(await told, Array(5).fill({status: 'fulfilled', value: TOLD}));
});

test('of a batch that is cut, operations on one key keep their order; the others do not wait', async (t) => {
  const hello = {...HELLO, max_batch_operations: 2};
  const {client, connection} = await connected(t, connect, {node: {hello}});
  const written = client.batch([
    {op: 'put', key: 'a', value: '1'}, {op: 'get', key: 'b'},
    {op: 'get', key: 'b'}, {op: 'put', key: 'c', value: '1'},
    {op: 'put', key: new Uint8Array([0x61]), value: '2'}, {op: 'get', key: 'd'},  // The key 'a', as bytes.
    {op: 'get', key: 'c'}, {op: 'get', key: 'a'},
  ]);
  const keys = (request) => request.batch.operations.map(({key_text, key}) => key_text ?? key);
  const answer = (request) => connection.answer(request, null, {batch: {results: [DONE, DONE]}});
  const first = await connection.requests.next(), second = await connection.requests.next();
  assert.deepEqual([keys(first), keys(second)], [['a', 'b'], ['b', 'c']]);
  answer(second);
  // Nothing of the first has been applied: it is sent again, and the third, which writes 'a' too, still waits.
  connection.refuse(first, 'too-many-requests');
  const again = await connection.requests.next();
  assert.deepEqual(keys(again), ['a', 'b']);
  assert.equal(connection.requests.size, 0);
  answer(again);
  const third = await connection.requests.next();
  assert.deepEqual(keys(third), ['YQ==', 'd']);
  assert.equal(connection.requests.size, 0);
  answer(third);
  const fourth = await connection.requests.next();
  assert.deepEqual(keys(fourth), ['c', 'a']);
  answer(fourth);
  assert((await written).every(({status}) => status === 'fulfilled'));
});

test('a batch of nothing asks nothing', async (t) => {
  const {client} = await connected(t, connect);
  assert.deepEqual(await client.batch([]), []);
});

test('scan walks all pages, asking for the next one only when the last is used up', async (t) => {
  const {client, connection} = await connected(t, connect);
  const entries = client.scan('user/', {pageSize: 2})[Symbol.asyncIterator]();
  const first = entries.next();
  let request = await connection.requests.next();
  assert.deepEqual(request.scan, {prefix_text: 'user/', limit: 2, keys_only: false, cursor: ''});
  connection.answer(request, null, {page: {cursor: 'dXNlci9i', entries: [
    {key_text: 'user/a', state: {value_text: '1', version: '3.a.1'}},
    {key: 'dXNlci//', state: {value: '/w==', version: '3.a.2'}}]}});
  const a = (await first).value;
  assert.equal(a.key, 'user/a');
  assert.equal(a.text(), '1');
  const b = (await entries.next()).value;
  assert.deepEqual(b.key, Uint8Array.from(Buffer.from('user/\xff', 'latin1')));
  assert.equal(connection.requests.size, 0);
  const third = entries.next();
  request = await connection.requests.next();
  assert.equal(request.scan.cursor, 'dXNlci9i');
  connection.answer(request, null, {page: {}});
  assert.equal((await third).done, true);
});

test('an answer to a scan that is no page is an error, and not the end of the keys', async (t) => {
  const {client, connection} = await connected(t, connect);
  const refusal = {name: 'NotAppliedError', type: 'bad-answer', message: /neither a page nor a problem/};
  for (const body of [{}, {page: null}, {result: {outcome: 'DONE'}}, {result: {outcome: 'ERROR'}}, {batch: {}}]) {
    const first = client.scan('').next();
    connection.answer(await connection.requests.next(), null, body);
    await assert.rejects(first, refusal, JSON.stringify(body));
  }
});

test('a scan does not walk in a circle', async (t) => {
  const {client, connection} = await connected(t, connect);
  const told = client.scan('').next();
  connection.answer(await connection.requests.next(), null, {page: {cursor: 'YQ=='}});
  connection.answer(await connection.requests.next(), null, {page: {cursor: 'YQ=='}});
  await assert.rejects(told, {name: 'NotAppliedError', type: 'bad-answer'});
});

test('a scan for keys only has no values to show', async (t) => {
  const {client, connection} = await connected(t, connect);
  const first = client.scan(new Uint8Array([255]), {keysOnly: true}).next();
  const request = await connection.requests.next();
  assert.deepEqual(request.scan, {prefix: '/w==', limit: 100, keys_only: true, cursor: ''});
  connection.answer(request, null, {page: {entries: [{key_text: 'a', state: {version: '3.a.1'}}]}});
  const {value} = await first;
  assert.equal(value.version, '3.a.1');
  assert.throws(() => value.text(), /keysOnly/);
});

test('a value that does not fit the operation is rejected, with the reason', async (t) => {
  const {client, connection} = await connected(t, connect);
  const told = client.incr('n');
  const problem = {type: 'wrong-value', status: 409, detail: 'the value is no integer'};
  connection.answer(await connection.requests.next(), {outcome: 'REJECTED', problem});
  await assert.rejects(told, (error) => {
    assert(error instanceof RejectedError && error instanceof NotAppliedError);
    assert.equal(error.type, 'wrong-value');
    assert.equal(error.status, 409);
    assert.equal(error.outcome, 'rejected');
    assert.match(error.message, /incr of "n" was rejected: the value is no integer/);
    return true;
  });
});

test('an error of the node says what was wrong and which limit it was', async (t) => {
  const {client, connection} = await connected(t, connect);
  const told = client.put('k', 'v');
  connection.refuse(await connection.requests.next(), 'value-too-large', {status: 413, limit: 'max_value_size'});
  const refusal = {name: 'NotAppliedError', type: 'value-too-large', limit: 'max_value_size', outcome: 'not-applied'};
  await assert.rejects(told, refusal);
});
