// Bad arguments are named before anything is sent.
import assert from 'node:assert/strict';
import test from 'node:test';
import {connect, json} from './quoin.mjs';
import {connected} from './scripted_node.mjs';

test('bad arguments are refused before anything is sent, saying what would be right', async (t) => {
  const {client, connection} = await connected(t, connect);
  const cases = [
    [() => client.get(''), /at least 1 byte/],
    [() => client.get(7), /a key is a string, a Uint8Array or an ArrayBuffer, not 7/],
    [() => client.get('\ud800'), /surrogate/],
    [() => client.put('k', {a: 1}), /a value is a string/],
    [() => client.put('k', undefined), /a value is a string/],
    [() => client.put('k', 'v', {ttlMs: 0}), /from 1 to 3153600000000, not 0/],
    [() => client.put('k', 'v', {ttl: 5}), /no member "ttl"; there are: contentType, ttlMs, timeoutMs/],
    [() => client.put('k', 'v', {contentType: 5}), /contentType is a string/],
    [() => client.put('k', 'v', {timeoutMs: -1}), /timeoutMs is a number of milliseconds/],
    [() => client.put('k', 'v', {consistency: 'most'}), /one of one, quorum, all, not "most"/],
    [() => client.cas('k', undefined, 'v'), /expected is an object/],
    [() => client.cas('k', {}, 'v'), /exactly one/],
    [() => client.cas('k', {version: 'a', value: 'b'}, 'v'), /exactly one/],
    [() => client.cas('k', {absent: false}, 'v'), /can only be true/],
    [() => client.cas('k', {version: 7}, 'v'), /version is a string/],
    [() => client.incr('k', 0.5), /safe integer or a BigInt of 64 bits, not 0.5/],
    [() => client.incr('k', 2 ** 53), /safe integer/],
    [() => client.incr('k', 2n ** 63n), /BigInt of 64 bits/],
    [() => client.expire('k'), /ttlMs is a whole number/],
    [() => client.batch({}), /an array of operations/],
    [() => client.batch([{op: 'swap', key: 'k'}]), /op is one of get, put, cas/],
    [() => client.batch([{op: 'get', key: 'k'}, {op: 'get', key: 'k', expected: {}}]), /no member "expected"/],
    [() => client.batch([{op: 'put', key: 'k', value: 'v', consistency: 'one'}]), /no member "consistency"/],
    [() => client.scan('', {pageSize: 1001}).next(), /from 1 to 1000, not 1001/],
    [() => client.scan('', {limit: 5}).next(), /no member "limit"/],
    [async () => json(undefined), /has no JSON/],
  ];
  for (const [call, message] of cases) {
    await assert.rejects(call, (error) => {
      assert(error instanceof TypeError || error instanceof RangeError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
  assert.equal(connection.requests.size, 0);
});

test('connect says what is wrong with a URL or an option', async () => {
  for (const [url, options, message] of [
    ['ftp://a', {}, /a node speaks http/], ['http://', {}, /is no URL/], ['http://u:p@a', {}, /no user/],
    ['http://a/?x', {}, /no query/], [[], {}, /at least one node/], [undefined, {}, /at least one node/],
    ['a:1', {timeout: 5}, /no member "timeout"/], ['a:1', {timeoutMs: 'x'}, /timeoutMs is a number/],
  ]) {
    await assert.rejects(connect(url, options), message);
  }
});
