// ObserverDisks: what each node's disk durably holds, kept from what the world says that became durable.
//
// It stands beside the real storages on purpose: it knows what was there before a change, which is what the invariants
// speak of. Records are kept as their versions and a hash.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "kv/batch.h"
#include "kv/partition_state.h"
#include "kv/version.h"

namespace quoin::simulation {

// What is remembered of a record.
struct RecordMark {
  kv::Version accepted;
  kv::Version changed;
  std::uint64_t hash = 0;  // Of the record's encoded bytes.
  bool tombstone = false;

  friend bool operator==(const RecordMark&, const RecordMark&) = default;
};

std::uint64_t HashOfBytes(std::string_view bytes);

class ObserverDisks {
 public:
  struct Partition {
    kv::PartitionState state;
    std::map<std::string, RecordMark, std::less<>> records;
  };
  struct Put {
    std::string key;
    std::optional<RecordMark> before;
    RecordMark after;
  };
  struct Erased {
    std::string key;
    RecordMark mark;
  };
  // What one batch did to one partition, in the batch's order.
  struct Delta {
    PartitionId partition;
    kv::PartitionState before;
    kv::PartitionState after;
    std::vector<Put> puts;
    std::vector<Erased> erased;  // One by one.
    bool range_erased = false;
    std::vector<Erased> by_range;
  };

  // Ascending by partition.
  std::vector<Delta> Apply(NodeId node, const kv::Batch& batch);
  // The disk is gone, and with it whatever was on it.
  void Lose(NodeId node) {
    nodes_.erase(node);
    lost_.insert(node);
  }
  bool IsLost(NodeId node) const { return lost_.contains(node); }

  // nullptr: nothing of the partition was ever stored there.
  const Partition* Find(NodeId node, PartitionId partition) const;
  kv::PartitionState StateOf(NodeId node, PartitionId partition) const;
  // The version that the node counts for: the record's, or the purge floor where there is none.
  kv::Version VersionOf(NodeId node, PartitionId partition, const std::string& key) const;
  std::vector<NodeId> Nodes() const;
  std::uint64_t CountTombstones(NodeId node) const;

 private:
  std::map<NodeId, std::map<PartitionId, Partition>> nodes_;
  std::set<NodeId> lost_;
};

}  // namespace quoin::simulation
