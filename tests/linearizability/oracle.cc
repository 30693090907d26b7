#include "tests/linearizability/oracle.h"

#include <glog/logging.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"

namespace quoin::linearizability {
namespace {

constexpr Time kNever = Time::max();

// The key after some operations. Every change, an expiry too, makes the next state; state 0 is the first absence.
struct Key {
  std::optional<std::string> value;
  std::optional<std::pair<Time, Time>> deadline;  // Not before, at the latest.
  std::size_t number = 0;                         // Of the state.
  std::map<std::size_t, Version> versions;        // By number of the state: those that are known.
};

// Notes that the current state has the version; false when it is known to have another.
bool Is(Key* key, const Version& version) {
  return key->versions.try_emplace(key->number, version).first->second == version;
}

bool Matches(Key* key, const std::optional<Seen>& seen) {
  if (!seen) return true;
  if (seen->present != key->value.has_value()) return false;
  if (seen->value && seen->value != key->value) return false;
  return !seen->version || Is(key, *seen->version);
}

bool Contains(const std::vector<Version>& versions, const Version& version) {
  return std::find(versions.begin(), versions.end(), version) != versions.end();
}

// Whether the known versions rise, with a whole number for every state between two of the same ballot.
bool VersionsRise(const Key& key) {
  for (auto next = std::next(key.versions.begin()); next != key.versions.end(); ++next) {
    const auto& [low_number, low] = *std::prev(next);
    const auto& [high_number, high] = *next;
    if (high <= low) return false;
    const bool one_ballot = low.round == high.round && low.node == high.node;
    if (one_ballot && high.sequence - low.sequence < high_number - low_number) return false;
  }
  return true;
}

class Oracle {
 public:
  Oracle(const History& history, Time uncertainty) : history_(history), uncertainty_(uncertainty) {
    ordered_.assign(history.size(), false);
  }

  bool Run() {
    Key key;
    key.versions[0] = Version();
    return Continue(key, Time::min());
  }

 private:
  bool Continue(const Key& key, Time earliest) {
    Time latest = kNever;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (!ordered_[i] && IsKnown(history_[i])) latest = std::min(latest, *history_[i].completed);
    }
    if (latest == kNever) return VersionsRise(key);
    for (std::size_t i = 0; i < history_.size(); ++i) {
      const Event& event = history_[i];
      if (ordered_[i] || event.answer.outcome == Outcome::kNotApplied || event.invoked > latest) continue;
      ordered_[i] = true;
      const bool found = Execute(key, event, std::max(earliest, event.invoked), latest);
      ordered_[i] = false;
      if (found) return true;
    }
    return false;
  }

  bool Execute(const Key& key, const Event& event, Time earliest, Time latest) {
    if (!key.deadline || earliest < key.deadline->second) {
      if (Answered(key, event, earliest, latest)) return true;
    }
    if (!key.deadline || latest < key.deadline->first) return false;
    Key expired = key;
    expired.value.reset();
    expired.deadline.reset();
    ++expired.number;
    return Answered(expired, event, earliest, latest);
  }

  bool Answered(Key key, const Event& event, Time earliest, Time latest) {
    const Answer& answer = event.answer;
    const bool get = event.operation.action == Action::kGet;
    switch (answer.outcome) {
      case Outcome::kUnknown:
        break;
      case Outcome::kDone:
        if (answer.created && *answer.created == key.value.has_value()) return false;
        if (!Matches(&key, answer.previous)) return false;
        if (get && (!key.value || !Matches(&key, answer.state))) return false;
        break;
      case Outcome::kAbsent: {
        const Action action = event.operation.action;
        if (action != Action::kGet && action != Action::kDelete && action != Action::kSetDeadline) return false;
        if (key.value || !Matches(&key, answer.state)) return false;
        break;
      }
      case Outcome::kConditionFailed:
        if (!Matches(&key, answer.state)) return false;
        return AnyFails(key, event, earliest);
      case Outcome::kRejected:
        if (!Matches(&key, answer.state)) return false;
        break;
      case Outcome::kNotApplied:
        LOG(FATAL) << "never ordered";
    }
    return Conditions(key, event, 0, earliest, latest);
  }

  bool AnyFails(const Key& key, const Event& event, Time earliest) {
    for (const Condition& condition : event.operation.conditions) {
      const auto version = key.versions.find(key.number);
      const bool told = version != key.versions.end();
      switch (condition.kind) {
        case Condition::Kind::kAbsent:
          if (key.value && Continue(key, earliest)) return true;
          break;
        case Condition::Kind::kPresent:
          if (!key.value && Continue(key, earliest)) return true;
          break;
        case Condition::Kind::kValueIs:
          if (key.value != condition.value && Continue(key, earliest)) return true;
          break;
        case Condition::Kind::kVersionIn:
          // An untold version is believed not to be among those named.
          if ((!key.value || !told || !Contains(condition.versions, version->second)) && Continue(key, earliest)) {
            return true;
          }
          break;
        case Condition::Kind::kVersionNotIn:
          for (const Version& named : condition.versions) {
            Key is_named = key;
            if (key.value && Is(&is_named, named) && Continue(is_named, earliest)) return true;
          }
          break;
      }
    }
    return false;
  }

  // All conditions from the `first`-th on hold, and the rest follows.
  bool Conditions(const Key& key, const Event& event, std::size_t first, Time earliest, Time latest) {
    if (first == event.operation.conditions.size()) return Apply(key, event, earliest, latest);
    const Condition& condition = event.operation.conditions[first];
    const auto go_on = [&](const Key& held) { return Conditions(held, event, first + 1, earliest, latest); };
    switch (condition.kind) {
      case Condition::Kind::kAbsent:
        return !key.value && go_on(key);
      case Condition::Kind::kPresent:
        return key.value && go_on(key);
      case Condition::Kind::kValueIs:
        return key.value == condition.value && go_on(key);
      case Condition::Kind::kVersionIn:
        for (const Version& named : condition.versions) {
          Key is_named = key;
          if (key.value && Is(&is_named, named) && go_on(is_named)) return true;
        }
        return false;
      case Condition::Kind::kVersionNotIn: {
        const auto version = key.versions.find(key.number);
        const bool is_named = version != key.versions.end() && Contains(condition.versions, version->second);
        return (!key.value || !is_named) && go_on(key);
      }
    }
    return false;
  }

  bool Apply(Key key, const Event& event, Time earliest, Time latest) {
    const Operation& operation = event.operation;
    const Outcome outcome = event.answer.outcome;
    const bool write = operation.action != Action::kGet;
    if (!write || outcome == Outcome::kAbsent) return outcome != Outcome::kRejected && Continue(key, earliest);
    const auto number = key.value ? ParseInt64(*key.value) : 0;
    std::int64_t sum = 0;
    const bool fits =
        operation.action != Action::kIncrement || (number && !__builtin_add_overflow(*number, operation.by, &sum));
    if (outcome == Outcome::kRejected) return !fits && Continue(key, earliest);
    const bool needs_key = operation.action == Action::kDelete || operation.action == Action::kSetDeadline;
    if (!fits || (needs_key && !key.value)) return false;

    const bool unknown = outcome == Outcome::kUnknown;
    const auto deadline = [&]() -> std::optional<std::pair<Time, Time>> {
      if (!operation.ttl) return std::nullopt;
      const Time last = unknown ? latest : *event.completed;
      return std::pair(event.invoked + *operation.ttl - uncertainty_,
                       last == kNever ? kNever : last + *operation.ttl + uncertainty_);
    };
    switch (operation.action) {
      case Action::kPut:
      case Action::kSwap:
        key.value = operation.value;
        key.deadline = deadline();
        break;
      case Action::kDelete:
        key.value.reset();
        key.deadline.reset();
        break;
      case Action::kIncrement:
        key.value = std::to_string(sum);
        break;
      case Action::kAppend:
        key.value = key.value.value_or("") + operation.value;
        break;
      case Action::kSetDeadline:
        key.deadline = deadline();
        break;
      case Action::kGet:
        break;
    }
    ++key.number;
    return (unknown || Matches(&key, event.answer.state)) && Continue(key, earliest);
  }

  const History& history_;
  const Time uncertainty_;
  std::vector<bool> ordered_;
};

}  // namespace

bool OracleExplains(const History& history, Time clock_uncertainty) { return Oracle(history, clock_uncertainty).Run(); }

}  // namespace quoin::linearizability
