// What is asked of a node until it is certain: an operation with its id, or a page of a scan. No clock, no connection.
import {NotAppliedError, RejectedError, UnknownOutcomeError, detailsOf} from './errors.js';
import {OUTCOMES, readResult} from './operations.js';
import {Entry, describe} from './values.js';

// Refusals that another try, here or at another node, may not meet. (On a full disk it is people who must act.)
const PASSING = ['ballot-required', 'stopping', 'timed-out', 'too-many-connections', 'too-many-requests'];
// After so many the key most likely has forgotten the operation, and no further try will be told more.
const MOST_UNKNOWN_ANSWERS = 8;
// Leaders may change between answer and sending, but not for ever.
const MOST_BALLOTS_AT_ONCE = 3;
const MOST_BALLOTS_KNOWN = 1024;
// An answer that says nothing of the schema must not pass for a certain one.
const UNCLEAR = {effect: 'UNKNOWN', type: 'outcome-unknown', detail: 'the node did not say how it ended'};

// '3.00c0ffee00c0ffee.41': round, node, sequence; without the last one it is 0.
function isNewer(ballot, than) {
  const [round, node, sequence = '0'] = ballot.split('.');
  const [thanRound, thanNode, thanSequence = '0'] = than.split('.');
  if (round !== thanRound) return BigInt(round) > BigInt(thanRound);
  return node === thanNode ? BigInt(sequence) > BigInt(thanSequence) : node > thanNode;
}

// The newest ballot that an answer has named, for each of the keys that were used last.
export class BallotCache {
  #ballots = new Map();  // The one that was used last is last.

  note(key, ballot) {
    const known = this.#ballots.get(key);
    if (known !== undefined) this.#ballots.delete(key);
    this.#ballots.set(key, known !== undefined && !isNewer(ballot, known) ? known : ballot);
    if (this.#ballots.size > MOST_BALLOTS_KNOWN) this.#ballots.delete(this.#ballots.keys().next().value);
  }

  get(key) {
    return this.#ballots.get(key);
  }
}

function badAnswer(what) {
  return {type: 'bad-answer', detail: `the node answered the scan with ${what}`};
}

// Where it stands: undefined while it is under way, then how it ended. judge() says what is to be done next:
// 'end', 'again' (at once), or 'later' (after a pause).
class Unit {
  end = undefined;  // {value} or {error}
  retryAfterMs = 0;
  latest = null;  // Details of the latest refusal.

  // What an error of `details` tells: for want of time it is the latest refusal, if there was one.
  because(details) {
    if (details.type !== 'timed-out' || this.latest === null) return details;
    return {...this.latest, detail: `${this.latest.detail} (${details.detail})`};
  }

  fulfil(value) {
    this.end = {value};
    return 'end';
  }

  fail(error) {
    this.end = {error};
    return 'end';
  }
}

export class OperationUnit extends Unit {
  #op;
  #wire;
  #isWrite;
  #id;
  #cacheKey;
  #ballots;
  #ballot = null;         // What all sendings name; null before the first.
  #isUncertain = false;   // A sending may have been applied, or may still be.
  #unknownAnswers = 0;
  #ballotAnswers = 0;

  // `newId` draws an operation id.
  constructor({op, wire, isWrite}, newId, ballots) {
    super();
    this.#op = op;
    this.#wire = wire;
    this.#isWrite = isWrite;
    this.#id = isWrite ? newId() : '';
    this.#ballots = ballots;
    this.#cacheKey = wire.key_text === undefined ? 'b' + wire.key : 't' + wire.key_text;
  }

  // As it is to be sent now.
  body() {
    if (!this.#isWrite) return this.#wire;
    this.#ballot ??= this.#ballots.get(this.#cacheKey) ?? '';
    const body = {...this.#wire, operation_id: this.#id};
    if (this.#ballot !== '') body.ballot = this.#ballot;
    if (this.#isUncertain) body.repeated = true;
    return body;
  }

  // It was sent, and no answer came or will be waited for.
  lose() {
    this.#isUncertain = this.#isWrite;
  }

  judge(result) {
    if (result.ballot) this.#ballots.note(this.#cacheKey, result.ballot);
    if (result.outcome === 'REJECTED') return this.#reject(result.problem);
    if (Object.hasOwn(OUTCOMES, String(result.outcome))) return this.fulfil(readResult(this.#op, result));
    const problem = result.outcome === 'ERROR' && result.problem ? result.problem : UNCLEAR;
    this.retryAfterMs = problem.retry_after_ms ?? 0;
    const details = (this.latest = detailsOf(problem));
    if (this.#isWrite && problem.effect === 'UNKNOWN') this.#isUncertain = true;
    if (this.#isUncertain) {
      // Whatever this sending met, an earlier one may have been applied; sent again, the node says which.
      if (!PASSING.includes(details.type)) ++this.#unknownAnswers;
      return this.#unknownAnswers < MOST_UNKNOWN_ANSWERS ? 'later' : this.give(details);
    }
    if (!PASSING.includes(details.type)) return this.give(details);
    if (details.type !== 'ballot-required' || !result.ballot) return 'later';
    // No sending was applied, so the next one may name another ballot.
    this.#ballot = result.ballot;
    return ++this.#ballotAnswers <= MOST_BALLOTS_AT_ONCE ? 'again' : 'later';
  }

  #reject(problem) {
    const details = detailsOf(problem);
    return this.fail(new RejectedError(this.#says('was rejected', details), details));
  }

  // Ends it without a result. `cause`: what the caller gave as the reason, if it was the caller.
  give(given, cause) {
    const details = this.because(given);
    if (!this.#isUncertain) {
      return this.fail(cause ?? new NotAppliedError(this.#says('was not applied', details), details));
    }
    const more = {...details, operationId: this.#id, cause};
    return this.fail(new UnknownOutcomeError(this.#says('may or may not be applied', details), more));
  }

  #says(what, {detail}) {
    const key = this.#wire.key_text === undefined ? this.#wire.key + ' (base64)' : describe(this.#wire.key_text);
    return `${this.#op} of ${key} ${what}: ${detail}`;
  }
}

export class PageUnit extends Unit {
  #wire;

  constructor(wire) {
    super();
    this.#wire = wire;
  }

  body() {
    return this.#wire;
  }

  lose() {}

  // `answer`: {page}, or the Result of one that was refused.
  judge({page, problem}) {
    if (problem) {
      this.retryAfterMs = problem.retry_after_ms ?? 0;
      const details = (this.latest = detailsOf(problem));
      return PASSING.includes(details.type) ? 'later' : this.give(details);
    }
    // An empty page is one, and may be the last; no page at all must not pass for the end of the keys.
    if (page === undefined || page === null) return this.give(badAnswer('neither a page nor a problem'));
    const entries = (page.entries ?? []).map((entry) => new Entry(entry));
    const cursor = page.cursor ?? '';
    if (cursor !== '' && cursor === this.#wire.cursor) return this.give(badAnswer('the page that it was to go on from'));
    return this.fulfil({entries, cursor});
  }

  give(given, cause) {
    const details = this.because(given);
    return this.fail(cause ?? new NotAppliedError(`the scan failed: ${details.detail}`, details));
  }
}
