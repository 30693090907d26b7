// The WebSocket client for Node.js (RFC 6455), through the module: what a peer may send, and what it may not.
import assert from 'node:assert/strict';
import test from 'node:test';
import {connect} from './quoin.mjs';
import {closeFrame, connected, frame, ScriptedNode} from './scripted_node.mjs';

const answerTo = (request, text) =>
  JSON.stringify({id: request.id, result: {outcome: 'DONE', state: {value_text: text, version: '3.a.1'}}});

// Sends what `reply(connection, text of the answer)` makes of an answer, and gives the value that came.
async function reads(t, reply, value = 'é and more') {
  const {client, connection} = await connected(t, connect);
  const told = client.get('k');
  await reply(connection, answerTo(await connection.requests.next(), value));
  return (await told).text();
}

test('an answer may come byte by byte', async (t) => {
  assert.equal(await reads(t, (connection, text) => connection.writeBytewise(frame(text))), 'é and more');
});

test('lengths of all three forms are read', async (t) => {
  for (const length of [1, 125, 126, 65535, 65536, 300_000]) {
    const value = 'x'.repeat(length);
    assert.equal(await reads(t, (connection, text) => connection.write(frame(text)), value), value);
  }
});

test('requests of all three lengths arrive, masked', async (t) => {
  const {client, connection} = await connected(t, connect);
  for (const length of [0, 100, 1000, 70_000]) {
    const told = client.put('k', 'ü'.repeat(length));
    const request = await connection.requests.next();
    assert.equal(request.operation.put.value_text.length, length);
    connection.done(request);
    await told;
  }
});

test('a request of megabytes leaves whole, and what was asked after it comes after it', async (t) => {
  const {client, connection} = await connected(t, connect);
  const value = Array.from({length: 300_000}, (_, i) => `${i} `).join('');
  const told = [client.put('a', value), client.put('b', 'v'), client.put('c', value)];
  const closed = client.close();  // Its frame comes last.
  for (const [key, sent] of [['a', value], ['b', 'v'], ['c', value]]) {
    const request = await connection.requests.next();
    assert.equal(request.operation.key_text, key);
    assert(request.operation.put.value_text === sent);
    connection.done(request);
  }
  await Promise.all(told);
  const {opcode} = await connection.controls.next();
  assert.equal(opcode, 8);
  connection.end(closeFrame(1000));
  await closed;
});

test('fragments are put together, with pings in between that are answered', async (t) => {
  const {client, connection} = await connected(t, connect);
  const told = client.get('k');
  const bytes = Buffer.from(answerTo(await connection.requests.next(), 'é'));
  const middle = bytes.indexOf(Buffer.from('é')) + 1;  // In the middle of a character.
  connection.write(frame(bytes.subarray(0, middle), {final: false}));
  connection.write(frame('are you there', {opcode: 9}));
  connection.write(frame('', {opcode: 10}));
  const pong = await connection.controls.next();
  assert.equal(pong.opcode, 10);
  assert.equal(String(pong.payload), 'are you there');
  connection.write(frame('', {opcode: 0, final: false}));
  connection.write(frame(bytes.subarray(middle), {opcode: 0}));
  assert.equal((await told).text(), 'é');
});

test('many answers in one write are all read', async (t) => {
  const {client, connection} = await connected(t, connect);
  const told = Array.from({length: 50}, (_, i) => client.get(`k${i}`));
  const answers = [];
  for (let i = 0; i < 50; ++i) answers.push(frame(answerTo(await connection.requests.next(), `v${i}`)));
  connection.write(Buffer.concat(answers));
  for (let i = 0; i < 50; ++i) assert.equal((await told[i]).text(), `v${i}`);
});

test('a peer that breaks the protocol is closed with the code that says how; the write goes elsewhere', async (t) => {
  const cases = [
    [frame('x', {reserved: 4}), 1002], [frame('x', {opcode: 3}), 1002], [frame('x', {opcode: 11}), 1002],
    [frame('x', {masked: true}), 1002], [frame('x', {opcode: 0}), 1002], [frame('x', {opcode: 9, final: false}), 1002],
    [frame('x'.repeat(126), {opcode: 9}), 1002], [frame('x', {opcode: 8}), 1002], [frame('x', {opcode: 2}), 1003],
    [Buffer.concat([frame('{', {final: false}), frame('}')]), 1002], [frame(Buffer.from([0xc3, 0x28])), 1007],
    [Buffer.from([0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0]), 1009],
  ];
  for (const [bytes, code] of cases) {
    const {node, client, connection} = await connected(t, connect);
    const told = client.put('k', 'v');
    await connection.requests.next();
    connection.write(bytes);
    const {opcode, payload} = await connection.controls.next();
    assert.equal(opcode, 8);
    assert.equal(payload.readUInt16BE(0), code, bytes.toString('hex').slice(0, 20));
    const again = await node.nextConnection();
    again.done(await again.requests.next());
    await told;
  }
});

test('what is no frame of the schema ends the connection, not the write', async (t) => {
  for (const text of ['no json', 'null', '7', '{"id": 77, "result": {}}', '{"hello": {}}']) {
    const {node, client, connection} = await connected(t, connect);
    const told = client.put('k', 'v');
    await connection.requests.next();
    connection.write(frame(text));
    const again = await node.nextConnection();
    again.done(await again.requests.next());
    await told;
  }
});

test('a close frame is answered with its own code, and its reason is kept', async (t) => {
  const {node, client, connection} = await connected(t, connect);
  const told = client.put('k', 'v', {timeoutMs: 300});
  await connection.requests.next();
  node.accept = false;
  connection.write(closeFrame(1008, 'more than 1024 requests are unanswered'));
  const {opcode, payload} = await connection.controls.next();
  assert.deepEqual([opcode, payload.readUInt16BE(0)], [8, 1008]);
  await assert.rejects(told, {name: 'UnknownOutcomeError'});
});

test('a handshake that is none is refused', async (t) => {
  for (const settings of [{wrongAccept: true}, {subprotocol: 'quoin.v1.protobuf'}, {subprotocol: null}]) {
    const node = await ScriptedNode.start(settings);
    t.after(() => node.stop());
    await assert.rejects(connect(node.url, {timeoutMs: 3000}), /none to what was asked/);
  }
});

test('a node that upgrades and then says something else than hello, or nothing, is no node', async (t) => {
  const silent = await ScriptedNode.start({hello: null});
  t.after(() => silent.stop());
  const connecting = connect(silent.url, {timeoutMs: 2000, connectTimeoutMs: 100});
  (await silent.nextConnection()).say({id: 1, result: {}});
  await assert.rejects(connecting, /hello/);
  assert(silent.handshakes > 1);
});

test('the handshake asks for the subprotocol, at the path of the API', async (t) => {
  const {node} = await connected(t, connect);
  assert.equal(node.request.url, '/v1/ws');
  assert.equal(node.request.headers['sec-websocket-version'], '13');
  assert.equal(node.request.headers['sec-websocket-protocol'], 'quoin.v1.json');
  assert.equal(Buffer.from(node.request.headers['sec-websocket-key'], 'base64').length, 16);
});
