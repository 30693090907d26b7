#include "quorum/watch_targets.h"

#include <cstddef>
#include <string>

#include "kv/record.h"

namespace quoin::quorum {

Result<std::vector<WatchTarget>> Disjoint(std::vector<WatchTarget> targets) {
  using Kind = WatchTarget::Kind;
  if (targets.empty() || targets.size() > WatchRequest::kMaxTargets) {
    return Status(Code::kInvalid, "a watch has " + std::to_string(targets.size()) + " targets; 1 to " +
                                      std::to_string(WatchRequest::kMaxTargets) + " are right");
  }
  for (const WatchTarget& target : targets) {
    const bool key = target.kind == Kind::kKey;
    if (target.text.size() <= kv::kMaxKeyBytes && !(key && target.text.empty())) continue;
    return Status(Code::kInvalid, std::string(key ? "a key" : "a prefix") + " has " +
                                      std::to_string(target.text.size()) + " bytes; " + (key ? "1" : "0") + " to " +
                                      std::to_string(kv::kMaxKeyBytes) + " are right");
  }
  std::vector<WatchTarget> disjoint;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    bool covered = false;
    for (std::size_t j = 0; j < targets.size() && !covered; ++j) {
      if (targets[i] == targets[j]) {
        covered = j < i;
      } else if (targets[j].kind == Kind::kPrefix) {
        // A key that is the prefix itself is covered, too.
        covered = targets[i].text.starts_with(targets[j].text);
      }
    }
    if (!covered) disjoint.push_back(targets[i]);
  }
  return disjoint;
}

}  // namespace quoin::quorum
