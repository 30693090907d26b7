// ClusterProgress: what people are told of the changes of membership that are under way (docs/api.md, "Cluster"). The
// controller sums it up (quorum/actions.h) and tells it to all members. And what a node leads itself. Plain values;
// nothing is decided by them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "kv/record.h"
#include "kv/version.h"
#include "quorum/amount.h"

namespace quoin::quorum {

// What an operator, or a node that joins, may wish of the controller.
enum class MembershipWish : std::uint8_t {
  kJoin = 0,    // Make the node an active member.
  kDrain = 1,   // Move everything away from the node, then remove it.
  kCancel = 2,  // End the drain or the removal of the node: it is active again.
  kRemove = 3,  // The node is gone for good: copy from the others, and remove it.
  // Another node, an active member, can take over what the node holds: kDrain if it is alive, otherwise kRemove.
  kReplace = 4,
};
// "join", "drain", ...
std::string_view WishName(MembershipWish wish);

inline constexpr std::size_t kMaxActions = 80;  // 64 that run, 16 that have ended.
inline constexpr std::size_t kMaxRefusals = 16;
inline constexpr std::size_t kMaxReasonBytes = 512;

// A change that takes a while.
struct Action {
  enum class Kind : std::uint8_t {
    kJoin = 0,     // `node` gets its share.
    kDrain = 1,    // `node` gives away what it holds, and leaves.
    kRemove = 2,   // What `node` held is copied from others.
    kReplace = 3,  // As kDrain or kRemove, with `with` in its place.
    kBalance = 4,  // Moves that serve none of these; `node` is zero.
  };
  enum class State : std::uint8_t { kRunning = 0, kDone = 1, kCancelled = 2 };

  Kind kind = Kind::kBalance;
  State state = State::kRunning;
  NodeId node;
  NodeId with;  // kReplace; otherwise zero.
  kv::WallTime since;
  kv::WallTime ended;  // Unless it is running.
  std::uint32_t partitions_done = 0;
  std::uint32_t partitions = 0;
  Amount total;   // What is to be copied for it, in all; estimated where it has not been counted.
  Amount copied;  // What new replicas are known to hold of that.
  Amount moved;   // The part of `copied` in partitions that are done.
  Amount per_second;
  std::optional<std::uint64_t> seconds_left;  // nullopt: can't be said.

  friend bool operator==(const Action&, const Action&) = default;
};
// "join", "drain", ...
std::string_view ActionName(Action::Kind kind);
// "running", "done", "cancelled".
std::string_view ActionStateName(Action::State state);

// A wish that the controller did not grant.
struct Refusal {
  MembershipWish wish = MembershipWish::kJoin;
  NodeId node;
  NodeId with;  // kReplace.
  kv::WallTime at;
  std::string reason;

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

struct ClusterProgress {
  // Which is the newer of two: the controller's ballot, then its own count.
  kv::Ballot controller;
  std::uint64_t number = 0;
  std::vector<Action> actions;    // At most kMaxActions: the running ones first, oldest first; then the ended ones.
  std::vector<Refusal> refusals;  // At most kMaxRefusals, oldest first.

  friend bool operator==(const ClusterProgress&, const ClusterProgress&) = default;
};

// What a node leads, the system partition not among it; for status pages.
struct LeadSummary {
  std::uint32_t partitions = 0;
  std::uint32_t complete = 0;      // Those of which it owns every key.
  std::uint32_t all_equal = 0;     // Those of which every replica has been found equal.
  std::uint64_t lagging_keys = 0;  // That some replica isn't known to hold.
};

}  // namespace quoin::quorum
