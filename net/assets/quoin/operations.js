// One operation: what the caller says, as an Operation of the schema; and its Result, as what the caller is told.
import {State, checkIncrement, checkTtl, checkVersions, contentTypeOf, describe} from './values.js';
import {expectedMember, integer, keyMember, valueMember} from './values.js';

// The members of each operation besides op and key. What stands in no list is refused: a misspelled condition that is
// overlooked would make another operation of it.
export const MEMBERS = {
  get: [],
  put: ['value', 'contentType', 'ttlMs'],
  cas: ['expected', 'value', 'contentType', 'ttlMs'],
  getAndSet: ['value', 'contentType', 'ttlMs'],
  delete: ['expected'],
  incr: ['by'],
  append: ['value'],
  expire: ['ttlMs'],
  persist: [],
};
const CONSISTENCIES = {one: 'ONE', quorum: 'QUORUM', all: 'ALL'};
export const OUTCOMES = {DONE: 'done', ABSENT: 'absent', CONDITION_FAILED: 'condition-failed'};

export function checkMembers(given, allowed, what) {
  if (given === null || typeof given !== 'object') throw new TypeError(`${what} is an object, not ${describe(given)}`);
  for (const name of Object.keys(given)) {
    if (!allowed.includes(name) && given[name] !== undefined) {
      throw new TypeError(`${what} has no member ${describe(name)}; there are: ${allowed.join(', ') || 'none'}`);
    }
  }
}

export function consistencyMember(consistency) {
  if (consistency === undefined) return {};
  if (!Object.hasOwn(CONSISTENCIES, consistency)) {
    throw new TypeError(`consistency is one of ${Object.keys(CONSISTENCIES).join(', ')}, not ${describe(consistency)}`);
  }
  return {consistency: CONSISTENCIES[consistency]};
}

function storing({value, contentType, ttlMs}) {
  const put = {...valueMember(value), content_type: contentType ?? contentTypeOf(value)};
  if (typeof put.content_type !== 'string') {
    throw new TypeError(`contentType is a string, not ${describe(contentType)}`);
  }
  if (ttlMs !== undefined) put.ttl_ms = checkTtl(ttlMs);
  return put;
}

function condition(expected) {
  checkMembers(expected, ['version', 'value', 'absent', 'present'], 'expected');
  const given = Object.keys(expected).filter((name) => expected[name] !== undefined);
  if (given.length !== 1) {
    throw new TypeError('expected says exactly one of {version}, {value}, {absent: true} and {present: true}');
  }
  if (given[0] === 'version') return {version_in: {versions: checkVersions(expected.version)}};
  if (given[0] === 'value') return expectedMember(expected.value);
  if (expected[given[0]] !== true) throw new TypeError(`expected.${given[0]} can only be true`);
  return {[given[0]]: true};
}

function action(description) {
  switch (description.op) {
    case 'get':
      return {get: {}};
    case 'put':
    case 'cas':
      return {put: storing(description)};
    case 'getAndSet':
      return {swap: storing(description)};
    case 'delete':
      return {delete: {}};
    case 'incr':
      return {increment: {by: checkIncrement(description.by ?? 1)}};
    case 'append':
      return {append: valueMember(description.value)};
    case 'expire':
      return {set_deadline: {ttl_ms: checkTtl(description.ttlMs)}};
    default:
      return {set_deadline: {}};
  }
}

// {op, key, ...} as {wire, isWrite}: an Operation without what sending it adds. Throws TypeError or RangeError.
export function operationOf(description) {
  const {op, key} = description ?? {};
  if (!Object.hasOwn(MEMBERS, String(op))) {
    throw new TypeError(`op is one of ${Object.keys(MEMBERS).join(', ')}, not ${describe(op)}`);
  }
  checkMembers(description, ['op', 'key', ...MEMBERS[op]], `the operation ${op}`);
  const wire = {...keyMember(key), ...action(description)};
  if (op === 'cas' || description.expected !== undefined) wire.conditions = [condition(description.expected)];
  return {op, wire, isWrite: op !== 'get'};
}

// What the caller is told of a Result that is DONE, ABSENT or CONDITION_FAILED.
export function readResult(op, result) {
  if (op === 'get') return result.state === undefined ? null : new State(result.state);
  const told = {outcome: OUTCOMES[result.outcome], version: result.version ?? null, created: result.created ?? false};
  if (op === 'incr') told.value = integer(new State(result.state).text());
  if (op === 'getAndSet') told.previous = result.previous === undefined ? null : new State(result.previous);
  return told;
}
