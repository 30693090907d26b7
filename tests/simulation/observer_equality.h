// Whether replicas are byte-identical (I9), asked of the storages themselves once everything should have come to rest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "kv/storage.h"

namespace quoin::simulation {

struct ObservedReplica {
  NodeId node;
  const kv::Storage* storage = nullptr;
};

// The first difference between the replicas of the partition: a key with its versions, a damaged record, or the purge
// floor. nullopt: they are equal to the last byte. What a promise or a configuration version is, each keeps for itself.
std::optional<std::string> FirstDifference(const std::vector<ObservedReplica>& replicas, PartitionId partition);

// Of one partition at one replica. Damaged records count as none.
std::uint64_t CountTombstones(const kv::Storage& storage, PartitionId partition);

}  // namespace quoin::simulation
