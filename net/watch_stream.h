// WatchStream: the watches of one WebSocket, beside its requests (net/request_stream.h).
//
// Invariants:
//   S1  after a watch was ended, nothing more is told of it;
//   S2  at most kMaxWatches watches are open;
//   S3  what waits for the client is bounded: see WatchBuffer, and the limits below.
//
// Threads: lives on the shard of its connection.
// Lifetime: source and gate outlive it. `on_news` is called when there is something to be told that wasn't there
// before; it may destroy the stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "net/open_watch.h"
#include "net/problem.h"
#include "net/proto/quoin.pb.h"
#include "net/watch_gate.h"
#include "net/watch_source.h"
#include "net/websocket_handshake.h"

namespace quoin::net {

class WatchStream {
 public:
  static constexpr std::size_t kMaxWatches = 256;  // Of one WebSocket.
  // What may wait: of the n-th watch this divided by n, though kMinWatchBytes at least. That is less than 100 MiB for
  // all of them, and less again where the whole node's memory runs short (WatchGate).
  static constexpr std::size_t kMaxWaitingBytes = 8 << 20;
  static constexpr std::size_t kMinWatchBytes = 256 << 10;

  // `source` may be nullptr: then this node serves no watches.
  WatchStream(WatchSource* source, WatchGate& gate, Subprotocol subprotocol, std::function<void()> on_news)
      : source_(source), gate_(gate), subprotocol_(subprotocol), on_news_(std::move(on_news)) {}
  WatchStream(const WatchStream&) = delete;
  WatchStream& operator=(const WatchStream&) = delete;

  // nullopt: it is open. Otherwise why not. REQUIRES: !contains(id).
  std::optional<ProblemReport> Begin(std::uint32_t id, v1::Watch& message);
  bool contains(std::uint32_t id) const { return open_.contains(id); }
  // Whether there was one.
  bool End(std::uint32_t id) { return open_.erase(id) > 0; }

  bool has_news() const { return !ready_.empty(); }
  // Appends the next message, if there is one, and says how many bytes its payload has.
  std::size_t AppendNext(std::string* out);

 private:
  struct Open {
    std::unique_ptr<OpenWatch> watch;
    bool ready = false;  // Its id is in ready_.
  };

  void OnNews(std::uint32_t id);
  std::size_t AppendEvents(std::uint32_t id, Open& open, std::string* out);
  std::size_t AppendEnd(std::uint32_t id, const ProblemReport& problem, std::string* out) const;

  WatchSource* const source_;
  WatchGate& gate_;
  const Subprotocol subprotocol_;
  const std::function<void()> on_news_;
  std::unordered_map<std::uint32_t, Open> open_;
  std::deque<std::uint32_t> ready_;  // In turn. Ids whose watches have ended meanwhile are passed over.
};

}  // namespace quoin::net
