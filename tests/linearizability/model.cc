#include "tests/linearizability/model.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

namespace quoin::linearizability {
namespace {

using Kind = Condition::Kind;
using SeenIds = Call::SeenIds;
using ConditionIds = Call::ConditionIds;

// Time::max() means never.
Time Later(Time time, Time by) { return time > Time::max() - by ? Time::max() : time + by; }

// The state's version is `version`: binds it if nobody has reported it yet.
bool BindVersion(State* state, const Version& version) {
  if (state->hidden == 0) return state->floor == version;
  if (Room(state->floor, version) < state->hidden) return false;
  state->floor = version;
  state->hidden = 0;
  return true;
}

// The state has just changed and got a new version, reported or not.
bool RaiseVersion(State* state, const std::optional<Version>& version) {
  ++state->hidden;
  return !version || BindVersion(state, *version);
}

bool Observe(State* state, const std::optional<SeenIds>& seen) {
  if (!seen) return true;
  if (seen->present != state->present) return false;
  if (seen->value && (!state->present || *seen->value != state->value)) return false;
  return !seen->version || BindVersion(state, *seen->version);
}

bool Names(const ConditionIds& condition, const Version& version) {
  return std::find(condition.versions.begin(), condition.versions.end(), version) != condition.versions.end();
}

// Whether nobody has reported the state's version yet, so that a condition on it is open.
bool IsVersionOpen(const State& state) { return state.present && state.hidden > 0; }

// For every version that the condition names and the state can have: the state with that version.
void BindNamed(const State& state, const ConditionIds& condition, std::vector<State>* bound) {
  for (const Version& version : condition.versions) {
    State with = state;
    if (BindVersion(&with, version)) bound->push_back(with);
  }
}

// The states that `state` can be given that the condition holds.
void Hold(const State& state, const ConditionIds& condition, std::vector<State>* held) {
  bool holds = false;
  switch (condition.kind) {
    case Kind::kAbsent:
      holds = !state.present;
      break;
    case Kind::kPresent:
      holds = state.present;
      break;
    case Kind::kVersionIn:
      if (IsVersionOpen(state)) return BindNamed(state, condition, held);
      holds = state.present && Names(condition, state.floor);
      break;
    case Kind::kVersionNotIn:
      holds = !state.present || IsVersionOpen(state) || !Names(condition, state.floor);
      break;
    case Kind::kValueIs:
      holds = state.present && state.value == condition.value;
      break;
  }
  if (holds) held->push_back(state);
}

// The states that `state` can be given that all conditions hold.
std::vector<State> HoldAll(const State& state, const Call& call) {
  std::vector<State> held = {state};
  for (const ConditionIds& condition : call.conditions) {
    std::vector<State> before = std::exchange(held, {});
    for (const State& each : before) Hold(each, condition, &held);
  }
  return held;
}

}  // namespace

std::uint64_t Room(const Version& floor, const Version& version) {
  if (version <= floor) return 0;
  if (version.round != floor.round || version.node != floor.node) return std::numeric_limits<std::uint64_t>::max();
  return version.sequence - floor.sequence;
}

bool Dominates(const State& state, const State& other) {
  State same = state;
  same.hidden = other.hidden;
  if (same != other) return false;
  // A version that is known must be the one reported later; one that isn't known must leave room for the hidden.
  return state.hidden == other.hidden || (state.hidden > 0 && state.hidden < other.hidden);
}

Call Model::Prepare(const Event& event) const {
  CHECK(event.answer.outcome != Outcome::kNotApplied);
  const auto ids = [this](const std::optional<Seen>& seen) -> std::optional<SeenIds> {
    if (!seen) return std::nullopt;
    SeenIds result{seen->present, std::nullopt, seen->version};
    if (seen->value) result.value = values_.Of(*seen->value);
    return result;
  };
  Call call;
  call.action = event.operation.action;
  call.value = values_.Of(event.operation.value);
  call.by = event.operation.by;
  call.ttl = event.operation.ttl;
  for (const Condition& condition : event.operation.conditions) {
    call.conditions.push_back({condition.kind, condition.versions, values_.Of(condition.value)});
  }
  call.invoked = event.invoked;
  call.outcome = event.answer.outcome;
  if (call.open()) return call;
  CHECK(event.completed && *event.completed >= event.invoked) << "a known outcome without its completion";
  call.completed = *event.completed;
  call.state = ids(event.answer.state);
  call.previous = ids(event.answer.previous);
  call.created = event.answer.created;
  return call;
}

void Model::Step(const State& state, const Call& call, const Moment& moment, std::vector<State>* next) const {
  if (!state.present || !state.expires || moment.earliest < state.expired_at) StepNow(state, call, moment, next);
  if (!CanExpire(state, moment.latest)) return;
  State expired;
  expired.floor = state.floor;
  expired.hidden = state.hidden + 1;
  StepNow(expired, call, moment, next);
}

void Model::StepNow(State state, const Call& call, const Moment& moment, std::vector<State>* next) const {
  const bool write = call.action != Action::kGet;
  switch (call.outcome) {
    case Outcome::kDone:
      if (!write) {
        if (!state.present || !Observe(&state, call.state)) return;
        break;
      }
      if (call.created && *call.created == state.present) return;
      if (!Observe(&state, call.previous)) return;
      break;
    case Outcome::kUnknown:
      if (!write) return;
      break;
    case Outcome::kAbsent:
      if (state.present || !Observe(&state, call.state)) return;
      if (write && call.action != Action::kDelete && call.action != Action::kSetDeadline) return;
      break;
    case Outcome::kConditionFailed:
      if (Observe(&state, call.state)) FailCondition(state, call, next);
      return;
    case Outcome::kRejected:
      if (!Observe(&state, call.state)) return;
      break;
    case Outcome::kNotApplied:
      LOG(FATAL) << "what was not applied has no step";
  }
  const bool changes = write && (call.outcome == Outcome::kDone || call.outcome == Outcome::kUnknown);
  const auto finish = [&](const State& held) {
    if (changes) {
      Change(held, call, moment, next);
    } else if (call.outcome != Outcome::kRejected || !Fits(held, call)) {
      next->push_back(held);
    }
  };
  if (call.conditions.empty()) return finish(state);
  for (const State& held : HoldAll(state, call)) finish(held);
}

void Model::FailCondition(const State& state, const Call& call, std::vector<State>* next) const {
  bool fails = false;
  for (const ConditionIds& condition : call.conditions) {
    if (IsVersionOpen(state) && condition.kind == Kind::kVersionNotIn) {
      BindNamed(state, condition, next);
      continue;
    }
    if (IsVersionOpen(state) && condition.kind == Kind::kVersionIn) {
      fails = true;
      continue;
    }
    std::vector<State> held;
    Hold(state, condition, &held);
    fails = fails || held.empty();
  }
  if (fails) next->push_back(state);
}

std::optional<std::int64_t> Model::Sum(const State& state, const Call& call) const {
  const std::optional<std::int64_t> number = state.present ? values_.Number(state.value) : 0;
  std::int64_t sum = 0;
  if (!number || __builtin_add_overflow(*number, call.by, &sum)) return std::nullopt;
  return sum;
}

// Whether the operation can be applied to the value, its conditions aside and a missing key aside.
bool Model::Fits(const State& state, const Call& call) const {
  switch (call.action) {
    case Action::kPut:
    case Action::kSwap:
      return values_.Bytes(call.value).size() <= options_.max_value_bytes;
    case Action::kAppend:
      return (state.present ? values_.Bytes(state.value).size() : 0) + values_.Bytes(call.value).size() <=
             options_.max_value_bytes;
    case Action::kIncrement:
      return Sum(state, call).has_value();
    case Action::kGet:
    case Action::kDelete:
    case Action::kSetDeadline:
      return true;
  }
  LOG(FATAL) << "no such action: " << static_cast<int>(call.action);
}

void Model::Change(State state, const Call& call, const Moment& moment, std::vector<State>* next) const {
  if (!Fits(state, call)) return;
  const auto set_deadline = [&] {
    state.expires = call.ttl.has_value();
    state.expires_from = state.expired_at = Time(0);
    if (!call.ttl) return;
    state.expires_from = Later(call.invoked, *call.ttl) - options_.clock_uncertainty;
    state.expired_at =
        Later(Later(call.open() ? moment.latest : call.completed, *call.ttl), options_.clock_uncertainty);
  };
  switch (call.action) {
    case Action::kPut:
    case Action::kSwap:
      state.value = call.value;
      state.present = true;
      set_deadline();
      break;
    case Action::kIncrement:
      state.value = values_.OfNumber(*Sum(state, call));
      state.present = true;
      break;
    case Action::kAppend:
      state.value = state.present ? values_.Appended(state.value, call.value) : call.value;
      state.present = true;
      break;
    case Action::kDelete:
    case Action::kSetDeadline:
      if (!state.present) return;
      if (call.action == Action::kSetDeadline) {
        set_deadline();
      } else {
        state = State{.floor = state.floor, .hidden = state.hidden};
      }
      break;
    case Action::kGet:
      LOG(FATAL) << "a get changes nothing";
  }
  if (call.state) {
    if (call.state->present != state.present) return;
    if (call.state->value && (!state.present || *call.state->value != state.value)) return;
  }
  if (RaiseVersion(&state, call.state ? call.state->version : std::nullopt)) next->push_back(state);
}

}  // namespace quoin::linearizability
