// What the tests of replicas share: a storage in which the test decides what is in memory and what is damaged, and
// short ways to make records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kv/memory_storage.h"
#include "kv/record.h"
#include "kv/storage.h"

namespace quoin::quorum {

class TestStorage final : public kv::Storage {
 public:
  explicit TestStorage(NodeId node);
  explicit TestStorage(const kv::Identity& identity) : memory_({.identity = identity}) {}

  const kv::Identity& identity() const override { return memory_.identity(); }
  std::string_view engine_name() const override { return "test"; }
  Result<kv::RecordPtr> Get(PartitionId partition, std::string_view key) const override;
  std::optional<Result<kv::RecordPtr>> TryGet(PartitionId partition, std::string_view key) const override;
  Result<std::optional<kv::PartitionState>> GetPartitionState(PartitionId partition) const override;
  std::unique_ptr<kv::Snapshot> TakeSnapshot() const override;
  Result<std::vector<kv::DueKey>> ReadDue(kv::WallTime now, const std::optional<kv::DueKey>& after,
                                          std::size_t limit) const override {
    return memory_.ReadDue(now, after, limit);
  }
  // A record that is written anew is damaged no more.
  Status Write(const kv::Batch& batch) override;
  kv::Health health() const override { return {}; }
  std::uint64_t size_bytes() const override { return memory_.size_bytes(); }

  std::set<std::string, std::less<>> on_disk;  // TryGet doesn't find them.
  std::set<std::string, std::less<>> damaged;
  bool fails_ranges = false;  // Cursors end with an error.
  std::optional<PartitionId> fails_state;
  bool is_full = false;  // But for what a reserve is kept for, as on a disk.

 private:
  kv::MemoryStorage memory_;
};

kv::Ballot BallotOf(std::uint64_t round, std::uint64_t node);
kv::Version VersionOf(std::uint64_t round, std::uint64_t node, std::uint64_t sequence);
kv::RecordPtr RecordOf(const kv::Version& version, std::string value);

}  // namespace quoin::quorum
