// The inside of Node. One part, one file: replicas and rounds (node.cc), peers (node_peers.cc), the ring
// (node_ring.cc), requests (node_requests.cc), pages of keys (node_lists.cc), watches (node_watches.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "quorum/controller.h"
#include "quorum/coordinator.h"
#include "quorum/lister.h"
#include "quorum/node.h"
#include "quorum/replica.h"
#include "quorum/rounds.h"
#include "quorum/topology_register.h"
#include "quorum/watch_hub.h"
#include "ring/failure_detector.h"
#include "ring/gossip.h"

namespace quoin::quorum {

class Node::Impl final : public Surroundings, public Routes {
 public:
  Impl(const kv::Storage& storage, NodeOptions options, ring::Random& random, Moment now);

  Status Load(Moment now);
  void Tick(Moment now);
  void Receive(NodeId from, PacketBody packet, Moment now);
  void LinkReset(NodeId peer, Moment now);
  void Submit(Request request, const Sending& sending, std::uint64_t token, Moment now);
  void Ask(MembershipPacket wish, Moment now);
  void SetDiskAnswering(bool answering, Moment now);
  void Loaded(const LoadWanted& load, const Result<kv::RecordPtr>& loaded, Moment now);
  bool StillWants(const RangeWanted& range);
  void RangeRead(const RangeWanted& range, const RangeFound& found, Moment now);
  void DueRead(const DueWanted& wanted, const Result<std::vector<kv::DueKey>>& due, Moment now);
  void Scan(ScanRequest scan, std::uint64_t token, Moment now);
  void PageRead(const PageWanted& wanted, PageFound found, Moment now);
  void Watch(WatchRequest request, std::uint64_t token, Moment now);
  void Unwatch(std::uint64_t token);
  WatchPositions PositionsOf(std::uint64_t token) const;
  std::size_t watches() const { return watch_hub_.watches(); }

  bool WantsRound() const;
  kv::Batch Seal();
  void RoundEnd(const Status& status, Moment now, const std::function<void()>& hand_over);
  Output Take() { return std::exchange(output_, {}); }

  const std::shared_ptr<const ring::Topology>& ring() const { return topology_; }
  bool controls() const;
  const std::shared_ptr<const ClusterProgress>& progress() const { return progress_; }
  LeadSummary Leads() const;
  std::optional<ReplicaStatus> StatusOf(PartitionId partition) const;
  std::optional<NodeId> LeaderOf(PartitionId partition) const;

  // Surroundings and Routes.
  NodeId self() const override { return options_.self; }
  const ring::Topology* topology() const override { return topology_.get(); }
  bool WantsToJoin() const;
  bool Hears(NodeId node) const override;
  bool SaysUnheard(NodeId reporter, NodeId about) const override;
  bool disk_takes_writes() const override { return !disk_stopped_ && !disk_full_ && disk_answering_; }
  ring::Random& random() override { return random_; }
  kv::Ballot PromisedBy(PartitionId partition) const override;

 private:
  struct Inbound {  // A copy that this node executes, or has passed on, for another (or for itself).
    NodeId from;
    std::uint64_t number = 0;
    PartitionId partition;
  };
  // The copies that came from one coordinator. A copy that was refused, or passed on, must not act when a link repeats
  // it later: its coordinator has been told, and may have told its client. Bounds: the last kMostSeen.
  class SeenCopies {
   public:
    // False: it came before.
    bool Add(std::uint64_t number);

   private:
    static constexpr std::size_t kMostSeen = 8192;
    std::set<std::uint64_t> numbers_;
    std::deque<std::uint64_t> order_;
  };
  struct Relay {
    Inbound for_whom;
    NodeId to;
    ring::MonotonicTime since;
  };
  // A replica that is being read for a node that catches up.
  struct CatchUpUnderWay {
    NodeId from;
    CatchUpPacket packet;
    kv::Ballot ballot;     // Of the leadership that was asked.
    kv::Version position;  // Its feed's, before the reading.
  };
  static constexpr std::uint64_t kRelayBit = std::uint64_t{1} << 63;  // Of a forward's number: it was passed on here.

  Effects& open() { return rounds_.open(); }
  // Acts on what the protocol objects want, until nothing of it is left: every entry point ends with it.
  void Settle(Moment now);
  // Leaves the vector empty.
  void Post(std::vector<Envelope>* envelopes);
  void Post(NodeId to, PacketBody&& body);
  void Deliver(NodeId from, PacketBody&& packet, Moment now);
  Replica* Find(PartitionId partition);
  const Replica* Find(PartitionId partition) const;
  Result<Replica*> Make(PartitionId partition, Moment now);

  void On(NodeId from, const ReplicaPacket& packet, Moment now);
  void On(NodeId from, const HeartbeatPacket& packet, Moment now);
  void On(NodeId from, const ring::GossipMessage& message, Moment now);
  void On(NodeId from, ForwardPacket&& packet, Moment now);
  void On(NodeId from, ForwardedPacket&& packet, Moment now);
  void On(NodeId from, const FetchTopologyPacket& packet, Moment now);
  void On(NodeId from, const TopologyPacket& packet, Moment now);
  void On(NodeId from, const MembershipPacket& packet, Moment now);
  void On(NodeId from, const ReportPacket& packet, Moment now);
  void On(NodeId from, const ProgressPacket& packet, Moment now);
  void On(NodeId from, const ListPacket& packet, Moment now);
  void On(NodeId from, const ListedPacket& packet, Moment now);
  void On(NodeId from, const WatchPacket& packet, Moment now);
  void On(NodeId from, const WatchedPacket& packet, Moment now);
  void On(NodeId from, const CatchUpPacket& packet, Moment now);
  void On(NodeId from, const CaughtUpPacket& packet, Moment now);

  // node_peers.cc
  void SendHeartbeats(Moment now);
  // Tells the replicas and the coordinator when somebody is heard, or not heard, that was not so before.
  void LookAtHearing(Moment now);
  void Act(ring::GossipEffects effects, Moment now);
  void WatchPeers(Moment now);
  // Those whose links broke, whether they can be reached again.
  void AskThoseReset(Moment now);

  // node_ring.cc
  void Adopt(std::shared_ptr<const ring::Topology> topology, Moment now);
  // What this node is in the ring that others have, too. `news`: they have just told it; otherwise its disk knew it.
  void NoteStanding(bool news);
  void LearnPartition(PartitionId partition, const ring::Configuration& configuration, Moment now);
  // Those whose states could not be read.
  void RetryUnserved(Moment now);
  void PutTopology(kv::Batch::Space space, kv::Batch* batch) const;
  void Fetch(NodeId from, Moment now);
  // Sends the ring without being asked, once per epoch; false when that was done already.
  bool Push(NodeId to);
  void AskToJoin(Moment now);
  void Report(Moment now);
  void Control(Moment now);
  // Tells people how far the controller's work is.
  void TellProgress(Moment now);
  std::vector<NodeId> Controllers() const;

  // node_requests.cc
  // Of what was passed on to a node that isn't heard any more nothing is known: its coordinator need not wait for it.
  void GiveUpRelays(NodeId to);
  void Answered(Answer answer, Moment now);
  // Leaves the effects empty.
  void Coordinate(CoordinatorEffects* effects);
  void WantDue(Moment now);

  // node_watches.cc
  void CatchUpRead(CatchUpUnderWay read, PageFound found, Moment now);
  void TellFed();
  void Watched(WatchEffects effects);

  // node_lists.cc
  void List(ListerEffects effects, Moment now);

  const kv::Storage& storage_;
  const NodeOptions options_;
  ring::Random& random_;

  std::map<PartitionId, std::unique_ptr<Replica>> replicas_;
  std::vector<Replica*> by_partition_;  // Those of data among them; nullptr: none.
  Replica* system_ = nullptr;
  Rounds rounds_;
  std::vector<RangeWanted> sealed_ranges_;
  std::vector<PacketBody> to_self_;
  std::size_t to_self_done_ = 0;  // Of them, so many have been delivered.
  Output output_;
  bool disk_stopped_ = false;
  bool disk_full_ = false;
  bool disk_answering_ = true;
  // While the disk is full. No other round begins for the ring alone then.
  ring::MonotonicTime probed_at_;
  bool probe_ = false;  // To be written, once there is nothing else to write.

  ring::FailureDetector detector_;
  ring::Gossip gossip_;
  std::set<NodeId> peers_;  // Who shares a partition with this node.
  std::map<NodeId, std::vector<NodeId>> unheard_by_;
  std::set<NodeId> reset_;      // Not heard since their link broke.
  ring::MonotonicTime asked_reset_at_;
  std::set<NodeId> was_heard_;  // At the last look, of the ring's members.
  std::uint64_t heartbeats_ = 0;
  CopyPace copy_pace_;
  ring::MonotonicTime heartbeat_at_;
  std::size_t turn_ = 0;       // Whose turn it is to get the next heartbeat.
  bool tell_everyone_ = true;  // There are news.

  std::shared_ptr<const ring::Topology> topology_;
  bool topology_dirty_ = false;  // Not yet part of a round.
  std::set<PartitionId> unserved_;  // Their states can't be read.
  ring::MonotonicTime tried_unserved_at_;
  bool sealed_topology_ = false;
  bool sealed_records_ = false;
  std::vector<Replica*> sealed_replicas_;  // Who has something in the sealed round. Replicas stay as long as the node.
  std::map<NodeId, std::uint64_t> pushed_;  // Which epoch was last sent without being asked for.
  ring::MonotonicTime fetched_at_;
  ring::MonotonicTime asked_at_;
  // Since this process began: others have told it a ring, or know the one of its disk, in which it is; and it has been
  // drained or removed.
  bool has_standing_ = false;
  bool leaves_ = false;
  ring::MonotonicTime reported_at_;
  Controller controller_;
  std::shared_ptr<const ClusterProgress> progress_;  // The newest that any controller told.
  TopologyRegister register_;

  Coordinator coordinator_;
  CoordinatorEffects coordinator_effects_;  // Of the call that is being acted on.
  std::uint64_t last_token_;  // Random to begin with, so that no answer to an earlier process finds a request.
  std::unordered_map<std::uint64_t, Inbound> inbound_;  // Not walked.
  std::map<std::uint64_t, Relay> relays_;
  std::map<NodeId, SeenCopies> seen_;
  std::optional<kv::DueKey> due_after_;  // Where the next look for expired keys begins; nullopt: at the first.
  bool due_wanted_ = false;
  std::size_t sweeps_open_ = 0;  // Of the keys that the latest look found, those whose leader hasn't answered yet.
  ring::MonotonicTime swept_at_;

  // Pages that are being read for others, or for this node's own scans, by the token of their reading. More are
  // refused.
  struct PageUnderWay {
    NodeId from;
    ListPacket packet;
  };
  static constexpr std::size_t kMaxPages = 64;
  Lister lister_;
  std::map<std::uint64_t, PageUnderWay> page_reads_;
  // The same for those who catch up.
  static constexpr std::size_t kMaxCatchUps = 64;
  std::map<std::uint64_t, CatchUpUnderWay> catch_ups_;
  std::deque<Answer> settled_;  // Of the lister's gets, on their way to it.
  WatchHub watch_hub_;
};

}  // namespace quoin::quorum
