// NextBallot: how a lone node takes the lead of all its partitions when it starts.
#pragma once

#include <vector>

#include "base/status.h"
#include "kv/partition_state.h"
#include "kv/storage.h"

namespace quoin::quorum {

// The partitions' states by partition id, each promising a ballot of this node above all that it ever promised. Nothing
// is written, so that a node whose disk is full can still start and serve reads: the leader makes a partition's promise
// durable together with its first write there (LoneLeader L3).
Result<std::vector<kv::PartitionState>> NextBallot(const kv::Storage& storage);

}  // namespace quoin::quorum
