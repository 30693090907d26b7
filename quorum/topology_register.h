// TopologyRegister: the ring as the one key of the system partition, at the node that leads it (design section 6).
//
// It reads and writes the key by requests to its own leader, like anybody else's: one at a time. A ring is written on
// condition that the one before is still there, and the next is proposed only after that one is chosen. A ring becomes
// known to be chosen in two ways only: a linearizable read shows it, or its write is answered.
//
// A pure object; lives on its node's shard.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "kv/version.h"
#include "quorum/operation.h"
#include "ring/topology.h"

namespace quoin::quorum {

class TopologyRegister {
 public:
  // The token of its requests; no client's.
  static constexpr std::uint64_t kToken = std::uint64_t{1} << 62;

  // The leadership of the system partition with this ballot holds, or (zero) this node doesn't lead it.
  void OnLeading(const kv::Ballot& ballot);
  const kv::Ballot& ballot() const { return ballot_; }
  // Whether the register's newest state is known, and nothing is under way.
  bool ready() const { return known_ && !asked_; }
  // The read that must come first; nullopt when nothing is to be read.
  std::optional<Request> Read();
  // REQUIRES: ready(), or a canary.
  Request Write(const ring::Topology& next);
  // The answer to the last request. A topology: it is known to be chosen.
  std::shared_ptr<const ring::Topology> OnReply(const Reply& reply);

 private:
  kv::Ballot ballot_;
  bool asked_ = false;
  bool known_ = false;
  kv::Version changed_;  // Of the newest state; zero: the register is empty, and holds the ring of the bootstrap.
  std::shared_ptr<const ring::Topology> writing_;
};

}  // namespace quoin::quorum
