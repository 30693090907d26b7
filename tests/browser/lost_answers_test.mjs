// Increments through a proxy that cuts connections in the middle of answers: what is acknowledged counts exactly once,
// what is certainly not applied does not count, and nothing else is claimed.
import assert from 'node:assert/strict';
import test from 'node:test';
import {connect, UnknownOutcomeError} from './quoin.mjs';
import {NodeProcess, Proxy, seeded} from './node_process.mjs';

const KEYS = 4, WORKERS = 8, CUTS = 30;

test('no increment is lost and none counts twice, however many answers are', async (t) => {
  const random = seeded(t);
  const node = await NodeProcess.start(t);
  const proxy = await Proxy.start(t, node.port);
  const client = await connect(proxy.url, {timeoutMs: 120_000});
  t.after(() => client.close());
  const counts = Array.from({length: KEYS}, () => ({acknowledged: [], unknown: 0}));
  // So that each key's ballot is known: an increment without one that is late can't be told from one that is not there.
  for (let i = 0; i < KEYS; ++i) await client.get(`counter/${i}`);
  proxy.cutAt = (bytes) => (random() < 0.1 ? Math.floor(random() * bytes.length) : undefined);
  await Promise.all(Array.from({length: WORKERS}, async (_, worker) => {
    const count = counts[worker % KEYS];
    while (proxy.cuts < CUTS) {
      try {
        count.acknowledged.push((await client.incr(`counter/${worker % KEYS}`)).value);
      } catch (error) {
        if (!(error instanceof UnknownOutcomeError)) throw error;
        ++count.unknown;
      }
    }
  }));
  proxy.cutAt = () => undefined;
  t.diagnostic(`${proxy.cuts} cuts, ${proxy.connections} connections`);
  for (const [i, {acknowledged, unknown}] of counts.entries()) {
    const sum = Number((await client.get(`counter/${i}`)).text());
    t.diagnostic(`counter ${i}: ${sum}, of it ${acknowledged.length} acknowledged, ${unknown} unknown`);
    assert.equal(new Set(acknowledged).size, acknowledged.length, 'two increments were told the same sum');
    assert(acknowledged.every((value) => value <= sum));
    assert(sum >= acknowledged.length && sum <= acknowledged.length + unknown);
    // Two at a time on a key that remembers its last 16 ids: every one can be resolved.
    assert.equal(unknown, 0);
  }
});
