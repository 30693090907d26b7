// MemberTable: what a node believes of the others, and what of it is still news worth telling.
//
// Invariants:
//   M1  a claim gives way only to one that supersedes it, so tables that have seen the same claims are equal;
//   M2  news ride on at most `retellings` messages each, fewest first; besides, a few old claims ride along in turn, so
//       that whoever missed one hears it some day;
//   M3  pinned nodes (the ring's members) are always known; others only while fewer than kMaxMembers are.
//
// Times are the watcher's own (SuspicionClock::now). Lives on its owner's shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "ring/gossip_message.h"
#include "ring/monotonic_time.h"

namespace quoin::ring {

class MemberTable {
 public:
  struct Entry {
    MemberUpdate claim;
    Duration since{0};             // When the claim was taken over.
    std::uint32_t retellings = 0;  // On how many messages it has ridden as news.
    bool pinned = false;
  };

  // Takes the claim over when it is news (M1); returns whether it was. A claim that a node we don't know is dead or has
  // left is no news.
  bool Apply(const MemberUpdate& update, Duration now);
  // M3. A node that isn't known yet is known by this claim then; returns whether that was so.
  bool Pin(const MemberUpdate& if_unknown, Duration now);
  // REQUIRES: the node is pinned.
  void Unpin(NodeId node);
  // Drops nodes that are dead or have left, aren't pinned, and have been so since `before` or longer.
  void Forget(Duration before);

  const Entry* Find(NodeId node) const;
  const std::map<NodeId, Entry>& entries() const { return entries_; }

  // What to tell `receiver`, within `budget_bytes` and kMaxUpdatesPerMessage: what is said of the receiver itself if
  // that isn't good (so that it can object), `always` (the sender), then news, then `refreshers` claims whose turn it
  // is.
  std::vector<MemberUpdate> Tell(NodeId receiver, NodeId always, std::size_t budget_bytes, std::uint32_t max_retellings,
                                 std::size_t refreshers);

 private:
  std::map<NodeId, Entry> entries_;
  NodeId refreshed_;  // The last one whose turn it was.
};

}  // namespace quoin::ring
