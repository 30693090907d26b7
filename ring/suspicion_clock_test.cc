#include "ring/suspicion_clock.h"

#include <gtest/gtest.h>

namespace quoin::ring {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime kStart{seconds(1000)};

TEST(SuspicionClock, RunsWithTheTimeItIsTold) {
  SuspicionClock clock(milliseconds(100), kStart);
  EXPECT_EQ(clock.Advance(kStart + milliseconds(50)), milliseconds(50));
  EXPECT_EQ(clock.Advance(kStart + milliseconds(150)), milliseconds(150));
  EXPECT_EQ(clock.paused(), Duration::zero());
}

TEST(SuspicionClock, StandsStillForTheTimeByWhichATickIsLate) {
  SuspicionClock clock(milliseconds(100), kStart);
  EXPECT_EQ(clock.Advance(kStart + seconds(60)), milliseconds(100));
  EXPECT_EQ(clock.paused(), seconds(60) - milliseconds(100));
  EXPECT_EQ(clock.Advance(kStart + seconds(60) + milliseconds(40)), milliseconds(140));
}

TEST(SuspicionClock, NeverGoesBack) {
  SuspicionClock clock(milliseconds(100), kStart);
  clock.Advance(kStart + milliseconds(80));
  EXPECT_EQ(clock.Advance(kStart - seconds(5)), milliseconds(80));
  // And the way back up is not counted a second time.
  EXPECT_EQ(clock.Advance(kStart + milliseconds(90)), milliseconds(90));
}

}  // namespace
}  // namespace quoin::ring
