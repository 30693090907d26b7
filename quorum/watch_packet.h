// What a node with watches and the leader of a partition say to each other (docs/watch.md, "How it is kept"). Plain
// values; a link may lose, repeat and reorder all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "kv/record.h"
#include "kv/version.h"
#include "quorum/watch.h"

namespace quoin::quorum {

// Which of a partition's events a subscription is for.
struct WatchFilter {
  // Bounds. Beyond, a filter is of one target, the empty prefix: everything.
  static constexpr std::size_t kMaxTargets = 1024;
  static constexpr std::size_t kMaxBytes = 64 << 10;  // Of all their texts.

  std::uint64_t version = 0;         // Of the subscriber's; counts up from 1.
  std::vector<WatchTarget> targets;  // Ascending; each once.
};

// Subscribes to a partition's feed at its leader, renews that, or asks who leads.
struct WatchPacket {
  PartitionId partition;
  // Names the subscription; a node's later ones have higher numbers. 0: none is meant, only the leader's name is
  // wanted.
  std::uint64_t subscription = 0;
  bool begins = false;  // A subscription that the leader doesn't know begins. Otherwise there is none any more.
  bool ends = false;    // Nothing more is wanted.
  std::shared_ptr<const WatchFilter> filter;  // Given when it begins, and until the leader has confirmed this version.
  std::uint64_t acknowledged = 0;             // The last numbered packet up to which all have come.
};

// A change of a key that is chosen and held by the leader's own replica.
struct FedEvent {
  std::string key;
  kv::RecordPtr record;  // Its remembered operations don't travel.
  // What users see was visible before: the same state has been proposed once more, above the one that had it.
  bool again = false;
};

// Tells a subscriber what happened, or that there is no subscription (any more).
struct WatchedPacket {
  enum class End {
    kNone,
    kNotLeading,  // This node doesn't lead, or doesn't lead any more.
    kUnknown,     // It knows of no such subscription; it may have expired.
    kBehind,      // The subscriber has not acknowledged too much.
  };
  PartitionId partition;
  std::uint64_t subscription = 0;
  kv::Ballot ballot;  // Of the leadership; with an end: the highest that this node knows of.
  // Counts up from 1 within the subscription. 0, without an end: it stands, and waits for the feed to begin.
  std::uint64_t number = 0;
  std::uint64_t filter = 0;      // The version of the filter that this packet and all later ones went through.
  kv::Version position;          // Everything up to here has been told by now.
  std::vector<FedEvent> events;  // In the order of `accepted`, all at or below the position.
  End end = End::kNone;          // Given: neither events nor a position.
};

// Asks the leader what its replica holds of a target above a version. REQUIRES (or it is refused): the subscription
// stands, and a packet of it has confirmed a filter that covers the target.
struct CatchUpPacket {
  PartitionId partition;
  std::uint64_t subscription = 0;
  std::uint64_t number = 0;  // The asker's name for this question.
  WatchTarget target;
  std::optional<std::string> after;  // A prefix's keys above this one.
  kv::Version above;
  // Bounds of the answer, at least 1 each; one record is given however large it is.
  std::uint32_t limit = 0;
  std::uint32_t max_bytes = 0;
};

struct CaughtUpPacket {
  enum class Refusal {
    kNone,
    kNotSubscribed,  // The subscription is broken.
    kBusy,           // Too many are reading.
    kUnreadable,     // A record is damaged, or the disk failed.
  };
  struct Entry {
    std::string key;
    kv::RecordPtr record;  // A tombstone, too.
  };
  PartitionId partition;
  std::uint64_t subscription = 0;
  std::uint64_t number = 0;
  Refusal refusal = Refusal::kNone;
  // The rest is given without a refusal.
  kv::Version position;                    // The feed's, before the reading.
  kv::Version until;                       // The newest record that was left out for being above it; zero: none was.
  kv::Version floor;                       // Tombstones up to here may have gone.
  std::vector<Entry> entries;              // By key; all at or below the position.
  std::optional<std::string> examined_to;  // The last key that was looked at; nullopt: all of the target was read.
};

}  // namespace quoin::quorum
