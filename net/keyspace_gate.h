// KeyspaceGate: what every client's request passes on its way to the keyspace, whichever protocol brought it:
// admission, and ids for operations that have none.
//
// Invariants:
//   A1  at most max_inflight_requests requests are in the keyspace at any time; the others are refused (429);
//   A2  a request that is answered for lack of time stays counted until the keyspace has answered too.
//
// Thread safety: one object serves all shards.
// Lifetime: must outlive every answer that is to come from the keyspace.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "kv/record.h"
#include "net/problem.h"
#include "quorum/keyspace.h"

namespace quoin::net {

class KeyspaceGate {
 public:
  struct Options {
    // Random, drawn at each start of the node: the client part of the ids that shard 0 makes; that of the next shard is
    // one more, and so on.
    std::uint64_t start_nonce = 0;
    std::size_t max_inflight_requests = 10'000;
    std::size_t max_value_bytes = 1 << 20;
    std::size_t max_batch_bytes = 8 << 20;
    std::size_t max_page_bytes = 1 << 20;
  };

  KeyspaceGate(quorum::Keyspace& keyspace, const Options& options) : keyspace_(keyspace), options_(options) {}

  quorum::Keyspace& keyspace() { return keyspace_; }
  const Options& options() const { return options_; }

  // Whether one more request may enter; each that did must Leave.
  bool Enter();
  void Leave();
  // Why one may not.
  ProblemReport TooManyRequests() const;
  std::size_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

  // An id that nobody else has, for a request that is submitted on this shard at once. Requests of several shards may
  // reach a leader's coordinator in any order, so each shard is a client of its own: the numbers of one client then
  // arrive ascending, as quorum::Sending::fresh wants them.
  kv::OperationId NewOperationId();

 private:
  quorum::Keyspace& keyspace_;
  const Options options_;
  std::atomic<std::uint64_t> next_operation_{1};
  std::atomic<std::size_t> in_flight_{0};
};

// What is said about a request when the time for it has run out.
ProblemReport OutOfTime(bool is_write, const kv::OperationId& id);

}  // namespace quoin::net
