#include "quorum/copy_pace.h"

#include <gtest/gtest.h>

#include <chrono>

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;

constexpr ring::MonotonicTime kStart{std::chrono::seconds(1)};

TEST(CopyPace, IsClosedUntilTimeHasPaidForWhatWasBrought) {
  CopyPace pace({.keys = 1000, .bytes = 0}, kStart);
  EXPECT_TRUE(pace.open());
  pace.Take({.keys = 64, .bytes = 1 << 20});
  EXPECT_FALSE(pace.open());
  pace.OnTick(kStart + milliseconds(63));
  EXPECT_FALSE(pace.open());
  pace.OnTick(kStart + milliseconds(64));
  EXPECT_TRUE(pace.open());
}

TEST(CopyPace, LargeRecordsArePaidForByTheirBytes) {
  CopyPace pace({.keys = 1000, .bytes = 1'000'000}, kStart);
  pace.Take({.keys = 1, .bytes = 500'000});
  pace.OnTick(kStart + milliseconds(499));
  EXPECT_FALSE(pace.open());
  pace.OnTick(kStart + milliseconds(500));
  EXPECT_TRUE(pace.open());
}

TEST(CopyPace, TimeWithoutCopyingIsNotSaved) {
  CopyPace pace({.keys = 1000, .bytes = 0}, kStart);
  pace.OnTick(kStart + std::chrono::hours(1));
  pace.Take({.keys = 64, .bytes = 0});
  EXPECT_FALSE(pace.open());
}

TEST(CopyPace, WithoutALimitItIsNeverClosed) {
  CopyPace pace({}, kStart);
  pace.Take({.keys = 1 << 20, .bytes = 1 << 30});
  EXPECT_TRUE(pace.open());
}

}  // namespace
}  // namespace quoin::quorum
