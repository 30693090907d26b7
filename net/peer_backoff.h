// How long to wait before the next attempt: twice as long each time up to a bound, with jitter, so that those who
// failed together don't all come back together. (Full doubling, half of it random: "equal jitter".)
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace quoin::net {

class PeerBackoff {
 public:
  // REQUIRES: 0 < least <= most
  PeerBackoff(std::chrono::milliseconds least, std::chrono::milliseconds most)
      : least_(least), most_(most), next_(least) {}

  void Reset() { next_ = least_; }
  // Between half of the bound and the bound, which then doubles.
  std::chrono::microseconds Next(std::mt19937_64& random) {
    const std::chrono::microseconds bound = next_;
    next_ = std::min(2 * next_, most_);
    return bound / 2 + std::chrono::microseconds(random() % static_cast<std::uint64_t>(bound.count() / 2 + 1));
  }

 private:
  const std::chrono::milliseconds least_;
  const std::chrono::milliseconds most_;
  std::chrono::milliseconds next_;
};

}  // namespace quoin::net
