// Storage: what one node keeps on its disk. Knows no network and no cluster.
//
// Two engines implement it: RocksDB (kv/rocks_storage.h) and memory (kv/memory_storage.h).
//
// Invariants:
//   S1  a batch is visible to readers entirely or not at all, and only once it is durable;
//   S2  Write answers OK only when the batch is durable;
//   S3  after a failed sync (or any append that failed other than for want of space) the storage never writes again:
//       the bytes may or may not be on the disk, and asking the kernel a second time would not tell (a later fsync may
//       succeed after dirty pages were dropped). Write answers kUnknown for the batch that met the failure and
//       kReadOnly for every later one;
//   S4  a write refused with kDiskFull has certainly not been applied, now or after a restart;
//   S5  bytes that fail their checksum are reported as kDamaged, never as absent.
//
// Thread safety: every method may be called from any thread at any time, except that Write is called by one thread at
// a time (the CommitQueue's).
// Lifetime: snapshots and cursors must be gone before their storage.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "kv/batch.h"
#include "kv/due.h"
#include "kv/partition_state.h"
#include "kv/record.h"

namespace quoin::kv {

// Who a data directory is. Lives inside the engine (design section 5.6), so an emptied disk is a new node.
struct Identity {
  std::uint32_t format_version = 0;
  NodeId node;
  ClusterId cluster;
  std::uint32_t partition_count = 0;  // A power of two, fixed when the cluster is made.
  // Made to join a cluster that was there: without that cluster's ring it is no member of anything, and must never make
  // a ring of its own under the same cluster id.
  bool joins = false;

  friend bool operator==(const Identity&, const Identity&) = default;
};

// Walks the records of one partition in key order (bytes compared as unsigned). Not thread-safe. May block on the disk.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual bool Valid() const = 0;
  // REQUIRES: Valid(). The view holds until Next().
  virtual std::string_view key() const = 0;
  // REQUIRES: Valid(). kDamaged when the record's bytes fail their checksum; the cursor can go on.
  virtual Result<Record> record() const = 0;
  virtual void Next() = 0;
  // Why the cursor stopped: OK at the end of the partition, otherwise the disk's error.
  virtual Status status() const = 0;
};

// How much a partition holds, roughly: keys that aren't tombstones, and the bytes of these and their values.
struct PartitionEstimate {
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;
};

// The records as they were at one moment. Doesn't hold up writers.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  // From the first key >= `from`. The snapshot must outlive the cursor.
  virtual std::unique_ptr<Cursor> Scan(PartitionId partition, std::string_view from) const = 0;
  // Much cheaper than to walk it, and may be wrong by a factor; it may see later writes, too. May block on the disk.
  virtual PartitionEstimate Estimate(PartitionId partition) const = 0;
};

// What the storage takes at the moment.
struct Health {
  enum class Mode {
    kWritable,
    kDiskFull,  // Writes are refused until there is space again.
    kReadOnly,  // Writing has stopped for good; only a restart, with a look at the disk first, helps.
  };
  Mode mode = Mode::kWritable;
  std::string reason;  // For people; empty while writable.
};

class Storage {
 public:
  virtual ~Storage() = default;

  virtual const Identity& identity() const = 0;
  // "rocksdb" or "memory".
  virtual std::string_view engine_name() const = 0;

  // The newest durable record of the key, a tombstone included; nullptr when there is none. May block on the disk.
  virtual Result<RecordPtr> Get(PartitionId partition, std::string_view key) const = 0;
  // As Get, but nullopt instead of blocking when the answer is not in memory.
  virtual std::optional<Result<RecordPtr>> TryGet(PartitionId partition, std::string_view key) const = 0;
  // nullopt when no state was ever stored. May block on the disk.
  virtual Result<std::optional<PartitionState>> GetPartitionState(PartitionId partition) const = 0;
  virtual std::unique_ptr<Snapshot> TakeSnapshot() const = 0;
  // The notes (kv/due.h) that are due at `now` or before, in order, above `after` where it is given; at most `limit`.
  // May block on the disk.
  virtual Result<std::vector<DueKey>> ReadDue(WallTime now, const std::optional<DueKey>& after,
                                              std::size_t limit) const = 0;

  // Applies the batch atomically and makes it durable before it returns. Errors: kDiskFull and kReadOnly (certainly not
  // applied), kUnknown (S3).
  virtual Status Write(const Batch& batch) = 0;

  // Grows with every batch that is durable, also over restarts. A disk that tells a lower one than it once told is not
  // what it was: an older copy of itself (design section 5.6). 0: this engine outlives no restart.
  virtual std::uint64_t commit_number() const { return 0; }
  virtual Health health() const = 0;
  // Bytes that the engine holds on the disk (memory: in memory), roughly.
  virtual std::uint64_t size_bytes() const = 0;
};

}  // namespace quoin::kv
