// SuspicionClock: how long this node itself has been running and watching.
//
// A node that was paused, swapped out or starved of its core hears nobody meanwhile, and on waking would take all its
// peers for dead. So silence is measured on this clock, which goes on by at most `longest_step` between two calls: a
// tick that comes late stops it for the time by which the tick was late (design section 4.3).
//
// Invariants:
//   K1  it never goes back, and never runs faster than the time it is told;
//   K2  however long a pause, it moves this clock by `longest_step` at most.
//
// Must be told the time at least once every `longest_step` while the node runs, or it falls behind.
// Lives on its owner's shard.
#pragma once

#include <glog/logging.h>

#include <algorithm>

#include "ring/monotonic_time.h"

namespace quoin::ring {

class SuspicionClock {
 public:
  SuspicionClock(Duration longest_step, MonotonicTime now) : longest_step_(longest_step), told_(now) {
    CHECK_GT(longest_step.count(), 0);
  }

  // Call first whenever anything happens; returns now(). A time before the last one told counts as that one.
  Duration Advance(MonotonicTime now) {
    const Duration step = std::max(now - told_, Duration::zero());
    told_ = std::max(now, told_);
    running_ += std::min(step, longest_step_);
    paused_ += step - std::min(step, longest_step_);
    return running_;
  }

  // The time for which the node has been running, as far as it was told.
  Duration now() const { return running_; }
  // The time that didn't count, for the metrics.
  Duration paused() const { return paused_; }

 private:
  const Duration longest_step_;
  MonotonicTime told_;
  Duration running_{0};
  Duration paused_{0};
};

}  // namespace quoin::ring
