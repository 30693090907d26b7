#include "tests/linearizability/workload.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"

namespace quoin::linearizability {
namespace {

using Kind = Condition::Kind;

class Simulation {
 public:
  explicit Simulation(const Workload& workload)
      : workload_(workload), random_(workload.seed), tells_versions_(Chance(workload.told_versions)) {}

  History Run() && {
    Schedule();
    for (Planned& planned : plan_) Execute(&planned);
    std::stable_sort(plan_.begin(), plan_.end(),
                     [](const Planned& a, const Planned& b) { return a.event.invoked < b.event.invoked; });
    History history;
    for (Planned& planned : plan_) history.push_back(std::move(planned.event));
    return history;
  }

 private:
  struct Planned {
    Event event;
    Time effect;
  };
  struct Key {
    std::optional<std::string> value;
    std::optional<Time> deadline;  // By the leader's clock.
    Version version;
    std::vector<Version> old_versions;
  };

  std::uint64_t Below(std::uint64_t bound) { return random_() % bound; }
  bool Chance(unsigned percent) { return Below(100) < percent; }
  Time Span(std::int64_t least, std::int64_t most) {
    return Time(least + static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(most - least + 1))));
  }

  // When each operation starts, takes effect and ends; each client does one after the other.
  void Schedule() {
    std::vector<Time> free_at(workload_.clients, Time(0));
    for (std::size_t i = 0; i < workload_.operations; ++i) {
      const std::size_t client = i % workload_.clients;
      Planned planned;
      planned.event.client = client;
      planned.event.key = "k" + std::to_string(Below(workload_.keys));
      planned.event.invoked = free_at[client] + Span(1, 10);
      planned.effect = planned.event.invoked + Span(0, 10);
      planned.event.completed = planned.effect + Span(0, 10);
      free_at[client] = *planned.event.completed;
      planned.event.answer.outcome = Outcome::kDone;
      if (Chance(workload_.unknown)) {
        planned.event.answer.outcome = Outcome::kUnknown;
        if (Chance(30)) planned.effect += Span(0, 100);
      } else if (Chance(workload_.failing)) {
        planned.event.answer.outcome = Outcome::kNotApplied;
      }
      plan_.push_back(std::move(planned));
    }
    std::stable_sort(plan_.begin(), plan_.end(),
                     [](const Planned& a, const Planned& b) { return a.effect < b.effect; });
  }

  std::string NewValue() {
    if (workload_.unique_values) return "v" + std::to_string(++last_value_);
    if (Chance(5)) return Chance(50) ? "" : "-";
    return Chance(50) ? std::to_string(Below(3)) : std::string(1, static_cast<char>('a' + Below(3)));
  }

  Operation Draw(const Key& key) {
    static constexpr Action kActions[] = {Action::kGet,    Action::kGet,    Action::kGet,         Action::kPut,
                                          Action::kPut,    Action::kDelete, Action::kIncrement,   Action::kIncrement,
                                          Action::kAppend, Action::kSwap,   Action::kSetDeadline, Action::kPut};
    Operation operation;
    operation.action = kActions[Below(workload_.gets_and_puts_only ? 5 : std::size(kActions))];
    if (operation.action == Action::kPut || operation.action == Action::kSwap || operation.action == Action::kAppend) {
      operation.value = NewValue();
    }
    if (operation.action == Action::kIncrement) operation.by = Chance(60) ? 1 : static_cast<std::int64_t>(Below(5)) - 2;
    const bool may_expire = operation.action == Action::kPut || operation.action == Action::kSwap ||
                            operation.action == Action::kSetDeadline;
    if (workload_.expiry && may_expire && Chance(40)) operation.ttl = Span(1, 40);
    if (!workload_.gets_and_puts_only && Chance(workload_.conditional))
      operation.conditions.push_back(DrawCondition(key));
    return operation;
  }

  Condition DrawCondition(const Key& key) {
    Condition condition{static_cast<Kind>(Below(5)), {}, ""};
    if (condition.kind == Kind::kValueIs) condition.value = key.value && Chance(70) ? *key.value : NewValue();
    if (condition.kind == Kind::kVersionIn || condition.kind == Kind::kVersionNotIn) {
      condition.versions.push_back(key.version);
      if (!key.old_versions.empty() && Chance(30)) {
        condition.versions[0] = key.old_versions[Below(key.old_versions.size())];
      }
    }
    return condition;
  }

  static bool Holds(const Condition& condition, const Key& key) {
    const bool named =
        std::find(condition.versions.begin(), condition.versions.end(), key.version) != condition.versions.end();
    switch (condition.kind) {
      case Kind::kAbsent:
        return !key.value;
      case Kind::kPresent:
        return key.value.has_value();
      case Kind::kVersionIn:
        return key.value && named;
      case Kind::kVersionNotIn:
        return !key.value || !named;
      case Kind::kValueIs:
        return key.value == condition.value;
    }
    return false;
  }

  void NewVersion(Key* key) {
    if (Chance(5)) {
      ++newest_.round;
      newest_.node = Below(3);
    }
    newest_.sequence += 1 + (Chance(30) ? Below(3) : 0);
    key->old_versions.push_back(key->version);
    if (key->old_versions.size() > 8) key->old_versions.erase(key->old_versions.begin());
    key->version = newest_;
  }

  void Execute(Planned* planned) {
    // Leaders come and go, and their clocks differ.
    const std::int64_t half = workload_.clock_uncertainty.count() / 2;
    if (Chance(20)) clock_offset_ = Span(-half, half);
    const Time now = planned->effect + clock_offset_;
    Key& key = keys_[planned->event.key];
    if (key.deadline && *key.deadline <= now) {
      key.value.reset();
      key.deadline.reset();
      NewVersion(&key);
    }
    Event& event = planned->event;
    event.operation = Draw(key);
    if (event.answer.outcome == Outcome::kNotApplied) return;
    if (event.answer.outcome == Outcome::kUnknown) {
      if (Chance(50)) Apply(event.operation, now, &key);
      if (Chance(50)) event.completed.reset();
      return;
    }
    event.answer = Apply(event.operation, now, &key);
    Omit(&event.answer);
  }

  static Seen Show(const Key& key) {
    if (!key.value) return Seen{false, std::nullopt, std::nullopt};
    return Seen{true, key.value, key.version};
  }

  Answer Apply(const Operation& operation, Time now, Key* key) {
    Answer answer;
    answer.state = Show(*key);
    for (const Condition& condition : operation.conditions) {
      if (Holds(condition, *key)) continue;
      answer.outcome = Outcome::kConditionFailed;
      return answer;
    }
    const bool needs_key = operation.action == Action::kGet || operation.action == Action::kDelete ||
                           operation.action == Action::kSetDeadline;
    if (needs_key && !key->value) return Answer{Outcome::kAbsent, {}, {}, {}};
    answer.outcome = Outcome::kDone;
    if (operation.action == Action::kGet) return answer;
    if (operation.action == Action::kSwap) answer.previous = answer.state;
    const bool created = !key->value;
    switch (operation.action) {
      case Action::kIncrement: {
        const auto number = key->value ? ParseInt64(*key->value) : 0;
        if (!number) {
          answer.outcome = Outcome::kRejected;
          return answer;
        }
        key->value = std::to_string(*number + operation.by);
        break;
      }
      case Action::kAppend:
        key->value = key->value.value_or("") + operation.value;
        break;
      case Action::kDelete:
        key->value.reset();
        key->deadline.reset();
        break;
      case Action::kPut:
      case Action::kSwap:
        key->value = operation.value;
        [[fallthrough]];
      case Action::kSetDeadline:
        key->deadline = operation.ttl ? std::optional<Time>(now + *operation.ttl) : std::nullopt;
        break;
      case Action::kGet:
        break;
    }
    NewVersion(key);
    answer.state = Show(*key);
    answer.state->version = key->version;  // A delete's too.
    answer.created = created;
    return answer;
  }

  void Omit(Answer* answer) {
    for (std::optional<Seen>* seen : {&answer->state, &answer->previous}) {
      if (!*seen) continue;
      if (!tells_versions_ || Chance(workload_.untold)) (*seen)->version.reset();
      if (Chance(workload_.untold)) (*seen)->value.reset();
      if (Chance(workload_.untold / 2)) seen->reset();
    }
    if (Chance(workload_.untold)) answer->created.reset();
  }

  const Workload workload_;
  std::mt19937_64 random_;
  const bool tells_versions_;
  std::vector<Planned> plan_;
  std::map<std::string, Key> keys_;
  Version newest_;
  std::uint64_t last_value_ = 0;
  Time clock_offset_{0};
};

}  // namespace

History Simulate(const Workload& workload) { return Simulation(workload).Run(); }

void Falsify(History* history, std::mt19937_64* random) {
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>((*random)() % bound); };
  const auto any = [&]() -> Event& { return (*history)[below(history->size())]; };
  Event& event = any();
  Answer& answer = event.answer;
  const Event& other = any();
  std::optional<Seen>& seen = answer.previous && below(2) == 0 ? answer.previous : answer.state;
  switch (below(10)) {
    case 0:
    case 1:
      if (seen) seen->value = other.answer.state && other.answer.state->value ? other.answer.state->value : "a";
      break;
    case 2:
      if (seen && other.answer.state) seen->version = other.answer.state->version;
      break;
    case 3:
      if (seen) seen = Seen{!seen->present, std::nullopt, std::nullopt};
      break;
    case 4:
      if (IsKnown(event)) answer.outcome = Outcome::kNotApplied;
      break;
    case 5:
      if (answer.created) answer.created = !*answer.created;
      break;
    case 6:
      if (event.operation.action == other.operation.action && IsKnown(event) && IsKnown(other)) answer = other.answer;
      break;
    case 7: {
      const Time shift(static_cast<std::int64_t>(below(81)) - 40);
      event.invoked += shift;
      if (event.completed) *event.completed += shift;
      break;
    }
    case 8:
      if (event.completed) event.completed = event.invoked;
      break;
    case 9:
      if (event.operation.action == Action::kGet && IsKnown(event)) {
        answer = below(2) == 0 ? Answer{Outcome::kAbsent, {}, {}, {}} : Answer{Outcome::kDone, Seen(), {}, {}};
      }
      break;
  }
}

}  // namespace quoin::linearizability
