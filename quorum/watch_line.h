// How far a target has been told in one partition: what WatchHub keeps of each (docs/watch.md, "Catching up").
//
// A line is a row of segments, each a range of keys that has been told up to one version. A live segment goes with the
// subscription; the others are read, a part at a time, until they are live.
//
// Threads: live on one shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kv/record.h"
#include "kv/version.h"
#include "quorum/watch_packet.h"
#include "ring/monotonic_time.h"

namespace quoin::quorum {

// What was told of a key last.
struct ToldState {
  kv::Version accepted;  // The lowest that is known to have carried that state.
  kv::Version changed;
};

// The states that a partition's watches were told last, of the keys that were told of last.
class ToldStates {
 public:
  // Bounds: keys that are remembered.
  static constexpr std::size_t kMaxKeys = 512;

  void Remember(const std::string& key, const kv::Record& record) {
    const auto [found, added] = states_.try_emplace(key);
    if (added) order_.push_back(key);
    if (found->second.changed != record.changed) found->second = {record.accepted, record.changed};
    if (order_.size() <= kMaxKeys) return;
    states_.erase(order_.front());
    order_.pop_front();
  }
  // nullptr: it isn't known.
  const ToldState* Find(const std::string& key) const {
    const auto found = states_.find(key);
    return found == states_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::string, ToldState> states_;
  std::deque<std::string> order_;
};

class WatchLine {
 public:
  // Keys above the segment's place up to the next one's. The first place is empty, which is below every key.
  struct Segment {
    kv::Version position;  // Of a live one meaningless: it is the subscription's.
    bool live = false;
  };
  using Segments = std::map<std::string, Segment>;
  // Bounds: segments. More are not kept apart, at the price of a gap.
  static constexpr std::size_t kMaxSegments = 64;

  // A range that is being read at the leader, with what happens to it meanwhile.
  struct Reading {
    std::uint64_t number = 0;
    std::string place;                 // Keys above
    std::optional<std::string> up_to;  // and up to this one; nullopt: to the end.
    kv::Version above;
    ring::MonotonicTime asked_at;
    bool answered = false;
    // Of the answer.
    kv::Version position;
    kv::Version until;
    std::vector<CaughtUpPacket::Entry> entries;
    // The newest state of each key that changed since it was asked for.
    std::map<std::string, kv::RecordPtr> meanwhile;
    std::size_t meanwhile_bytes = 0;
    bool overrun = false;  // There were too many: it is to be read again.
  };
  static constexpr std::size_t kMaxMeanwhile = 1024;
  static constexpr std::size_t kMaxMeanwhileBytes = std::size_t{1} << 20;

  Segments segments = {{std::string(), Segment()}};
  std::unique_ptr<Reading> reading;  // nullptr: none is under way. Most lines have none.
  bool from_now = false;           // It begins at the feed's position, whatever that is.
  bool caught_up = false;          // All of it has been live since it began.
  std::optional<ToldState> told;   // Of a target that is one key.
  ring::MonotonicTime not_before;  // Of the next reading.

  bool live() const {
    for (const auto& [place, segment] : segments) {
      if (!segment.live) return false;
    }
    return true;
  }
  // The lowest that any part of it has been told up to; nullopt: some has not been told at all. `now`: the
  // subscription's position.
  std::optional<kv::Version> Position(const kv::Version& now) const;
  // The segment that holds the key.
  Segments::iterator SegmentOf(const std::string& key);
  // Where the segment ends; nullopt: at the end.
  std::optional<std::string> EndOf(Segments::const_iterator segment) const;
  // The segment that is to be read next: of those with the lowest position the first. REQUIRES: !live()
  Segments::iterator NextToRead();
  // The subscription broke at that position.
  void Break(const kv::Version& position);
  // The segment is live up to `up_to` (nullopt: as a whole).
  void MakeLive(Segments::iterator segment, const std::optional<std::string>& up_to);
  // Whether the event belongs to the range that is being read, and is kept for its end.
  bool Keep(const std::string& key, const kv::RecordPtr& record);
};

}  // namespace quoin::quorum
