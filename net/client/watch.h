// Watches: what happens to some keys, as it happens, as an async stream (docs/watch.md has what is promised).
//
// A watch has a connection of its own, to any one server: a program that takes its events slowly so holds up nothing
// else, and the node, which knows by credit how much is still wanted, leaves out older states of a key for newer ones.
// When the connection is lost, the watch goes on at another server (or the same, once it is back) from the last cursor.
//
// What a program may rely on, whatever connections and nodes do:
//   H1  the versions of a key's events only go up, but for what follows a gap of the key or of the whole watch;
//   H2  what was left out without a newer state of the same key taking its place is preceded by a gap;
//   H3  a state that was told is not told again, but after a gap, or when more than max_remembered_keys other keys had
//       events in between.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/client/handler.h"
#include "net/client/operation.h"

namespace quoin::client {

struct WatchTarget {
  enum class Kind : std::uint8_t { kKey, kPrefix };
  Kind kind = Kind::kKey;
  std::string text;  // kKey: 1 to 4096 bytes; kPrefix: up to 4096, and none is every key.

  friend bool operator==(const WatchTarget&, const WatchTarget&) = default;
};
inline WatchTarget Key(std::string key) { return {WatchTarget::Kind::kKey, std::move(key)}; }
inline WatchTarget Prefix(std::string prefix) { return {WatchTarget::Kind::kPrefix, std::move(prefix)}; }

inline constexpr std::size_t kMaxWatchTargets = 256;
inline constexpr std::size_t kMaxWatchTargetBytes = 4096;

struct WatchEvent {
  enum class Kind : std::uint8_t {
    kPut,      // The key has `state`.
    kDeleted,  // The key was deleted.
    kExpired,  // The key's time to live ended.
    // With a key: what happened to it in between is not known, and its state comes next. Without: the same of the whole
    // watch. The state of everything watched follows, up to the next kSynced; a key that is not told by then is absent.
    kGap,
    // Everything up to now has been told: after the start, after each gap of the whole watch, and after the connection
    // was lost and another one has caught up.
    kSynced,
  };
  Kind kind = Kind::kPut;
  std::string key;             // Empty: the event speaks of the whole watch.
  std::optional<State> state;  // kPut.
  std::string version;         // kPut, kDeleted, kExpired.
  std::uint64_t skipped = 0;   // Earlier events of this key that were left out for this one, because we were slow.
};
// "put", "deleted", "expired", "gap", "synced".
std::string_view WatchEventName(WatchEvent::Kind kind);

struct WatchOptions {
  // Of an earlier watch of the same targets (WatchStream::cursor), on whatever client: goes on where that one was.
  std::string cursor;
  // Whether the state of all targets is told first. Otherwise only what happens from now on. With a cursor: of no use.
  bool state = true;
  // How long may pass until the first event, and, once there was one, without a connection that brings any after one
  // was lost; then the watch ends (kUnavailable). nullopt: as long as it takes.
  std::optional<std::chrono::milliseconds> begin_within;
  std::optional<std::chrono::milliseconds> resume_within;
  // A connection that is silent for so long is pinged, and given up after that time again.
  std::chrono::milliseconds ping_interval{2000};
  // Bytes of events that may wait here until they are taken; one message may be beyond. What is more waits at the node,
  // which then leaves out older states for newer ones.
  std::size_t window_bytes = 1 << 20;
  // For so many keys it is remembered what was told of them last, so that nothing is told again after a reconnect.
  std::size_t max_remembered_keys = 64 << 10;
  // Called, in a turn of the executor of its own, when a server has taken the watch ("127.0.0.1:8080"), and when the
  // connection was lost or the watch refused for now (why).
  std::function<void(bool connected, const std::string& text)> on_connection;
};

// An async stream of events.
//
//   WatchStream rooms = client.Watch({Key("title"), Prefix("room/")});
//   while (std::optional<WatchEvent> event = co_await rooms.Next()) ...
//   std::printf("ended: %s\n", rooms.status().message().c_str());
//
// Threads: as the client. Moved, not copied; must not be destroyed while a Next is under way (Stop ends it).
// Bounds: WatchOptions::window_bytes and one message (Options::max_answer_bytes), and the remembered keys.
class [[nodiscard]] WatchStream {
 public:
  class Impl;
  explicit WatchStream(std::shared_ptr<Impl> impl);
  WatchStream(WatchStream&&) noexcept;
  WatchStream& operator=(WatchStream&&) noexcept;
  ~WatchStream();

  // The next event; nullopt when the watch has ended: see status(). One Next or StartNext at a time.
  [[nodiscard]] boost::asio::awaitable<std::optional<WatchEvent>> Next();
  // The same for a handler, which is never called before StartNext has returned. It may be called, with nullopt, after
  // the stream is gone.
  void StartNext(Handler<std::optional<WatchEvent>> handler);
  // An event that has already come; nullopt: there is none right now. REQUIRES: no Next is under way.
  std::optional<WatchEvent> TryNext();

  // How far the watch has been told, with the events that were given out by now: opaque bytes, for
  // WatchOptions::cursor. Store it behind the last event's effect, and nothing is missed. Empty: a watch that goes on
  // from here must begin anew (at the start, and after a gap of the whole watch, for a while).
  const std::string& cursor() const;

  // Ends the watch, and a Next that is under way; what came and was not taken yet is dropped.
  void Stop();

  // Once Next gave nullopt: Ok after Stop, otherwise why the watch ended: kInvalid (the node or the library refuses it
  // as it is), kUnavailable (the client was closed, or the time to begin or resume has passed).
  const Status& status() const;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace quoin::client
