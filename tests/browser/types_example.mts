// What callers write, as TypeScript: this must compile, and what stands under @ts-expect-error must not.
import {connect, json, NotAppliedError, QuoinError, RejectedError, UnknownOutcomeError} from './quoin.mjs';
import type {Client, Entry, State, Watch} from './quoin.mjs';

export async function use(): Promise<void> {
  const db: Client = await connect(['http://127.0.0.1:8080', new URL('wss://node.example/')], {
    timeoutMs: 1000,
    onStateChange: (state: 'connecting' | 'open' | 'closed') => void state,
  });
  await connect();

  const state: State | null = await db.get('key', {consistency: 'one', signal: new AbortController().signal});
  // @ts-expect-error: it may be null.
  state.text();
  const text: string | undefined = state?.text();
  const bytes: Uint8Array | undefined = state?.bytes();

  const put = await db.put(new Uint8Array([0]), json({a: text, b: bytes}), {contentType: 'application/json', ttlMs: 5});
  const done: 'done' = put.outcome;
  // @ts-expect-error: a value is text, bytes, or made by json().
  await db.put('key', {a: 1});
  // @ts-expect-error: there is no such option.
  await db.put('key', 'v', {ttl: 5});
  // @ts-expect-error: nor such a consistency.
  await db.get('key', {consistency: 'most'});

  const cas = await db.cas('key', {version: put.version ?? '0'}, 'v');
  if (cas.outcome === 'condition-failed') await db.cas('key', {absent: true}, 'v');
  // @ts-expect-error: it cannot be absent.
  if (cas.outcome === 'absent') return;
  // @ts-expect-error: one says what is expected.
  await db.cas('key', 'old', 'new');
  await db.delete('key', {expected: {value: 'v'}});

  const sum: number | bigint = (await db.incr('n', 2n ** 60n)).value;
  await db.incr('n');
  await db.append('log', 'more');
  await db.expire('key', 1000);
  await db.persist('key');
  const previous: State | null = (await db.getAndSet('key', 'v')).previous;

  const [first, second] = await db.batch([{op: 'get', key: 'a'}, {op: 'incr', key: 'b', by: 2}]);
  if (first.status === 'fulfilled') first.value?.text();
  if (second.status === 'fulfilled') void (second.value.value === sum);
  // @ts-expect-error: a batch has no such operation.
  await db.batch([{op: 'swap', key: 'a', value: 'v'}]);
  // @ts-expect-error: a put has a value.
  await db.batch([{op: 'put', key: 'a'}]);

  for await (const entry of db.scan('user/', {pageSize: 10})) {
    const found: Entry = entry;
    await db.get(found.key);
  }

  const watch: Watch = db.watch({keys: ['title'], prefixes: ['room/']}, {cursor: '', signal: new AbortController().signal});
  for await (const event of watch) {
    // @ts-expect-error: not every event has a state.
    event.state.text();
    if (event.type === 'put') void event.state.text();
    if (event.type === 'deleted' || event.type === 'expired') void (event.version + event.skipped);
    if (event.type === 'gap' && event.key === null) void event.cursor;
    if (event.type === 'synced') break;
  }
  // @ts-expect-error: what is watched stands in lists.
  db.watch({key: 'title'});

  try {
    await db.incr('n');
  } catch (error) {
    if (error instanceof UnknownOutcomeError) void error.operationId.length;
    else if (error instanceof RejectedError) void error.type;
    else if (error instanceof NotAppliedError) void error.limit;
    else if (error instanceof QuoinError) void error.detail;
  }
  // @ts-expect-error: only subclasses of it are thrown.
  new QuoinError('no');
  await db.close();
  void [done, previous];
}
