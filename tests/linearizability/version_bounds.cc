#include "tests/linearizability/version_bounds.h"

#include <algorithm>

namespace quoin::linearizability {

VersionBounds BoundsOf(const Call& call) {
  VersionBounds bounds;
  if (call.open()) return bounds;
  const auto below = [&bounds](const VersionCeiling& ceiling) {
    bounds.ceiling = bounds.ceiling ? std::min(*bounds.ceiling, ceiling) : ceiling;
  };
  const auto above = [&bounds](const Version& version) {
    bounds.top = bounds.top ? std::max(*bounds.top, version) : version;
  };
  const bool changes = call.outcome == Outcome::kDone && call.action != Action::kGet;
  if (call.state && call.state->version) {
    below({*call.state->version, !changes});
    above(*call.state->version);
  }
  if (call.previous && call.previous->version) {
    below({*call.previous->version, true});
    above(*call.previous->version);
  }
  if (call.outcome == Outcome::kConditionFailed) return bounds;
  for (const Call::ConditionIds& condition : call.conditions) {
    if (condition.kind != Condition::Kind::kVersionIn || condition.versions.empty()) continue;
    const auto [least, greatest] = std::minmax_element(condition.versions.begin(), condition.versions.end());
    below({*greatest, true});
    above(*least);
  }
  return bounds;
}

}  // namespace quoin::linearizability
