// TestNodes: a cluster of Nodes in which time is told by the test, every packet takes a millisecond, and disks are as
// quick as the test wants. What needs many faults at once belongs into tests/simulation; this is for one rule at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kv/memory_storage.h"
#include "quorum/node.h"
#include "ring/random.h"

namespace quoin::quorum {

class TestNodes {
 public:
  struct Sent {
    std::uint64_t from;
    std::uint64_t to;
    PacketBody body;
  };

  explicit TestNodes(std::uint32_t partitions = 4, ring::ReplicationGoal goal = {});

  // A new node; the first one bootstraps, the others join through it.
  void Add(std::uint64_t id);
  void Kill(std::uint64_t id, bool resets_links = true);
  void Start(std::uint64_t id);
  Node& node(std::uint64_t id) { return *hosts_.at(id).node; }
  const kv::Storage& storage(std::uint64_t id) const { return *hosts_.at(id).storage; }

  void Run(ring::Duration time);
  // Runs until it is so; false after `time`.
  bool RunUntil(const std::function<bool()>& so, ring::Duration time);
  std::uint64_t Submit(std::uint64_t id, Request request, bool repeated = false);
  std::optional<Reply> AnswerTo(std::uint64_t token) const;
  // Submits, and runs until it is answered.
  Reply Do(std::uint64_t id, Request request);

  // The first topology of these that everyone knows, if all know the same.
  std::shared_ptr<const ring::Topology> ring() const;
  // Everyone is active, nothing moves, each partition has a leader that has found all replicas equal.
  bool Settled() const;

  Moment now() const { return {ring::MonotonicTime(now_), wall_}; }
  void JumpWall(std::chrono::milliseconds by) { wall_ += by; }
  std::function<bool(const Sent&)> drop;
  std::function<void(const Sent&)> on_sent;
  NodeTiming timing;
  std::map<std::string, std::uint64_t> sent;
  std::uint64_t rounds = 0;

 private:
  struct Generator final : ring::Random {
    std::uint64_t Next() override;
    std::uint64_t state = 1;
  };
  struct Host {
    std::unique_ptr<kv::MemoryStorage> storage;
    std::unique_ptr<Node> node;
    std::uint64_t boot = 0;
    std::optional<kv::Batch> round;
  };
  void Pump(std::uint64_t id);
  void Turn();

  const std::uint32_t partitions_;
  const ring::ReplicationGoal goal_;
  Generator random_;
  std::map<std::uint64_t, Host> hosts_;
  ring::Duration now_{std::chrono::seconds(1)};
  kv::WallTime wall_{std::chrono::hours(1000)};
  std::multimap<ring::Duration, Sent> network_;
  std::map<std::uint64_t, Reply> answers_;
  std::uint64_t last_token_ = 0;
  std::uint64_t boots_ = 0;
};

}  // namespace quoin::quorum
