// The parts of the dashboard that only calculate: rates and quantiles, problems, keys and values as text.
import assert from 'node:assert/strict';
import test from 'node:test';
import {duration} from './dashboard/format.js';
import {compareKeys, keyId, keyOf, parseKey, shownKey, unescapeBytes} from './dashboard/key_text.js';
import {problemsOf} from './dashboard/problems.js';
import {History, addBuckets, difference, quantile} from './dashboard/rates.js';
import {bestFormat, indentJson, preview, readValue, showValue} from './dashboard/value_text.js';

const bytes = (...numbers) => Uint8Array.from(numbers);
const utf8 = (text) => new TextEncoder().encode(text);

// ---- Rates ----

const operations = (count, latency_us = [[100, 112, count]], failed = 0) => ({count, failed, latency_us});
function stats(node, steady_ms, reads, more = {}) {
  return {node, started_at: 'a', steady_ms, reads: operations(reads), writes: operations(0, []), scans: operations(0, []), ...more};
}
const answer = (...entries) => ({nodes: entries.map((own) => ({node: own.node, error: null, stats: own}))});

test('a rate is what was counted by the time of the node, not by that of the answer', () => {
  const change = difference(stats('a', 1000, 100), stats('a', 3000, 300));
  assert.equal(change.reads, 100);
  assert.equal(change.writes, 0);
  assert(change.readsP50 > 100 && change.readsP50 < 112);
  assert.equal(change.writesP50, null);
});

test('a node that was started anew can\'t be compared with before', () => {
  assert.equal(difference(stats('a', 1000, 100), stats('a', 3000, 3, {started_at: 'b'})), null);
});

test('only the latencies of the time between count', () => {
  const before = stats('a', 0, 0, {reads: operations(1000, [[8, 9, 1000]])});
  const after = stats('a', 1000, 0, {reads: operations(1010, [[8, 9, 1000], [5120, 5632, 10]])});
  assert(difference(before, after).readsP50 >= 5120);
});

test('quantiles of two nodes are those of all their operations, not a mean', () => {
  const fast = [[100, 112, 990]], slow = [[10240, 11264, 10]];
  const both = addBuckets([fast, slow]);
  assert(quantile(both, 0.5) < 112);
  assert.equal(quantile(both, 0.99), 112);
  assert(quantile(both, 0.995) > 10240);
  assert.equal(quantile([], 0.5), null);
});

test('the history knows a point for each answer, and a node that says nothing new for three seconds is left out', () => {
  const history = new History(3);
  history.add(answer(stats('a', 0, 0), stats('b', 0, 0)), 0);
  assert.equal(history.points[0].total, null);
  assert.equal(history.add(answer(stats('a', 1000, 10), stats('b', 1000, 30)), 1000).total.reads, 40);
  assert.equal(history.add(answer(stats('a', 2000, 20), stats('b', 1000, 30)), 2000).total.reads, 40);
  const late = history.add(answer(stats('a', 6000, 60), stats('b', 1000, 30)), 6000);
  assert.deepEqual([...late.nodes.keys()], ['a']);
  assert.equal(late.total.reads, 10);
  assert.equal(history.points.length, 3);
});

// ---- Problems ----

const member = (node, more = {}) => ({node, state: 'active', heard: true, client_address: `${node}:1`, replicas: 2, ...more});
function healthy() {
  const nodes = ['aaaa', 'bbbb', 'cccc'].map((node) => member(node));
  const ids = nodes.map(({node}) => node);
  return {
    cluster: {joined: true, replication_factor: 3, controller: 'aaaa', nodes, refusals: [], partitions: {total: 2, moving: 0, leaderless: 0}},
    ring: {partitions: [{replicas: ids, incoming: [], leader: 'aaaa'}, {replicas: ids, incoming: [], leader: null}]},
    stats: {nodes: ids.map((node) => ({node, error: null, stats: {storage: {state: 'writable', reason: '', size_bytes: 1}}}))},
    nowMs: 0,
  };
}
const idsOf = (view) => problemsOf(view).map(({id}) => id);

test('a cluster that is well has no problems', () => {
  assert.deepEqual(problemsOf(healthy()), []);
});

test('an unheard node is a problem, and so are partitions that miss copies; worst first', () => {
  const view = healthy();
  view.cluster.nodes[1].heard = false;
  assert.deepEqual(idsOf(view), ['unheard-bbbb', 'thin']);
  view.cluster.nodes[2].heard = false;
  assert.deepEqual(idsOf(view), ['unheard-bbbb', 'unheard-cccc', 'unavailable']);
});

test('too few nodes, no leader, no controller, failures, no membership', () => {
  const view = healthy();
  view.ring.partitions[0].replicas = ['aaaa'];
  view.cluster.partitions.leaderless = 1;
  view.cluster.controller = null;
  view.failed = 3;
  assert.deepEqual(idsOf(view), ['leaderless', 'few', 'controller', 'failing']);
  assert.deepEqual(idsOf({...view, cluster: {...view.cluster, joined: false}}), ['not-joined']);
});

test('disks that are full, broken or hang are told, with the storage\'s own words', () => {
  for (const [state, level] of [['disk-full', 'bad'], ['read-only', 'bad'], ['stalled', 'bad']]) {
    const view = healthy();
    view.stats.nodes[2].stats.storage = {state, reason: 'its reason', size_bytes: 1};
    const [problem, ...others] = problemsOf(view);
    assert.equal(problem.id, 'storage-cccc');
    assert.equal(problem.level, level);
    assert.match(problem.detail, /its reason/);
    assert.deepEqual(others, []);
  }
});

test('a refused wish is a problem for two minutes', () => {
  const view = healthy();
  view.cluster.refusals = [{wish: 'drain', node: 'bbbb', with: null, at: '1970-01-01T00:00:00.000Z', reason: 'too few'}];
  assert.equal(problemsOf(view)[0].detail, 'too few');
  assert.deepEqual(problemsOf({...view, nowMs: 121_000}), []);
});

test('what has not been asked yet is no problem', () => {
  assert.deepEqual(problemsOf({...healthy(), ring: null, stats: null}), []);
});

// ---- Keys and values as text ----

test('every key has one address, and it leads back to the key', () => {
  const keys = ['a', 'a/b c', '50%', 'ключ', '\u0000\n', '!\'()*~', bytes(0xff, 0x00, 0x25, 0x41), bytes(0x80)];
  for (const key of keys) {
    assert.deepEqual(keyOf(unescapeBytes(keyId(key))), key);
    assert.match(keyId(key), /^[\w.~%-]+$/);
  }
  assert.equal(keyId('é!'), keyId(utf8('é!')));
  assert.equal(keyId(bytes(0xff, 0x41)), '%FFA');
});

test('what is typed is taken as it is, or with %XX for bytes, and mistakes are named', () => {
  assert.equal(parseKey('100%', false), '100%');
  assert.equal(parseKey('%C3%A9', true), 'é');
  assert.deepEqual(parseKey('%ff', true), bytes(0xff));
  assert.throws(() => parseKey('100%', true), /two hexadecimal digits/);
  assert.throws(() => parseKey('\ud800', false), /surrogate/);
  assert.throws(() => parseKey('a'.repeat(4097), false), /at most 4096 bytes; this one has 4097/);
});

test('keys that would deceive are shown with their bytes', () => {
  assert.deepEqual(shownKey('room/1'), {text: 'room/1', escaped: false});
  assert.deepEqual(shownKey('a\u202egpj.exe'), {text: 'a%E2%80%AEgpj.exe', escaped: true});
  assert.deepEqual(shownKey('50%\n'), {text: '50%25%0A', escaped: true});
  assert.deepEqual(shownKey(' a'), {text: '%20a', escaped: true});
  assert.deepEqual(shownKey(bytes(0xff, 0x61)), {text: '%FFa', escaped: true});
});

test('keys are in the order of their bytes', () => {
  const keys = [bytes(0xff), 'b', 'a', '', 'aa', '\u{1f600}', '\uffff'];
  keys.sort(compareKeys);
  assert.deepEqual(keys, ['', 'a', 'aa', 'b', '\uffff', '\u{1f600}', bytes(0xff)]);
});

test('JSON is set in lines without a change of what stands in it', () => {
  const text = '{"b":12345678901234567890,"a":[1.0,1e5,"x, {y}: \\" z"],"b":{},"c":[]}';
  assert.equal(indentJson(text), '{\n  "b": 12345678901234567890,\n  "a": [\n    1.0,\n    1e5,\n    "x, {y}: \\" z"\n  ],\n' +
               '  "b": {},\n  "c": []\n}');
  assert.equal(indentJson(' "a" '), '"a"');
});

test('any value comes back from hex as it was', () => {
  const value = Uint8Array.from({length: 300}, (_, i) => i % 256);
  assert.deepEqual(readValue(showValue(value, 'hex').text, 'hex'), value);
  assert.throws(() => readValue('0g', 'hex'), /"g" is no hexadecimal digit/);
  assert.throws(() => readValue('012', 'hex'), /one is left over/);
});

test('what a field would change is not to be edited in it', () => {
  assert.match(showValue(utf8('a\r\nb'), 'text').readOnly, /carriage returns/);
  assert.equal(showValue(utf8('a\nb'), 'text').readOnly, null);
  assert.match(showValue(new Uint8Array(70_000), 'hex').readOnly, /first 65536 of 70000/);
  assert.throws(() => showValue(bytes(0xff), 'text'), /no UTF-8/);
  assert.throws(() => showValue(utf8('{'), 'json'), /no JSON/);
  assert.throws(() => readValue('{', 'json'), /no JSON/);
});

test('a value is looked at first as what it is', () => {
  assert.equal(bestFormat(utf8('{"a": 1}'), 'application/json'), 'json');
  assert.equal(bestFormat(utf8('{"a": '), 'application/json'), 'text');
  assert.equal(bestFormat(utf8('a\tb\n'), ''), 'text');
  assert.equal(bestFormat(utf8('a\u0000'), ''), 'hex');
  assert.equal(bestFormat(bytes(0xff), 'application/json'), 'hex');
  assert.equal(preview(bytes(0, 1)), '00 01');
  assert.equal(preview(utf8('abc'), 2), 'ab…');
});

// Quadratic, it would take minutes.
test('JSON of many brackets is set in lines, and what is nested too deeply stays as it is', () => {
  const many = '[' + Array(50_000).fill('{"a":[]}').join(',') + ']';
  assert.equal(indentJson(many).split('\n').length, 3 * 50_000 + 2);
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  assert.equal(indentJson(deep), deep);
  assert.equal(indentJson('{"a":[[],{}]}'), '{\n  "a": [\n    [],\n    {}\n  ]\n}');
  const text = JSON.stringify('"\\'.repeat(1_000_000));
  assert.equal(indentJson(text), text);
});

test('a time is told by its two largest units', () => {
  assert.equal(duration(0.4), 'less than a second');
  assert.equal(duration(62), '1 min 2 s');
  assert.equal(duration(3600), '1 h');
  assert.equal(duration(90_061), '1 d 1 h');
  assert.equal(duration(59.7), '1 min');
});
