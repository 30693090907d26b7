// Controller: what the leader of the system partition does. It alone proposes changes of the ring (design section 6).
//
// It is told what is wished, what the leaders of moving partitions found, and who is alive, and says which topology
// should follow the chosen one. Its two halves are Membership (nodes) and Movement (configurations); their headers have
// the rules. Actions tells people how far all that is. It remembers nothing that the next controller could not find out
// again, so that a change of lead loses at most time.
//
// How to drive it. Begin when this node gets the lead. Tell OnLiveness on every tick: all of the controller's time is
// summed there. Propose what Next returns by a compare-and-set upon the chosen topology, and ask again only when the
// outcome is known (never two under way).
//
// Invariants:
//   R1  what Next returns passes ring::CheckStep upon `chosen`, and differs from it;
//   R2  Next, asked twice with nothing told in between, returns the same.
//
// Lives on the shard of the system partition. Bounds: those of its halves.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "quorum/actions.h"
#include "quorum/membership.h"
#include "quorum/movement.h"
#include "quorum/packet.h"
#include "quorum/progress.h"
#include "quorum/timing.h"
#include "ring/monotonic_time.h"
#include "ring/topology.h"

namespace quoin::quorum {

class Controller {
 public:
  struct Options {
    std::size_t max_moves = 8;                                     // Partitions that move at a time.
    ring::Duration move_timeout = std::chrono::minutes(10);        // A move gets no further for so long: cancelled.
    ring::Duration dead_node_timeout = std::chrono::minutes(10);   // A member is silent for so long: lost.
    ring::Duration settle = std::chrono::seconds(10);              // No silence is acted on so soon after Begin.
    ring::Duration longest_step = std::chrono::milliseconds(500);  // Between two calls of OnLiveness.
  };

  // Does nothing before Begin.
  explicit Controller(const Options& options) : options_(options) {}

  // Got the lead, with this ballot: everything remembered is dropped; silence counts from here. `heard`: the progress
  // that the last controller told, if anything; people are told that it goes on from there.
  void Begin(ring::MonotonicTime now, const kv::Ballot& ballot = {}, const ClusterProgress* heard = nullptr);
  void OnWish(const MembershipPacket& wish, ring::MonotonicTime now);
  // From the leader of a partition that moves. Counts only for the very configuration version that it names.
  void OnReport(NodeId from, const MoveReport& report, ring::MonotonicTime now);
  // Who is heard at this moment, directly or by gossip; this node itself is among them.
  void OnLiveness(const std::set<NodeId>& alive, ring::MonotonicTime now);

  // The next topology to be proposed upon `chosen`; nullopt: nothing is to be changed now. Costs a copy of the
  // topology, and a placement (ring/placement.h) for each new epoch. REQUIRES: chosen.Check().ok()
  std::optional<ring::Topology> Next(const ring::Topology& chosen, ring::MonotonicTime now);

  // For people: what all members are to be told now; nullptr: nothing. To be called after Next, upon the same topology.
  std::shared_ptr<const ClusterProgress> Look(const ring::Topology& chosen, Moment now);
  // What moves, and why the last wish about a node was refused.
  std::vector<MoveProgress> Moves(const ring::Topology& chosen) const;
  const std::map<NodeId, Membership::Refused>& refusals() const;

 private:
  // A new one with each lead.
  struct Term {
    Membership membership;
    Movement movement;
    Actions actions;
  };

  const Options options_;
  std::optional<Term> term_;
};

}  // namespace quoin::quorum
