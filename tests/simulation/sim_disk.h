// SimDisk: the disk of one simulated node. It outlives the node's processes.
//
// A kv::Storage over memory, with what disks do. The process (process.h) draws how long things take and calls Write
// when a batch reaches the disk; here is what the bytes then do.
//
// Invariants:
//   D1  S1 to S5 of kv/storage.h hold: a batch whose write ended in kUnknown is seen by nobody until the restart, when
//   it turns out to be there whole, or not at all; from then on nothing is written until the restart; D2  a damaged
//   record is read as kDamaged, by every way, until it is written anew.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kv/memory_storage.h"
#include "kv/storage.h"
#include "tests/simulation/seeded_random.h"

namespace quoin::simulation {

class SimDisk final : public kv::Storage {
 public:
  // `cold_read_percent`: how often TryGet finds the answer not in memory.
  SimDisk(NodeId node, std::uint64_t cold_read_percent, SeededRandom random);
  ~SimDisk() override;

  const kv::Identity& identity() const override { return records_->identity(); }
  std::string_view engine_name() const override { return records_->engine_name(); }
  Result<kv::RecordPtr> Get(PartitionId partition, std::string_view key) const override;
  std::optional<Result<kv::RecordPtr>> TryGet(PartitionId partition, std::string_view key) const override;
  Result<std::optional<kv::PartitionState>> GetPartitionState(PartitionId partition) const override {
    return records_->GetPartitionState(partition);
  }
  std::unique_ptr<kv::Snapshot> TakeSnapshot() const override;
  Result<std::vector<kv::DueKey>> ReadDue(kv::WallTime now, const std::optional<kv::DueKey>& after,
                                          std::size_t limit) const override {
    return records_->ReadDue(now, after, limit);
  }
  Status Write(const kv::Batch& batch) override;
  kv::Health health() const override { return {}; }
  std::uint64_t size_bytes() const override { return records_->size_bytes(); }

  // --- What may happen to a disk.

  // The next write fails as an fsync does.
  void FailNextWrite() { fail_next_write_ = true; }
  void ForgetFailure() { fail_next_write_ = false; }
  void SetFull(bool full) { full_ = full; }
  void SetHung(bool hung) { hung_ = hung; }
  void SetSlowness(std::uint64_t factor) { slowness_ = factor; }
  void SetColdReads(std::uint64_t percent) { cold_read_percent_ = percent; }
  // From now on the record can't be read. REQUIRES: the key has one.
  void Damage(PartitionId partition, const std::string& key);
  // The process ended with this batch on its way to the disk, or none; what was half done is drawn.
  void OnCrash(const kv::Batch* in_flight);
  // A fresh disk takes its place under the same node id, which no real one can: the id is on the disk (a canary).
  // REQUIRES: the process isn't running.
  void LoseAllButItsId();

  bool hung() const { return hung_; }
  bool full() const { return full_; }
  bool read_only() const { return read_only_; }
  std::uint64_t slowness() const { return slowness_; }
  const std::set<std::pair<PartitionId, std::string>>& damaged() const { return damaged_; }
  std::uint64_t refilled() const { return refilled_; }
  std::uint64_t durable_writes() const { return durable_writes_; }
  // The records as they are, damage notwithstanding: what an observer from outside compares.
  const kv::MemoryStorage& records() const { return *records_; }

  // What OnCrash made durable after the fact, to be told to whoever keeps account; empty when nothing.
  std::optional<kv::Batch> TakeSurfaced() { return std::exchange(surfaced_, std::nullopt); }

 private:
  bool IsDamaged(PartitionId partition, std::string_view key) const;
  void Apply(const kv::Batch& batch);
  void Refill(const kv::Batch::Change& change);

  mutable SeededRandom random_;
  std::optional<kv::MemoryStorage> records_;
  std::uint64_t cold_read_percent_;
  bool fail_next_write_ = false;
  bool full_ = false;
  bool hung_ = false;
  bool read_only_ = false;
  std::uint64_t slowness_ = 1;
  std::set<std::pair<PartitionId, std::string>> damaged_;
  std::optional<kv::Batch> limbo_;  // Of the write that ended in kUnknown.
  std::optional<kv::Batch> surfaced_;
  std::uint64_t refilled_ = 0;
  std::uint64_t durable_writes_ = 0;
};

}  // namespace quoin::simulation
