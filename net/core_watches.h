// CoreWatches: the watches that the replicated core serves (package quorum), for the front ends of all shards.
//
// What the core puts out at a time for the watches of one shard crosses to it in one piece, and each watch is told its
// part of it by one notice. Values aren't copied.
//
// Invariant: positions are said behind everything that they speak of, so that whoever goes on from them misses nothing
// (W5 of docs/watch.md).
//
// Thread safety: as WatchSource says; Begin on shards' threads only, End also on another one after they were stopped.
// Lifetime: as CoreDriver, whose news it takes from its construction on.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/core_driver.h"
#include "net/shards.h"
#include "net/watch_source.h"

namespace quoin::net {

class CoreWatches final : public WatchSource {
 public:
  // Before the driver runs.
  CoreWatches(Shards& shards, CoreDriver& driver);
  CoreWatches(const CoreWatches&) = delete;
  CoreWatches& operator=(const CoreWatches&) = delete;

  std::optional<Cluster> cluster() const override;
  Id Begin(quorum::WatchRequest request, Pace pace, OnNotice on_notice) override;
  void End(Id id) override;

 private:
  // So few positions cost next to nothing.
  static constexpr std::size_t kFewPositions = 16;
  static constexpr std::chrono::milliseconds kInterval{1000};
  static constexpr std::chrono::milliseconds kIntervalBeforeSynced{100};
  // Between two looks at all that is owed: there may be news thousands of times a second, and as many watches.
  static constexpr std::chrono::milliseconds kLookInterval{20};

  using Time = std::chrono::steady_clock::time_point;
  using Notices = std::vector<std::pair<Id, WatchNotice>>;

  // What belongs to one shard, and is touched by its thread alone.
  struct Shard {
    std::unordered_map<Id, std::shared_ptr<const OnNotice>> open;
    std::uint64_t begun = 0;
  };
  // What the core's shard knows of a watch.
  struct Watch {
    Pace pace = Pace::kSometimes;
    bool synced = false;
    std::size_t positions_count = 0;  // As they were said last.
    Time said_at;
    std::uint64_t batch = 0;  // Of news, the last one that had any for it,
    std::size_t place = 0;    // and where its notice stands among those of its shard.
  };

  std::size_t ShardOf(Id id) const { return static_cast<std::size_t>(id % open_.size()); }
  // On the core's shard.
  void BeginInCore(quorum::WatchRequest request, Pace pace, Id id);
  void EndInCore(Id id);
  void OnNews(std::vector<quorum::WatchNews> news);
  // Each watch's events put together.
  std::vector<Notices> Gather(std::vector<quorum::WatchNews> news);
  // What is due of positions. REQUIRES: `notice` has all that there is for the watch.
  void Complete(Id id, WatchNotice* notice, Time now);
  void SayWhatIsOwed(Time now, std::vector<Notices>* notices);
  WatchPositionsPtr Say(Id id, Watch& watch, Time now);
  // On the shard.
  void Deliver(std::size_t shard, Notices notices);

  Shards& shards_;
  CoreDriver& driver_;
  std::vector<Shard> open_;
  std::unordered_map<Id, Watch> watches_;  // Of the core's shard.
  std::set<Id> owed_;                      // The same: who was told events without positions.
  Time looked_at_;                         // The same: when all of them were last looked at.
  std::uint64_t last_batch_ = 0;           // The same.
};

}  // namespace quoin::net
