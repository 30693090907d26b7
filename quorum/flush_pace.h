// FlushPace: decides when a leader hands its open round over. A pure object that is told the time.
//
// Writers that wait for one round come back together when it is durable. Handing over at that moment whatever arrived
// during the round would split a steady crowd of writers into two halves that take turns, each waiting through the
// other's sync. So when a round took long, the pace waits a moment for those who were just answered: until as many
// writes are there as were under way altogether, or for a third of what the round took, whichever comes first. A lone
// writer never waits, and on a disk whose syncs are quick nobody does. Nor does a round that is large by itself: the
// processor works on the one half of the crowd while the disk works on the other, and a sync for each is a small price.
//
// Bounds: the wait is at most kMaxWait.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace quoin::quorum {

class FlushPace {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // Rounds shorter than this are not worth waiting for.
  static constexpr std::chrono::microseconds kShortRound{200};
  static constexpr std::chrono::microseconds kMaxWait{2000};
  // So many writes are worth a sync of their own: to make and to store them takes about as long.
  static constexpr std::size_t kFullRound = 256;

  void OnHandedOver(Time now, std::size_t writes);
  // `waiting`: writes that arrived while the round was under way.
  void OnDurable(Time now, std::size_t waiting);

  // Until when a round of so many writes should wait for more; a time that is not in the future means: hand it over.
  Time WaitUntil(std::size_t writes) const {
    return writes >= std::min(expected_, kFullRound) ? Time::min() : wait_until_;
  }

 private:
  Time handed_over_at_ = Time::min();
  Time wait_until_ = Time::min();
  std::size_t handed_over_ = 0;
  std::size_t expected_ = 0;  // Writes that are likely to be there soon.
};

}  // namespace quoin::quorum
