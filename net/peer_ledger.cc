#include "net/peer_ledger.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace quoin::net {
namespace {

std::string Formats(const PeerIdentity& who) {
  return who.oldest_format == who.format ? std::to_string(who.format)
                                         : std::to_string(who.oldest_format) + " to " + std::to_string(who.format);
}

}  // namespace

std::optional<PeerObjection> CompareIdentities(const PeerIdentity& self, const PeerIdentity& peer) {
  if (peer.format < self.oldest_format) {
    return PeerObjection{PeerRefusal::kTooOld, "it speaks peer format " + Formats(peer) + ", and this node " +
                                                   Formats(self) + ": it needs a newer program"};
  }
  if (peer.oldest_format > self.format) {
    return PeerObjection{PeerRefusal::kTooNew, "it speaks peer format " + Formats(peer) + ", and this node " +
                                                   Formats(self) + ": this node needs a newer program first"};
  }
  if (self.cluster.value != 0 && peer.cluster.value != 0 && self.cluster != peer.cluster) {
    return PeerObjection{PeerRefusal::kAnotherCluster, "it belongs to cluster " + peer.cluster.ToString() +
                                                           ", and this node to " + self.cluster.ToString()};
  }
  if (self.partition_count != 0 && peer.partition_count != 0 && self.partition_count != peer.partition_count) {
    return PeerObjection{PeerRefusal::kAnotherPartitionCount,
                         "it counts " + std::to_string(peer.partition_count) + " partitions, and this node " +
                             std::to_string(self.partition_count) + "; a cluster's number is fixed when it is made"};
  }
  if (peer.node.value != 0 && peer.node == self.node) {
    if (peer.boot == self.boot) {
      return PeerObjection{PeerRefusal::kSelf, "it is this very node, which has dialled itself"};
    }
    return PeerObjection{PeerRefusal::kTwin, "it has the same node id " + self.node.ToString() +
                                                 " as this node: one of the two runs on a copy of the other's data "
                                                 "directory, and must start with an empty one"};
  }
  return std::nullopt;
}

std::optional<PeerObjection> PeerLedger::Judge(const PeerIdentity& self, const PeerIdentity& peer,
                                               SteadyTime now) const {
  if (auto objection = CompareIdentities(self, peer)) return objection;
  const auto found = known_.find(peer.node);
  if (found == known_.end()) {
    if (known_.size() < limits_.max_peers) return std::nullopt;
    return PeerObjection{PeerRefusal::kTooManyPeers,
                         "this node knows " + std::to_string(limits_.max_peers) + " peers already"};
  }
  const Known& known = found->second;
  // The numbers of one process only grow; those on two of its connections may arrive in either order.
  if (known.boot == peer.boot) return std::nullopt;
  if (known.heard && now - *known.heard < limits_.live_for) {
    return PeerObjection{PeerRefusal::kOtherBootIsLive,
                         "another process with the node id " + peer.node.ToString() +
                             " is alive; if this isn't its successor, it runs on a copy of the other's data directory, "
                             "and must start with an empty one"};
  }
  if (peer.commit_number < known.commit_number) {
    return PeerObjection{PeerRefusal::kRestoredBackup,
                         "its data directory is older than what it has told this node before (commit " +
                             std::to_string(peer.commit_number) + " after " + std::to_string(known.commit_number) +
                             "), so it may have forgotten promises; it must start with an empty one"};
  }
  return std::nullopt;
}

void PeerLedger::Welcome(const PeerIdentity& peer, bool heard, SteadyTime now) {
  Known& known = known_[peer.node];
  if (known.boot != peer.boot) {
    known.boot = peer.boot;
    known.heard.reset();
  }
  known.commit_number = std::max(known.commit_number, peer.commit_number);
  if (heard) known.heard = now;
}

void PeerLedger::Heard(NodeId peer, std::uint64_t boot, std::uint64_t commit_number, SteadyTime now) {
  const auto found = known_.find(peer);
  if (found == known_.end()) return;
  // Whoever told it: what is durable on that disk is no less.
  found->second.commit_number = std::max(found->second.commit_number, commit_number);
  if (found->second.boot == boot) found->second.heard = now;
}

void PeerLedger::Gone(NodeId peer, std::uint64_t boot) {
  const auto found = known_.find(peer);
  if (found != known_.end() && found->second.boot == boot) found->second.heard.reset();
}

}  // namespace quoin::net
