// MemoryStorage: the storage engine without a disk, for caches, tests and the simulator. Deterministic: no threads, no
// clock and no randomness of its own.
//
// "Durable" means here: in this object. It keeps several revisions of a record only while a snapshot needs the older
// ones.
//
// Invariants:
//   M1  the revisions of a key are in ascending order of their sequence, and the newest is what Get sees;
//   M2  a revision that is older than what the oldest snapshot sees of its key, and that Get doesn't see, is gone by
//   the end
//       of the call that made it so. (What only newer snapshots would see past is kept until the oldest one goes.)
//
// Thread safety: as Storage. Readers share a lock; Write takes it alone, for as long as applying the batch takes.
// Bounds: with Options::max_bytes, a batch that would make the storage larger than that is refused with kDiskFull; one
// that makes it no larger (erasures, tombstones, smaller values) always passes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kv/storage.h"

namespace quoin::kv {

class MemoryStorage final : public Storage {
 public:
  struct Options {
    Identity identity;
    std::uint64_t max_bytes = 0;  // 0: no limit.
  };

  explicit MemoryStorage(Options options);
  ~MemoryStorage() override;

  const Identity& identity() const override { return options_.identity; }
  std::string_view engine_name() const override { return "memory"; }
  Result<RecordPtr> Get(PartitionId partition, std::string_view key) const override;
  std::optional<Result<RecordPtr>> TryGet(PartitionId partition, std::string_view key) const override;
  Result<std::optional<PartitionState>> GetPartitionState(PartitionId partition) const override;
  std::unique_ptr<Snapshot> TakeSnapshot() const override;
  Result<std::vector<DueKey>> ReadDue(WallTime now, const std::optional<DueKey>& after,
                                      std::size_t limit) const override;
  Status Write(const Batch& batch) override;
  Health health() const override { return {}; }
  std::uint64_t size_bytes() const override;

 private:
  class MemorySnapshot;
  class MemoryCursor;

  using KeyView = std::pair<PartitionId, std::string_view>;
  using Key = std::pair<PartitionId, std::string>;
  struct KeyOrder {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      if (a.first != b.first) return a.first < b.first;
      return std::string_view(a.second) < std::string_view(b.second);
    }
  };
  struct Revision {
    std::uint64_t sequence;    // Of the batch that made it.
    RecordPtr record;          // nullptr: erased.
    std::uint64_t size_bytes;  // What it counts for in size_bytes_.
  };
  using Records = std::map<Key, std::vector<Revision>, KeyOrder>;

  // All of these: REQUIRES mutex_ held.
  void Apply(const Batch::Change& change);
  void AddRevision(Records::iterator at, RecordPtr record, std::uint64_t size_bytes);
  void CollectGarbage() const;
  std::uint64_t SizeAfter(const Batch& batch) const;

  void ReleaseSnapshot(std::uint64_t sequence) const;

  const Options options_;
  mutable std::shared_mutex mutex_;
  std::uint64_t sequence_ = 0;  // Of the newest batch.
  // A snapshot that goes away takes the revisions with it that only it could see, so these change in const methods.
  mutable Records records_;
  mutable std::uint64_t size_bytes_ = 0;
  mutable std::map<std::uint64_t, std::uint64_t> snapshots_;  // Sequence to how many snapshots are of it.
  // Keys with a revision that nobody needs once every snapshot is at or above the sequence, in ascending order of it.
  mutable std::deque<std::pair<std::uint64_t, Key>> garbage_;
  std::map<PartitionId, PartitionState> states_;
  std::set<DueKey> due_;
};

}  // namespace quoin::kv
