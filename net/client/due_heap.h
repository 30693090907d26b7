// DueHeap: when each of many numbered things is due, and which is due first. A binary heap that knows where each thing
// is, so that one that is over leaves at once; things that become due in the order in which they came are cheap.
//
// Threads: none of its own. Bounds: as many entries as slots were ever set at once.
#pragma once

#include <glog/logging.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace quoin::client {

class DueHeap {
 public:
  using Time = std::chrono::steady_clock::time_point;

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  // REQUIRES: !empty()
  Time first_due() const { return heap_.front().due; }
  std::uint32_t first() const { return heap_.front().slot; }

  // Sets or moves the time at which `slot` is due.
  void Set(std::uint32_t slot, Time due) {
    if (slot >= at_.size()) at_.resize(slot + 1, kNowhere);
    if (at_[slot] == kNowhere) {
      at_[slot] = heap_.size();
      heap_.push_back({due, slot});
    } else {
      heap_[at_[slot]].due = due;
    }
    Down(Up(at_[slot]));
  }

  // Takes `slot` out, if it is there.
  void Remove(std::uint32_t slot) {
    if (slot >= at_.size() || at_[slot] == kNowhere) return;
    const std::size_t hole = std::exchange(at_[slot], kNowhere);
    const Entry last = heap_.back();
    heap_.pop_back();
    if (hole == heap_.size()) return;
    Put(hole, last);
    Down(Up(hole));
  }

 private:
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
  struct Entry {
    Time due;
    std::uint32_t slot;
  };

  void Put(std::size_t at, const Entry& entry) {
    heap_[at] = entry;
    at_[entry.slot] = at;
  }
  std::size_t Up(std::size_t at) {
    const Entry entry = heap_[at];
    for (std::size_t parent; at > 0 && entry.due < heap_[parent = (at - 1) / 2].due; at = parent) {
      Put(at, heap_[parent]);
    }
    Put(at, entry);
    return at;
  }
  void Down(std::size_t at) {
    const Entry entry = heap_[at];
    for (std::size_t child; (child = 2 * at + 1) < heap_.size(); at = child) {
      if (child + 1 < heap_.size() && heap_[child + 1].due < heap_[child].due) ++child;
      if (entry.due <= heap_[child].due) break;
      Put(at, heap_[child]);
    }
    Put(at, entry);
  }

  std::vector<Entry> heap_;
  std::vector<std::size_t> at_;  // By slot.
};

}  // namespace quoin::client
