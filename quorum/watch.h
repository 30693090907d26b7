// What a node's clients may watch, and what they are told (docs/watch.md). Plain values; Node::Watch takes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "kv/record.h"
#include "kv/version.h"

namespace quoin::quorum {

struct WatchTarget {
  enum class Kind { kKey, kPrefix };
  Kind kind = Kind::kKey;
  std::string text;  // kKey: 1 to kv::kMaxKeyBytes bytes; kPrefix: up to as many, none: every key.

  friend auto operator<=>(const WatchTarget&, const WatchTarget&) = default;
};

// How far a watch has been told, by partition: everything up to and including this version. A partition that is missing
// hasn't been told at all: its state comes first. Only what the watch's targets concern.
using WatchPositions = std::map<PartitionId, kv::Version>;

struct WatchRequest {
  static constexpr std::size_t kMaxTargets = 256;

  std::vector<WatchTarget> targets;  // 1 to kMaxTargets.
  // Given: only what came after. Otherwise the state of all targets is told first, unless `state` is false.
  std::optional<WatchPositions> from;
  bool state = true;
};

struct WatchEvent {
  enum class Kind {
    kPut,
    kDelete,
    kExpire,
    kGap,     // With a key: of that key, whose state comes next. Without: of the whole watch, and all of the state
              // follows.
    kSynced,  // Everything up to now has been told.
  };
  Kind kind = Kind::kPut;
  std::string key;       // Not for kSynced.
  kv::RecordPtr record;  // kPut. Its remembered operations say nothing: those from another node don't travel.
  kv::Version version;   // kPut, kDelete, kExpire: the record's `changed`.
};

// What a node tells one of its watches. Within it, and from one to the next, events are in order.
struct WatchNews {
  std::uint64_t token = 0;  // As Node::Watch was given it.
  std::vector<WatchEvent> events;
  // Not OK: the watch has ended with this: kInvalid, or kUnavailable (too many watches).
  Status status;
};

}  // namespace quoin::quorum
