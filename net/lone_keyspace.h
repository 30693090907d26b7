// LoneKeyspace: the keyspace of a node without peers. It routes each request to the shard that owns the key's partition
// and gives that shard's LoneLeader its surroundings: the commit queue, the readers and the clock.
//
// Thread safety: as quorum::Keyspace says; only to be called on a shard's thread.
// Lifetime: destroyed after the shards were stopped and the commit queue has come to its end. What was under way then
// is never answered; HttpServer::Drain is what waits for it.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "kv/commit_queue.h"
#include "kv/due.h"
#include "kv/partition_state.h"
#include "kv/storage.h"
#include "net/shards.h"
#include "quorum/keyspace.h"

namespace quoin::net {

class LoneKeyspace : public quorum::Keyspace {
 public:
  // `states`: what quorum::NextBallot returned. The storage, the queue and the shards must outlive the keyspace.
  LoneKeyspace(const kv::Storage& storage, kv::CommitQueue& commits, Shards& shards,
               std::vector<kv::PartitionState> states, std::size_t max_value_bytes);
  ~LoneKeyspace() override;

  void Submit(quorum::Request request, const quorum::Sending& sending, quorum::ReplyCallback done) override;
  void Scan(quorum::ScanRequest request, quorum::ScanCallback done) override;

  // From now on looks at what is due every `interval`: buries expired keys and purges tombstones (kv/due.h). Called
  // once, on any thread.
  void StartSweeping(std::chrono::milliseconds interval);

 private:
  class OwnedPartitions;
  struct Walk;

  // The shard that owns the partition.
  std::size_t OwnerOf(PartitionId partition) const { return partition.value % shards_.count(); }
  // The wall clock in the resolution of deadlines.
  static kv::WallTime Now();
  // Schedules the next sweep. On shard 0.
  void ScheduleSweep();
  // Looks at the notes above `after`, some at a time, then schedules the next sweep. On a reader.
  void SweepFrom(std::optional<kv::DueKey> after, kv::WallTime now);
  void ReadNextPage(std::shared_ptr<Walk> walk);
  void Settle(std::shared_ptr<Walk> walk);

  const kv::Storage& storage_;
  Shards& shards_;
  const std::uint32_t partition_count_;
  std::vector<std::unique_ptr<OwnedPartitions>> owned_;  // By shard.
  std::chrono::milliseconds sweep_interval_{0};
  boost::asio::steady_timer sweep_timer_;  // Shard 0.
};

}  // namespace quoin::net
