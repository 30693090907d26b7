// WatchHub: the part of a node that keeps its clients' watches (docs/watch.md).
//
// Watches of the same target that are as far as one another share an *interest*; an event of a key costs a lookup of
// the key, one for each length of prefix that is watched, and what is told. For each partition that any target concerns
// there is one subscription at its leader (quorum/watch_subscription.h). An interest that is behind the subscription is
// caught up by readings of the leader's replica, a range of keys at a time (quorum/watch_line.h).
//
// Invariants:
//   H1  within a watch the versions of a key's events go up, but after a gap of the whole watch (W2);
//   H2  PositionsOf speaks of nothing that wasn't told, and goes up, but where a gap of the whole watch begins (W5);
//   H3  a range that is live has been told everything up to the subscription's position; when that breaks, the range is
//       read again from there (W3, W4);
//   H4  where it isn't known whether a state was told before, a gap comes first (W4);
//   H5  the same calls lead to the same packets and news: only ordered containers are walked.
//
// Threads: lives on one shard. Lifetime: the routes outlive it.
// Bounds: max_watches, and MaxLines (of some 300 bytes each) when one is begun; kMaxReadings ranges at a time, each
// with kReadBytes and what WatchLine keeps meanwhile; ToldStates per partition. News are the driver's to take at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "kv/version.h"
#include "quorum/coordinator.h"
#include "quorum/packet.h"
#include "quorum/target_table.h"
#include "quorum/timing.h"
#include "quorum/watch.h"
#include "quorum/watch_line.h"
#include "quorum/watch_packet.h"
#include "quorum/watch_subscription.h"
#include "ring/monotonic_time.h"

namespace quoin::quorum {

struct WatchEffects {
  std::vector<Packet> packets;  // Also to the node itself.
  std::vector<WatchNews> news;
};

class WatchHub {
 public:
  static constexpr std::size_t kMaxReadings = 64;
  static constexpr std::size_t kMaxReadingsOfAPartition = 4;
  static constexpr std::uint32_t kReadRecords = 512;  // Fewer for an interest of many watches.
  static constexpr std::uint32_t kReadBytes = 256 << 10;
  // A prefix has a line in each partition for as long as it is watched, so that a watch of many prefixes weighs as much
  // as thousands of single keys.
  static constexpr std::size_t kLinesPerWatch = 32;
  static constexpr std::size_t kLeastMaxLines = std::size_t{1} << 17;

  struct Options {
    ring::Duration attempt = std::chrono::milliseconds(200);
    std::uint64_t boot = 0;  // Random, new with every process.
    std::size_t max_watches = 20'000;
    std::function<kv::Ballot(PartitionId)> believed;  // WatchSubscription's.
  };

  WatchHub(Options options, const Routes& routes);
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  // REQUIRES: no other watch has this token.
  void Watch(WatchRequest request, std::uint64_t token, Moment now, WatchEffects* effects);
  void Unwatch(std::uint64_t token, WatchEffects* effects);
  WatchPositions PositionsOf(std::uint64_t token) const;
  std::size_t watches() const { return watches_.size(); }
  // Targets that are watched, times the partitions that each concerns. Watches that are as far as one another share.
  std::size_t lines() const { return lines_; }

  void OnWatched(NodeId from, const WatchedPacket& packet, Moment now, WatchEffects* effects);
  void OnCaughtUp(NodeId from, const CaughtUpPacket& packet, Moment now, WatchEffects* effects);
  // The node isn't heard any more.
  void OnUnreachable(NodeId node, Moment now, WatchEffects* effects);
  void OnTick(Moment now, WatchEffects* effects);

 private:
  enum class Start { kState, kFrom, kNow };
  struct Watcher {
    std::vector<WatchTarget> targets;
    std::set<std::uint64_t> interests;  // One for each target.
    WatchPositions from;                // Of its cursor, as far as it is ahead of its lines.
    std::size_t behind = 0;             // Interests that have never been caught up.
    bool synced = false;
    bool gap = false;  // It is to begin anew.
  };
  // Watches of one target, all of which have been told as much of it as each other, but for what is ahead in cursors.
  struct Interest {
    WatchTarget target;
    Start start = Start::kState;
    bool begun = false;   // Something was read or told for it: nobody else joins.
    bool synced = false;  // It has been caught up since it began.
    std::set<std::uint64_t> watches;
    std::size_t cursors = 0;  // Of its watches, those with something left in `from`.
    std::map<PartitionId, WatchLine> lines;
    std::size_t live_lines = 0;
    std::size_t behind = 0;  // Lines that have never been caught up.
    ring::MonotonicTime not_before;

    bool live() const { return live_lines == lines.size(); }
  };
  struct Wanted {
    std::size_t interests = 0;
    std::uint64_t version = 0;  // Of the first filter that has it; 0: none yet.
  };
  struct Part {
    Part(PartitionId partition, const WatchSubscription::Options& options, const Routes& routes)
        : subscription(partition, options, routes) {}

    WatchSubscription subscription;
    std::map<WatchTarget, Wanted> targets;
    bool changed = false;  // Targets aren't those of the filter.
    std::uint64_t filter_version = 0;
    TargetTable<std::set<std::uint64_t>> interests;
    std::set<std::uint64_t> behind;     // Interests with a line that isn't live.
    std::set<std::uint64_t> answered;   // And those of them whose reading waits for the subscription,
    std::set<std::uint64_t> beginning;  // or that begin at its position.
    std::size_t readings = 0;
    ToldStates told;
    kv::Version position;  // The subscription's, as of what was told.
  };
  struct ByTarget {
    std::set<std::uint64_t> interests;
    ring::MonotonicTime not_before;  // Of the next interest that begins, so that many watches share one.
  };
  // What is to be done with a state that was found.
  enum class Verdict { kNothing, kTell, kTellAfterGap };
  struct Found {
    const std::string* key = nullptr;
    kv::RecordPtr record;
  };

  // watch_hub.cc: watches, interests, filters
  void Join(std::uint64_t token, const WatchTarget& target, Start start, Moment now);
  Interest& Create(const WatchTarget& target, Start start, Moment now);
  void Leave(std::uint64_t token, std::uint64_t interest);
  void Destroy(std::uint64_t interest);
  void MergeLive();
  void BeginAnew(Moment now, WatchEffects* effects);
  // What is left to do after anything happened.
  void Settle(Moment now, WatchEffects* effects);
  void TendFilter(Part* part);
  std::vector<PartitionId> PartitionsOf(const WatchTarget& target) const;
  std::size_t MaxLines() const { return std::max(kLeastMaxLines, kLinesPerWatch * options_.max_watches); }

  // watch_hub_events.cc: what is told
  void OnDelivered(PartitionId partition, Part* part, const WatchedPacket& packet, WatchEffects* effects);
  void OnEvent(PartitionId partition, Part* part, const FedEvent& event, WatchEffects* effects);
  void OnBroken(PartitionId partition, Part* part);
  void Tell(Interest* interest, PartitionId partition, const WatchLine& line, const kv::Version& above,
            const std::vector<Found>& found, WatchEffects* effects);
  Verdict Judge(const Part& part, const WatchLine& line, const std::string& key, const kv::Record& record,
                const kv::Version& above) const;
  void Put(std::uint64_t token, WatchEvent event, WatchEffects* effects);
  void OnLineLive(std::uint64_t id, Interest* interest, PartitionId partition, Part* part, WatchEffects* effects);
  void WantGap(std::uint64_t token);
  // Takes from the cursors what the lines have come to.
  void ForgetCursors(Interest* interest, PartitionId partition, const kv::Version& position);

  // watch_hub_readings.cc: catching up
  void Read(PartitionId partition, Part* part, Moment now, WatchEffects* effects);
  void Ask(std::uint64_t id, const Interest& interest, PartitionId partition, Part* part, WatchLine* line, Moment now,
           WatchEffects* effects);
  // Sends the reading's question.
  void Send(const Interest& interest, PartitionId partition, const Part& part, WatchLine::Reading* reading, Moment now,
            WatchEffects* effects);
  void FinishReadings(PartitionId partition, Part* part, WatchEffects* effects);
  void FinishReading(std::uint64_t id, Interest* interest, PartitionId partition, Part* part, WatchEffects* effects);
  void DropReading(Part* part, WatchLine* line);

  const Options options_;
  const WatchSubscription::Options subscription_options_;
  const Routes& routes_;
  std::uint64_t last_number_;  // Of questions, and names of subscriptions.
  std::uint64_t last_interest_ = 0;
  std::map<std::uint64_t, Watcher> watches_;  // By token.
  std::map<std::uint64_t, Interest> interests_;
  std::map<WatchTarget, ByTarget> by_target_;
  std::map<PartitionId, Part> parts_;
  std::map<std::uint64_t, std::pair<std::uint64_t, PartitionId>> questions_;  // By number: of which interest and where.
  std::size_t readings_ = 0;
  std::size_t lines_ = 0;
  std::set<std::uint64_t> gaps_;      // Watches that begin anew.
  std::set<std::uint64_t> now_live_;  // Interests that have become live.
  std::set<PartitionId> emptied_;     // Whose last target has gone.
};

}  // namespace quoin::quorum
