// Node: everything that one process of a cluster does, without its sockets, threads, clock, disk and chance.
//
// It composes the replicas of all its partitions (quorum/replica.h), the coordinator of client requests
// (quorum/coordinator.h) and of their scans (quorum/lister.h), membership and placement where it leads the system
// partition (quorum/controller.h), failure detection and gossip (package ring). The real node and the simulator drive
// the very same object.
//
// How to drive it. After any call, take Output() and act on it: send the packets, read what is to be read, answer
// clients. When WantsRound() and no round is under way, Seal() one, make its batch durable, and say how that ended with
// OnRoundEnd(). Call OnTick at least every Options::tick. A node that was stopped is destroyed; a new object on the
// same storage is the restarted process.
//
// Invariants:
//   N1  one round is under way at a time; packets that tell of what isn't durable leave in the Output after OnRoundEnd;
//   N2  a token is answered exactly once, unless the node is destroyed before;
//   N3  the same calls with the same arguments lead to the same output: only ordered containers are walked.
//
// Threads: lives on one shard. Lifetime: storage and random outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "kv/batch.h"
#include "kv/record.h"
#include "kv/storage.h"
#include "quorum/copy_pace.h"
#include "quorum/effects.h"
#include "quorum/keyspace.h"
#include "quorum/lister.h"
#include "quorum/operation.h"
#include "quorum/packet.h"
#include "quorum/page.h"
#include "quorum/progress.h"
#include "quorum/timing.h"
#include "quorum/watch.h"
#include "ring/failure_detector.h"
#include "ring/gossip.h"
#include "ring/monotonic_time.h"
#include "ring/random.h"
#include "ring/topology.h"

namespace quoin::quorum {

struct NodeOptions {
  NodeId self;
  std::uint64_t boot = 0;  // Random, new with every process.
  ring::Member member;     // As this node wants to be known; its state doesn't matter.
  // Without: the node bootstraps a cluster when its storage knows none. With: it joins through this node.
  std::optional<NodeId> join;
  // It was told to join (`join` says so, too): if the others' ring turns out not to have it any more, it asks to be taken
  // in again, unless it has been on its way out since this process began: whoever was drained stays away.
  bool rejoin = false;
  ClusterId cluster;  // Bootstrap: the new cluster's id. Join: checked against the ring when non-zero.
  std::uint32_t partition_count = 256;  // Bootstrap.
  ring::ReplicationGoal goal;           // Bootstrap.
  std::size_t max_value_bytes = 0;
  std::size_t max_requests = 4096;   // Of clients, under way at a time; more are refused.
  std::size_t max_watches = 20'000;  // Of clients; more are refused.
  std::size_t max_moves = 8;         // Partitions that move at a time, in the whole cluster.
  std::size_t max_ids = 65536;       // Per leadership, see Leader.
  std::size_t max_idle_keys = 4096;  // Per leadership.
  CopyPace::Options copy_pace;       // Of this node's leaders.
  NodeTiming timing;
  ring::FailureDetectorConfig detector;
  ring::GossipConfig gossip;
};

// What a partition looks like from this node; for status pages and tests.
struct ReplicaStatus {
  ring::Configuration configuration;
  kv::Ballot promised;
  kv::Version floor;
  bool leading = false;
  bool complete = false;    // Leads, and owns every key.
  bool all_equal = false;   // Leads, and every replica has been found equal since it began.
  std::size_t lagging = 0;  // Leads: keys that some replica isn't known to hold.
};

class Node {
 public:
  struct Output {
    std::vector<Packet> packets;
    std::vector<LoadWanted> loads;    // Answer with OnLoaded.
    std::vector<RangeWanted> ranges;  // Answer with OnRange.
    std::vector<DueWanted> dues;      // Answer with OnDue.
    std::vector<PageWanted> pages;    // Answer with OnPage.
    std::vector<Answer> answers;      // To clients, by their tokens.
    std::vector<ScanAnswer> scans;    // To clients, by the tokens of their scans.
    std::vector<WatchNews> news;      // To clients, by the tokens of their watches.
  };

  // Reads what the storage knows of partitions and ring. kDamaged: the node can't know what it promised; its disk is to
  // be replaced. kIncompatible: the storage belongs to another cluster than options.cluster.
  static Result<std::unique_ptr<Node>> Start(const kv::Storage& storage, NodeOptions options, ring::Random& random,
                                             Moment now);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void OnTick(Moment now);
  void Receive(NodeId from, PacketBody packet, Moment now);
  // The link to the peer broke: its process is gone, or somebody in between.
  void OnLinkReset(NodeId peer, Moment now);
  // The client's request. An id of zero: the node gives it one, and `sending` doesn't matter.
  void Submit(Request request, const Sending& sending, std::uint64_t token, Moment now);
  // A page of keys. Its tokens are apart from those of requests. REQUIRES: scan.limit >= 1.
  void Scan(ScanRequest scan, std::uint64_t token, Moment now);
  // Begins a watch (docs/watch.md), which is told by Output::news until Unwatch, or until news with an error have ended
  // it. Its tokens are apart from those of requests and scans. REQUIRES: no other watch has this token.
  void Watch(WatchRequest request, std::uint64_t token, Moment now);
  // Nothing more is told of it, in this Output neither. Of unknown tokens nothing happens.
  void Unwatch(std::uint64_t token);
  // How far the watch has been told by all news that were put out: what a cursor keeps. It never speaks of what wasn't
  // told. Of an unknown token: nothing.
  WatchPositions PositionsOf(std::uint64_t token) const;
  std::size_t watches() const;
  // The operator's wish, which is stamped with the ring that this node knows; repeat it until the ring shows it.
  void Ask(const MembershipPacket& wish, Moment now);
  // Whether the disk has answered lately; rides on heartbeats.
  void SetDiskAnswering(bool answering, Moment now);

  void OnLoaded(const LoadWanted& load, const Result<kv::RecordPtr>& loaded, Moment now);
  // False: nobody waits for the range any more, and OnRange needn't be called.
  bool StillWants(const RangeWanted& range);
  void OnRange(const RangeWanted& range, const RangeFound& found, Moment now);
  void OnDue(const DueWanted& wanted, const Result<std::vector<kv::DueKey>>& due, Moment now);
  // As ReadPage (quorum/read_page.h) read it.
  void OnPage(const PageWanted& wanted, PageFound found, Moment now);

  bool WantsRound() const;
  // REQUIRES: no round is under way.
  kv::Batch Seal();
  // OK, kDiskFull, kReadOnly or kUnknown, as Storage::Write says. After an OK, `hand_over` is called before anything
  // that follows from it is worked out, and may call WantsRound and Seal: the disk need not wait for all that.
  void OnRoundEnd(const Status& status, Moment now, const std::function<void()>& hand_over = nullptr);

  Output TakeOutput();

  // The newest topology that this node knows to be chosen; nullptr before it has joined.
  std::shared_ptr<const ring::Topology> topology() const;
  // Whether this node leads the system partition.
  bool controls() const;
  // The changes of membership that are under way, as the controller told last; nullptr before it has told anything.
  std::shared_ptr<const ClusterProgress> progress() const;
  LeadSummary Leads() const;
  std::optional<ReplicaStatus> StatusOf(PartitionId partition) const;
  // Where the clients of this node would be sent: the believed leader; nullopt when there is none.
  std::optional<NodeId> LeaderOf(PartitionId partition) const;
  // Whether the member is heard, directly or by gossip; this node hears itself.
  bool Hears(NodeId node) const;
  // Whether it asks to be taken in, being no member.
  bool WantsToJoin() const;

 private:
  class Impl;
  explicit Node(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace quoin::quorum
