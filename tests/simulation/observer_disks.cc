#include "tests/simulation/observer_disks.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "kv/record.h"
#include "ring/partition.h"

namespace quoin::simulation {
namespace {

using kv::Batch;

RecordMark MarkOf(const Batch::Change& change) {
  const Result<kv::Record> record = kv::DecodeRecord(change.partition, change.key, change.bytes);
  CHECK(record.ok()) << "a batch holds a record that can't be read: " << record.status();
  return {record->accepted, record->changed, HashOfBytes(change.bytes), record->tombstone};
}

void EraseRange(const Batch::Change& change, ObserverDisks::Partition* held, ObserverDisks::Delta* delta) {
  const auto from = held->records.lower_bound(change.key);
  const auto to = change.to_end ? held->records.end() : held->records.lower_bound(change.bytes);
  for (auto at = from; at != to; ++at) delta->by_range.push_back({at->first, at->second});
  held->records.erase(from, to);
  delta->range_erased = true;
}

}  // namespace

// Any good hash would do; the ring's is at hand.
std::uint64_t HashOfBytes(std::string_view bytes) { return ring::TokenOf(bytes); }

std::vector<ObserverDisks::Delta> ObserverDisks::Apply(NodeId node, const kv::Batch& batch) {
  std::map<PartitionId, Delta> deltas;
  for (const Batch::Change& change : batch.changes()) {
    if (change.kind == Batch::Change::Kind::kPutDue || change.kind == Batch::Change::Kind::kEraseDue) continue;
    Partition& held = nodes_[node][change.partition];
    auto [at, first] = deltas.try_emplace(change.partition);
    Delta& delta = at->second;
    if (first) {
      delta.partition = change.partition;
      delta.before = delta.after = held.state;
    }
    switch (change.kind) {
      case Batch::Change::Kind::kPutRecord: {
        const RecordMark after = MarkOf(change);
        const auto [record, is_new] = held.records.try_emplace(change.key, after);
        delta.puts.push_back({change.key, is_new ? std::nullopt : std::optional(record->second), after});
        record->second = after;
        break;
      }
      case Batch::Change::Kind::kEraseRecord:
        if (const auto found = held.records.find(change.key); found != held.records.end()) {
          delta.erased.push_back({found->first, found->second});
          held.records.erase(found);
        }
        break;
      case Batch::Change::Kind::kEraseRange:
        EraseRange(change, &held, &delta);
        break;
      case Batch::Change::Kind::kPutPartitionState: {
        Result<kv::PartitionState> state = kv::DecodePartitionState(change.partition, change.bytes);
        CHECK(state.ok()) << "a batch holds a state that can't be read: " << state.status();
        delta.after = held.state = *state;
        break;
      }
      case Batch::Change::Kind::kPutDue:
      case Batch::Change::Kind::kEraseDue:
        break;
    }
  }
  std::vector<Delta> result;
  for (auto& [partition, delta] : deltas) result.push_back(std::move(delta));
  return result;
}

const ObserverDisks::Partition* ObserverDisks::Find(NodeId node, PartitionId partition) const {
  const auto disk = nodes_.find(node);
  if (disk == nodes_.end()) return nullptr;
  const auto found = disk->second.find(partition);
  return found == disk->second.end() ? nullptr : &found->second;
}

kv::PartitionState ObserverDisks::StateOf(NodeId node, PartitionId partition) const {
  const Partition* held = Find(node, partition);
  return held == nullptr ? kv::PartitionState{} : held->state;
}

kv::Version ObserverDisks::VersionOf(NodeId node, PartitionId partition, const std::string& key) const {
  const Partition* held = Find(node, partition);
  if (held == nullptr) return {};
  const auto record = held->records.find(key);
  return record == held->records.end() ? held->state.purge_floor : record->second.accepted;
}

std::vector<NodeId> ObserverDisks::Nodes() const {
  std::vector<NodeId> nodes;
  for (const auto& [node, partitions] : nodes_) nodes.push_back(node);
  return nodes;
}

std::uint64_t ObserverDisks::CountTombstones(NodeId node) const {
  std::uint64_t count = 0;
  const auto disk = nodes_.find(node);
  if (disk == nodes_.end()) return 0;
  for (const auto& [partition, held] : disk->second) {
    count += static_cast<std::uint64_t>(std::count_if(held.records.begin(), held.records.end(),
                                                      [](const auto& record) { return record.second.tombstone; }));
  }
  return count;
}

}  // namespace quoin::simulation
