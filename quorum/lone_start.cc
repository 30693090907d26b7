#include "quorum/lone_start.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace quoin::quorum {

Result<std::vector<kv::PartitionState>> NextBallot(const kv::Storage& storage) {
  const kv::Identity& identity = storage.identity();
  std::vector<kv::PartitionState> states;
  std::uint64_t round = 0;
  for (std::uint32_t i = 0; i < identity.partition_count; ++i) {
    auto state = storage.GetPartitionState(PartitionId{i});
    if (!state.ok()) return state.status();
    states.push_back(state->value_or(kv::PartitionState()));
    round = std::max(round, states.back().promised.round);
  }
  for (kv::PartitionState& state : states) state.promised = kv::Ballot{round + 1, identity.node};
  return states;
}

}  // namespace quoin::quorum
