// PhiAccrual: how surprising it is that one peer's next heartbeat has not come yet.
//
// After Hayashibara, Defago, Yared, Katayama: The phi Accrual Failure Detector (SRDS 2004), section 4. Intervals
// between heartbeats are taken as normally distributed with the mean and the deviation of the last ones; phi is -log10
// of the chance that a heartbeat comes even later than now. phi = 1 is wrong once in 10 times, phi = 8 once in 10^8, as
// far as intervals are like that.
//
// Where it departs from the paper, and why:
//   - before the first intervals are known, the window holds two that one would expect (so that a peer which never
//   sends a
//     second heartbeat is suspected, too);
//   - the mean is at least the interval at which peers are told to send: heartbeats that piled up and arrive in one
//   burst
//     mustn't teach that silence of a moment is suspicious;
//   - the deviation has a minimum, since a quiet network would teach the same;
//   - one interval counts as `longest_sample` at most, so that one outage doesn't blind the window for long.
//
// Invariants:
//   F1  phi never falls while no heartbeat comes, and is finite;
//   F2  it depends on the last `window` intervals only.
//
// Times are the watcher's own (SuspicionClock::now). Lives on its owner's shard. Bounds: `window` intervals.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "ring/monotonic_time.h"

namespace quoin::ring {

struct PhiConfig {
  Duration heartbeat_interval = std::chrono::milliseconds(100);
  Duration least_deviation = std::chrono::milliseconds(25);
  Duration longest_sample = std::chrono::seconds(2);
  std::size_t window = 200;  // At least 2.
};

inline constexpr double kMaxPhi = 300;

class PhiAccrual {
 public:
  // Watching begins as if a heartbeat came now.
  PhiAccrual(const PhiConfig& config, Duration now);

  void OnHeartbeat(Duration now);
  // As OnHeartbeat, but the time since the last one says nothing about heartbeats: the peer was down, or the link was.
  void Restart(Duration now) { last_ = now; }

  // The peer says how often it means to be heard; counts as the least mean, and its quarter as the least deviation,
  // from then on.
  void Expect(Duration interval) { expected_ = std::max(interval, config_.heartbeat_interval); }

  // Between 0 and kMaxPhi.
  double Phi(Duration now) const;

  Duration mean() const;
  Duration deviation() const;

 private:
  void Add(Duration interval);

  const PhiConfig config_;
  Duration last_;
  Duration expected_;
  // Sums in whole microseconds, so that adding and taking away leaves no error behind. 2^20 intervals of 2 seconds
  // would still fit.
  std::deque<std::int64_t> intervals_us_;
  std::int64_t sum_us_ = 0;
  std::int64_t sum_of_squares_us_ = 0;
};

}  // namespace quoin::ring
