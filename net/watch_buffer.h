// WatchBuffer: what one watch has been told by the core and its client has not taken yet.
//
// A client that keeps up takes events as they come. For one that doesn't, at most one event per key waits, the newest
// (conflation), at the place of the oldest that it stands for, so that no key is put off for ever. When even that is
// too much, everything is dropped: the watch is *behind*, and is begun anew once the client takes something again. (A
// client that takes whole partitions only is a poll, which isn't begun anew: it is answered with what waits.)
//
// Before the state is whole (kSynced), the events of a partition are kept back until the positions show that all of its
// state is there, so that a beginning anew never stands in the middle of a partition: what was deleted since couldn't
// be told any more. A partition that is too large for that is let through; beginning anew then takes a gap. For the
// same reason no positions are given out before the kSynced, unless the watch goes on from positions of all its
// partitions, or its client takes whole partitions only (`partial`).
//
// Invariants:
//   B1  the versions of a key's events that are taken ascend, but after its gap or one of the whole watch;
//   B2  the newest event of each key is taken last, unless the watch is behind;
//   B3  positions are given out only when everything that came up to them was taken or stood for by something newer
//   that
//       was or will be taken;
//   B4  what waits is within the limits, and one notice more;
//   B5  after a gap of the whole watch, one kSynced is taken; otherwise one in all.
//
// Threads: none of its own; belongs to one watch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "kv/version.h"
#include "net/watch_source.h"
#include "quorum/watch.h"

namespace quoin::net {

class WatchBuffer {
 public:
  struct Limits {
    std::size_t max_entries = 65'536;
    std::size_t max_bytes = 8 << 20;  // Of keys and values, and kEntryBytes for each entry.
    // See above: a partition is never let through in parts. And who goes on from all of them has been told kSynced.
    bool partial = false;
    std::size_t max_told = 16'384;  // Events that were taken and that the latest positions don't cover.
  };
  static constexpr std::size_t kEntryBytes = 200;

  struct Item {
    quorum::WatchEvent event;
    std::uint64_t skipped = 0;  // Events of the key that were left out for this one, since the last one that was taken.
  };

  // `request` is how the watch is begun. Positions to go on from that lack a partition that the targets concern are
  // good for `partial` alone; without, everything is told from the start, after a gap.
  WatchBuffer(quorum::WatchRequest request, std::uint32_t partition_count, const Limits& limits);

  // What the core says, in its order. While the watch is behind, it's dropped. `max_bytes`: see Limits, if that is
  // less.
  void Add(std::vector<quorum::WatchEvent> events, WatchPositionsPtr positions, std::size_t max_bytes = SIZE_MAX);

  // There is something to be told. With `partial` a gap of the whole watch alone isn't: a poll that were answered with
  // nothing else would bring back the cursor that begins with a gap, and so for ever where the state takes a while.
  bool has_items() const { return !queue_.empty() && !(limits_.partial && HoldsGapAlone()); }
  // The next event, until the next call of anything. nullptr: there is none.
  const Item* Take();
  // There are positions to be given out with what was taken last.
  bool has_positions() const { return due_ != nullptr; }
  WatchPositionsPtr TakePositions() { return std::exchange(due_, nullptr); }

  // Nothing more is added until the watch is begun anew, which is to be done once there are no items.
  bool behind() const { return behind_; }
  // How to. REQUIRES: behind() and not has_items(); the core's watch has been ended.
  quorum::WatchRequest BeginAnew();
  // As it was given first, or for a beginning with a gap.
  const quorum::WatchRequest& request() const { return request_; }
  // Since all that there was had been told for the last time.
  int restarts() const { return restarts_; }

  std::size_t size_bytes() const { return size_bytes_; }
  // Events that were never taken, since the last call.
  std::uint64_t TakeConflated() { return std::exchange(conflated_, 0); }

 private:
  struct Entry {
    std::string key;
    bool gap = false;                         // Of the key; comes before the event.
    std::optional<quorum::WatchEvent> event;  // With its key moved to `key`. Always given where there's no key.
    std::uint64_t skipped = 0;
    std::uint64_t number = 0;  // Its place among all that were put in the queue.
    std::size_t size_bytes = 0;
  };
  using Entries = std::list<Entry>;
  // Positions that hold once all entries with lower numbers were taken.
  struct Mark {
    std::uint64_t number = 0;
    WatchPositionsPtr positions;
    bool whole = false;  // All of the state was told before.
  };
  // Up to so many entries a look at each is cheaper than an index.
  static constexpr std::size_t kScanned = 16;
  static constexpr std::size_t kMaxMarks = 8;

  void AddGap();
  bool HoldsGapAlone() const;
  void AddSynced();
  void AddKeyed(quorum::WatchEvent event);
  void AddPositions(WatchPositionsPtr positions);
  bool WasTold(const quorum::WatchEvent& event);
  Entry* Find(std::string_view key);
  // Where an event of this key waits: the queue, or its partition's own list.
  Entries& PlaceOf(std::string_view key);
  void Append(Entries& place, Entry entry);
  void Weigh(Entry& entry);
  // Moves what is kept back to the queue.
  void Release(Entries& held);
  void ReleaseAll();
  void Forget(const Entry& entry);
  void Clear();
  void FallBehind();
  bool IsComplete(const quorum::WatchPositions& positions) const;
  // After something was taken.
  void ReachMarks();
  void Remember(std::string_view key, const kv::Version& version);
  // Whether the positions speak of this state.
  bool Covers(const quorum::WatchPositions& positions, std::string_view key, const kv::Version& version) const;
  bool IsOver(std::size_t max_bytes) const { return size_bytes_ > max_bytes || entries_ > limits_.max_entries; }

  quorum::WatchRequest request_;
  const std::uint32_t partition_count_;
  const Limits limits_;

  Entries queue_;
  std::map<PartitionId, Entries> held_;
  std::set<PartitionId> released_;
  bool all_released_ = false;
  std::unordered_map<std::string_view, Entry*> index_;  // Of all entries with a key, while indexed_.
  bool indexed_ = false;
  std::size_t entries_ = 0;
  std::size_t size_bytes_ = 0;
  std::uint64_t next_number_ = 1;
  std::deque<Mark> marks_;
  Item current_;  // The latest that was taken.

  bool awaiting_synced_ = true;  // The core's next kSynced is to be told.
  bool goes_on_ = false;         // From positions of all partitions, without a gap since.
  bool caught_up_ = false;       // The core has said kSynced since the watch was begun.
  // Something was let through that no positions speak of. Up to the kSynced.
  bool torn_ = false;
  WatchPositionsPtr told_positions_;  // The latest that were reached.
  WatchPositionsPtr due_;
  // What was taken and they don't cover.
  std::vector<std::pair<std::string, kv::Version>> told_;
  // Once there is too much of it: the newest of each partition.
  std::map<PartitionId, kv::Version> told_lost_;
  // The same, of before the watch was begun anew: the core will say it again.
  std::unordered_map<std::string, kv::Version> told_before_;
  bool gap_lost_ = false;  // A gap of the whole watch was dropped before it was taken.
  bool behind_ = false;
  int restarts_ = 0;
  std::uint64_t conflated_ = 0;
};

}  // namespace quoin::net
