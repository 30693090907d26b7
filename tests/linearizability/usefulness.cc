#include "tests/linearizability/usefulness.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

namespace quoin::linearizability {
namespace {

using Kind = Need::Kind;

// Whether the bytes may become a number, or are one, when digits are added at their end.
bool IsNumberStart(const std::string& bytes) {
  const std::size_t sign = bytes.starts_with('-') ? 1 : 0;
  return std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(sign), bytes.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

// Whether the condition names only versions that the key has left behind for good.
bool NamesOnlyThePast(const Call::ConditionIds& condition, const State& state) {
  return std::all_of(condition.versions.begin(), condition.versions.end(), [&](const Version& version) {
    return version < state.floor || (version == state.floor && state.hidden > 0);
  });
}

}  // namespace

Usefulness::Usefulness(const Model& model, const std::vector<Call>& calls, const std::vector<Need>& needs,
                       const std::vector<CallId>& pending, const State& state, Time latest)
    : model_(model), latest_(latest) {
  std::vector<CallId> conditional;
  for (CallId id : pending) {
    const Call& call = calls[id];
    if (call.action == Action::kAppend) {
      appended_.push_back(call.value);
      digits_ = digits_ || IsNumberStart(model_.values().Bytes(call.value));
    }
    increments_ = increments_ || call.action == Action::kIncrement;
    increases_ = increases_ || (call.action == Action::kIncrement && call.by > 0);
    decreases_ = decreases_ || (call.action == Action::kIncrement && call.by < 0);
    if (!call.conditions.empty()) conditional.push_back(id);
  }
  for (const Need& need : needs) Add(need);
  // What lets a pending outcome meet its conditions is of use too, if that outcome is: until no more come in.
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    std::erase_if(conditional, [&](CallId id) {
      const Kind kind = targets_[i].need.kind;
      if (!MayServe(calls[id], targets_[i])) return false;
      // What merely has to be there, or to be another, is so once any condition of another kind has been brought about.
      if (kind == Kind::kChange) return false;
      if (kind == Kind::kPresent) {
        AddAbsence(calls[id]);
        return false;
      }
      AddConditions(calls[id], state);
      return true;
    });
  }
}

void Usefulness::AddAbsence(const Call& call) {
  const bool needs_absence = std::any_of(call.conditions.begin(), call.conditions.end(), [](const auto& condition) {
    return condition.kind == Condition::Kind::kAbsent;
  });
  const bool has = std::any_of(targets_.begin(), targets_.end(),
                               [](const Target& target) { return target.need.kind == Kind::kAbsent; });
  if (needs_absence && !has) Add({Kind::kAbsent});
}

void Usefulness::Add(const Need& need) {
  if (need.kind == Kind::kNothing) return;
  Target target{need, {}};
  if (need.kind == Kind::kValue) {
    const std::string& wanted = model_.values().Bytes(need.value);
    for (ValueId id : appended_) {
      const std::string& bytes = model_.values().Bytes(id);
      if (bytes.empty() != wanted.empty() || !wanted.ends_with(bytes)) continue;
      target.longest_start = std::max(target.longest_start.value_or(0), wanted.size() - bytes.size());
    }
  }
  targets_.push_back(target);
}

void Usefulness::AddConditions(const Call& call, const State& state) {
  const bool resets = call.action == Action::kPut || call.action == Action::kSwap;
  // What builds on the value that it finds needs just that value: its own target says so.
  const bool builds = call.action == Action::kIncrement || call.action == Action::kAppend;
  for (const Call::ConditionIds& condition : call.conditions) {
    switch (condition.kind) {
      case Condition::Kind::kAbsent:
        Add({Kind::kAbsent});
        break;
      case Condition::Kind::kPresent:
        if (resets) Add({Kind::kPresent});
        break;
      case Condition::Kind::kVersionIn:
        if (!builds && !NamesOnlyThePast(condition, state)) Add({.kind = Kind::kPresent, .another = true});
        break;
      case Condition::Kind::kVersionNotIn:
        if (!builds && !NamesOnlyThePast(condition, state)) Add({Kind::kChange});
        break;
      case Condition::Kind::kValueIs:
        Add({Kind::kValue, condition.value});
        break;
    }
  }
}

bool Usefulness::MayServe(const Call& call, const Target& target) const {
  const Need& need = target.need;
  if (need.kind == Kind::kAnything || need.kind == Kind::kChange) return true;
  const bool may_end = call.action == Action::kDelete || call.ttl.has_value();
  if (need.kind == Kind::kPresent && need.another && may_end) return true;
  switch (call.action) {
    case Action::kPut:
    case Action::kSwap: {
      if (need.kind == Kind::kAbsent) return call.ttl.has_value();
      if (need.kind == Kind::kPresent || call.ttl) return true;
      State stored;
      stored.present = true;
      stored.value = call.value;
      return IsOnTheWay(stored, target, false);
    }
    case Action::kDelete:
      return need.kind == Kind::kAbsent || (need.kind != Kind::kPresent && IsOnTheWay(State(), target, true));
    case Action::kIncrement:
      return need.kind == Kind::kPresent || need.kind == Kind::kNumber ||
             (need.kind == Kind::kValue && model_.values().Number(need.value));
    case Action::kAppend: {
      if (need.kind == Kind::kPresent) return true;
      const std::string& bytes = model_.values().Bytes(call.value);
      if (need.kind == Kind::kValue && model_.values().Bytes(need.value).find(bytes) != std::string::npos) return true;
      return need.kind != Kind::kAbsent && IsNumberStart(bytes);
    }
    case Action::kSetDeadline:
      // It keeps the value: whatever lets it serve a need for a value has that value already.
      return need.kind == Kind::kAbsent && call.ttl.has_value();
    case Action::kGet:
      return false;
  }
  LOG(FATAL) << "no such action: " << static_cast<int>(call.action);
}

bool Usefulness::MayHelp(const State& before, const State& after) const {
  return std::any_of(targets_.begin(), targets_.end(),
                     [&](const Target& target) { return Helps(target, before, after); });
}

bool Usefulness::CanBeAbsent(const State& state) const { return !state.present || Model::CanExpire(state, latest_); }

bool Usefulness::Helps(const Target& target, const State& before, const State& after) const {
  switch (target.need.kind) {
    case Kind::kNothing:
      return false;
    case Kind::kAnything:
      return true;
    case Kind::kChange:
      return before.hidden == 0;
    case Kind::kAbsent:
      return CanBeAbsent(after) && (!CanBeAbsent(before) || before.hidden == 0);
    case Kind::kPresent: {
      // The state there is has been reported, and may be the wrong one: first it goes, then there is another.
      const bool makes_room = target.need.another && before.hidden == 0 && CanBeAbsent(after) && !CanBeAbsent(before);
      if (makes_room) return true;
      const bool lives_longer = before.expires && (!after.expires || after.expired_at > before.expired_at);
      return after.present && (!before.present || before.hidden == 0 || lives_longer);
    }
    case Kind::kValue:
    case Kind::kNumber:
      return IsOnTheWay(after, target, CanBeAbsent(after) && !CanBeAbsent(before));
  }
  LOG(FATAL) << "no such need: " << static_cast<int>(target.need.kind);
}

// Whether the state has the needed value, or pending appends and increments may give it that; beginning anew, too, if
// the state is the first that lets them (`anew`).
bool Usefulness::IsOnTheWay(const State& state, const Target& target, bool anew) const {
  if (target.need.kind == Kind::kNumber) return MayBecomeNumber(state, target.need.number, anew);
  if (state.present && state.value == target.need.value) return true;
  if (target.longest_start) {
    if (anew) return true;
    const std::string& bytes = model_.values().Bytes(state.value);
    const std::string& wanted = model_.values().Bytes(target.need.value);
    if (state.present && bytes.size() <= *target.longest_start && wanted.starts_with(bytes)) return true;
    // Increments may make the number that the needed value starts with.
    const std::size_t sign = wanted.starts_with('-') ? 1 : 0;
    const bool starts_with_number = *target.longest_start > sign && IsNumberStart(wanted.substr(0, sign + 1));
    if (increments_ && starts_with_number && state.present && IsNumberStart(bytes)) return true;
  }
  const auto number = model_.values().Number(target.need.value);
  return number && increments_ && MayBecomeNumber(state, *number, anew);
}

// Whether the state's value is the number, or may become it. An absent key counts as 0.
bool Usefulness::MayBecomeNumber(const State& state, std::int64_t number, bool anew) const {
  if (digits_) return anew || (state.present && IsNumberStart(model_.values().Bytes(state.value)));
  const auto reaches = [&](std::int64_t current) {
    return current == number || (increases_ && (decreases_ || current < number)) || (decreases_ && current > number);
  };
  if (anew && reaches(0)) return true;
  const auto current = state.present ? model_.values().Number(state.value) : std::nullopt;
  return current && reaches(*current);
}

}  // namespace quoin::linearizability
