// Task: one request of a caller (an operation, a batch, a page of a scan) over a Link, sent again until each of its
// units has ended, the deadline has passed, or the caller has aborted it.
import {backoffMs} from './link.js';

export class Task {
  #link;
  #kind;
  #all;
  #common;
  #pending;          // Units that have not ended.
  #sending = null;   // The one under way, or that waits for a connection.
  #failures = 0;     // Sendings that did not end all units.
  #timer = null;     // Until the next sending.
  #deadline;
  #signal;
  #onAbort = () => this.#expire({type: 'aborted', detail: 'the caller aborted it'}, this.#signal.reason);
  #settle;

  // `kind`: which member of a ClientFrame it is ("operation", "batch", "scan"). `common`: further members of a batch.
  constructor(link, kind, units, {timeoutMs, signal}, common = {}) {
    this.#link = link;
    this.#kind = kind;
    this.#all = units;
    this.#pending = units;
    this.#common = common;
    this.#signal = signal;
    this.timeoutMs = timeoutMs;
  }

  // Resolves when all units have ended.
  run() {
    return new Promise((resolve) => {
      this.#settle = resolve;
      if (this.#signal?.aborted) return this.#onAbort();
      this.#signal?.addEventListener('abort', this.#onAbort);
      this.#deadline = setTimeout(() => this.#onDeadline(), this.timeoutMs);
      this.#send();
    });
  }

  #onDeadline() {
    const waited = this.#link.url === null ? `; no connection: ${this.#link.why}` : '';
    const type = waited === '' ? 'timed-out' : 'unreachable';
    this.#expire({type, detail: `no certain answer within ${this.timeoutMs} ms${waited}`});
  }

  #expire(details, cause) {
    if (this.#sending !== null && this.#link.cancel(this.#sending)) for (const unit of this.#pending) unit.lose();
    for (const unit of this.#pending) unit.give(details, cause);
    this.#finish();
  }

  #finish() {
    clearTimeout(this.#timer);
    clearTimeout(this.#deadline);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#settle(this.#all.map((unit) => unit.end));
  }

  #send() {
    this.#timer = null;
    const sent = this.#pending;
    this.#sending = {
      body: () => ({[this.#kind]: this.#kind === 'batch'
        ? {...this.#common, operations: sent.map((unit) => unit.body())}
        : sent[0].body()}),
      onAnswer: (frame) => this.#onJudged(sent.map((unit, i) => unit.judge(this.#answerTo(i, frame)))),
      onLost: () => {
        for (const unit of sent) unit.lose();
        // The first time at once: that it waits for a connection is pause enough.
        this.#onJudged(sent.map(() => (this.#failures === 0 ? 'again' : 'later')));
      },
      onRefused: (details) => this.#onJudged(sent.map((unit) => unit.give(details))),
    };
    this.#link.submit(this.#sending);
  }

  // What the frame says to the i-th unit that was sent: a Result, or {page} to a scan; {} when it says nothing.
  #answerTo(i, {result, batch, page}) {
    if (this.#kind === 'operation') return result ?? {};
    // What is refused as a whole is answered by one Result, which can't be anything but a refusal.
    if (result?.outcome === 'ERROR') return result;
    return (this.#kind === 'scan' ? {page} : batch?.results?.[i]) ?? {};
  }

  #onJudged(verdicts) {
    this.#sending = null;
    this.#pending = this.#pending.filter((unit) => unit.end === undefined);
    if (this.#pending.length === 0) return this.#finish();
    const failure = this.#failures++;
    if (!verdicts.includes('later')) return this.#send();
    const leastMs = Math.max(...this.#pending.map((unit) => unit.retryAfterMs));
    this.#timer = setTimeout(() => this.#send(), Math.max(leastMs, backoffMs(failure)));
  }
}
