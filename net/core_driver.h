// CoreDriver: gives the node of package quorum its surroundings: the clock, the disk, and chance.
//
// The node itself decides nothing else here than in the simulator; this is what quorum/node.h asks of whoever drives
// it. Effects of everything that one tick of the event loop brought are carried out together, at its end: answers leave
// in one go, and all writes of the tick share a round.
//
// It also publishes what the node knows of its cluster, for front ends on other threads (net/cluster_view.h).
//
// Threads: lives on one shard, on whose thread everything is called that doesn't say otherwise.
// Lifetime: destroyed after the shards were stopped and the commit queue has come to its end. What was under way then
// is never answered.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "kv/commit_queue.h"
#include "kv/storage.h"
#include "net/background_reads.h"
#include "net/cluster_view.h"
#include "net/shards.h"
#include "quorum/flush_pace.h"
#include "quorum/keyspace.h"
#include "quorum/node.h"
#include "quorum/operation.h"
#include "quorum/packet.h"
#include "quorum/watch.h"
#include "ring/topology.h"
#include "ring/random.h"

namespace quoin::net {

class CoreDriver final : public ClusterView {
 public:
  // The way to the other nodes; both are called on the driver's shard.
  struct Links {
    std::function<void(NodeId to, const quorum::PacketBody& packet)> send;
    // Where the other members listen for their peers, with every new ring.
    std::function<void(const std::map<NodeId, std::string>& addresses)> set_peers;
  };

  // The storage, the queue and the shards must outlive the driver.
  CoreDriver(const kv::Storage& storage, kv::CommitQueue& commits, Shards& shards, std::size_t shard);
  CoreDriver(const CoreDriver&) = delete;
  CoreDriver& operator=(const CoreDriver&) = delete;

  // Reads what the storage knows, and makes the node. Any thread, before the shards run; before everything else. Errors
  // as quorum::Node::Start has them. Without links, packets to others are lost.
  Status Start(quorum::NodeOptions options, Links links = {});
  // From now on the node is told the time, and leads what is its to lead. Called once, on any thread.
  void Run();

  // `done` is called on this thread, later.
  void Submit(quorum::Request request, const quorum::Sending& sending, quorum::ReplyCallback done);
  // A page of keys. REQUIRES: request.limit >= 1.
  void Scan(quorum::ScanRequest request, quorum::ScanCallback done);

  // Watches, by tokens that their taker chooses (see quorum::Node). What they are told goes to the taker of news, in
  // whose call PositionsOf is as of these news.
  using NewsTaker = std::function<void(std::vector<quorum::WatchNews> news)>;
  // Before Run. Called with all news that there are at a time, and with none at each tick.
  void TakeNews(NewsTaker taker) { news_taker_ = std::move(taker); }
  void Watch(quorum::WatchRequest request, std::uint64_t token);
  void Unwatch(std::uint64_t token);
  quorum::WatchPositions PositionsOf(std::uint64_t token) const { return node_->PositionsOf(token); }

  void Receive(NodeId from, quorum::PacketBody packet);
  // The link to the peer broke.
  void OnLinkReset(NodeId peer);

  // ClusterView; any thread.
  std::shared_ptr<const ClusterSnapshot> Snapshot() const override;
  void Ask(const quorum::MembershipPacket& wish) override;

  std::size_t shard() const { return shard_; }

 private:
  // A disk that works on one round for longer counts as hung: others may take the lead.
  static constexpr std::chrono::milliseconds kDiskPatience{1000};
  // Then so many writes are kept for the next round, and more are refused.
  static constexpr std::size_t kMaxWritesBehindAHungDisk = 10'000;
  // How old a snapshot of the cluster gets, and how long a wish is repeated, how often.
  static constexpr std::chrono::milliseconds kSnapshotInterval{100};
  static constexpr std::chrono::seconds kWishPatience{10};
  static constexpr std::chrono::milliseconds kWishInterval{200};

  class Chance final : public ring::Random {
   public:
    explicit Chance(std::uint64_t seed) : engine_(seed) {}
    std::uint64_t Next() override { return engine_(); }

   private:
    std::mt19937_64 engine_;
  };

  struct OpenWish {
    quorum::MembershipPacket packet;
    std::chrono::steady_clock::time_point until;
    std::chrono::steady_clock::time_point next;
    bool sent = false;  // Every wish is, once at least: what this node knows of the ring may be old.
  };

  static quorum::Moment ReadClocks();
  // The time of this turn of the event loop: the clocks are read once for all that one turn brings, and again when Act
  // is done with it.
  quorum::Moment Now();
  void Tick();
  bool DiskHangs() const;
  // Answers a write that isn't submitted at all.
  void Refuse(const quorum::Sending& sending, quorum::ReplyCallback done);
  // Sees to it that Act runs before the event loop waits.
  void ScheduleAct();
  void Act();
  // Carries out what the node wants now; false: nothing.
  bool ActOnce();
  void Load(quorum::LoadWanted wanted);
  void ReadRange(quorum::RangeWanted wanted);
  void ReadDue(quorum::DueWanted wanted);
  void ReadPage(quorum::PageWanted wanted);
  // Tells front ends and links what the node knows by now.
  void Publish();
  void RepeatWishes();
  // The node knows a newer ring.
  void OnRing(const ring::Topology& topology);
  // To the log, when it has changed.
  void TellOwnState(const ring::Topology& topology);
  // Hands the open round over, or waits a moment for more of it.
  void ConsiderRound();
  void BeginRound();
  void OnRoundEnd(const Status& status);

  const kv::Storage& storage_;
  kv::CommitQueue& commits_;
  Shards& shards_;
  const std::size_t shard_;
  const NodeId self_;
  std::chrono::nanoseconds tick_{0};
  Links links_;
  Chance random_;
  std::unique_ptr<quorum::Node> node_;

  std::uint64_t last_token_ = 0;
  std::unordered_map<std::uint64_t, quorum::ReplyCallback> waiting_;        // By token.
  std::unordered_map<std::uint64_t, quorum::ScanCallback> waiting_scans_;  // By token.
  NewsTaker news_taker_;
  std::optional<quorum::Moment> turn_;  // When the present turn began; given only while Act is scheduled.
  bool act_scheduled_ = false;
  bool round_under_way_ = false;
  std::chrono::steady_clock::time_point round_began_;  // The one under way.
  Status disk_status_;                                 // Of the last round that has ended.
  std::size_t open_writes_ = 0;  // Submitted since the last round was handed over.
  BackgroundReads background_;
  quorum::FlushPace pace_;
  bool pacing_ = false;  // pace_timer_ is armed.
  boost::asio::steady_timer pace_timer_;
  boost::asio::steady_timer tick_timer_;
  std::vector<OpenWish> wishes_;
  std::shared_ptr<const ring::Topology> published_;     // As it was told last.
  std::optional<ring::MemberState> own_state_;  // As it was logged last.
  std::chrono::steady_clock::time_point published_at_;
  mutable std::mutex snapshot_mutex_;
  std::shared_ptr<const ClusterSnapshot> snapshot_;  // Guarded by snapshot_mutex_.
};

}  // namespace quoin::net
