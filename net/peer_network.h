// PeerNetwork: the connections between this node and its peers (docs/peer-protocol.md, "Links").
//
// Each node dials each peer for what it sends; what a peer sends arrives over the connection that the peer dialled. A
// lost connection loses packets and nothing else; they may also be dropped where they pile up. What is sent within one
// tick of the event loop leaves in one write.
//
// Invariants:
//   P1  packets come from nodes that have greeted with this cluster's id and an identity that this node has no
//   objection
//       to (net/peer_ledger.h);
//   P2  `reset` is called each time that a connection with a peer breaks which had been established, in either
//       direction, and never for an attempt that failed;
//   P3  a heartbeat is never dropped in favour of anything but a newer one, and stands ahead of all that has not been
//       handed to the kernel yet, but for the rest of one write.
//
// Threads: lives on the shard whose loop it is given; everything is called on its thread, Stop included, except that
// Stop may also be called when no thread runs that loop. Handlers may call anything here but Stop.
// Lifetime: destroyed after Stop(); the loop outlives it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "net/name_lookup.h"
#include "net/peer_hello.h"
#include "net/peer_ledger.h"
#include "net/peer_link.h"
#include "net/peer_listener.h"
#include "quorum/packet.h"

namespace quoin::net {

// What passes between this node and one peer; for metrics and pages. Counts begin anew when a node that isn't in the
// ring goes.
struct PeerCounts {
  NodeId node;
  std::string address;    // At which it is dialled.
  bool sends = false;     // This node can send to it.
  bool receives = false;  // It can send to this node.
  std::size_t queued_bytes = 0;
  std::uint64_t sent_packets = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t dropped_packets = 0;
  std::uint64_t received_packets = 0;
  std::uint64_t received_bytes = 0;  // Of packets.
  std::string last_error;            // Why this node can't send to it, or couldn't last time; empty: nothing was wrong.
};

class PeerNetwork {
 public:
  struct Options {
    NodeId self;
    std::uint64_t boot = 0;  // Not 0.
    ClusterId cluster;       // 0: not known yet.
    std::uint32_t partition_count = 0;
    std::string advertised;  // As ParseHostPort takes it.
    // A number that only ever grows, and whose present value is durable, so that a restart never begins below it.
    // Without: this node can't be told from a restored backup of itself.
    std::function<std::uint64_t()> commit_number;
    std::size_t max_queue_bytes = 64 << 20;   // Per peer; and one packet.
    std::size_t max_packet_bytes = 72 << 20;  // The same on all nodes.
    std::size_t max_greeting = 256;           // Connections that have not said who they are.
    NameLookup::Resolve resolve = NameLookup::AskSystem;
    PeerTiming timing;
    PeerLedger::Limits ledger;
  };
  struct Handlers {
    std::function<void(NodeId from, quorum::PacketBody packet)> packet;
    std::function<void(NodeId peer)> reset;
    // After all packets of one read were handed on. May be empty.
    std::function<void()> batch_end;
    // Packets can be sent to the peer: it has no objection to this node. May be empty.
    std::function<void(NodeId peer)> welcomed;
    // The peer refuses this node, each time that it does. May be empty.
    std::function<void(NodeId peer, const PeerObjection& objection)> refused;
  };

  PeerNetwork(boost::asio::io_context& context, Options options, Handlers handlers);
  ~PeerNetwork();
  PeerNetwork(const PeerNetwork&) = delete;
  PeerNetwork& operator=(const PeerNetwork&) = delete;

  // Takes peers on this address from now on.
  void Start(std::unique_ptr<PeerListener> listener);
  // Who else is in the ring, and where; replaces what was said before. This node itself is left out. Who isn't named is
  // still sent to while it is connected to this node (a joiner), at the address that it gave. Where the two differ, the
  // newer news is tried first.
  void SetPeers(const std::map<NodeId, std::string>& peers);
  // Without effect, but that it is counted, for a peer whose address isn't known. REQUIRES: `to` is another node.
  void Send(NodeId to, const quorum::PacketBody& packet);
  // Closes all connections; peers see that at once. No handler is called from then on.
  void Stop();

  std::vector<PeerCounts> Counts() const;
  // Packets to nodes whose address wasn't known.
  std::uint64_t dropped_for_strangers() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quoin::net
