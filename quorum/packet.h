// What nodes say to each other: the messages of replicas, and what concerns whole nodes (docs/protocol.md, "Packets").
//
// Plain values; big ones are shared. A link may lose, repeat and reorder packets; nothing here minds.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "kv/version.h"
#include "quorum/amount.h"
#include "quorum/keyspace.h"
#include "quorum/messages.h"
#include "quorum/operation.h"
#include "quorum/page.h"
#include "quorum/progress.h"
#include "quorum/watch_packet.h"
#include "ring/failure_detector.h"
#include "ring/gossip_message.h"
#include "ring/topology.h"

namespace quoin::quorum {

// The partition whose only key is the ring itself (design section 6); above every partition of data.
inline constexpr PartitionId kSystemPartition{0xffffffff};
// Where a node keeps, for itself alone, the newest ring that it knows to be chosen.
inline constexpr PartitionId kLocalPartition{0xfffffffe};
inline constexpr char kTopologyKey[] = "topology";

// From one replica of a partition to another.
struct ReplicaPacket {
  PartitionId partition;
  Message message;
};

// "I am here": small, often, ahead of everything else.
struct HeartbeatPacket {
  ring::Heartbeat heartbeat;
  std::uint64_t epoch = 0;      // Of the sender's chosen topology.
  std::vector<NodeId> unheard;  // Whom the sender watches and doesn't hear; ascending, usually empty.
};

// One copy of a request, on its way to the replica that is to execute it (design section 4.6).
struct ForwardPacket {
  std::uint64_t number = 0;  // The coordinator's name for this copy; the answer carries it.
  Request request;
  kv::Ballot meant_for;    // The leader's ballot, or for a takeover the one that is to be superseded.
  bool repeated = false;   // Another copy may exist.
  // A version of the partition that was there before this copy was sent; repeated: the lowest that any copy named.
  // Whatever version a copy gets is above it.
  kv::Version lowest;
  std::uint64_t finished_below = 0;  // Ids of the same client with lower numbers are finished (Sending).
  bool take_over = false;  // The sender can't reach the leader: lead, if the others don't hear it either.
  std::uint32_t hops = 0;  // How often it was passed on by nodes that hear a leader whom the sender doesn't.
};

// The answer to a copy.
struct ForwardedPacket {
  std::uint64_t number = 0;
  Reply reply;
  // Its ballot: who leads as far as the answering node knows; zero: nobody it knows of. From the leader itself, the
  // newest version that it has proposed: whatever it makes of copies that are sent after this answer is above. From
  // others, sequence 0.
  kv::Version newest;
};

// "What is the newest ring?" Whoever has a newer chosen one than `epoch` sends it.
struct FetchTopologyPacket {
  std::uint64_t epoch = 0;
};
// A topology that is known to be chosen.
struct TopologyPacket {
  std::shared_ptr<const ring::Topology> topology;
};

// Asks the controller (whoever leads the system partition) for a change of membership. Passed on by those who know
// better; asked again until the ring shows it.
struct MembershipPacket {
  using Wish = MembershipWish;
  Wish wish = Wish::kJoin;
  NodeId node;
  NodeId with;          // kReplace.
  ring::Member member;  // kJoin.
  std::uint32_t hops = 0;
  // Of the ring that the asker knew. A packet may lie in a paused node for hours: what its node has become since is not
  // what it speaks of (H6 of quorum/membership.h).
  std::uint64_t epoch = 0;
};

// What a leader tells the controller of a move that it works on.
struct MoveReport {
  PartitionId partition;
  std::uint64_t configuration = 0;  // The version under which this was found.
  bool filled = false;              // kFilling: every new replica has been found nearly equal, under this version.
  bool complete = false;            // kJoint: Leader::carried, and the old set is sealed.
  Amount replica;                   // kFilling: what one replica holds, counted or estimated.
  std::map<NodeId, Amount> copied;  // kFilling: what each new replica is known to hold; at most kMaxReplicas.
};
struct ReportPacket {
  std::vector<MoveReport> moves;
};

// What the controller tells all members of the changes that are under way, for people.
struct ProgressPacket {
  std::shared_ptr<const ClusterProgress> progress;  // Given.
};

// Asks a node what its replicas hold of a range of keys (docs/protocol.md, "Pages of keys").
struct ListPart {
  PartitionId partition;
  std::uint64_t configuration = 0;  // The asker's version.
};
struct ListPacket {
  std::uint64_t number = 0;     // The asker's name for this question; the answer carries it.
  std::vector<ListPart> parts;  // Ascending; each partition once.
  ScanRequest scan;             // limit >= 1. It and max_bytes bound the answer.
};
// The answer: each asked partition is in `parts` or in `refused`.
struct ListedPacket {
  std::uint64_t number = 0;
  std::vector<PagePart> parts;            // Those that `page` speaks of. It may hold keys of others, which say nothing.
  std::vector<ListPart> refused;          // With the version that this node's replica knows; 0: it has none.
  std::shared_ptr<const PageFound> page;  // Given exactly when there are parts.
};

using PacketBody =
    std::variant<ReplicaPacket, HeartbeatPacket, ring::GossipMessage, ForwardPacket, ForwardedPacket,
                 FetchTopologyPacket, TopologyPacket, MembershipPacket, ReportPacket, ListPacket, ListedPacket,
                 ProgressPacket, WatchPacket, WatchedPacket, CatchUpPacket, CaughtUpPacket>;

struct Packet {
  NodeId to;
  PacketBody body;
};

}  // namespace quoin::quorum
