// RocksEngine: Storage over an open RocksDB, and the reactions to a failing or full disk. kv/rocks_storage.cc opens it.
//
// Invariants, besides those of Storage:
//   E1  the memtable that is written to is never empty. An append that ran out of space is survived by switching to a
//   new
//       log, and the engine switches logs only together with a memtable that holds something. So the engine's own
//       threshold for switching memtables is out of reach; this class does it, and then puts a small key without a log
//       entry (the pulse) into the new one;
//   E2  while the engine has met a full disk, nothing is written before Resume has made it whole again.
//
// Thread safety: as Storage.
// Lifetime: owns the data directory's lock; released last.
// Bounds: see RocksOptions.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "kv/acknowledged_mark.h"
#include "kv/data_directory.h"
#include "kv/disk_watch.h"
#include "kv/generation_chain.h"
#include "kv/space_guard.h"
#include "kv/storage.h"

namespace quoin::kv {

// What the engine's background work is at and what it ran into, as its listener tells. Shared with that listener, which
// may outlive a failed opening.
//
// The engine forgets a flush that was asked for when an error comes between its being scheduled and its beginning, and
// then waits for it for ever when it is to be resumed (RocksDB 7.8, BackgroundFlush). So nothing is written in between,
// and an error that the background work reports then is held back until the flush has begun.
//
// Thread safety: any thread; PrepareFlush, AwaitFlushBegun and ClearOutOfSpace belong to the one thread that writes.
class EngineTroubles {
 public:
  explicit EngineTroubles(std::shared_ptr<DiskWatch> watch) : watch_(std::move(watch)) {}

  // What the engine's background work reports. The engine takes the error to heart only after this has returned, and
  // not at all if it is then none.
  void NoteFromBackground(rocksdb::Status* error);
  // Whether writes wait until compactions have caught up.
  void NoteWritesWait(bool wait) { writes_wait_.store(wait, std::memory_order_relaxed); }
  // What a call into the engine returned.
  void Note(const rocksdb::Status& status);
  // Whether the engine has stopped for want of space and must be resumed.
  bool out_of_space() const;
  void ClearOutOfSpace();

  void NoteFlushBegan() { SetFlush(Flush::kRunning); }
  void NoteFlushCompleted() { SetFlush(Flush::kNone); }
  // Waits until no flush is under way, then notes that one is about to be asked for. False when there is trouble.
  bool PrepareFlush();
  // Waits until the flush that was asked for has begun. False when trouble came first: it may be forgotten.
  bool AwaitFlushBegun();
  bool flush_forgotten() const;

 private:
  enum class Flush { kNone, kRequested, kRunning };
  void SetFlush(Flush flush);

  const std::shared_ptr<DiskWatch> watch_;
  std::atomic<bool> writes_wait_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Flush flush_ = Flush::kNone;  // Guarded by mutex_, as all below.
  std::thread::id requester_;   // Of the flush.
  bool out_of_space_ = false;
};

// A RocksDB status in this program's words, for anything but a write.
Status FromRocks(const rocksdb::Status& status, std::string_view what);

class RocksEngine final : public Storage {
 public:
  // In the order in which they must be made; destroyed in the opposite order.
  struct Parts {
    std::unique_ptr<DataDirectory> directory;
    std::unique_ptr<AcknowledgedMark> mark;
    std::shared_ptr<DiskWatch> watch;
    std::shared_ptr<EngineTroubles> troubles;
    std::unique_ptr<SpaceGuard> space;
    SteadyNow now;
    std::unique_ptr<rocksdb::Env> env;
    std::unique_ptr<rocksdb::DB> db;
  };

  RocksEngine(Identity identity, std::uint64_t memtable_bytes, GenerationChain generations, Parts parts);
  ~RocksEngine() override;

  // Makes E1 true. Called once, before anything else.
  Status Start();

  const Identity& identity() const override { return identity_; }
  std::string_view engine_name() const override { return "rocksdb"; }
  Result<RecordPtr> Get(PartitionId partition, std::string_view key) const override;
  std::optional<Result<RecordPtr>> TryGet(PartitionId partition, std::string_view key) const override;
  Result<std::optional<PartitionState>> GetPartitionState(PartitionId partition) const override;
  std::unique_ptr<Snapshot> TakeSnapshot() const override;
  Result<std::vector<DueKey>> ReadDue(WallTime now, const std::optional<DueKey>& after,
                                      std::size_t limit) const override;
  Status Write(const Batch& batch) override;
  std::uint64_t commit_number() const override { return commit_number_.load(std::memory_order_relaxed); }
  Health health() const override;
  std::uint64_t size_bytes() const override;

 private:
  // Why the batch may not be written now, if so. Resumes the engine when it is time to try.
  Status Admit(const Batch& batch);
  Status Resume();
  // What a failed write means for the batch.
  Status Explain(const rocksdb::Status& failure);
  // Switches memtable and log, without waiting for the old ones to be flushed.
  Status SwitchMemtable();
  Status PutPulse();
  Status ReadOnly() const { return Status(Code::kReadOnly, parts_.watch->reason()); }
  bool MayRetry() const;
  void RetryLater();
  // Whether background work is under way, failing work that has not had its effect yet included.
  bool BackgroundBusy() const;

  const Identity identity_;
  const std::uint64_t memtable_bytes_;
  Parts parts_;
  rocksdb::DB* const db_;

  std::atomic<bool> writing_{false};  // A second writer is a broken promise.
  std::atomic<std::uint64_t> commit_number_{0};
  GenerationChain generations_;        // Of the writing thread.
  std::uint64_t unflushed_bytes_ = 0;  // Of the writing thread: what went into the current memtable, roughly.
  mutable std::mutex mutex_;
  std::chrono::steady_clock::time_point retry_at_{};  // Guarded by mutex_: when to try again after a full disk.
};

}  // namespace quoin::kv
