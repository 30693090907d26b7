#include "tests/simulation/trace.h"

#include <iomanip>

namespace quoin::simulation {

void Trace::WriteTime(ring::MonotonicTime now) {
  const std::int64_t us = now.time_since_epoch().count();
  *lines_ << std::setw(6) << us / 1000 << '.' << std::setw(3) << std::setfill('0') << us % 1000 << std::setfill(' ')
          << " ms  ";
}

}  // namespace quoin::simulation
