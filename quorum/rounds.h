// Rounds: a shard's Effects on their way to the disk, one round at a time (docs/protocol.md, "Rounds").
//
// Invariants:
//   N1  a message that waits for durability leaves after the round that it was gathered in, and after all before;
//   N2  when a round is refused, everything gathered since is refused too: it may build on what isn't there. Nothing of
//       it has been handed over, because one round is under way at a time.
//
// The driver seals the acceptors of the shard together with the round (Acceptor::Seal) and tells them how it ended.
// Threads: lives on one shard. Bounds: none of its own.
#pragma once

#include <vector>

#include "base/status.h"
#include "kv/batch.h"
#include "quorum/effects.h"

namespace quoin::quorum {

class Rounds {
 public:
  // Where protocol objects put their effects.
  Effects& open() { return open_; }
  const Effects& open() const { return open_; }
  bool under_way() const { return under_way_; }

  // Hands over what was gathered; an empty batch is durable already.
  // REQUIRES: !under_way()
  kv::Batch Seal();
  // The messages that may leave now.
  std::vector<Envelope> OnDurable();
  std::vector<Envelope> OnRefused(Code code);

 private:
  Effects open_;
  std::vector<Delayed> sealed_;
  bool under_way_ = false;
};

}  // namespace quoin::quorum
