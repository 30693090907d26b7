#include "tools/bench_gap.h"

#include <algorithm>

namespace quoin::bench {

void SuccessGap::Begin(Time from) {
  const std::lock_guard lock(mutex_);
  gap_ = {};
  longest_ = 0;
  last_ = from.count();
}

void SuccessGap::Success(Time at) {
  std::int64_t last = last_.load(std::memory_order_relaxed);
  // Of several threads, the ones that come late find a later success than theirs and leave it.
  while (last < at.count()) {
    if (!last_.compare_exchange_weak(last, at.count(), std::memory_order_relaxed)) continue;
    if (at.count() - last > longest_.load(std::memory_order_relaxed)) Note(Time(last), at);
    return;
  }
}

void SuccessGap::End(Time to) {
  const std::int64_t last = last_.exchange(INT64_MAX);
  if (last < to.count()) Note(Time(last), to);
}

SuccessGap::Gap SuccessGap::longest() const {
  const std::lock_guard lock(mutex_);
  return gap_;
}

void SuccessGap::Note(Time from, Time to) {
  const std::lock_guard lock(mutex_);
  if (to - from <= gap_.length) return;
  gap_ = {.length = to - from, .from = from};
  longest_ = gap_.length.count();
}

void AskedGaps::Begin(Time from) {
  const std::lock_guard lock(mutex_);
  gap_ = {};
  longest_ = 0;
  for (Entry& entry : entries_) {
    entry.last = from.count();
    entry.missed = INT64_MAX;
  }
}

void AskedGaps::Success(std::size_t number, Time asked, Time at) {
  if (number >= entries_.size()) return;
  Entry& entry = entries_[number];
  std::int64_t last = entry.last.load(std::memory_order_relaxed);
  while (last < at.count()) {
    if (!entry.last.compare_exchange_weak(last, at.count(), std::memory_order_relaxed)) continue;
    const std::int64_t missed = entry.missed.load(std::memory_order_relaxed);
    // Almost always it is not there, and a load is cheaper than a store.
    if (missed != INT64_MAX) entry.missed.store(INT64_MAX, std::memory_order_relaxed);
    return Note(number, std::max(last, std::min(asked.count(), missed)), at.count());
  }
}

void AskedGaps::Miss(std::size_t number, Time asked, Time at) {
  if (number >= entries_.size()) return;
  Entry& entry = entries_[number];
  const std::int64_t last = entry.last.load(std::memory_order_relaxed);
  if (at.count() <= last) return;
  const std::int64_t since = std::max(last, asked.count());
  std::int64_t missed = entry.missed.load(std::memory_order_relaxed);
  while (missed > since && !entry.missed.compare_exchange_weak(missed, since, std::memory_order_relaxed)) {
  }
  Note(number, std::min(since, missed), at.count());
}

AskedGaps::Gap AskedGaps::longest() const {
  const std::lock_guard lock(mutex_);
  return gap_;
}

void AskedGaps::Note(std::size_t entry, std::int64_t from, std::int64_t to) {
  if (to - from <= longest_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  if (Time(to - from) <= gap_.length) return;
  gap_ = {.length = Time(to - from), .from = Time(from), .entry = entry};
  longest_ = gap_.length.count();
}

}  // namespace quoin::bench
