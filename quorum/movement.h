// Movement: where each partition is to be, and its next step on the way; the controller's half that looks at
// configurations. The system partition moves like any other.
//
//   stable(A) --> filling(A, B) --> joint(A, B) --> stable(B)           ring/configuration.h
//
// B is what ring::Place makes of the active members. Draining and lost nodes are in no B, and so lose what they hold.
//
// Invariants:
//   P1  filling -> joint only once the partition's leader has reported `filled`, and joint -> stable(B) only once it
//   has
//       reported `complete`, each for this very configuration version;
//   P2  no move starts unless a quorum of A, a quorum of B and all that B adds are alive: nothing could be copied;
//   P3  a move is not cancelled into an A that has lost its quorum while B has one;
//   P4  at most `max_moves` move at a time; those that can lose the fewest more replicas go first, and of these, those
//       that were changed least often, so that one that stalls again and again stops no other.
//   P5  a filling is given up for a better placement only if going on with all fillings, and moving on from there,
//   would
//       copy more replicas than starting over. A plan without fillings keeps this false for every move that it starts,
//       and no completed move makes it true; so with the same members no move is given up for another, and all ends.
//
// Lives on its owner's shard. Bounds: one entry per partition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "quorum/packet.h"
#include "ring/configuration.h"
#include "ring/monotonic_time.h"
#include "ring/placement.h"
#include "ring/topology.h"

namespace quoin::quorum {

// A move under way, for people.
struct MoveProgress {
  PartitionId partition;
  ring::Configuration configuration;
  ring::Duration in_this_phase{0};  // As long as this controller knows of it.
  bool filled = false;

  // "partition 7: v4 filling {a, b, c} R=2 W=2 -> {a, b, d} R=2 W=2, for 12 s"
  std::string ToString() const;
};

class Movement {
 public:
  struct Options {
    std::size_t max_moves = 8;
    // In one phase, without more keys on the new replicas.
    ring::Duration move_timeout = std::chrono::minutes(10);
  };

  explicit Movement(const Options& options) : options_(options) {}

  void OnReport(const MoveReport& report);

  // Who is there, as Membership says.
  struct Sight {
    const std::set<NodeId>& alive;
    ring::Duration now;
    bool settled = false;  // Long enough that who is not alive can be taken for silent.
  };
  // Changes the configurations of `next`, whose members are already what they are going to be. No partition takes two
  // steps at once.
  void Step(const ring::Topology& chosen, const Sight& sight, ring::Topology* next);

  std::vector<MoveProgress> Moves(const ring::Topology& chosen, ring::Duration now) const;
  // Where the partition is to get from its chosen configuration, as the last Step saw it.
  const ring::ReplicaSet& Goal(PartitionId partition, const ring::Configuration& configuration) const;

 private:
  struct Found {
    std::uint64_t version = 0;
    bool filled = false;
    bool complete = false;
    std::uint64_t copied_keys = 0;  // The most that new replicas were said to hold, all together.
    bool ever_equal = false;  // Under whatever version. Read by a canary only.
  };
  struct Phase {
    std::uint64_t version = 0;
    ring::Duration since{0};
    ring::Duration further_at{0};  // When it was last seen to have got further.
    std::uint64_t copied_keys = 0;
  };
  // What the placement wants, and what it was computed from.
  struct Plan {
    std::uint64_t epoch = 0;
    std::map<NodeId, ring::Member> members;
    bool possible = false;
    // Made as if what is only being filled had not begun: going on would copy more in all (P5).
    bool afresh = false;
    bool system_afresh = false;
    std::vector<ring::ReplicaSet> partitions;
    ring::ReplicaSet system;

    const ring::ReplicaSet& For(PartitionId partition) const {
      return partition == kSystemPartition ? system : partitions[partition.value];
    }
    bool IsAfresh(PartitionId partition) const { return partition == kSystemPartition ? system_afresh : afresh; }
  };

  void Observe(const ring::Topology& chosen, ring::Duration now);
  void MakePlan(const ring::Topology& chosen, const ring::Topology& next);
  void PlanPartitions(const ring::Topology& chosen, const std::vector<ring::PlacementNode>& nodes);
  void PlanSystem(const ring::Topology& chosen, const std::vector<ring::PlacementNode>& nodes);
  // What the chosen configuration, which is moving, becomes; nullopt: nothing yet.
  std::optional<ring::Configuration> GoOn(PartitionId partition, const ring::Configuration& now_chosen,
                                          const Sight& sight, const ring::Topology& next) const;
  bool IsToBeCancelled(PartitionId partition, const ring::Configuration& now_chosen, ring::Duration now,
                       const ring::Topology& next) const;
  bool CanStart(PartitionId partition, const ring::ReplicaSet& from, const std::set<NodeId>& alive) const;
  void Start(const ring::Topology& chosen, const std::set<NodeId>& alive, std::size_t* moving,
             ring::Topology* next) const;
  void Reorder(const ring::Topology& chosen, ring::Topology* next) const;
  Found FoundFor(PartitionId partition, std::uint64_t version) const;

  const Options options_;
  std::map<PartitionId, Found> found_;
  std::map<PartitionId, Phase> phases_;  // Of the partitions that move.
  Plan plan_;
};

}  // namespace quoin::quorum
