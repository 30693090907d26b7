// TestNodes: a cluster of Nodes in which time is told by the test, and the network and disks are as quick and as broken
// as the test says. What needs many faults at once, drawn by a seed, belongs into tests/simulation; this is for one
// rule, or one figure, at a time.
//
// Time goes in steps of a millisecond. Unless told otherwise a packet takes one step, and so does a disk. Packets that
// arrive in the same step arrive in the order in which they were sent.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quorum/node.h"
#include "quorum/replica_testing.h"
#include "ring/random.h"

namespace quoin::quorum {

class TestNodes {
 public:
  struct Sent {
    std::uint64_t from;
    std::uint64_t to;
    PacketBody body;
  };
  // By kind of packet, as KindOf names it; what a node says to itself is on no wire and counts nowhere.
  using Counts = std::map<std::string, std::uint64_t>;

  explicit TestNodes(std::uint32_t partitions = 4, ring::ReplicationGoal goal = {});

  // A new node; the first one bootstraps, the others join through it.
  void Add(std::uint64_t id);
  void Kill(std::uint64_t id, bool resets_links = true);
  void Start(std::uint64_t id);
  bool IsUp(std::uint64_t id) const { return hosts_.at(id).node != nullptr; }
  Node& node(std::uint64_t id) { return *hosts_.at(id).node; }
  const Node& node(std::uint64_t id) const { return *hosts_.at(id).node; }
  const kv::Storage& storage(std::uint64_t id) const { return *hosts_.at(id).storage; }
  TestStorage& storage(std::uint64_t id) { return *hosts_.at(id).storage; }

  // --- Faults that last until they are undone. Nobody's link is reset by a cut, and nobody is told.
  // Nothing that `from` sends from now on reaches `to`. The other way is not affected.
  void Cut(std::uint64_t from, std::uint64_t to) { cuts_.insert({from, to}); }
  void CutBothWays(std::uint64_t a, std::uint64_t b);
  void HealCuts() { cuts_.clear(); }
  // The process stands still; its links stay open, and what comes meanwhile waits for it.
  void Pause(std::uint64_t id) { hosts_.at(id).paused = true; }
  void Resume(std::uint64_t id) { hosts_.at(id).paused = false; }
  // How long a round takes; rounded up to steps, and none at all is at once.
  void SetDiskTime(std::uint64_t id, ring::Duration time) { hosts_.at(id).disk_time = time; }
  // How long everything takes that the node wants to be read; none at all is at once.
  void SetReadTime(std::uint64_t id, ring::Duration time) { hosts_.at(id).read_time = time; }
  // No round ends any more. Telling the node (Node::SetDiskAnswering) is up to the test, as it is to a driver.
  void HangDisk(std::uint64_t id, bool hangs) { hosts_.at(id).disk_hangs = hangs; }

  void Run(ring::Duration time);
  // Runs until it is so; false after `time`.
  bool RunUntil(const std::function<bool()>& so, ring::Duration time);
  std::uint64_t Submit(std::uint64_t id, Request request, const Sending& sending = {});
  std::optional<Reply> AnswerTo(std::uint64_t token) const;
  // Asks for a page of keys, and runs until it is there.
  Result<ScanPage> Scan(std::uint64_t id, ScanRequest scan);
  // Begins a watch, or ends it. A node that is killed takes its watches along.
  std::uint64_t Watch(std::uint64_t id, WatchRequest request);
  void Unwatch(std::uint64_t id, std::uint64_t token);
  // Submits, and runs until it is answered.
  Reply Do(std::uint64_t id, Request request, const Sending& sending = {});

  // The first topology of these that everyone knows, if all know the same.
  std::shared_ptr<const ring::Topology> ring() const;
  // Everyone is active, nothing moves, each partition has a leader that has found all replicas equal.
  bool Settled() const;
  // The node that leads the partition; 0: none does, or more than one believes so.
  std::uint64_t LeaderOf(PartitionId partition) const;

  Moment now() const { return {ring::MonotonicTime(now_), wall_}; }
  void JumpWall(std::chrono::milliseconds by) { wall_ += by; }

  // Read at the start of each node.
  NodeTiming timing;
  ring::GossipConfig gossip;
  std::size_t max_moves = 8;
  // Of links, and of disks whose nodes are added from then on.
  ring::Duration disk_time;
  std::function<ring::Duration(const Sent&)> latency;  // Without: a step.
  std::function<bool(const Sent&)> drop;
  std::function<void(const Sent&)> on_sent;
  std::function<void(std::uint64_t id, const WatchNews&)> on_news;

  // --- What it cost since the test cleared it.
  Counts sent;                              // All nodes together.
  std::map<std::uint64_t, Counts> sent_by;  // By sender.
  std::uint64_t rounds = 0;                 // That had something to write.
  std::map<std::uint64_t, std::uint64_t> rounds_by;
  void ClearCounts();

 private:
  struct Generator final : ring::Random {
    std::uint64_t Next() override;
    std::uint64_t state = 1;
  };
  struct ReadUnderWay {
    ring::Duration done_at;
    std::function<void()> done;
  };
  struct Round {
    kv::Batch batch;
    ring::Duration done_at;
  };
  struct Host {
    std::unique_ptr<TestStorage> storage;
    std::unique_ptr<Node> node;
    std::uint64_t boot = 0;
    std::optional<Round> round;
    ring::Duration disk_time{0};
    ring::Duration read_time{0};
    std::vector<ReadUnderWay> reads;
    bool disk_hangs = false;
    bool paused = false;
    std::vector<Sent> waiting;  // Came while it was paused.
  };
  void Pump(std::uint64_t id);
  void BeginReads(Host* host, Node::Output output);
  // Whether any read ended.
  bool EndReads(Host* host);
  // Seals what wants to be durable and ends what is; whether anything of that happened.
  bool WorkDisk(std::uint64_t id, Host* host);
  void Deliver(const Sent& flight);
  void Turn();

  const std::uint32_t partitions_;
  const ring::ReplicationGoal goal_;
  Generator random_;
  std::map<std::uint64_t, Host> hosts_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> cuts_;
  ring::Duration now_{std::chrono::seconds(1)};
  kv::WallTime wall_{std::chrono::hours(1000)};
  std::multimap<ring::Duration, Sent> network_;
  std::map<std::uint64_t, Reply> answers_;
  std::map<std::uint64_t, Result<ScanPage>> pages_;
  std::uint64_t last_token_ = 0;
  std::uint64_t boots_ = 0;
};

// "accept", "heartbeat", "forward", ...
std::string KindOf(const PacketBody& body);
// What goes on all the time, whether or not anybody asks for anything: heartbeats and gossip.
bool IsChatter(std::string_view kind);

}  // namespace quoin::quorum
