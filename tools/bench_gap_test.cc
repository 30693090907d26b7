// The longest time without a success: over all, and for the one key and place that waited longest.
#include "tools/bench_gap.h"

#include <gtest/gtest.h>

#include "tools/bench_fixture.h"

namespace quoin::bench {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Fault = FakeTarget::Fault;

TEST(SuccessGap, ReachesToTheEndsOfTheWindow) {
  SuccessGap gap;
  gap.Success(milliseconds(1));  // Not begun.
  gap.Begin(milliseconds(10));
  gap.Success(milliseconds(5));
  EXPECT_EQ(gap.longest().length, Time{0});
  gap.Success(milliseconds(14));
  EXPECT_EQ(gap.longest().length, milliseconds(4));
  gap.Success(milliseconds(13));  // Late, from another thread.
  gap.End(milliseconds(20));
  EXPECT_EQ(gap.longest().length, milliseconds(6));
  EXPECT_EQ(gap.longest().from, milliseconds(14));
}

TEST(AskedGaps, WhatNobodyAsksHasNoGap) {
  AskedGaps gaps(2);
  gaps.Begin(milliseconds(10));
  gaps.Success(0, milliseconds(50), milliseconds(53));
  EXPECT_EQ(gaps.longest().length, milliseconds(3));
  gaps.Success(0, milliseconds(90), milliseconds(91));
  EXPECT_EQ(gaps.longest().length, milliseconds(3));
}

TEST(AskedGaps, FailuresMakeAGapLonger) {
  AskedGaps gaps(2);
  gaps.Begin(milliseconds(10));
  gaps.Miss(1, milliseconds(20), milliseconds(22));
  EXPECT_EQ(gaps.longest().length, milliseconds(2)) << "though nobody asks again";
  gaps.Success(0, milliseconds(28), milliseconds(29));
  gaps.Miss(1, milliseconds(24), milliseconds(26));
  gaps.Success(1, milliseconds(27), milliseconds(30));
  EXPECT_EQ(gaps.longest().length, milliseconds(10));
  EXPECT_EQ(gaps.longest().from, milliseconds(20));
  EXPECT_EQ(gaps.longest().entry, 1u);
  gaps.Success(1, milliseconds(31), milliseconds(42));
  EXPECT_EQ(gaps.longest().length, milliseconds(11)) << "the failures are over";
}

TEST(AskedGaps, ASuccessMeanwhileEndsTheGapOfWhatIsStillUnderWay) {
  AskedGaps gaps(1);
  gaps.Begin(milliseconds(0));
  gaps.Success(0, milliseconds(4), milliseconds(5));
  gaps.Success(0, milliseconds(1), milliseconds(9));  // Under way since before, but the key was there.
  EXPECT_EQ(gaps.longest().length, milliseconds(4));
  EXPECT_EQ(gaps.longest().from, milliseconds(5));
}

TEST(AskedGaps, AreOfTheWindow) {
  AskedGaps gaps(1);
  gaps.Success(0, milliseconds(1), milliseconds(9));  // Not begun.
  gaps.Begin(milliseconds(10));
  gaps.Miss(0, milliseconds(1), milliseconds(9));
  gaps.Success(0, milliseconds(1), milliseconds(12));
  EXPECT_EQ(gaps.longest().length, milliseconds(2));
  gaps.Success(7, milliseconds(20), milliseconds(90));  // There is no such entry.
  EXPECT_EQ(gaps.longest().length, milliseconds(2));
}

TEST_F(Bench, TellsTheLongestGapWithoutASuccess) {
  Make(Some("put"), 4);
  target_.stalls = {{milliseconds(30), milliseconds(37)}};
  gap_.Begin(Time{0});
  const Tally& tally = Run({.end = milliseconds(50)});
  gap_.End(tally.window_to);
  EXPECT_EQ(gap_.longest().length, microseconds(7100));
  EXPECT_EQ(gap_.longest().from, milliseconds(30));
}

TEST_F(Bench, GapsEndWithTheWindow) {
  Make(Some("put"), 4);
  target_.stalls = {{milliseconds(48), milliseconds(90)}};
  gap_.Begin(Time{0});
  key_gaps_->Begin(Time{0});
  slot_gaps_->Begin(Time{0});
  const Tally& tally = Run({.end = milliseconds(50)});
  gap_.End(tally.window_to);
  EXPECT_EQ(gap_.longest().length, milliseconds(2)) << "what is waited for afterwards is no part of it";
  EXPECT_EQ(key_gaps_->longest().length, milliseconds(2));
  EXPECT_EQ(slot_gaps_->longest().length, milliseconds(2));
}

// One key of ten is gone between 10 and 30 ms, as if its leader had been killed: the other keys go on, and so does the
// figure over all of them.
TEST_F(Bench, TellsTheGapOfTheKeyThatWaitedLongest) {
  Make(Some("put", 10), 4);
  const std::string gone = names_->Name({.index = 7});
  target_.fault = [&](std::uint64_t, const client::Operation& operation) {
    const bool now_gone = target_.Now() > milliseconds(10) && target_.Now() < milliseconds(30);
    return operation.key == gone && now_gone ? Fault::kNeverDone : Fault::kNone;
  };
  gap_.Begin(Time{0});
  key_gaps_->Begin(Time{0});
  slot_gaps_->Begin(Time{0});
  const Tally& tally = Run({.end = milliseconds(50)});
  gap_.End(tally.window_to);
  EXPECT_LE(gap_.longest().length, microseconds(300));
  EXPECT_EQ(key_gaps_->longest().entry, 7u);
  // It is asked about every 250 us.
  EXPECT_GE(key_gaps_->longest().length, milliseconds(18));
  EXPECT_LE(key_gaps_->longest().length, milliseconds(24));
  // Each of the four places also had other keys to do.
  EXPECT_LE(slot_gaps_->longest().length, milliseconds(1));
}

}  // namespace
}  // namespace quoin::bench
