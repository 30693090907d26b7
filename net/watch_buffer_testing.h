// What the tests of WatchBuffer share: events of a cluster of few partitions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "kv/record.h"
#include "quorum/watch.h"
#include "ring/partition.h"

namespace quoin::net {

inline constexpr std::uint32_t kPartitions = 4;

inline kv::Version At(std::uint64_t sequence) { return {{1, NodeId{1}}, sequence}; }

inline quorum::WatchEvent Put(const std::string& key, std::uint64_t sequence, std::size_t value_bytes = 1) {
  kv::Record record;
  record.accepted = record.changed = At(sequence);
  record.value = std::string(value_bytes, 'v');
  return {quorum::WatchEvent::Kind::kPut, key, std::make_shared<const kv::Record>(std::move(record)), At(sequence)};
}
inline quorum::WatchEvent Deleted(const std::string& key, std::uint64_t sequence) {
  return {quorum::WatchEvent::Kind::kDelete, key, nullptr, At(sequence)};
}
inline quorum::WatchEvent Synced() { return {quorum::WatchEvent::Kind::kSynced, {}, nullptr, {}}; }

inline PartitionId PartitionOf(std::string_view key) { return ring::PartitionOf(key, kPartitions); }

}  // namespace quoin::net
