#include "ring/failure_detector.h"

#include <gtest/gtest.h>

namespace quoin::ring {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr NodeId kPeer{7};
constexpr std::uint64_t kBoot = 99;

// A watcher that ticks every 50 ms, and a peer that sends every 100 ms unless told otherwise.
class FailureDetectorTest : public testing::Test {
 protected:
  FailureDetectorTest() : detector_({}, now_) { detector_.Watch(kPeer, now_); }

  void Beat(bool disk_answering = true) { detector_.OnHeartbeat(kPeer, {kBoot, ++number_, disk_answering}, now_); }
  void Run(Duration time, bool peer_sends) {
    for (const MonotonicTime end = now_ + time; now_ < end;) {
      now_ += milliseconds(50);
      detector_.OnTick(now_);
      if (peer_sends && (now_.time_since_epoch() / milliseconds(50)) % 2 == 0) Beat();
    }
  }

  MonotonicTime now_{seconds(10)};
  FailureDetector detector_;
  std::uint64_t number_ = 0;
};

TEST_F(FailureDetectorTest, HearsAPeerThatSends) {
  for (int i = 0; i < 100; ++i) {
    Run(milliseconds(100), true);
    ASSERT_TRUE(detector_.Hears(kPeer)) << HearingName(detector_.HearingOf(kPeer));
  }
}

TEST_F(FailureDetectorTest, SuspectsAPeerThatFallsSilent) {
  Run(seconds(10), true);
  Run(milliseconds(500), false);
  EXPECT_EQ(detector_.HearingOf(kPeer), Hearing::kSilent);
  Beat();
  EXPECT_EQ(detector_.HearingOf(kPeer), Hearing::kHeard);
}

TEST_F(FailureDetectorTest, SuspectsAPeerThatNeverSends) {
  EXPECT_TRUE(detector_.Hears(kPeer));
  Run(milliseconds(500), false);
  EXPECT_EQ(detector_.HearingOf(kPeer), Hearing::kSilent);
}

TEST_F(FailureDetectorTest, DoesNotHearAPeerFromTheResetOfItsLinkToItsNextHeartbeatD1) {
  Run(seconds(10), true);
  detector_.OnLinkReset(kPeer, now_);
  EXPECT_EQ(detector_.HearingOf(kPeer), Hearing::kLinkReset);
  EXPECT_EQ(detector_.Phi(kPeer), kMaxPhi);
  Run(milliseconds(100), false);
  EXPECT_EQ(detector_.HearingOf(kPeer), Hearing::kLinkReset);
  Beat();
  EXPECT_EQ(detector_.HearingOf(kPeer), Hearing::kHeard);
}

TEST_F(FailureDetectorTest, DoesNotHoldItsOwnPauseAgainstPeersD2) {
  Run(seconds(10), true);
  now_ += seconds(30);
  detector_.OnTick(now_);
  EXPECT_TRUE(detector_.Hears(kPeer)) << detector_.Phi(kPeer);
  EXPECT_GT(detector_.paused(), seconds(29));
  // The peer had died meanwhile: found out after the time that it always takes.
  Run(milliseconds(500), false);
  EXPECT_EQ(detector_.HearingOf(kPeer), Hearing::kSilent);
}

TEST_F(FailureDetectorTest, IsNotMisledByTheHeartbeatsThatPiledUpDuringItsPauseD2) {
  Run(seconds(10), true);
  now_ += seconds(30);
  // The link is read before the timer is.
  for (int i = 0; i < 300; ++i) Beat();
  for (int i = 0; i < 50; ++i) {
    Run(milliseconds(100), true);
    ASSERT_TRUE(detector_.Hears(kPeer));
  }
  Run(milliseconds(500), false);
  EXPECT_EQ(detector_.HearingOf(kPeer), Hearing::kSilent);
}

TEST_F(FailureDetectorTest, StarvedOfItsCoreTakesLongerAndAccusesNobody) {
  Run(seconds(10), true);
  // Ticks come ten times too late, and so do heartbeats, since the same thread reads them.
  for (int i = 0; i < 50; ++i) {
    now_ += milliseconds(500);
    detector_.OnTick(now_);
    ASSERT_TRUE(detector_.Hears(kPeer)) << "round " << i;
    Beat();
  }
}

TEST_F(FailureDetectorTest, IgnoresHeartbeatsThatWereOvertakenD3) {
  Run(seconds(10), true);
  Beat(/*disk_answering=*/false);
  detector_.OnHeartbeat(kPeer, {kBoot, number_ - 1, true}, now_);
  EXPECT_EQ(detector_.HearingOf(kPeer), Hearing::kDiskSilent);
  // Copies of an old one keep nobody alive.
  for (int i = 0; i < 20; ++i) {
    Run(milliseconds(50), false);
    detector_.OnHeartbeat(kPeer, {kBoot, number_, true}, now_);
  }
  EXPECT_EQ(detector_.HearingOf(kPeer), Hearing::kSilent);
}

TEST_F(FailureDetectorTest, CountsAPeerWithAHungDiskAsGoneD4) {
  Run(seconds(10), true);
  Beat(/*disk_answering=*/false);
  EXPECT_EQ(detector_.HearingOf(kPeer), Hearing::kDiskSilent);
  EXPECT_FALSE(detector_.Hears(kPeer));
  Beat();
  EXPECT_TRUE(detector_.Hears(kPeer));
}

TEST_F(FailureDetectorTest, TakesARestartedPeersNumbersFromTheStart) {
  Run(seconds(10), true);
  Run(seconds(3), false);
  detector_.OnHeartbeat(kPeer, {kBoot + 1, 1, true}, now_);
  EXPECT_TRUE(detector_.Hears(kPeer));
  // The time that it was down is no interval between heartbeats: silence is noticed as fast as before.
  Run(milliseconds(500), false);
  EXPECT_EQ(detector_.HearingOf(kPeer), Hearing::kSilent);
}

TEST_F(FailureDetectorTest, KnowsOnlyWhomItWatches) {
  detector_.OnHeartbeat(NodeId{8}, {kBoot, 1, true}, now_);
  detector_.OnLinkReset(NodeId{8}, now_);
  EXPECT_EQ(detector_.HearingOf(NodeId{8}), Hearing::kUnwatched);
  EXPECT_EQ(detector_.Phi(NodeId{8}), kMaxPhi);
  detector_.Forget(kPeer);
  EXPECT_EQ(detector_.HearingOf(kPeer), Hearing::kUnwatched);
}

TEST_F(FailureDetectorTest, WatchingAgainForgetsNothing) {
  Run(seconds(10), true);
  detector_.OnLinkReset(kPeer, now_);
  detector_.Watch(kPeer, now_);
  EXPECT_EQ(detector_.HearingOf(kPeer), Hearing::kLinkReset);
}

}  // namespace
}  // namespace quoin::ring
