// Increments counters with quoin.js, many at a time, and prints a line for each increment once it is settled:
// "counter-2 17" when it is done and the counter held 17 then, "counter-2 unknown" when nobody can tell.
//   node counters.mjs MODULE URL CLIENTS UNDER_WAY INCREMENTS COUNTERS
// Each of the clients has so many increments under way at a time, one after the other in each of them.
import {pathToFileURL} from 'node:url';

const [modulePath, url, ...numbers] = process.argv.slice(2);
const [clients, underWay, increments, counters] = numbers.map(Number);
const {connect, UnknownOutcomeError, NotAppliedError} = await import(pathToFileURL(modulePath));

async function count(client, first) {
  // Learns who leads the counters. Whoever doesn't know it when an increment is sent first may never be told what
  // became of it, once the counter has forgotten others.
  for (let i = 0; i < counters; ++i) await client.get(`counter-${i}`);
  for (let n = 0; n < increments; ) {
    const counter = `counter-${(first + n) % counters}`;
    try {
      const {value} = await client.incr(counter);
      console.log(`${counter} ${value}`);
      ++n;
    } catch (error) {
      // What was certainly not applied is asked again, as another increment.
      if (error instanceof NotAppliedError) continue;
      if (!(error instanceof UnknownOutcomeError)) throw error;
      console.log(`${counter} unknown`);
      ++n;
    }
  }
}

const connected = await Promise.all(Array.from({length: clients}, () => connect(url, {timeoutMs: 60_000})));
await Promise.all(connected.flatMap((client, i) => Array.from({length: underWay}, (_, k) => count(client, i + k))));
await Promise.all(connected.map((client) => client.close()));
