// Time as the pure objects of ring and quorum are told it: how long something took, never what o'clock it is.
#pragma once

#include <chrono>

namespace quoin::ring {

// The zero point means nothing. There is no now(): whoever drives the objects says what time it is.
struct MonotonicTag {
  using duration = std::chrono::microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicTag>;
  static constexpr bool is_steady = true;
};

using MonotonicTime = MonotonicTag::time_point;
using Duration = MonotonicTag::duration;

}  // namespace quoin::ring
