// Following keys: what a watch tells (docs/watch.md), as calls. Goes on until the signal.

// `targets`: {keys, prefixes}; `state: false`: without the state at the start.
//   put(key, state), gone(key)   as it happens;
//   gap()                        something was missed: what is known of all may be stale;
//   synced(told)                 everything up to now has been told; `told`: with the state of all since the start or a
//                                gap, so that a key that was not among it is absent;
//   failed(error)                the watch has ended.
export async function follow(client, targets, {signal, state = true, put, gone, gap, synced, failed}) {
  let whole = state;  // What comes is the state of everything.
  try {
    for await (const event of client.watch(targets, {signal, state})) {
      if (event.type === 'put') {
        put(event.key, event.state);
      } else if (event.type === 'deleted' || event.type === 'expired') {
        gone(event.key, event.type);
      } else if (event.type === 'gap' && event.key === null) {
        whole = true;
        gap?.();
      } else if (event.type === 'synced') {
        synced?.(whole);
        whole = false;
      }
    }
  } catch (error) {
    if (!signal.aborted) failed(error);
  }
}
