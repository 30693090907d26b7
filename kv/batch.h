// Batch: changes that become visible and durable together or not at all.
//
// Records are encoded as they are added, so a batch is cheap to merge and to hand to another thread. Later changes of
// a batch win over earlier ones.
// Thread safety: none; a batch is handed over whole.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "kv/due.h"
#include "kv/partition_state.h"
#include "kv/record.h"

namespace quoin::kv {

class Batch {
 public:
  // What a disk that is all but full may still be used for.
  enum class Space { kPlenty, kReserve };
  // Also notes when the record is due, if ever (kv/due.h). `space`: kReserve for what the node itself needs to go on.
  void PutRecord(PartitionId partition, std::string_view key, const Record& record, Space space = Space::kPlenty);
  void EraseRecord(PartitionId partition, std::string_view key);
  // Erases every record of the partition with from <= key, and key < to where `to` is given.
  void EraseRange(PartitionId partition, std::string_view from, std::optional<std::string_view> to);
  void PutPartitionState(PartitionId partition, const PartitionState& state);
  // Takes a note away; the record stays.
  void EraseDue(const DueKey& due);

  // Takes all of `other`'s changes, after this batch's own.
  void Append(Batch&& other);

  bool empty() const { return changes_.empty(); }
  std::size_t count() const { return changes_.size(); }
  // Keys and encoded bytes: what the batch will cost in the engine's log, within a few bytes per change.
  std::size_t size_bytes() const { return size_bytes_; }
  // Whether it puts a record that is no tombstone, and not for the reserve. Without, it is small or makes room.
  bool stores_records() const { return stores_records_; }

  struct Change {
    enum class Kind { kPutRecord, kEraseRecord, kEraseRange, kPutPartitionState, kPutDue, kEraseDue };
    Kind kind;
    PartitionId partition;
    std::string key;      // kEraseRange: `from`. kPutPartitionState: empty.
    std::string bytes;    // The encoded record or state. kEraseRange: `to`.
    bool to_end = false;  // kEraseRange without `to`.
    WallTime due{};       // kPutDue and kEraseDue.
  };
  const std::vector<Change>& changes() const { return changes_; }

 private:
  std::vector<Change> changes_;
  std::size_t size_bytes_ = 0;
  bool stores_records_ = false;
};

}  // namespace quoin::kv
