#include "kv/batch.h"

#include <iterator>
#include <utility>

namespace quoin::kv {
namespace {

// What an engine's log adds to the key and the bytes of each change: a type, a partition, two lengths.
constexpr std::size_t kChangeOverheadBytes = 12;

std::size_t SizeOf(const Batch::Change& change) {
  return change.key.size() + change.bytes.size() + kChangeOverheadBytes;
}

}  // namespace

void Batch::PutRecord(PartitionId partition, std::string_view key, const Record& record, Space space) {
  Change& change = changes_.emplace_back(Change{Change::Kind::kPutRecord, partition, std::string(key), {}});
  EncodeRecord(partition, key, record, &change.bytes);
  size_bytes_ += SizeOf(change);
  stores_records_ |= !record.tombstone && space == Space::kPlenty;
  if (const std::optional<WallTime> due = DueOf(record)) {
    size_bytes_ +=
        SizeOf(changes_.emplace_back(Change{Change::Kind::kPutDue, partition, std::string(key), {}, false, *due}));
  }
}

void Batch::EraseRecord(PartitionId partition, std::string_view key) {
  CHECK_LE(key.size(), kMaxKeyBytes);
  size_bytes_ += SizeOf(changes_.emplace_back(Change{Change::Kind::kEraseRecord, partition, std::string(key), {}}));
}

void Batch::EraseRange(PartitionId partition, std::string_view from, std::optional<std::string_view> to) {
  // An empty range is nothing to an engine, or even an error.
  if (to && *to <= from) return;
  size_bytes_ += SizeOf(changes_.emplace_back(
      Change{Change::Kind::kEraseRange, partition, std::string(from), std::string(to.value_or("")), !to.has_value()}));
}

void Batch::PutPartitionState(PartitionId partition, const PartitionState& state) {
  Change& change = changes_.emplace_back(Change{Change::Kind::kPutPartitionState, partition, {}, {}});
  EncodePartitionState(partition, state, &change.bytes);
  size_bytes_ += SizeOf(change);
}

void Batch::EraseDue(const DueKey& due) {
  size_bytes_ +=
      SizeOf(changes_.emplace_back(Change{Change::Kind::kEraseDue, due.partition, due.key, {}, false, due.due}));
}

void Batch::Append(Batch&& other) {
  if (changes_.empty()) {
    changes_ = std::move(other.changes_);
  } else {
    changes_.insert(changes_.end(), std::make_move_iterator(other.changes_.begin()),
                    std::make_move_iterator(other.changes_.end()));
  }
  size_bytes_ += std::exchange(other.size_bytes_, 0);
  stores_records_ |= std::exchange(other.stores_records_, false);
  other.changes_.clear();
}

}  // namespace quoin::kv
