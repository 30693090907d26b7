// WatchProgress: how far a watch has come, over all of its connections: what to ask the next node for, and which of the
// events that come are news. Pure.
//
// Invariants (docs/watch.md, "What is promised"; watch.h):
//   H1  the versions of a key's events that Take gives only go up, but after a gap;
//   H4  a cursor is gone on from only while it, and what was told behind it, make up the whole state: after a gap of
//   the
//       whole watch, not before a newer cursor came;
//   H5  where a watch must begin anew after something was told, a gap of the whole watch says so.
//
// Threads: none of its own.
// Bounds: the targets, a cursor, and max_remembered_keys keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status.h"
#include "kv/version.h"
#include "net/client/watch.h"
#include "net/proto/quoin.pb.h"

namespace quoin::client {

class WatchProgress {
 public:
  // `cursor` and `state` as WatchOptions has them.
  WatchProgress(std::vector<WatchTarget> targets, std::string cursor, bool state, std::size_t max_remembered_keys);

  // What is wrong with the targets, and what would be right. nullopt: nothing.
  std::optional<std::string> FindFault() const;

  // One thing for the program: an event, how far the watch is with it, or both.
  struct Step {
    std::optional<WatchEvent> event;
    std::optional<std::string> cursor;
  };

  // Another connection asks for the rest. What comes back is told before what that connection brings.
  std::optional<Step> Begin(v1::Watch* out);

  // Takes the strings out of the message. kInvalid: it makes no sense; nothing of it was taken.
  Result<std::vector<Step>> Take(v1::Events& message);

  // Events that were left out because they had been told before.
  std::uint64_t hidden() const { return hidden_; }

 private:
  // What a key's event said. A key that is put and then expires without another write has the version twice.
  struct Said {
    kv::Version version;
    bool gone = false;
    friend auto operator<=>(const Said&, const Said&) = default;
  };
  using Map = std::unordered_map<std::string, Said>;

  static Status Check(const v1::Events& message);
  // Whether it is news; remembers it.
  bool Learn(const std::string& key, const Said& said);
  void Forget(const std::string& key);
  void ForgetAll();
  // Takes one event. nullopt: it was told before.
  std::optional<Step> TakeEvent(v1::Event& event);

  const std::vector<WatchTarget> targets_;
  const std::size_t half_;  // Of the keys to remember; the ones not seen for longest are forgotten, in halves.
  bool state_;
  std::string cursor_;  // To go on from; empty: begin anew.
  bool told_ = false;   // Anything was.
  Map young_;           // At most half_.
  Map old_;
  std::uint64_t hidden_ = 0;
};

}  // namespace quoin::client
