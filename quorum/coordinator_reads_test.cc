// The sentences of design sections 4.4 and 4.7 that a coordinator keeps, one test each: reads without the leader.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "quorum/coordinator.h"
#include "quorum/coordinator_testing.h"

namespace quoin::quorum {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// --- Reads without the leader (K5).

TEST_F(CoordinatorTest, ReadsFromAQuorumInOneRoundTripK5) {
  Learn(B(4, 3));
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("1 read", "2 read"));
  Hold(1, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), IsEmpty());
  Hold(2, reads_[1], Holds("Alice", 7));
  EXPECT_THAT(Told(), ElementsAre("1 Alice"));
  EXPECT_THAT(Sent(), IsEmpty());
}

TEST_F(CoordinatorTest, ReadsFromItselfFirstAndFromThoseThatItHears) {
  routes_.own = NodeId{3};
  routes_.unheard = {NodeId{1}};
  Learn(B(4, 1));
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("3 read", "2 read"));
}

TEST_F(CoordinatorTest, ReadsAsTheLeaderWhereItLeadsItself) {
  routes_.own = NodeId{3};
  Learn(B(4, 3));
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3"));
}

// A batch's operations on one key take effect in their order, and replicas may answer before they hear of the write.
TEST_F(CoordinatorTest, AGetFollowsTheWriteOnItsKeyToTheLeader) {
  Learn(B(4, 3));
  Submit(PutOf());
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3", "3 copy for 4.3"));
}

TEST_F(CoordinatorTest, GoesToTheLeaderWithConditionsAndForAll) {
  Learn(B(4, 3));
  Request conditional = GetOf();
  conditional.conditions.push_back({.kind = Condition::Kind::kPresent, .versions = {}, .value = {}});
  Submit(conditional);
  Submit(GetOf(Consistency::kAll));
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3", "3 copy for 4.3"));
}

TEST_F(CoordinatorTest, GoesToTheLeaderWhenReplicasDisagreeK5) {
  Learn(B(4, 3));
  Submit(GetOf());
  Sent();
  Hold(1, reads_[0], Holds("Alice", 7));
  Hold(2, reads_[0], Holds("Bob", 8));  // Perhaps a leftover.
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3"));
}

TEST_F(CoordinatorTest, AsksForAWriteQuorumWhereThatIsMoreK5) {
  Configure(SetOf({NodeId{1}, NodeId{2}, NodeId{3}}, 1, 3));
  Learn(B(4, 3));
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("1 read", "2 read", "3 read"));
  Hold(1, reads_[0], Holds("Alice", 7));
  Hold(2, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), IsEmpty());
  Hold(3, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), ElementsAre("1 Alice"));
}

TEST_F(CoordinatorTest, AsksForAReadQuorumWhereThatIsMoreK5) {
  Configure(SetOf({NodeId{1}, NodeId{2}, NodeId{3}}, 3, 2));
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("1 read", "2 read", "3 read"));
  Hold(1, reads_[0], Holds("Alice", 7));
  Hold(2, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), IsEmpty());
  Hold(3, reads_[0], Holds("old", 6));
  EXPECT_THAT(Told(), ElementsAre("1 Alice"));
}

TEST_F(CoordinatorTest, MeetsBothSetsOfAJointConfigurationK5) {
  Configure(SetOf({NodeId{1}, NodeId{2}, NodeId{3}}), ring::Phase::kJoint, SetOf({NodeId{3}, NodeId{4}, NodeId{5}}));
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("1 read", "2 read", "3 read", "4 read"));
  Hold(1, reads_[0], Holds("Alice", 7));
  Hold(2, reads_[0], Holds("Alice", 7));
  Hold(3, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), IsEmpty());
  Hold(4, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), ElementsAre("1 Alice"));
}

TEST_F(CoordinatorTest, DoesNotReadFromThoseThatAreOnlyBeingFilledK5) {
  Configure(SetOf({NodeId{1}, NodeId{2}, NodeId{3}}), ring::Phase::kFilling, SetOf({NodeId{4}, NodeId{5}, NodeId{6}}));
  routes_.own = NodeId{4};
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("1 read", "2 read"));
}

TEST_F(CoordinatorTest, GoesToTheLeaderWhenTooFewAreHeard) {
  Learn(B(4, 3));
  routes_.unheard = {NodeId{1}, NodeId{2}};
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3"));
}

TEST_F(CoordinatorTest, TellsAnAbsenceWhateverTheFloors) {
  Submit(GetOf());
  Sent();
  Hold(1, reads_[0], HoldsNothing(5));
  Hold(2, reads_[0], HoldsNothing(3));
  EXPECT_THAT(Told(), ElementsAre("1 absent"));
}

TEST_F(CoordinatorTest, GoesToTheLeaderWhenOneHasARecordAndOneHasNoneK5) {
  for (const std::uint64_t floor : {0, 9}) {
    SCOPED_TRACE(floor);
    Submit(GetOf());
    Sent();
    Hold(1, reads_[0], HoldsNothing(floor));
    Hold(2, reads_[0], Holds("Alice", 7));
    EXPECT_THAT(Told(), IsEmpty());
    EXPECT_EQ(Sent().size(), 1u);
    EXPECT_EQ(copies_.size(), 1u);
  }
}

TEST_F(CoordinatorTest, TellsATombstoneAsAbsent) {
  kv::Record tombstone = RecordOf("", 7);
  tombstone.tombstone = true;
  Submit(GetOf());
  Sent();
  Hold(1, reads_[0], Holds(tombstone));
  Hold(2, reads_[0], Holds(tombstone));
  EXPECT_THAT(Told(), ElementsAre("1 absent"));
}

TEST_F(CoordinatorTest, LetsTheLeaderSayThatADeadlineHasPassedK5) {
  kv::Record record = RecordOf("Alice", 7);
  record.deadline = kWall;
  Learn(B(4, 3));
  Submit(GetOf());
  Sent();
  Hold(1, reads_[0], Holds(record));
  Hold(2, reads_[0], Holds(record));
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3"));
}

TEST_F(CoordinatorTest, LetsTheLeaderKnowOfDamage) {
  Learn(B(4, 3));
  Submit(GetOf());
  Sent();
  Hold(1, reads_[0], Damage());
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3"));
}

TEST_F(CoordinatorTest, CountsNoAnswerTwiceAndNoneOfAStrangerK5) {
  Submit(GetOf());
  Sent();
  Hold(1, reads_[0], Holds("Alice", 7));
  Hold(1, reads_[0], Holds("Alice", 7));
  Hold(3, reads_[0], Holds("Alice", 7));  // Wasn't asked.
  Hold(8, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), IsEmpty());
  Read earlier = reads_[0];
  --earlier.nonce;
  Hold(2, earlier, Holds("Alice", 7));
  EXPECT_THAT(Told(), IsEmpty());
  Hold(2, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), ElementsAre("1 Alice"));
}

TEST_F(CoordinatorTest, AsksOneMoreReplicaWhenOneIsLateAndThenTheLeader) {
  Learn(B(4, 3));
  Submit(GetOf());
  Sent();
  Hold(1, reads_[0], Holds("Alice", 7));
  const Read read = reads_[0];
  Wait(milliseconds(50));
  EXPECT_THAT(Sent(), ElementsAre("3 read"));
  Wait(milliseconds(50));
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3"));
  Hold(3, read, Holds("Alice", 7));  // Too late: the leader has the word.
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(CoordinatorTest, TakesTheHedgesAnswerForTheLateOnes) {
  Submit(GetOf());
  Sent();
  Hold(1, reads_[0], Holds("Alice", 7));
  const Read read = reads_[0];
  Wait(milliseconds(50));
  Hold(3, read, Holds("Alice", 7));
  EXPECT_THAT(Told(), ElementsAre("1 Alice"));
}

TEST_F(CoordinatorTest, HedgesNoMoreThanItsShareOfReadsK6) {
  hedge_percent_ = 5;
  max_under_way_ = 1000;
  Restart();
  for (int i = 0; i < 90; ++i) Submit(GetOf());
  EXPECT_EQ(Sent().size(), 180u);
  Wait(milliseconds(50));
  EXPECT_EQ(Sent().size(), 4u);
  EXPECT_EQ(reads_.size(), 4u);
}

TEST_F(CoordinatorTest, ReadsElsewhereWhenAReplicaIsNotHeardAnyMore) {
  Submit(GetOf());
  Sent();
  Lose(2);
  EXPECT_THAT(Sent(), ElementsAre("3 read"));
  Lose(1);
  EXPECT_EQ(Sent().size(), 1u);  // Not enough are left.
  EXPECT_EQ(copies_.size(), 1u);
}

TEST_F(CoordinatorTest, GoesToTheLeaderWhenTheConfigurationChangesUnderARead) {
  Learn(B(4, 3));
  Submit(GetOf());
  Sent();
  coordinator_->OnTopology(now_, &effects_);
  EXPECT_THAT(Sent(), IsEmpty());
  Configure(SetOf({NodeId{2}, NodeId{1}, NodeId{3}}));
  coordinator_->OnTopology(now_, &effects_);
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3"));
}

// --- Reads from one.

TEST_F(CoordinatorTest, TellsWhatAnyOneReplicaHoldsWhereThatIsEnough) {
  Submit(GetOf(Consistency::kOne));
  EXPECT_THAT(Sent(), ElementsAre("1 read"));
  Hold(1, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), ElementsAre("1 Alice"));
}

TEST_F(CoordinatorTest, ReadsFromItsOwnReplicaWhereOneIsEnough) {
  routes_.own = NodeId{2};
  Learn(B(4, 2));
  Submit(GetOf(Consistency::kOne));
  EXPECT_THAT(Sent(), ElementsAre("2 read"));
}

TEST_F(CoordinatorTest, TellsAnExpiredRecordOfOneReplicaAsAbsent) {
  kv::Record record = RecordOf("Alice", 7);
  record.deadline = kWall;
  Submit(GetOf(Consistency::kOne));
  Sent();
  Hold(1, reads_[0], Holds(record));
  EXPECT_THAT(Told(), ElementsAre("1 absent"));
}

TEST_F(CoordinatorTest, ReadsFromTheNextOneWhenItIsLateOrDamagedAndFromTheLeaderInTheEnd) {
  Learn(B(4, 3));
  Submit(GetOf(Consistency::kOne));
  Sent();
  Hold(1, reads_[0], Damage());
  EXPECT_THAT(Sent(), ElementsAre("2 read"));
  Wait(milliseconds(100));
  EXPECT_THAT(Sent(), ElementsAre("3 read"));
  Wait(milliseconds(100));
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3"));
}

}  // namespace
}  // namespace quoin::quorum
