// WatchQueue: events that wait for a program that is run for one at a time. Of each key only the newest waits, in the
// place of the first; those before it are counted as skipped. Pure.
//
// Invariants:
//   K1  the events of a key come out in the order in which they went in, and the newest one does come out;
//   K2  no event changes sides of a gap that speaks of it.
//
// Bounds: once full(), no more should be added until something was taken; what then waits elsewhere (at the node) is
// conflated there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "net/client/watch.h"

namespace quoin::tools {

class WatchQueue {
 public:
  static constexpr std::size_t kMaxEvents = 1024;
  static constexpr std::size_t kMaxBytes = std::size_t{4} << 20;

  // SYNCED is no event for a program, and is dropped.
  void Add(client::WatchEvent event);
  bool empty() const { return events_.empty(); }
  bool full() const { return events_.size() >= kMaxEvents || bytes_ >= kMaxBytes; }
  // REQUIRES: !empty()
  client::WatchEvent Take();

 private:
  static std::size_t BytesOf(const client::WatchEvent& event);

  std::map<std::uint64_t, client::WatchEvent> events_;  // In order; the number stands for the place.
  std::map<std::string, std::uint64_t> newest_;         // By key: the place where a newer event of it may be put.
  std::uint64_t next_place_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace quoin::tools
