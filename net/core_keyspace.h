// CoreKeyspace: the keyspace that the replicated core serves (package quorum), whatever the number of nodes.
//
// Requests of all shards go to the one that drives the core; everything that a shard posts in one tick costs one
// wake-up, and so do the answers.
//
// Thread safety: as quorum::Keyspace says; only to be called on a shard's thread.
// Lifetime: as CoreDriver.
#pragma once

#include <cstddef>

#include "net/core_driver.h"
#include "net/shards.h"
#include "quorum/keyspace.h"

namespace quoin::net {

class CoreKeyspace : public quorum::Keyspace {
 public:
  CoreKeyspace(Shards& shards, CoreDriver& driver) : shards_(shards), driver_(driver) {}

  void Submit(quorum::Request request, const quorum::Sending& sending, quorum::ReplyCallback done) override;
  void Scan(quorum::ScanRequest request, quorum::ScanCallback done) override;

 private:
  Shards& shards_;
  CoreDriver& driver_;
};

}  // namespace quoin::net
