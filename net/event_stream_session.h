// EventStreamSession: the body of an answer with Server-Sent Events (docs/watch.md; HTML Standard, section 9.2), up to
// the end of the connection. The answer's head has been written before.
//
// Invariants:
//   E1  what waits is bounded: 256 KiB of output and one event more, and what OpenWatch keeps; a client that doesn't
//   take
//       it within idle_timeout is cut off;
//   E2  a client hears something at least every kKeepAlive.
//
// Threads: lives on one shard.
// Lifetime: handler, source and gate outlive it. May be destroyed at any time.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "net/byte_session.h"
#include "net/http_handler.h"
#include "net/open_watch.h"
#include "net/output_queue.h"
#include "net/watch_gate.h"
#include "net/watch_source.h"

namespace quoin::net {

class EventStreamSession : public ByteSession {
 public:
  static constexpr std::chrono::milliseconds kKeepAlive{15'000};
  // What a browser is told to wait before it connects again.
  static constexpr std::chrono::milliseconds kRetry{2000};
  // Browsers send a cursor back in a field of a request's head; a larger one is left out.
  static constexpr std::size_t kMaxCursorTextBytes = 8 << 10;

  // Takes over a connection that the handler has been told of (HttpHandler::OnConnection), and tells it of its end.
  // REQUIRES: place != nullptr.
  EventStreamSession(HttpHandler& handler, WatchSource& source, WatchGate::Place place, WatchOrder order,
                     std::string request_id, std::chrono::milliseconds idle_timeout, SteadyTime now, Wake wake);
  ~EventStreamSession() override;
  EventStreamSession(const EventStreamSession&) = delete;
  EventStreamSession& operator=(const EventStreamSession&) = delete;

  // Whatever the client still says, nobody listens.
  void OnBytes(std::string_view bytes, SteadyTime now) override;
  void OnEndOfInput(SteadyTime now) override;
  bool wants_bytes() const override { return !finished(); }
  void CollectOutput(std::vector<std::string_view>& views, std::size_t limit) const override;
  bool has_output() const override { return !aborted_ && !output_.empty(); }
  void OnWritten(std::size_t count, SteadyTime now) override;
  SteadyTime deadline() const override;
  void OnTime(SteadyTime now) override;
  bool finished() const override { return aborted_ || finished_; }
  // Ends the answer, so that the client connects again, elsewhere.
  void Drain(SteadyTime now) override;

 private:
  // Writes what there is, as far as there is room.
  void Pump();
  void AppendEvents();
  void OnNews();

  HttpHandler& handler_;
  const std::string request_id_;
  const std::chrono::milliseconds idle_timeout_;
  const Wake wake_;
  OutputQueue output_;
  bool finished_ = false;
  bool aborted_ = false;
  SteadyTime writing_since_;      // When output last began to wait, or moved.
  bool writing_is_news_ = false;  // It began to wait at a moment that isn't known: OnTime says which.
  SteadyTime quiet_since_;        // When something was last written.
  OpenWatch watch_;               // After what its calls use.
};

}  // namespace quoin::net
