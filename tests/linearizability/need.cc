#include "tests/linearizability/need.h"

#include <glog/logging.h>

#include <algorithm>

namespace quoin::linearizability {
namespace {

using Kind = Need::Kind;

// What an answer that shows a state asks of it, when that is all it asks.
Need NeedOfSeen(const std::optional<Call::SeenIds>& seen) {
  if (!seen) return {Kind::kAnything};
  // The version of an absence is rarely told, so it isn't worth a finer distinction.
  if (!seen->present) return {seen->version ? Kind::kAnything : Kind::kAbsent};
  if (seen->value) return {Kind::kValue, *seen->value};
  return {Kind::kAnything};
}

// What a write that leaves nothing of the state before it asks of that state.
Need NeedOfReset(const Call& call) {
  Need need{Kind::kNothing};
  const auto add = [&need](const Need& more) {
    // Several needs at once: one of them, the sharpest, is enough to tell what may help.
    if (need.kind == Kind::kNothing || need.kind == Kind::kChange || need.kind == Kind::kPresent) need = more;
  };
  if (call.previous) {
    const Need seen = NeedOfSeen(call.previous);
    add(seen.kind == Kind::kAnything && !call.previous->version ? Need{Kind::kPresent} : seen);
  }
  if (call.created) add({*call.created ? Kind::kAbsent : Kind::kPresent});
  for (const Call::ConditionIds& condition : call.conditions) {
    switch (condition.kind) {
      case Condition::Kind::kAbsent:
        add({Kind::kAbsent});
        break;
      case Condition::Kind::kValueIs:
        add({Kind::kValue, condition.value});
        break;
      case Condition::Kind::kPresent:
      case Condition::Kind::kVersionIn:
        if (need.kind == Kind::kNothing || need.kind == Kind::kChange) need = {Kind::kPresent};
        break;
      case Condition::Kind::kVersionNotIn:
        if (need.kind == Kind::kNothing) need = {Kind::kChange};
        break;
    }
  }
  if (call.action == Action::kDelete && (need.kind == Kind::kNothing || need.kind == Kind::kChange)) {
    need = {Kind::kPresent};
  }
  need.another = std::any_of(call.conditions.begin(), call.conditions.end(), [](const Call::ConditionIds& condition) {
    return condition.kind == Condition::Kind::kVersionIn || condition.kind == Condition::Kind::kVersionNotIn;
  });
  return need;
}

Need NeedOfWrite(const Call& call, Values& values) {
  switch (call.action) {
    case Action::kPut:
    case Action::kSwap:
    case Action::kDelete:
      return NeedOfReset(call);
    case Action::kIncrement: {
      if (!call.state || !call.state->value) return {Kind::kAnything};
      const auto sum = values.Number(*call.state->value);
      std::int64_t before = 0;
      if (!sum || __builtin_sub_overflow(*sum, call.by, &before)) return {Kind::kNothing};  // No state would do.
      return {Kind::kNumber, 0, before};
    }
    case Action::kAppend: {
      if (!call.state || !call.state->value) return {Kind::kAnything};
      const std::string& after = values.Bytes(*call.state->value);
      const std::string& bytes = values.Bytes(call.value);
      if (!after.ends_with(bytes)) return {Kind::kNothing};  // No state would do.
      if (after.size() == bytes.size() && call.created != false) {
        return {call.created ? Kind::kAbsent : Kind::kAnything};
      }
      return {Kind::kValue, values.Of(after.substr(0, after.size() - bytes.size()))};
    }
    case Action::kSetDeadline:
      return NeedOfSeen(call.state);
    case Action::kGet:
      break;
  }
  LOG(FATAL) << "a get is no write";
}

}  // namespace

bool LeavesNothing(const Call& call) {
  const bool resets = call.action == Action::kPut || call.action == Action::kSwap || call.action == Action::kDelete;
  return resets && call.outcome == Outcome::kDone;
}

Need NeedOf(const Call& call, Values& values) {
  CHECK(!call.open());
  if (call.outcome == Outcome::kAbsent) return {call.state && call.state->version ? Kind::kAnything : Kind::kAbsent};
  if (call.outcome != Outcome::kDone || call.action == Action::kGet) return NeedOfSeen(call.state);
  return NeedOfWrite(call, values);
}

}  // namespace quoin::linearizability
