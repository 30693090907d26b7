// Where pure objects get their chance from: injected, so that one seed is one history.
#pragma once

#include <glog/logging.h>

#include <cstdint>
#include <limits>

namespace quoin::ring {

class Random {
 public:
  virtual ~Random() = default;

  // 64 evenly distributed bits.
  virtual std::uint64_t Next() = 0;

  // Evenly distributed in [0, bound). REQUIRES: bound > 0.
  std::uint64_t Below(std::uint64_t bound) {
    CHECK_GT(bound, 0u);
    // The top of the range that is no whole multiple of the bound would favour small results.
    const std::uint64_t limit = std::numeric_limits<std::uint64_t>::max() / bound * bound;
    std::uint64_t value = Next();
    while (value >= limit) value = Next();
    return value % bound;
  }
};

}  // namespace quoin::ring
