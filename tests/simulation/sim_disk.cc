#include "tests/simulation/sim_disk.h"

#include <glog/logging.h>

namespace quoin::simulation {
namespace {

Status DamageFound() { return Status(Code::kDamaged, "the record's bytes fail their checksum"); }

class DamageCursor final : public kv::Cursor {
 public:
  DamageCursor(std::unique_ptr<kv::Cursor> cursor, PartitionId partition,
               const std::set<std::pair<PartitionId, std::string>>& damaged)
      : cursor_(std::move(cursor)), partition_(partition), damaged_(damaged) {}

  bool Valid() const override { return cursor_->Valid(); }
  std::string_view key() const override { return cursor_->key(); }
  Result<kv::Record> record() const override {
    if (!damaged_.empty() && damaged_.contains({partition_, std::string(key())})) return DamageFound();
    return cursor_->record();
  }
  void Next() override { cursor_->Next(); }
  Status status() const override { return cursor_->status(); }

 private:
  std::unique_ptr<kv::Cursor> cursor_;
  const PartitionId partition_;
  const std::set<std::pair<PartitionId, std::string>>& damaged_;
};

class DamageSnapshot final : public kv::Snapshot {
 public:
  DamageSnapshot(std::unique_ptr<kv::Snapshot> snapshot, const std::set<std::pair<PartitionId, std::string>>& damaged)
      : snapshot_(std::move(snapshot)), damaged_(damaged) {}

  std::unique_ptr<kv::Cursor> Scan(PartitionId partition, std::string_view from) const override {
    return std::make_unique<DamageCursor>(snapshot_->Scan(partition, from), partition, damaged_);
  }
  kv::PartitionEstimate Estimate(PartitionId partition) const override { return snapshot_->Estimate(partition); }

 private:
  std::unique_ptr<kv::Snapshot> snapshot_;
  const std::set<std::pair<PartitionId, std::string>>& damaged_;
};

}  // namespace

SimDisk::SimDisk(NodeId node, std::uint64_t cold_read_percent, SeededRandom random)
    : random_(random), cold_read_percent_(cold_read_percent) {
  records_.emplace(kv::MemoryStorage::Options{.identity = {.node = node}});
}

SimDisk::~SimDisk() = default;

bool SimDisk::IsDamaged(PartitionId partition, std::string_view key) const {
  return !damaged_.empty() && damaged_.contains({partition, std::string(key)});
}

Result<kv::RecordPtr> SimDisk::Get(PartitionId partition, std::string_view key) const {
  if (IsDamaged(partition, key)) return DamageFound();
  return records_->Get(partition, key);
}

std::optional<Result<kv::RecordPtr>> SimDisk::TryGet(PartitionId partition, std::string_view key) const {
  // The same record may be found in memory once, and not the next moment.
  if (cold_read_percent_ != 0 && random_.Below(100) < cold_read_percent_) return std::nullopt;
  return Get(partition, key);
}

std::unique_ptr<kv::Snapshot> SimDisk::TakeSnapshot() const {
  return std::make_unique<DamageSnapshot>(records_->TakeSnapshot(), damaged_);
}

Status SimDisk::Write(const kv::Batch& batch) {
  if (read_only_) return Status(Code::kReadOnly, "an earlier write failed");
  // What a reserve is kept for it takes, as a real one.
  if (full_ && batch.stores_records()) return Status(Code::kDiskFull, "no space left");
  if (fail_next_write_) {
    fail_next_write_ = false;
    read_only_ = true;
    limbo_ = batch;
    return Status(Code::kUnknown, "input/output error");
  }
  Apply(batch);
  return Status::Ok();
}

void SimDisk::Apply(const kv::Batch& batch) {
  const Status written = records_->Write(batch);
  CHECK(written.ok()) << written;
  ++durable_writes_;
  if (damaged_.empty()) return;
  for (const kv::Batch::Change& change : batch.changes()) Refill(change);
}

void SimDisk::Refill(const kv::Batch::Change& change) {
  using Kind = kv::Batch::Change::Kind;
  if (change.kind == Kind::kPutRecord || change.kind == Kind::kEraseRecord) {
    refilled_ += damaged_.erase({change.partition, change.key});
  } else if (change.kind == Kind::kEraseRange) {
    refilled_ += std::erase_if(damaged_, [&](const auto& damaged) {
      return damaged.first == change.partition && damaged.second >= change.key &&
             (change.to_end || damaged.second < change.bytes);
    });
  }
}

void SimDisk::Damage(PartitionId partition, const std::string& key) {
  const Result<kv::RecordPtr> record = records_->Get(partition, key);
  CHECK(record.ok() && *record != nullptr);
  damaged_.emplace(partition, key);
}

void SimDisk::OnCrash(const kv::Batch* in_flight) {
  // The log's last write is torn or whole; a torn one fails its checksum and is dropped. What the kernel kept of a
  // failed sync may have reached the disk later.
  if (limbo_) {
    if (random_.Percent(50)) surfaced_ = std::move(limbo_);
  } else if (in_flight != nullptr && !read_only_ && !full_ && !fail_next_write_ && random_.Percent(50)) {
    surfaced_ = *in_flight;
  }
  if (surfaced_) Apply(*surfaced_);
  limbo_.reset();
  read_only_ = false;
  fail_next_write_ = false;
}

void SimDisk::LoseAllButItsId() {
  const kv::Identity identity = records_->identity();
  records_.emplace(kv::MemoryStorage::Options{.identity = identity});
  damaged_.clear();
}

}  // namespace quoin::simulation
