// SimClock: the two clocks of one simulated machine. The monotonic one starts anew with each boot, runs a little fast
// or slow, and never goes back; the wall clock drifts and jumps, but never by more than its bound.
//
// Invariants:
//   L1  the wall clock is within `bound` of the true time, so two of them are within twice that;
//   L2  the monotonic clock never goes back between two boots.
#pragma once

#include <algorithm>
#include <cstdint>

#include "quorum/timing.h"
#include "tests/simulation/seeded_random.h"

namespace quoin::simulation {

class SimClock {
 public:
  SimClock(ring::Duration bound, std::uint64_t drift_ppm, SeededRandom random)
      : bound_(bound), drift_ppm_(drift_ppm), random_(random) {
    Jump({});
  }

  // A new process: its monotonic clock begins anywhere.
  void Boot(ring::MonotonicTime now) {
    booted_ = now;
    base_ = ring::Duration(static_cast<std::int64_t>(random_.Below(1'000'000'000'000)));
    rate_ppm_ = drift_ppm_ == 0 ? 0
                                : static_cast<std::int64_t>(random_.Below(2 * drift_ppm_ + 1)) -
                                      static_cast<std::int64_t>(drift_ppm_);
  }
  // The wall clock is set to something within the bound.
  void Jump(ring::MonotonicTime now) {
    const auto bound = static_cast<std::uint64_t>(bound_.count());
    error_ = ring::Duration(static_cast<std::int64_t>(random_.Below(2 * bound + 1))) - bound_;
    jumped_ = now;
  }
  // From now on it is right.
  void Mend(ring::MonotonicTime now) {
    bound_ = ring::Duration(0);
    drift_ppm_ = 0;
    base_ += now - booted_ + Drift(now - booted_);
    booted_ = now;
    rate_ppm_ = 0;
    Jump(now);
  }

  quorum::Moment Read(ring::MonotonicTime now) const {
    const ring::Duration error = std::clamp(error_ + Drift(now - jumped_), -bound_, bound_);
    const auto wall = std::chrono::floor<std::chrono::milliseconds>(kEpoch + now.time_since_epoch() + error);
    return {ring::MonotonicTime(base_ + (now - booted_) + Drift(now - booted_)), kv::WallTime(wall)};
  }

 private:
  static constexpr std::chrono::seconds kEpoch{1'700'000'000};

  ring::Duration Drift(ring::Duration elapsed) const { return elapsed / 1000 * rate_ppm_ / 1000; }

  ring::Duration bound_;
  std::uint64_t drift_ppm_;
  SeededRandom random_;
  ring::MonotonicTime booted_{};
  ring::MonotonicTime jumped_{};
  ring::Duration base_{0};
  ring::Duration error_{0};
  std::int64_t rate_ppm_ = 0;
};

}  // namespace quoin::simulation
