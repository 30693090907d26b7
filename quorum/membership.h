// Membership: which nodes belong to the cluster and in which state; the controller's half that looks at nodes.
//
//   (none) -> joining -> active <-> draining -> removed -> (none)        ring/transition.h has all arrows.
//                          |^            |        ^
//                          v|            v        |
//                         lost <---------+--------+
//
// It remembers what was wished and who was heard how long ago, and turns that into the members of the next topology.
//
// Invariants:
//   H1  silence is acted on only after `settle`, and only time while this node itself was running counts
//   (SuspicionClock); H2  of the members that may hold data at most one third, but at least one, is lost at a time by
//   silence; H3  an active node that may hold data always remains; H4  a member is removed only when no configuration
//   of the chosen topology names it, and is known as removed for
//       kForgetAfter, so that it can learn of it;
//   H5  a wish is kept until the ring shows it or it is refused, or H6 drops it; asking again changes nothing;
//   H6  a wish whose asker did not know the present state of its node (MembershipPacket::epoch) is dropped without a
//   word: it may be hours old, and its contrary granted since. Whoever still wishes it asks again, and knows by then.
//
// Lives on its owner's shard. Bounds: two wishes and one refusal per node, kMaxMembers nodes; the states of all members
// and of kMaxMembers nodes that were some.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "base/ids.h"
#include "base/status.h"
#include "quorum/packet.h"
#include "ring/monotonic_time.h"
#include "ring/suspicion_clock.h"
#include "ring/topology.h"

namespace quoin::quorum {

inline constexpr ring::Duration kForgetAfter = std::chrono::seconds(30);

// What the wish makes of its node in this topology: the state that it gets; the one that it has when there is nothing
// more to do. kInvalid: why not, and what would be possible. kUnavailable: that can't be said yet, because it isn't
// settled who is alive. Not for kJoin. Pure, so that whoever passes a wish on can refuse it by the same rules.
Result<ring::MemberState> StateByWish(const MembershipPacket& wish, const ring::Topology& topology,
                                      const std::set<NodeId>& alive, bool settled);

class Membership {
 public:
  struct Options {
    ring::Duration dead_node_timeout = std::chrono::minutes(10);
    ring::Duration settle = std::chrono::seconds(10);
    ring::Duration longest_step = std::chrono::milliseconds(500);  // Between two calls of OnLiveness.
  };

  Membership(const Options& options, ring::MonotonicTime now) : options_(options), clock_(options.longest_step, now) {}

  void OnWish(const MembershipPacket& wish);
  void OnLiveness(const std::set<NodeId>& alive, ring::MonotonicTime now);

  // Changes the members of `next`, which is a copy of `chosen` otherwise. No member takes two arrows at once.
  void Step(const ring::Topology& chosen, ring::Topology* next);

  // Who was heard when OnLiveness was called last.
  const std::set<NodeId>& alive() const { return alive_; }
  // For how long this node has been running since it began, as OnLiveness told.
  ring::Duration now() const { return clock_.now(); }
  bool settled() const { return clock_.now() >= options_.settle; }
  // Why the last wish about a node was dropped. The next wish about it starts afresh.
  struct Refused {
    MembershipPacket wish;
    Status why;
    std::uint64_t serial = 0;  // Goes up with each refusal.
  };
  const std::map<NodeId, Refused>& refusals() const { return refusals_; }
  // Who takes over from the node, when that was wished and granted; zero: nobody in particular.
  NodeId ReplacedBy(NodeId node) const;

 private:
  using Wish = MembershipPacket::Wish;

  // The node's state, or that it is no member, and the epoch since which this controller knows it to be so.
  struct Standing {
    std::optional<ring::MemberState> state;
    std::uint64_t since = 0;
  };

  void Observe(const ring::Topology& chosen);
  void NoteStandings(const ring::Topology& chosen);
  bool IsOfThePast(const MembershipPacket& wish) const;
  void GoOn(const ring::Topology& chosen, ring::Topology* next) const;
  void LoseTheSilent(const ring::Topology& chosen, ring::Topology* next) const;
  void Join(const ring::Topology& chosen, ring::Topology* next);
  void Grant(const ring::Topology& chosen, ring::Topology* next);
  bool Silent(NodeId node) const;
  void Refuse(const MembershipPacket& wish, Status why);

  const Options options_;
  ring::SuspicionClock clock_;
  std::set<NodeId> alive_;
  std::map<NodeId, ring::Duration> heard_;          // Members: when last, or when first known.
  std::map<NodeId, ring::Duration> removed_since_;  // Removed members: since when this controller knows it.
  // Apart, because a node says kJoin at every start, which must not undo what an operator wishes.
  std::map<NodeId, MembershipPacket> joins_;
  std::map<NodeId, MembershipPacket> wishes_;  // Never kJoin. The last one counts.
  std::map<NodeId, NodeId> replaced_by_;       // As long as the node is draining or lost.
  std::map<NodeId, Standing> standings_;       // Of members, and of those that no longer are.
  // All other nodes are no members since then: what this controller saw first, or the last of those that it forgot.
  std::uint64_t strangers_since_ = 0;
  std::map<NodeId, Refused> refusals_;
  std::uint64_t refused_ = 0;
};

}  // namespace quoin::quorum
