// CoreKeyspace: the keyspace that the replicated core serves (package quorum), whatever the number of nodes.
//
// Requests of all shards go to the one that drives the core; everything that a shard posts in one tick costs one wake-up,
// and so do the answers.
//
// Thread safety: as quorum::Keyspace says; only to be called on a shard's thread.
// Lifetime: as CoreDriver.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "kv/storage.h"
#include "net/core_driver.h"
#include "net/shards.h"
#include "quorum/keyspace.h"

namespace quoin::net {

class CoreKeyspace : public quorum::Keyspace {
 public:
  CoreKeyspace(const kv::Storage& storage, Shards& shards, CoreDriver& driver);

  void Submit(quorum::Request request, const quorum::Sending& sending, quorum::ReplyCallback done) override;
  void Scan(quorum::ScanRequest request, quorum::ScanCallback done) override;

 private:
  struct Walk;

  void ReadNextPage(std::shared_ptr<Walk> walk);
  void Settle(std::shared_ptr<Walk> walk);

  const kv::Storage& storage_;
  Shards& shards_;
  CoreDriver& driver_;
  const std::uint32_t partition_count_;
};

}  // namespace quoin::net
