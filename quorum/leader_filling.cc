// How far new replicas have been filled, as the comparisons with them show it.
#include <algorithm>

#include "quorum/leader.h"

namespace quoin::quorum {

Leader::Filling Leader::filling() const {
  Filling filling;
  if (phase_ != Phase::kLeading || !filling_) return filling;
  bool counted = false;
  Amount walked;  // By the comparison that has come furthest.
  for (const Pass& pass : passes_) {
    counted = counted || pass.ever_walked;
    const Amount& most = pass.ever_walked ? pass.found : pass.walked;
    if (most.keys >= walked.keys) walked = most;
  }
  filling.replica = walked;
  if (!counted && estimate_ && estimate_->keys > walked.keys) {
    filling.replica = *estimate_;
    if (walked.keys > 0) {  // That shows best how large records are.
      const double record_bytes = static_cast<double>(walked.bytes) / static_cast<double>(walked.keys);
      filling.replica.bytes = static_cast<std::uint64_t>(record_bytes * static_cast<double>(estimate_->keys));
    }
  }
  for (std::size_t i = 0; i < passes_.size(); ++i) {
    if ((quorums_->counted() >> i & 1) != 0) continue;
    const Pass& pass = passes_[i];
    const Amount compared = pass.ever_walked ? pass.found : pass.walked;
    const std::uint64_t open = std::min<std::uint64_t>(pass.repairs.size(), compared.keys);
    const Amount copied = PartOf(compared, compared.keys - open, compared.keys);
    filling.copied.emplace(quorums_->nodes()[i], Amount{std::min(copied.keys, filling.replica.keys),
                                                        std::min(copied.bytes, filling.replica.bytes)});
  }
  return filling;
}

}  // namespace quoin::quorum
