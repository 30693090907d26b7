// PeerLedger: what a node knows of who its peers are, and whom it will have nothing to do with.
//
// It answers the two dangers that an id kept on a disk brings (design section 5.6): a cloned disk, which makes two
// processes with one id, and a restored backup, which makes a node forget what it promised.
//
// Invariants:
//   L1  while one process of a node is heard, no other of the same id is welcome;
//   L2  a new process of a node is welcome only with a commit number that is no lower than any that its earlier
//       processes have told this one.
//
// It remembers as long as its own process lives. So after all peers of a node were restarted together, nobody is left
// who would know a restored backup for what it is.
//
// Pure; the time is told. Threads: belongs to one shard. Bounds: max_peers entries.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "base/ids.h"
#include "net/byte_session.h"
#include "net/peer_hello.h"

namespace quoin::net {

// What any two nodes find out by looking at each other once: formats, clusters, ids. Nullopt: they fit.
std::optional<PeerObjection> CompareIdentities(const PeerIdentity& self, const PeerIdentity& peer);

class PeerLedger {
 public:
  struct Limits {
    // A process that has sent nothing for so long isn't live any more, even if its connection still stands: its machine
    // may have gone without a word. Heartbeats come far more often.
    std::chrono::milliseconds live_for{2000};
    std::size_t max_peers = 4096;
  };

  explicit PeerLedger(const Limits& limits) : limits_(limits) {}

  // Whether this peer is welcome now. Changes nothing.
  std::optional<PeerObjection> Judge(const PeerIdentity& self, const PeerIdentity& peer, SteadyTime now) const;

  // The peer, which was welcome, has shown itself. `heard`: by sending to this node, not just by answering it.
  void Welcome(const PeerIdentity& peer, bool heard, SteadyTime now);
  // A frame came from it.
  void Heard(NodeId peer, std::uint64_t boot, std::uint64_t commit_number, SteadyTime now);
  // The connection on which this process was heard is gone.
  void Gone(NodeId peer, std::uint64_t boot);

 private:
  struct Known {
    std::uint64_t boot = 0;  // Of the process that was welcomed last.
    std::uint64_t commit_number = 0;
    std::optional<SteadyTime> heard;  // When it was heard last; nullopt: it is gone.
  };

  const Limits limits_;
  std::map<NodeId, Known> known_;
};

}  // namespace quoin::net
