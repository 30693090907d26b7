#include "tests/linearizability/lookahead.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace quoin::linearizability {

Lookahead::Lookahead(const std::vector<Call>& calls, Values& values)
    : twins_(calls.size()), irreplaceable_(calls.size(), false) {
  for (const Call& call : calls) needs_.push_back(call.open() ? Need() : NeedOf(call, values));
  FindTwins(calls);
  FindIrreplaceable(calls, values);
}

void Lookahead::FindTwins(const std::vector<Call>& calls) {
  std::vector<CallId> open;
  for (CallId id = 0; id < calls.size(); ++id) {
    if (calls[id].open() && !calls[id].ttl) open.push_back(id);
  }
  std::stable_sort(open.begin(), open.end(), [&](CallId a, CallId b) { return calls[a].invoked < calls[b].invoked; });
  using ConditionKey = std::tuple<Condition::Kind, std::vector<Version>, ValueId>;
  std::map<std::tuple<Action, ValueId, std::int64_t, std::vector<ConditionKey>>, CallId> last;
  for (CallId id : open) {
    const Call& call = calls[id];
    std::vector<ConditionKey> conditions;
    for (const Call::ConditionIds& condition : call.conditions) {
      conditions.emplace_back(condition.kind, condition.versions, condition.value);
    }
    const auto [twin, first] = last.try_emplace({call.action, call.value, call.by, std::move(conditions)}, id);
    if (!first) twins_[id] = std::exchange(twin->second, id);
  }
}

void Lookahead::FindIrreplaceable(const std::vector<Call>& calls, const Values& values) {
  std::set<ValueId> stored;
  std::set<std::string> appended;
  bool increments = false;
  for (const Call& call : calls) {
    if (!call.open()) {
      const bool changes = call.outcome == Outcome::kDone && call.action != Action::kGet;
      if (changes && !(call.state && call.state->version)) return;
      continue;
    }
    if (call.action == Action::kPut || call.action == Action::kSwap) stored.insert(call.value);
    if (call.action == Action::kAppend) appended.insert(values.Bytes(call.value));
    increments = increments || call.action == Action::kIncrement;
  }
  for (CallId id = 0; id < calls.size(); ++id) {
    if (calls[id].open() || needs_[id].kind != Need::Kind::kValue) continue;
    const ValueId value = needs_[id].value;
    const std::string& bytes = values.Bytes(value);
    irreplaceable_[id] =
        !stored.contains(value) && !(increments && values.Number(value)) &&
        std::none_of(appended.begin(), appended.end(), [&](const std::string& end) { return bytes.ends_with(end); });
  }
}

}  // namespace quoin::linearizability
