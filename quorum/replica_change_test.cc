// What a replica does when its configuration changes, its disk stops, or another is to lead: one rule at a time.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "quorum/replica.h"
#include "quorum/replica_fixture_testing.h"
#include "quorum/request_testing.h"

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;
using Phase = Leader::Phase;

// --- E1 and E2

TEST_F(ReplicaTest, WorksOnlyUnderItsAcceptorsConfigurationE1) {
  StartWith(1, SetOf(1, kOld));
  Lead();
  const kv::Ballot before = replica_->leader().ballot();
  Learn(MoveOf(2, ring::Phase::kFilling, kOld, kNew));
  EXPECT_FALSE(replica_->leading());
  EXPECT_NE(replica_->leader().phase(), Phase::kIdle) << "whoever led goes on at once, with a new round";
  EXPECT_GT(replica_->leader().ballot(), before);
  ASSERT_GT(Sent<Prepare>(), 0);
  for (const auto& [to, message] : sent_) {
    const auto* prepare = std::get_if<Prepare>(&message);
    EXPECT_TRUE(prepare == nullptr || prepare->configuration == 2);
  }
}

TEST_F(ReplicaTest, ALeaderThatHasLeftLeadsNoMore) {
  StartWith(3, SetOf(1, kOld));
  Lead();
  Learn(SetOf(2, kNew));
  EXPECT_EQ(replica_->leader().phase(), Phase::kIdle);
  EXPECT_EQ(MillisecondsUntilItBegins(), -1);
}

// --- Pages of keys

TEST_F(ReplicaTest, IsListedAsACountedReplicaOfItsOwnConfigurationOnly) {
  StartWith(1, SetOf(1, kOld));
  EXPECT_TRUE(replica_->CanBeListed(1));
  EXPECT_FALSE(replica_->CanBeListed(0));
  EXPECT_FALSE(replica_->CanBeListed(2));
  Learn(SetOf(2, kNew));
  EXPECT_EQ(replica_->CanBeListed(2), SetOf(2, kNew).replicas.Contains(NodeId{1}));
  StartWith(4, MoveOf(2, ring::Phase::kFilling, kOld, kNew));
  EXPECT_FALSE(replica_->CanBeListed(2)) << "what is being filled counts nowhere";
}

TEST_F(ReplicaTest, IsNotListedBeforeItsErasureIsDurable) {
  StartWith(4, SetOf(1, kOld));
  Effects effects;
  replica_->Learn(MoveOf(3, ring::Phase::kJoint, kOld, kNew), Now(), &effects);
  EXPECT_FALSE(replica_->CanBeListed(3)) << "the storage still holds what is of an earlier membership";
}

TEST_F(ReplicaTest, AnOlderConfigurationChangesNothing) {
  StartWith(1, SetOf(5, kOld));
  Lead();
  Learn(SetOf(4, kNew));
  EXPECT_TRUE(replica_->leading());
  EXPECT_EQ(replica_->configuration().version, 5u);
}

TEST_F(ReplicaTest, BeginsNothingWhileTheDiskTakesNoWritesE2) {
  neighbours_.disk = false;
  StartWith(1, SetOf(1, kOld));
  EXPECT_EQ(MillisecondsUntilItBegins(), -1);
  Follow(BallotOf(1, 2));
  Receive(2, HandOver{BallotOf(1, 2)});
  EXPECT_EQ(replica_->leader().phase(), Phase::kIdle);
  neighbours_.hears = {1, 3};
  neighbours_.unheard = {{3, 2}};
  Submit(GetOf("k"), BallotOf(1, 2), true);
  EXPECT_EQ(replica_->leader().phase(), Phase::kIdle);
  neighbours_.disk = true;
  EXPECT_LE(MillisecondsUntilItBegins(), 1);
}

TEST_F(ReplicaTest, DamageThatItsBallotCannotRefillBringsANewRound) {
  StartWith(1, SetOf(1, kOld));
  Lead();
  const kv::Ballot before = replica_->leader().ballot();
  Submit(PutOf("k", "v"), before, false);
  AnswerFor(2);
  Receive(3, Damaged{"k", {before, 1}, {before, ~std::uint64_t{0}}});
  ASSERT_TRUE(replica_->leader().wants_new_round());
  Pass(2 * timing_.takeover_stagger);
  EXPECT_GT(replica_->leader().ballot(), before);
  EXPECT_EQ(replica_->leader().phase(), Phase::kPromises);
}

// --- Entering and leaving

TEST_F(ReplicaTest, ErasesWhenItIsToBeFilledAndKeepsItsPromise) {
  StartWith(4, SetOf(1, {NodeId{4}, NodeId{2}, NodeId{3}}));
  Store("k", BallotOf(3, 2));
  Learn(MoveOf(2, ring::Phase::kFilling, kOld, kNew));
  EXPECT_FALSE(Holds("k"));
  EXPECT_EQ(replica_->acceptor().promised(), BallotOf(3, 2));
}

TEST_F(ReplicaTest, ErasesOnceAndNotAgainAtARestartOrTheNextStep) {
  StartWith(4, MoveOf(2, ring::Phase::kFilling, kOld, kNew));
  Store("k", BallotOf(3, 2));
  StartWith(4, MoveOf(2, ring::Phase::kFilling, kOld, kNew));
  EXPECT_TRUE(Holds("k"));
  Learn(MoveOf(3, ring::Phase::kJoint, kOld, kNew));
  EXPECT_TRUE(Holds("k"));
  StartWith(4, MoveOf(3, ring::Phase::kJoint, kOld, kNew));
  EXPECT_TRUE(Holds("k"));
  Learn(SetOf(4, kNew));
  EXPECT_TRUE(Holds("k"));
}

TEST_F(ReplicaTest, ErasesAtTheJointWhenItMissedTheFilling) {
  StartWith(4, SetOf(1, {NodeId{4}, NodeId{2}, NodeId{3}}));
  Store("k", BallotOf(3, 2));
  Learn(MoveOf(7, ring::Phase::kJoint, kOld, kNew));
  EXPECT_FALSE(Holds("k"));
}

TEST_F(ReplicaTest, ErasesWhenItHasLeft) {
  StartWith(3, SetOf(1, kOld));
  Store("k", BallotOf(3, 2));
  Learn(MoveOf(2, ring::Phase::kFilling, kOld, kNew));
  Learn(MoveOf(3, ring::Phase::kJoint, kOld, kNew));
  EXPECT_TRUE(Holds("k")) << "it still counts";
  Learn(SetOf(4, kNew));
  EXPECT_FALSE(Holds("k"));
  EXPECT_EQ(replica_->acceptor().promised(), BallotOf(3, 2));
}

TEST_F(ReplicaTest, WhoStaysErasesNothing) {
  StartWith(1, SetOf(1, kOld));
  Store("k", BallotOf(3, 2));
  Learn(MoveOf(2, ring::Phase::kFilling, kOld, kNew));
  Learn(MoveOf(3, ring::Phase::kJoint, kOld, kNew));
  Learn(SetOf(4, kNew));
  EXPECT_TRUE(Holds("k"));
}

TEST_F(ReplicaTest, WhoIsFilledASecondTimeErasesASecondTime) {
  StartWith(4, MoveOf(2, ring::Phase::kFilling, kOld, kNew));
  Store("k", BallotOf(3, 2));
  Learn(MoveOf(4, ring::Phase::kFilling, kOld, kNew));
  EXPECT_FALSE(Holds("k")) << "the first filling was cancelled, and much may have been purged since";
}

// --- Handover

TEST_F(ReplicaTest, HandsOverToThePreferredOneThatHasBeenWellForAWhile) {
  StartWith(2, SetOf(1, kOld));
  Lead();
  Pass(timing_.handover_after - milliseconds(5));
  EXPECT_EQ(Sent<HandOver>(), 0);
  Pass(milliseconds(10));
  EXPECT_GT(Sent<HandOver>(), 0);
  for (const auto& [to, message] : sent_) {
    EXPECT_TRUE(to == 1 || !std::holds_alternative<HandOver>(message));
  }
}

TEST_F(ReplicaTest, ThePreferredOneHandsOverToNobody) {
  StartWith(1, SetOf(1, kOld));
  Lead();
  Pass(2 * timing_.handover_after);
  EXPECT_EQ(Sent<HandOver>(), 0);
}

TEST_F(ReplicaTest, DoesNotHandOverToWhomItDoesNotHear) {
  StartWith(2, SetOf(1, kOld));
  Lead();
  neighbours_.hears = {2, 3};
  Pass(2 * timing_.handover_after);
  EXPECT_EQ(Sent<HandOver>(), 0);
}

TEST_F(ReplicaTest, HandsOverOnlyWhenNobodyWaits) {
  StartWith(2, SetOf(1, kOld));
  Lead();
  Pass(timing_.handover_after - milliseconds(5));
  Submit(PutOf("k", "v"), replica_->leader().ballot(), false);
  Pass(milliseconds(20));
  EXPECT_EQ(Sent<HandOver>(), 0) << "a write is not chosen yet";
  Submit(GetOf("k"), replica_->leader().ballot(), false);
  EXPECT_EQ(Told(answers_.at(token_)), "unavailable") << "and no more are taken";
  AnswerFor(1);
  AnswerFor(3);
  EXPECT_EQ(Told(answers_.at(token_ - 1)), "v");
  Pass(milliseconds(5));
  EXPECT_GT(Sent<HandOver>(), 0);
}

TEST_F(ReplicaTest, GoesOnWhenThePreferredOneDoesNotLead) {
  StartWith(2, SetOf(1, kOld));
  Lead();
  Pass(timing_.handover_after + timing_.attempt + milliseconds(20));
  sent_.clear();
  Submit(PutOf("k", "v"), replica_->leader().ballot(), false);
  AnswerFor(1);
  EXPECT_EQ(Told(answers_.at(token_)), "v");
  Pass(3 * timing_.handover_after);
  EXPECT_EQ(Sent<HandOver>(), 0) << "not soon again";
}

TEST_F(ReplicaTest, HandsOverWhatItCannotReadForLongToTheNextOneThatItHears) {
  timing_.scrub = 2 * timing_.handover_after;
  StartWith(1, SetOf(1, kOld));
  Lead();
  storage_.fails_ranges = true;
  neighbours_.hears = {1, 3};
  Pass(14 * timing_.handover_after);
  int to_3 = 0;
  for (const auto& [to, message] : sent_) {
    if (!std::holds_alternative<HandOver>(message)) continue;
    EXPECT_EQ(to, 3u) << "node 2 isn't heard";
    ++to_3;
  }
  EXPECT_GT(to_3, 0);
}

TEST_F(ReplicaTest, GoesOnLeadingWhatItCouldNotReadForAWhile) {
  timing_.scrub = 2 * timing_.handover_after;
  StartWith(1, SetOf(1, kOld));
  Lead();
  storage_.fails_ranges = true;
  Pass(9 * timing_.handover_after);
  ASSERT_EQ(Sent<Compare>(), 0) << "it can't even say what it holds itself";
  storage_.fails_ranges = false;
  Pass(3 * timing_.handover_after);
  EXPECT_GT(Sent<Compare>(), 0);
  EXPECT_EQ(Sent<HandOver>(), 0);
  EXPECT_TRUE(replica_->leading());
}

TEST_F(ReplicaTest, BeginsWhenTheLeaderHandsOver) {
  StartWith(1, SetOf(1, kOld));
  Follow(BallotOf(1, 2));
  Receive(3, HandOver{BallotOf(1, 2)});
  EXPECT_EQ(replica_->leader().phase(), Phase::kIdle) << "that isn't the leader";
  Receive(2, HandOver{BallotOf(2, 2)});
  EXPECT_EQ(replica_->leader().phase(), Phase::kIdle) << "nor is that its ballot";
  Receive(2, HandOver{BallotOf(1, 2)});
  EXPECT_GT(replica_->leader().ballot(), BallotOf(1, 2));
  EXPECT_EQ(replica_->leader().phase(), Phase::kPromises);
}

}  // namespace
}  // namespace quoin::quorum
