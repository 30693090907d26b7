#include "quorum/flush_pace.h"

#include <algorithm>

namespace quoin::quorum {

void FlushPace::OnHandedOver(Time now, std::size_t writes) {
  handed_over_at_ = now;
  handed_over_ = writes;
  wait_until_ = Time::min();
}

void FlushPace::OnDurable(Time now, std::size_t waiting) {
  const auto took = now - handed_over_at_;
  expected_ = handed_over_ + waiting;
  wait_until_ = took < kShortRound ? Time::min() : now + std::min<Time::duration>(took / 3, kMaxWait);
}

}  // namespace quoin::quorum
