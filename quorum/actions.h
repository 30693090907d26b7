// Actions: what people see of the controller's work: which changes are under way, how far they are, and what was
// refused.
//
// What is left of an action is what the ring and the placement show, so a controller that has just got the lead goes on
// where the last one was; what only that one knew (since when, how much was copied) it takes from the last
// ClusterProgress that its node has heard. Nothing here has any effect on what the controller does.
//
// A move serves the join of each node that it adds, and the leaving of each node that it drops; one that serves neither
// counts as balance.
//
// Lives on its owner's shard. Bounds: one action per member and one for balance; 16 that have ended; one entry per
// partition that is to move. Costs a walk over all configurations four times a second while there is something to do.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "kv/version.h"
#include "quorum/membership.h"
#include "quorum/movement.h"
#include "quorum/packet.h"
#include "quorum/progress.h"
#include "quorum/timing.h"
#include "ring/topology.h"

namespace quoin::quorum {

// How long actions that have ended and refusals are told.
inline constexpr std::chrono::minutes kRememberActionsFor{10};

class Actions {
 public:
  // `heard`: what the last controller told, if anything.
  Actions(const kv::Ballot& controller, const ClusterProgress* heard);

  // From the leader of a partition that moves.
  void OnReport(const MoveReport& report);

  struct Sight {
    const ring::Topology& chosen;
    const Movement& movement;      // After its Step upon `chosen`.
    const Membership& membership;  // Likewise.
    Moment now;
  };
  // To be called often. Returns what all members are to be told now; nullptr: nothing.
  std::shared_ptr<const ClusterProgress> Look(const Sight& sight);

 private:
  struct Sample {
    ring::MonotonicTime at;
    Amount copied;
  };
  struct Running {
    Action action;
    std::uint32_t left = 0;      // Partitions.
    bool seeded = false;         // It came from the last controller, and hasn't been looked at.
    std::deque<Sample> samples;  // Of the last seconds, oldest first.
  };
  // A partition that isn't where it is to be.
  struct Pending {
    std::set<NodeId> goal;
    std::map<NodeId, std::uint32_t> copies;  // By the action that it serves: how many are needed for that.
  };
  // The last report of a filling.
  struct Report {
    std::uint64_t configuration = 0;
    Amount replica;
    std::map<NodeId, Amount> copied;
  };

  void Credit(const ring::Topology& chosen);
  void FollowMembers(const Sight& sight);
  void FollowMember(NodeId node, const ring::Member& member, const Sight& sight);
  void FindPending(const Sight& sight);
  void SumUp(const ring::Topology& chosen);
  // Ends what has nothing left to do.
  void EndTheFinished(const Sight& sight);
  void MeasureRates(Moment now);
  void NoteRefusals(const Sight& sight);
  void Forget(kv::WallTime now);
  std::shared_ptr<const ClusterProgress> Tell(ring::MonotonicTime now);

  Running& Begin(NodeId node, Action::Kind kind, const Sight& sight);
  void End(NodeId node, Action::State how, kv::WallTime now);
  bool IsRunning(NodeId node) const { return running_.contains(node); }
  // What one replica of the partition holds, as far as is known.
  Amount ReplicaOf(PartitionId partition) const;
  Amount CopiedOf(PartitionId partition, const ring::Configuration& configuration, NodeId action) const;

  const kv::Ballot controller_;
  std::map<NodeId, Running> running_;  // By node; balance is at the zero id.
  std::deque<Action> ended_;           // Oldest first.
  std::map<NodeId, Refusal> refusals_;
  std::map<NodeId, std::uint64_t> refusals_seen_;  // Membership's serials.
  std::map<PartitionId, Report> reports_;
  Amount reported_;  // The sum of all replicas in there, but for the system partition's.
  std::map<PartitionId, Pending> pending_;
  std::optional<std::uint64_t> epoch_;  // At the last look.
  ring::MonotonicTime looked_at_;
  std::shared_ptr<const ClusterProgress> told_;
  ring::MonotonicTime told_at_;
  ring::MonotonicTime news_at_;  // The last that was more than numbers.
  std::uint64_t number_ = 0;
};

}  // namespace quoin::quorum
