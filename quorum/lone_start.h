// PromiseNextBallot: how a lone node takes the lead of all its partitions when it starts.
#pragma once

#include <vector>

#include "base/status.h"
#include "kv/partition_state.h"
#include "kv/storage.h"

namespace quoin::quorum {

// Promises, durably and for every partition, a ballot of this node above all that it ever promised, and returns the
// states by partition id. The ballot belongs to the calling process start alone, so no version is ever used twice.
Result<std::vector<kv::PartitionState>> PromiseNextBallot(kv::Storage& storage);

}  // namespace quoin::quorum
