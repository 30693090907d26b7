// CoreDriver: gives the node of package quorum its surroundings: the clock, the disk, and chance.
//
// The node itself decides nothing else here than in the simulator; this is what quorum/node.h asks of whoever drives
// it. Effects of everything that one tick of the event loop brought are carried out together, at its end: answers leave
// in one go, and all writes of the tick share a round.
//
// Threads: lives on one shard, on whose thread everything is called that doesn't say otherwise.
// Lifetime: destroyed after the shards were stopped and the commit queue has come to its end. What was under way then
// is never answered.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <unordered_map>

#include "base/status.h"
#include "kv/commit_queue.h"
#include "kv/storage.h"
#include "net/shards.h"
#include "quorum/flush_pace.h"
#include "quorum/node.h"
#include "quorum/operation.h"
#include "ring/random.h"

namespace quoin::net {

class CoreDriver {
 public:
  // Reads what the storage knows. Any thread, before the shards run. The storage, the queue and the shards must outlive
  // the driver. Errors as quorum::Node::Start has them.
  static Result<std::unique_ptr<CoreDriver>> Start(const kv::Storage& storage, kv::CommitQueue& commits, Shards& shards,
                                                   std::size_t shard, quorum::NodeOptions options);
  CoreDriver(const CoreDriver&) = delete;
  CoreDriver& operator=(const CoreDriver&) = delete;

  // From now on the node is told the time, and leads what is its to lead. Called once, on any thread.
  void Run();

  // `done` is called on this thread, later.
  void Submit(quorum::Request request, const quorum::Sending& sending, quorum::ReplyCallback done);

  std::size_t shard() const { return shard_; }

 private:
  // A disk that works on one round for longer counts as hung: others may take the lead.
  static constexpr std::chrono::milliseconds kDiskPatience{1000};
  // Then so many writes are kept for the next round, and more are refused.
  static constexpr std::size_t kMaxWritesBehindAHungDisk = 10'000;

  class Chance final : public ring::Random {
   public:
    explicit Chance(std::uint64_t seed) : engine_(seed) {}
    std::uint64_t Next() override { return engine_(); }

   private:
    std::mt19937_64 engine_;
  };

  CoreDriver(const kv::Storage& storage, kv::CommitQueue& commits, Shards& shards, std::size_t shard,
             std::chrono::nanoseconds tick);

  static quorum::Moment Now();
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
  // Hands the open round over, or waits a moment for more of it.
  void ConsiderRound();
  void BeginRound();
  void OnRoundEnd(const Status& status);

  const kv::Storage& storage_;
  kv::CommitQueue& commits_;
  Shards& shards_;
  const std::size_t shard_;
  const std::chrono::nanoseconds tick_;
  Chance random_;
  std::unique_ptr<quorum::Node> node_;

  std::uint64_t last_token_ = 0;
  std::unordered_map<std::uint64_t, quorum::ReplyCallback> waiting_;  // By token.
  bool act_scheduled_ = false;
  bool round_under_way_ = false;
  std::chrono::steady_clock::time_point round_began_;  // The one under way.
  Status disk_status_;                                 // Of the last round that has ended.
  std::size_t open_writes_ = 0;  // Submitted since the last round was handed over.
  quorum::FlushPace pace_;
  bool pacing_ = false;  // pace_timer_ is armed.
  boost::asio::steady_timer pace_timer_;
  boost::asio::steady_timer tick_timer_;
};

}  // namespace quoin::net
