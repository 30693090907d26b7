// OpenWatch: one watch of one client, between the core and the client's protocol. It ends with the object.
//
// Threads: lives on the shard of its connection.
// Lifetime: source and gate outlive it and its place. `on_news` is called when there is something to take that wasn't
// there before; it may destroy the watch.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "base/status.h"
#include "net/problem.h"
#include "net/watch_buffer.h"
#include "net/watch_cursor.h"
#include "net/watch_gate.h"
#include "net/watch_source.h"
#include "quorum/watch.h"

namespace quoin::net {

// What a client wants watched.
struct WatchOrder {
  quorum::WatchRequest request;
  CursorScope scope;
};

class OpenWatch {
 public:
  struct Options {
    WatchBuffer::Limits limits;
    WatchSource::Pace pace = WatchSource::Pace::kSometimes;
  };

  // REQUIRES: place != nullptr.
  OpenWatch(WatchSource& source, WatchGate::Place place, WatchOrder order, const Options& options,
            std::function<void()> on_news);
  ~OpenWatch();
  OpenWatch(const OpenWatch&) = delete;
  OpenWatch& operator=(const OpenWatch&) = delete;

  bool has_items() const { return buffer_.has_items(); }
  // There is something to take, or to be resumed.
  bool has_news() const { return buffer_.has_items() || buffer_.has_positions() || has_ended() || buffer_.behind(); }
  // The next event, until the next call of anything. nullptr: there is none now.
  const WatchBuffer::Item* Take();
  // The cursor's bytes, to be told with what was taken last. nullopt: there is nothing new to be told.
  std::optional<std::string> TakeCursor();
  // The same in two steps; nullptr: there is nothing new.
  WatchPositionsPtr TakePositions() { return buffer_.TakePositions(); }
  std::string CursorOf(const quorum::WatchPositions& positions) const { return EncodeCursor(scope_, positions); }
  // Nothing more is to come, and why.
  bool has_ended() const { return !end_.ok() && !buffer_.has_items(); }
  ProblemReport problem() const;
  // To be called when everything that there was has been taken.
  void Resume();
  // It lags behind for the size of what waits: there is more than the limits allow.
  bool behind() const { return buffer_.behind(); }
  // Of a watch that is behind: the limit was not its own, but what the node has left for each.
  bool squeezed() const { return squeezed_; }

 private:
  // A state that couldn't be told in so many turns never will be.
  static constexpr int kMaxRestarts = 1000;

  void Begin(quorum::WatchRequest request);
  void OnNotice(WatchNotice notice);
  void Weigh();

  WatchSource& source_;
  const WatchGate::Place gate_;
  const CursorScope scope_;
  const WatchSource::Pace pace_;
  const std::function<void()> on_news_;
  WatchBuffer buffer_;
  std::optional<WatchSource::Id> id_;
  std::size_t weighed_bytes_ = 0;
  bool squeezed_ = false;
  Status end_;
};

}  // namespace quoin::net
