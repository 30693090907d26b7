// Who leads, and when: one rule at a time.
#include "quorum/replica.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "quorum/replica_fixture_testing.h"
#include "quorum/request_testing.h"

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;
using Phase = Leader::Phase;

// --- Who begins

TEST_F(ReplicaTest, BeginsAtOnceWhereNobodyHasEverLedAndItIsPreferred) {
  StartWith(1, SetOf(1, kOld));
  EXPECT_LE(MillisecondsUntilItBegins(), 1);
}

TEST_F(ReplicaTest, OthersWaitForTheirTurnInTheOrderOfPreference) {
  const int stagger = static_cast<int>(timing_.takeover_stagger / milliseconds(1));
  StartWith(3, SetOf(1, kOld));
  EXPECT_NEAR(MillisecondsUntilItBegins(), 2 * stagger, 2);
}

TEST_F(ReplicaTest, NobodyWaitsForWhomItDoesNotHear) {
  const int stagger = static_cast<int>(timing_.takeover_stagger / milliseconds(1));
  neighbours_.hears = {1, 3};
  StartWith(3, SetOf(1, kOld));
  EXPECT_NEAR(MillisecondsUntilItBegins(), stagger, 2);
}

TEST_F(ReplicaTest, BeginsNothingWithoutAConfigurationOrOutsideOfIt) {
  Start(1);
  EXPECT_EQ(MillisecondsUntilItBegins(), -1);
  StartWith(4, SetOf(1, kOld));
  EXPECT_EQ(MillisecondsUntilItBegins(), -1);
}

TEST_F(ReplicaTest, ANewReplicaLeadsOnlyOnceItCounts) {
  StartWith(4, MoveOf(2, ring::Phase::kFilling, kOld, kNew));
  EXPECT_EQ(MillisecondsUntilItBegins(), -1);
  Learn(MoveOf(3, ring::Phase::kJoint, kOld, kNew));
  EXPECT_GE(MillisecondsUntilItBegins(), 0);
}

// --- Whether the leader is gone

TEST_F(ReplicaTest, LeavesALeaderAloneThatAReadQuorumHears) {
  StartWith(1, SetOf(1, kOld));
  Follow(BallotOf(1, 2));
  EXPECT_EQ(MillisecondsUntilItBegins(), -1);
  neighbours_.hears = {1, 3};
  EXPECT_EQ(MillisecondsUntilItBegins(), -1) << "only this one doesn't hear it: the link between two is cut";
}

TEST_F(ReplicaTest, TakesOverFromALeaderThatAReadQuorumDoesNotHear) {
  StartWith(1, SetOf(1, kOld));
  Follow(BallotOf(1, 2));
  neighbours_.hears = {1, 3};
  neighbours_.unheard = {{3, 2}};
  EXPECT_LE(MillisecondsUntilItBegins(), 1);
  EXPECT_GT(replica_->leader().ballot(), BallotOf(1, 2));
}

TEST_F(ReplicaTest, AReportCountsOnlyFromWhomItHears) {
  StartWith(1, SetOf(1, kOld));
  Follow(BallotOf(1, 2));
  neighbours_.hears = {1};
  neighbours_.unheard = {{3, 2}};
  EXPECT_EQ(MillisecondsUntilItBegins(), -1);
}

TEST_F(ReplicaTest, AReadQuorumOfOneIsItself) {
  ring::Configuration configuration = SetOf(1, kOld);
  configuration.replicas.read_quorum = 1;
  configuration.replicas.write_quorum = 3;
  StartWith(1, configuration);
  Follow(BallotOf(1, 2));
  neighbours_.hears = {1, 3};
  EXPECT_LE(MillisecondsUntilItBegins(), 1);
}

TEST_F(ReplicaTest, ALeaderThatIsNoReplicaAnyMoreIsGone) {
  StartWith(1, SetOf(1, kOld));
  Follow(BallotOf(1, 3));
  EXPECT_EQ(MillisecondsUntilItBegins(), -1);
  Learn(SetOf(2, kNew));
  EXPECT_GE(MillisecondsUntilItBegins(), 0);
}

TEST_F(ReplicaTest, ItsOwnLeadershipOfBeforeARestartIsGoneAfterAWhile) {
  StartWith(1, SetOf(1, kOld));
  Lead();
  const kv::Ballot before = replica_->leader().ballot();
  StartWith(1, SetOf(1, kOld));
  EXPECT_EQ(replica_->believed(), before);
  const int waited = MillisecondsUntilItBegins();
  EXPECT_NEAR(waited, 2 * static_cast<int>(timing_.resend / milliseconds(1)), 2) << "somebody else may lead by now";
  EXPECT_GT(replica_->leader().ballot(), before);
}

TEST_F(ReplicaTest, BelievesInTheHighestBallotThatItWasRefusedFor) {
  StartWith(1, SetOf(1, kOld));
  ASSERT_GE(MillisecondsUntilItBegins(), 0);
  Receive(2, Nack{replica_->leader().ballot(), BallotOf(9, 3)});
  EXPECT_EQ(replica_->leader().phase(), Phase::kIdle);
  EXPECT_EQ(replica_->believed(), BallotOf(9, 3));
  Pass(4 * timing_.resend);
  EXPECT_EQ(replica_->leader().phase(), Phase::kIdle) << "that one is heard";
}

// A Nack leaves at once, and what it tells of may be lost in a crash before it is durable. Then each would wait for the
// other: the one that was refused, and the one that has forgotten why.
TEST_F(ReplicaTest, DoesNotBelieveForEverInABallotThatNobodyPreparesHere) {
  StartWith(1, SetOf(1, kOld));
  Lead();
  Receive(2, Nack{replica_->leader().ballot(), BallotOf(9, 2)});
  ASSERT_EQ(replica_->leader().phase(), Phase::kIdle);
  EXPECT_GE(MillisecondsUntilItBegins(), 0);
  EXPECT_GT(replica_->leader().ballot(), BallotOf(9, 2));
}

TEST_F(ReplicaTest, BelievesInABallotThatWasPreparedHereAsLongAsItsNodeIsHeard) {
  StartWith(1, SetOf(1, kOld));
  Lead();
  Receive(2, Nack{replica_->leader().ballot(), BallotOf(9, 2)});
  Follow(BallotOf(9, 2));
  EXPECT_EQ(MillisecondsUntilItBegins(), -1);
}

// --- Backing off

TEST_F(ReplicaTest, WaitsTwiceAsLongAfterEachTryThatFailed) {
  StartWith(1, SetOf(1, kOld));
  std::vector<int> waits;
  for (int i = 0; i < 5; ++i) {
    waits.push_back(MillisecondsUntilItBegins());
    // Nobody says why; perhaps the one that was promised has gone meanwhile.
    Receive(2, Nack{replica_->leader().ballot(), BallotOf(10 * (i + 1), 9)});
    ASSERT_EQ(replica_->leader().phase(), Phase::kIdle);
  }
  const int stagger = static_cast<int>(timing_.takeover_stagger / milliseconds(1));
  EXPECT_LE(waits[0], 1);
  for (std::size_t i = 1; i < waits.size(); ++i) EXPECT_NEAR(waits[i], stagger << (i - 1), 2);
}

TEST_F(ReplicaTest, ALeadershipThatCameToBeEndsTheBackingOff) {
  StartWith(1, SetOf(1, kOld));
  for (int i = 0; i < 4; ++i) {
    ASSERT_GE(MillisecondsUntilItBegins(), 0);
    Receive(2, Nack{replica_->leader().ballot(), BallotOf(10 * (i + 1), 9)});
  }
  Lead();
  Pass(milliseconds(1000));
  Receive(2, Nack{replica_->leader().ballot(), BallotOf(100, 9)});
  EXPECT_LE(MillisecondsUntilItBegins(), 1);
}

// --- Copies that ask for a takeover

TEST_F(ReplicaTest, ACopyThatTakesOverIsPassedOnToALeaderThatIsHeard) {
  StartWith(1, SetOf(1, kOld));
  Follow(BallotOf(1, 2));
  EXPECT_EQ(Submit(GetOf("k"), BallotOf(1, 2), true), NodeId{2});
  EXPECT_EQ(replica_->leader().phase(), Phase::kIdle);
  neighbours_.hears = {1, 3};
  EXPECT_EQ(Submit(GetOf("k"), BallotOf(1, 2), true), std::nullopt) << "one that isn't heard can't be asked";
  EXPECT_EQ(Told(answers_.at(token_)), "unavailable");
}

TEST_F(ReplicaTest, ACopyThatTakesOverBeginsAtOnceWithItsKeyOnPrepare) {
  StartWith(3, SetOf(1, kOld));
  Follow(BallotOf(1, 2));
  neighbours_.hears = {1, 3};
  neighbours_.unheard = {{1, 2}};
  EXPECT_EQ(Submit(GetOf("k"), BallotOf(1, 2), true), std::nullopt);
  EXPECT_EQ(replica_->leader().phase(), Phase::kPromises) << "it waits for nobody's turn";
  ASSERT_EQ(Sent<Prepare>(), 2);
  EXPECT_EQ(std::get<Prepare>(sent_[0].second).key, "k");
}

TEST_F(ReplicaTest, AnyOtherCopyIsRefusedWhereItIsNotLed) {
  StartWith(1, SetOf(1, kOld));
  Follow(BallotOf(1, 2));
  EXPECT_EQ(Submit(GetOf("k"), BallotOf(1, 2), false), std::nullopt);
  EXPECT_EQ(Told(answers_.at(token_)), "unavailable");
}

}  // namespace
}  // namespace quoin::quorum
