#include "tests/linearizability/told.h"

#include <map>
#include <optional>

namespace quoin::linearizability {

void TellByVersions(std::vector<Call>* calls) {
  std::map<Version, ValueId> values;
  const auto learn = [&values](const std::optional<Call::SeenIds>& seen) {
    if (seen && seen->present && seen->version && seen->value) values.emplace(*seen->version, *seen->value);
  };
  for (Call& call : *calls) {
    const bool stores = call.action == Action::kPut || call.action == Action::kSwap;
    if (stores && call.outcome == Outcome::kDone && call.state && call.state->present && !call.state->value) {
      call.state->value = call.value;
    }
    learn(call.state);
    learn(call.previous);
  }
  const auto tell = [&values](std::optional<Call::SeenIds>* seen) {
    if (!*seen || !(*seen)->present || !(*seen)->version || (*seen)->value) return;
    const auto found = values.find(*(*seen)->version);
    if (found != values.end()) (*seen)->value = found->second;
  };
  for (Call& call : *calls) {
    tell(&call.state);
    tell(&call.previous);
  }
}

}  // namespace quoin::linearizability
