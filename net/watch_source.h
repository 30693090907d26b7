// WatchSource: where front ends get the changes of watched keys from (docs/watch.md). The core is behind it; tests have
// their own.
//
// Thread safety: called on any shard's thread; what comes of a watch comes on the thread that began it, never during
// Begin or End.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "quorum/watch.h"

namespace quoin::net {

using WatchPositionsPtr = std::shared_ptr<const quorum::WatchPositions>;

// What a watch is told at a time. Values are shared with everybody else who is told of them.
struct WatchNotice {
  std::vector<quorum::WatchEvent> events;
  // How far the watch has been told, with these events and all before them. nullptr: not said this time.
  WatchPositionsPtr positions;
  // Not OK: this is the last notice, and the watch has ended.
  Status status;
};

class WatchSource {
 public:
  // The cluster whose keys are watched.
  struct Cluster {
    ClusterId id;
    std::uint32_t partition_count = 0;
  };
  // How often a watch's positions are said.
  enum class Pace {
    kSometimes,  // At least once a second while they change, and with each kSynced; with every notice where that's
                 // cheap.
    kAlways,     // With every notice.
  };
  using Id = std::uint64_t;
  using OnNotice = std::function<void(WatchNotice)>;

  virtual ~WatchSource() = default;

  // Any thread. nullopt: this node knows of no cluster yet, and nothing can be watched.
  virtual std::optional<Cluster> cluster() const = 0;
  // REQUIRES: 1 to quorum::WatchRequest::kMaxTargets targets.
  virtual Id Begin(quorum::WatchRequest request, Pace pace, OnNotice on_notice) = 0;
  // On the same thread. `on_notice` isn't called any more; it may be what calls this. Watches that have ended may be
  // ended.
  virtual void End(Id id) = 0;
};

}  // namespace quoin::net
