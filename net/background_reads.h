// BackgroundReads: reads of the disk for which no client waits (comparing replicas), one at a time and in the order in
// which they came, each followed by a rest. So they leave the other readers to what clients wait for, and half of one at
// least; on a machine that is busy they take longer, and so do their rests.
//
// Threads: lives on one shard, on whose thread everything is called. Lifetime: destroyed after the shards were stopped.
// Bounds: those of who adds; the core asks for each thing once (quorum/acceptor.h, kMaxCompares).
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>

#include "net/shards.h"

namespace quoin::net {

class BackgroundReads {
 public:
  using Work = std::function<void()>;
  struct Job {
    std::function<bool()> wanted;  // Asked on the shard just before. False: it is dropped.
    std::function<Work()> read;    // Called on a reader. What it returns is called on the shard.
  };

  BackgroundReads(Shards& shards, std::size_t shard);
  BackgroundReads(const BackgroundReads&) = delete;
  BackgroundReads& operator=(const BackgroundReads&) = delete;

  void Add(Job job);

 private:
  static constexpr std::chrono::milliseconds kLongestRest{200};

  void Next();
  void OnRead(const Work& then, std::chrono::steady_clock::duration took);

  Shards& shards_;
  const std::size_t shard_;
  std::deque<Job> jobs_;
  bool busy_ = false;  // One is being read, or has been, and it rests.
  boost::asio::steady_timer rest_;
};

}  // namespace quoin::net
