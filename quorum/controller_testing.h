// RingUnderControl: a ring, the nodes that live, and a controller that changes the one by what it hears of the others.
//
// It stands for everything around a controller: the register that takes the next topology, the leaders that report, and
// time. Each step is held against the rules that one step alone can show (CheckStep and the numbers in controller.h's
// halves); a breach fails the running test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "quorum/controller.h"

namespace quoin::quorum {

// What each partition holds.
inline constexpr Amount kTestReplica{.keys = 100, .bytes = 10'000};
inline constexpr ring::Duration kTestTick = std::chrono::milliseconds(100);

// Short times, few moves.
Controller::Options QuickOptions();
ring::Member SomeMember(std::uint64_t number);
MembershipPacket WishFor(MembershipPacket::Wish wish, std::uint64_t node);

class RingUnderControl {
 public:
  // Nodes 1 to `nodes`, active, alive and placed as ring::Place would. The controller has begun and is settled.
  RingUnderControl(std::uint64_t nodes, std::uint32_t partitions, const Controller::Options& options = QuickOptions(),
                   ring::ReplicationGoal goal = {});

  // Time goes on, and nothing else.
  void Pass(ring::Duration time);
  // Everyone who leads a moving partition reports what is true: with all new replicas alive they are filled, with both
  // quorums alive the joint is complete.
  void ReportAll();
  void Report(PartitionId partition, bool filled, bool complete, std::optional<std::uint64_t> version = {});
  // The same, of a filling under way: so much is copied to each new replica, of kTestReplica.
  void ReportCopied(PartitionId partition, const Amount& copied);
  // Proposes what the controller wants, if anything, and has it chosen. Whether there was something.
  bool Step();
  // Ticks, reports and steps until nothing has changed for longer than any timer runs; false if that takes `most`
  // ticks.
  bool RunUntilQuiet(int most = 20000);

  void Wish(MembershipPacket::Wish wish, std::uint64_t node) { Wish(WishFor(wish, node)); }
  // As somebody asks who knows the chosen ring.
  void Wish(MembershipPacket wish) {
    wish.epoch = chosen.epoch;
    controller.OnWish(wish, now);
  }
  // Another node gets the lead, which has heard all that was told.
  void Begin();

  // The action about the node that is told to members (the zero node: balance); CHECKs that there is one.
  Action ActionOf(std::uint64_t node) const;
  bool HasAction(std::uint64_t node) const;

  const ring::Configuration& ConfigurationOf(PartitionId partition) const;
  ring::MemberState StateOf(std::uint64_t node) const { return chosen.members.at(NodeId{node}).state; }
  bool IsMember(std::uint64_t node) const { return chosen.members.contains(NodeId{node}); }
  bool Holds(std::uint64_t node) const;
  std::size_t Moving() const;
  // Every partition stable, with min(N, active nodes) replicas, all active, and shared out as L2 and L4 promise.
  void ExpectBalancedAndStable() const;

  ring::Topology chosen;
  std::set<NodeId> alive;
  Controller controller;
  ring::MonotonicTime now{};
  std::shared_ptr<const ClusterProgress> progress;  // The last that members were told.
  int told = 0;                                     // How often.
  std::size_t replicas_added = 0;                   // By moves that were completed.
  std::size_t moves_cancelled = 0;
  std::size_t orders_changed = 0;

 private:
  Moment moment() const {
    return {now, kv::WallTime(std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()))};
  }
  void CheckAndCount(PartitionId partition, const ring::Configuration& before, const ring::Configuration& after);

  const Controller::Options options_;
  std::map<PartitionId, std::uint64_t> filled_;  // Reported for which version.
  std::map<PartitionId, std::uint64_t> complete_;
  std::uint64_t terms_ = 0;
};

}  // namespace quoin::quorum
