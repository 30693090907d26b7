// EventQueue: virtual time, and what happens in it.
//
// Invariants:
//   Q1  time never goes back, and stands still while an event runs;
//   Q2  events run in the order of their times, and those of one time in the order in which they were asked for.
#pragma once

#include <glog/logging.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "ring/monotonic_time.h"

namespace quoin::simulation {

class EventQueue {
 public:
  using Event = std::function<void()>;

  ring::MonotonicTime now() const { return now_; }
  std::uint64_t ran() const { return ran_; }
  bool empty() const { return heap_.empty(); }

  void At(ring::MonotonicTime at, Event event) {
    std::size_t slot = slots_.size();
    if (free_.empty()) {
      slots_.push_back(std::move(event));
    } else {
      slot = free_.back();
      free_.pop_back();
      slots_[slot] = std::move(event);
    }
    heap_.push_back({std::max(at, now_), ++asked_, slot});
    std::push_heap(heap_.begin(), heap_.end(), Later());
  }
  void After(ring::Duration delay, Event event) { At(now_ + delay, std::move(event)); }

  // REQUIRES: !empty()
  void RunNext() {
    CHECK(!heap_.empty());
    std::pop_heap(heap_.begin(), heap_.end(), Later());
    const Entry entry = heap_.back();
    heap_.pop_back();
    const Event event = std::exchange(slots_[entry.slot], nullptr);
    free_.push_back(entry.slot);
    now_ = entry.at;
    ++ran_;
    event();
  }
  // Runs what is due until `end`, and lets that become the time.
  void RunUntil(ring::MonotonicTime end) {
    while (!heap_.empty() && heap_.front().at <= end) RunNext();
    now_ = std::max(now_, end);
  }

 private:
  struct Entry {
    ring::MonotonicTime at;
    std::uint64_t number;
    std::size_t slot;
  };
  struct Later {
    bool operator()(const Entry& a, const Entry& b) const { return a.at != b.at ? a.at > b.at : a.number > b.number; }
  };

  ring::MonotonicTime now_{};
  std::uint64_t asked_ = 0;
  std::uint64_t ran_ = 0;
  std::vector<Entry> heap_;
  std::vector<Event> slots_;
  std::vector<std::size_t> free_;
};

}  // namespace quoin::simulation
