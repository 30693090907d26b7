#include "quorum/flush_pace.h"

#include <gtest/gtest.h>

#include <chrono>

namespace quoin::quorum {
namespace {

using std::chrono::microseconds;

class FlushPaceTest : public testing::Test {
 protected:
  // A round of so many writes that took so long, with so many others arriving meanwhile.
  void Round(std::size_t writes, microseconds took, std::size_t waiting) {
    pace_.OnHandedOver(now_, writes);
    now_ += took;
    pace_.OnDurable(now_, waiting);
  }
  bool Waits(std::size_t writes) const { return pace_.WaitUntil(writes) > now_; }

  FlushPace pace_;
  FlushPace::Time now_{microseconds(1'000'000)};
};

TEST_F(FlushPaceTest, TheFirstRoundNeverWaits) { EXPECT_FALSE(Waits(1)); }

TEST_F(FlushPaceTest, ALoneWriterNeverWaits) {
  Round(1, microseconds(3000), 0);
  EXPECT_FALSE(Waits(1));
}

TEST_F(FlushPaceTest, HalvesOfACrowdJoin) {
  Round(32, microseconds(3000), 32);
  EXPECT_TRUE(Waits(32));
  EXPECT_TRUE(Waits(63));
  EXPECT_FALSE(Waits(64));
  Round(64, microseconds(3000), 0);
  EXPECT_TRUE(Waits(10));
  EXPECT_FALSE(Waits(64));
}

TEST_F(FlushPaceTest, TheWaitIsAThirdOfTheRoundAndBounded) {
  Round(32, microseconds(3000), 32);
  EXPECT_EQ(pace_.WaitUntil(32), now_ + microseconds(1000));
  Round(32, microseconds(300'000), 32);
  EXPECT_EQ(pace_.WaitUntil(32), now_ + FlushPace::kMaxWait);
  now_ += FlushPace::kMaxWait;
  EXPECT_FALSE(Waits(32));
}

TEST_F(FlushPaceTest, NobodyWaitsWhereSyncsAreQuick) {
  Round(32, microseconds(199), 32);
  EXPECT_FALSE(Waits(32));
}

TEST_F(FlushPaceTest, ALargeRoundWaitsForNobody) {
  Round(1000, microseconds(3000), 1000);
  EXPECT_TRUE(Waits(FlushPace::kFullRound - 1));
  EXPECT_FALSE(Waits(FlushPace::kFullRound));
}

TEST_F(FlushPaceTest, WhatArrivesDuringARoundDoesNotWaitForTheOneBefore) {
  Round(32, microseconds(3000), 32);
  pace_.OnHandedOver(now_, 64);
  EXPECT_FALSE(Waits(1));
}

}  // namespace
}  // namespace quoin::quorum
