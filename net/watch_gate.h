// WatchGate: what all watches of a node share: how many there may be, how much may wait for their clients, and what is
// counted of them.
//
// Invariants:
//   A1  at most max_watches watches are open at any time;
//   A2  while more than kMaxWaitingBytes wait in the whole node, a watch keeps no more than kSmallShareBytes, so that a
//   few
//       clients that don't read can't take the memory of all.
//
// Thread safety: one object serves all shards.
// Lifetime: outlives all watches.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "net/metrics.h"
#include "net/problem.h"

namespace quoin::net {

class WatchGate {
 public:
  static constexpr std::size_t kMaxWaitingBytes = std::size_t{256} << 20;
  static constexpr std::size_t kSmallShareBytes = 64 << 10;

  // One watch's; free again when nobody keeps it.
  using Place = std::shared_ptr<WatchGate>;

  explicit WatchGate(std::size_t max_watches) : max_watches_(max_watches) {}

  // nullptr: there is none left.
  Place Enter();
  // Why not.
  ProblemReport TooManyWatches() const;
  std::size_t open() const { return open_.load(std::memory_order_relaxed); }

  // What one watch may keep for its client, in bytes.
  std::size_t ShareBytes() const { return waiting_bytes() > kMaxWaitingBytes ? kSmallShareBytes : SIZE_MAX; }
  std::size_t waiting_bytes() const { return waiting_bytes_.load(std::memory_order_relaxed); }
  // What a watch keeps has become this instead of that.
  void ChangeWaiting(std::size_t before_bytes, std::size_t after_bytes) {
    waiting_bytes_.fetch_add(after_bytes - before_bytes, std::memory_order_relaxed);
  }

  void CountEvent() { events_.fetch_add(1, std::memory_order_relaxed); }
  void CountGap() { gaps_.fetch_add(1, std::memory_order_relaxed); }
  void CountConflated(std::uint64_t events) { conflated_.fetch_add(events, std::memory_order_relaxed); }
  void CountRestart() { restarts_.fetch_add(1, std::memory_order_relaxed); }
  void Sample(std::vector<MetricSample>& samples) const;

 private:
  const std::size_t max_watches_;
  std::atomic<std::size_t> open_{0};
  std::atomic<std::size_t> waiting_bytes_{0};
  std::atomic<std::uint64_t> events_{0};
  std::atomic<std::uint64_t> gaps_{0};
  std::atomic<std::uint64_t> conflated_{0};
  std::atomic<std::uint64_t> restarts_{0};
};

}  // namespace quoin::net
