#include "quorum/replica_testing.h"

#include <utility>

namespace quoin::quorum {
namespace {

using Keys = std::set<std::string, std::less<>>;

class DamagedCursor final : public kv::Cursor {
 public:
  DamagedCursor(std::unique_ptr<kv::Cursor> cursor, const Keys& damaged, bool fails)
      : cursor_(std::move(cursor)), damaged_(damaged), fails_(fails) {}
  bool Valid() const override { return !fails_ && cursor_->Valid(); }
  std::string_view key() const override { return cursor_->key(); }
  Result<kv::Record> record() const override {
    if (damaged_.contains(key())) return Status(Code::kDamaged, "checksum");
    return cursor_->record();
  }
  void Next() override { cursor_->Next(); }
  Status status() const override { return fails_ ? Status(Code::kIo, "the disk") : cursor_->status(); }

 private:
  std::unique_ptr<kv::Cursor> cursor_;
  const Keys& damaged_;
  const bool fails_;
};

class DamagedSnapshot final : public kv::Snapshot {
 public:
  DamagedSnapshot(std::unique_ptr<kv::Snapshot> snapshot, Keys damaged, bool fails)
      : snapshot_(std::move(snapshot)), damaged_(std::move(damaged)), fails_(fails) {}
  std::unique_ptr<kv::Cursor> Scan(PartitionId partition, std::string_view from) const override {
    return std::make_unique<DamagedCursor>(snapshot_->Scan(partition, from), damaged_, fails_);
  }
  kv::PartitionEstimate Estimate(PartitionId partition) const override { return snapshot_->Estimate(partition); }

 private:
  std::unique_ptr<kv::Snapshot> snapshot_;
  const Keys damaged_;
  const bool fails_;
};

}  // namespace

TestStorage::TestStorage(NodeId node)
    : memory_({.identity = {.format_version = 1, .node = node, .cluster = ClusterId{1}, .partition_count = 1}}) {}

Result<kv::RecordPtr> TestStorage::Get(PartitionId partition, std::string_view key) const {
  if (damaged.contains(key)) return Status(Code::kDamaged, "checksum");
  return memory_.Get(partition, key);
}

std::optional<Result<kv::RecordPtr>> TestStorage::TryGet(PartitionId partition, std::string_view key) const {
  if (on_disk.contains(key)) return std::nullopt;
  return Get(partition, key);
}

Result<std::optional<kv::PartitionState>> TestStorage::GetPartitionState(PartitionId partition) const {
  if (fails_state == partition) return Status(Code::kIo, "the disk");
  return memory_.GetPartitionState(partition);
}

std::unique_ptr<kv::Snapshot> TestStorage::TakeSnapshot() const {
  return std::make_unique<DamagedSnapshot>(memory_.TakeSnapshot(), damaged, fails_ranges);
}

Status TestStorage::Write(const kv::Batch& batch) {
  if (is_full && batch.stores_records()) return Status(Code::kDiskFull, "the disk is full");
  for (const kv::Batch::Change& change : batch.changes()) {
    if (change.kind == kv::Batch::Change::Kind::kPutRecord) damaged.erase(change.key);
  }
  return memory_.Write(batch);
}

kv::Ballot BallotOf(std::uint64_t round, std::uint64_t node) { return {round, NodeId{node}}; }

kv::Version VersionOf(std::uint64_t round, std::uint64_t node, std::uint64_t sequence) {
  return {BallotOf(round, node), sequence};
}

kv::RecordPtr RecordOf(const kv::Version& version, std::string value) {
  kv::Record record;
  record.accepted = version;
  record.changed = version;
  record.value = std::move(value);
  return std::make_shared<const kv::Record>(std::move(record));
}

}  // namespace quoin::quorum
