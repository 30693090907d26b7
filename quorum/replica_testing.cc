#include "quorum/replica_testing.h"

#include <utility>

namespace quoin::quorum {

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

Status TestStorage::Write(const kv::Batch& batch) {
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
