// The sentences of design sections 4.3 and 4.6 that a coordinator keeps, one test each: whom copies go to, what they
// say of each other, and how a request ends.
#include "quorum/coordinator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "quorum/coordinator_testing.h"

namespace quoin::quorum {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// --- Whom a copy goes to.

TEST_F(CoordinatorTest, SendsAWriteToTheBelievedLeaderUnderItsBallot) {
  Learn(B(4, 2));
  Submit(PutOf());
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 4.2"));
  Answer(copies_[0], Done());
  EXPECT_THAT(Told(), ElementsAre("1 done"));
  EXPECT_EQ(coordinator_->under_way(), 0u);
}

TEST_F(CoordinatorTest, GivesEveryWriteAnIdOfItsOwnUnlessTheClientDid) {
  Learn(B(4, 2));
  Submit(PutOf());
  const kv::OperationId first = TheCopy().request.id;
  Submit(PutOf());
  const kv::OperationId second = TheCopy().request.id;
  Submit(PutOf(5));
  EXPECT_EQ(first.client, 0xb007u);
  EXPECT_NE(first, second);
  EXPECT_EQ(TheCopy().request.id, (kv::OperationId{77, 5}));
}

TEST_F(CoordinatorTest, LeavesTheHighestBitOfItsNumbersToTheNode) {
  Coordinator::Options options = Options();
  options.boot = ~std::uint64_t{0};
  coordinator_.emplace(options, routes_);
  Submit(PutOf());
  EXPECT_LT(TheCopy().number, Coordinator::kNumbersEnd);
}

TEST_F(CoordinatorTest, AsksThePreferredReplicaToTakeOverWhenNobodyIsKnownToLead) {
  Submit(PutOf());
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 0.0 take over"));
}

TEST_F(CoordinatorTest, AsksTheNextReplicaToTakeOverWhenTheLeaderIsNotHeard) {
  Learn(B(4, 1));
  routes_.unheard = {NodeId{1}};
  Submit(PutOf());
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 4.1 take over"));
}

TEST_F(CoordinatorTest, AsksNobodyToTakeOverWhoIsOnlyBeingFilled) {
  Configure(SetOf({NodeId{1}, NodeId{2}, NodeId{3}}), ring::Phase::kFilling, SetOf({NodeId{4}, NodeId{5}, NodeId{6}}));
  routes_.unheard = {NodeId{1}, NodeId{2}, NodeId{3}};
  Submit(PutOf());
  EXPECT_THAT(Sent(), IsEmpty());
  Configure(SetOf({NodeId{1}, NodeId{2}, NodeId{3}}), ring::Phase::kJoint, SetOf({NodeId{4}, NodeId{5}, NodeId{6}}));
  Wait(milliseconds(25));
  EXPECT_THAT(Sent(), ElementsAre("4 copy for 0.0 take over"));
}

TEST_F(CoordinatorTest, TakesALeaderThatIsNoReplicaAnyMoreForGone) {
  Learn(B(4, 8));
  Submit(PutOf());
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 4.8 take over"));
}

TEST_F(CoordinatorTest, FollowsTheHintToANewerLeaderAtOnce) {
  Learn(B(4, 2));
  Submit(PutOf());
  Answer(TheCopy(), Error(Code::kUnavailable), B(5, 3));
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 5.3"));
  Submit(PutOf());  // The next request knows it, too.
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 5.3"));
}

TEST_F(CoordinatorTest, AsksThoseThatItHearsEvenWhenTheyOnlyKnowALeaderThatItDoesNotHear) {
  Learn(B(4, 1));
  routes_.unheard = {NodeId{1}};
  Submit(PutOf());
  Answer(TheCopy(), Error(Code::kUnavailable), B(4, 1));
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.1 take over"));
}

TEST_F(CoordinatorTest, AsksANodeThatLeadsNoMoreToTakeOver) {
  Learn(B(4, 1));  // It has restarted, and never resumes its ballot.
  Submit(PutOf());
  Answer(TheCopy(), Error(Code::kUnavailable), B(4, 1));
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 4.1 take over"));
}

TEST_F(CoordinatorTest, TriesTheLeaderAgainWhenAnotherReplicaBelievesInIt) {
  Learn(B(4, 1));
  Submit(PutOf());
  Sent();
  Wait(milliseconds(200));
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 4.1 repeated since 4.1 take over"));
  Answer(copies_[0], Error(Code::kUnavailable), B(4, 1));
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 4.1 repeated since 4.1"));
}

TEST_F(CoordinatorTest, TriesEveryReplicaInTheOrderOfPreferenceAfterEachTimeOut) {
  Submit(PutOf());
  std::vector<std::string> all = Sent();
  for (int i = 0; i < 5; ++i) {
    Wait(milliseconds(200));
    for (const std::string& line : Sent()) all.push_back(line.substr(0, 1));
  }
  EXPECT_THAT(all, ElementsAre("1 copy for 0.0 take over", "2", "3", "1", "2", "3"));
}

TEST_F(CoordinatorTest, LeavesANodeThatIsNotHeardAnyMoreAtOnce) {
  Learn(B(4, 1));
  Submit(PutOf());
  Sent();
  Lose(1);
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 4.1 repeated since 4.1 take over"));
  Lose(3);
  EXPECT_THAT(Sent(), IsEmpty());
}

TEST_F(CoordinatorTest, RestsLongerAndLongerOnceItWasRefusedAFewTimes) {
  Submit(PutOf());
  std::vector<int> after_ms;
  int waited = 0;
  for (int i = 0; i < 1500; i += 5) {
    if (!effects_.packets.empty()) {
      after_ms.push_back(waited);
      waited = 0;
      Answer(TheCopy(), Error(Code::kUnavailable));
      continue;
    }
    Wait(milliseconds(5));
    waited += 5;
  }
  EXPECT_THAT(after_ms, testing::ElementsAre(0, 0, 0, 0, 25, 50, 100, 200, 200, 200, 200, 200, 200));
}

TEST_F(CoordinatorTest, WaitsWhileItHearsNobodyAndGoesOnWhenItDoes) {
  routes_.unheard = {NodeId{1}, NodeId{2}, NodeId{3}};
  Submit(PutOf());
  Wait(milliseconds(500));
  EXPECT_THAT(Sent(), IsEmpty());
  routes_.unheard.clear();
  Wait(milliseconds(200));
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 0.0 take over"));
}

// --- What copies say of each other (K4).

TEST_F(CoordinatorTest, RepeatsACopyThatWasNotAnsweredWithTheLowestBallotOfAllK4) {
  Learn(B(4, 1));
  Submit(PutOf());
  const ForwardPacket first = TheCopy();
  Learn(B(6, 2));
  Wait(milliseconds(200));
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 6.2 repeated since 4.1"));
  EXPECT_EQ(copies_[0].request.id, first.request.id);
  EXPECT_NE(copies_[0].number, first.number);
}

// A key forgets all but its last ids, so what counts is how much has happened since the copy was sent, not since the
// leadership began.
TEST_F(CoordinatorTest, NamesTheNewestVersionThatItHadSeenOfTheLeaderItSendsToK4) {
  Learn(B(4, 1));
  Submit(PutOf());
  const ForwardPacket first = TheCopy();
  EXPECT_EQ(first.lowest, (kv::Version{B(4, 1), 0}));
  Answer(first, Done(), B(4, 1), 17);
  Submit(PutOf());
  EXPECT_EQ(TheCopy().lowest, (kv::Version{B(4, 1), 17}));
  // Another copy may still act: the lowest counts, whatever was learnt since.
  Learn(B(6, 2));
  Wait(milliseconds(200));
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 6.2 repeated since 4.1#17"));
  // Of the new leader nothing has been seen.
  Answer(copies_[0], Done(), B(6, 2));
  Submit(PutOf());
  EXPECT_EQ(TheCopy().lowest, (kv::Version{B(6, 2), 0}));
}

TEST_F(CoordinatorTest, SendsAFreshCopyWhenAllBeforeWereCertainlyNotAppliedK4) {
  Learn(B(4, 1));
  Submit(PutOf());
  Answer(TheCopy(), Error(Code::kUnavailable), B(6, 2));
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 6.2"));
}

TEST_F(CoordinatorTest, RepeatsAfterALeadershipEndedUnderACopyK4) {
  Learn(B(4, 1));
  Submit(PutOf());
  Answer(TheCopy(), Error(Code::kUnknown), B(6, 2));
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 6.2 repeated since 4.1"));
  Answer(copies_[0], Done());
  EXPECT_THAT(Told(), ElementsAre("1 done"));
}

// A copy may lie unread at a paused node while the client has long sent the request again through another one.
TEST_F(CoordinatorTest, WhatAClientMaySendTwiceIsRepeatedFromTheFirstK4) {
  Learn(B(4, 1));
  Submit(PutOf(5));
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 4.1 repeated since 0.0"));
  Submit(PutOf(6), {.repeated = true});
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 4.1 repeated since 0.0"));
  Submit(PutOf(), {.repeated = true});  // Without an id of the client there is no other copy.
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 4.1"));
}

TEST_F(CoordinatorTest, ReckonsWithTheClientsOtherCopiesFromTheVersionThatItKnewK4) {
  Learn(B(6, 2));
  Submit(PutOf(5), {.known = {B(4, 1), 9}});
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 6.2 repeated since 4.1#9"));
  Submit(PutOf(), {.known = {B(4, 1), 9}});  // Nobody else can have sent it.
  Submit(PutOf(), {.known = {B(8, 3), 9}});
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 6.2", "2 copy for 6.2"));
}

TEST_F(CoordinatorTest, KeepsToTheVersionThatTheClientKnewThroughAllCopiesK4) {
  Learn(B(6, 2));
  Submit(PutOf(5), {.known = {B(4, 1), 9}});
  Answer(TheCopy(), Error(Code::kUnavailable), B(8, 3), 2);
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 8.3 repeated since 4.1#9")) << "refused, and the client may have others";
  Learn(B(9, 1));
  Wait(milliseconds(200));
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 9.1 repeated since 4.1#9"));
}

TEST_F(CoordinatorTest, NamesNoVersionBelowTheOneThatTheClientKnewK4) {
  Learn(B(4, 1));
  Submit(PutOf(5), {.known = {B(6, 2), 9}});
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 4.1 repeated since 6.2#9"));
  Answer(copies_[0], Error(Code::kUnavailable), B(4, 1));
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 4.1 repeated since 6.2#9 take over"));
  Answer(copies_[0], Error(Code::kUnavailable), B(7, 3));
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 7.3 repeated since 6.2#9"));
}

TEST_F(CoordinatorTest, TellsNoNegativeResultOfOneCopyWhileAnotherMayActK3) {
  Learn(B(4, 1));
  Submit(PutOf());
  const ForwardPacket first = TheCopy();
  Wait(milliseconds(200));
  const ForwardPacket second = TheCopy();
  Answer(first, Negative());  // It wasn't written: the second copy may still find otherwise in a later leadership.
  EXPECT_THAT(Told(), IsEmpty());
  Answer(second, Done());
  EXPECT_THAT(Told(), ElementsAre("1 done"));
}

TEST_F(CoordinatorTest, TellsTheNegativeResultOfAClientsOwnIdWhichWasWrittenK3) {
  Learn(B(4, 1));
  Submit(PutOf(5));
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 4.1 repeated since 0.0"));
  Answer(copies_[0], Negative());
  EXPECT_THAT(Told(), ElementsAre("1 condition failed"));
}

TEST_F(CoordinatorTest, TellsTheNegativeResultOfARepeatedCopyK3) {
  Learn(B(4, 1));
  Submit(PutOf());
  Sent();
  Wait(milliseconds(200));
  Answer(TheCopy(), Negative());
  EXPECT_THAT(Told(), ElementsAre("1 condition failed"));
}

TEST_F(CoordinatorTest, TellsALateResultOfAnEarlierCopy) {
  Learn(B(4, 1));
  Submit(PutOf());
  const ForwardPacket first = TheCopy();
  Wait(milliseconds(200));
  const ForwardPacket second = TheCopy();
  Answer(first, Done());
  Answer(second, Done());
  EXPECT_THAT(Told(), ElementsAre("1 done"));  // K1
}

TEST_F(CoordinatorTest, TakesAnAnswerOnceK1) {
  Learn(B(4, 1));
  Submit(PutOf());
  const ForwardPacket copy = TheCopy();
  Answer(copy, Error(Code::kUnavailable), B(5, 2));
  Answer(copy, Done());
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 5.2"));
}

// --- Errors (K2, I10).

TEST_F(CoordinatorTest, SaysCertainlyNotAppliedAtTheDeadlineWhenEveryCopyWasRefusedK2) {
  Submit(PutOf());
  for (int i = 0; i < 400; ++i) {
    if (!effects_.packets.empty()) Answer(TheCopy(), Error(Code::kUnavailable));
    Wait(milliseconds(5));
  }
  EXPECT_THAT(Told(), ElementsAre("1 unavailable"));
}

TEST_F(CoordinatorTest, SaysUnknownAtTheDeadlineWhenACopyMayStillActK2) {
  Submit(PutOf());
  Wait(milliseconds(1999));
  EXPECT_THAT(Told(), ElementsAre("1 outcome unknown"));
  EXPECT_EQ(coordinator_->under_way(), 0u);
}

TEST_F(CoordinatorTest, SaysUnknownWhereTheClientHasSentItBeforeK2) {
  routes_.unheard = {NodeId{1}, NodeId{2}, NodeId{3}};
  Submit(PutOf(5), {.repeated = true});
  Submit(PutOf(6));
  Wait(milliseconds(2000));
  EXPECT_THAT(Told(), ElementsAre("1 outcome unknown", "2 unavailable"));
}

TEST_F(CoordinatorTest, NeverSaysUnknownOfAGetK2) {
  Request request = GetOf(Consistency::kAll);
  Submit(request);
  Answer(TheCopy(), Error(Code::kUnknown));
  Wait(milliseconds(2000));
  EXPECT_THAT(Told(), ElementsAre("1 unavailable"));
}

TEST_F(CoordinatorTest, AGetIsNeverRepeated) {
  Submit(GetOf(Consistency::kAll));
  Sent();
  Wait(milliseconds(200));
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 0.0 take over"));
}

TEST_F(CoordinatorTest, TellsWhatTheDiskSaidWhenNoCopyCanAct) {
  Learn(B(4, 1));
  Submit(PutOf());
  Answer(TheCopy(), Error(Code::kDiskFull));
  EXPECT_THAT(Told(), ElementsAre("1 disk full"));
}

TEST_F(CoordinatorTest, SaysUnknownOfAFullDiskWhenAnEarlierCopyMayActK2) {
  Learn(B(4, 1));
  Submit(PutOf());
  Sent();
  Wait(milliseconds(200));
  for (int i = 0; i < 3; ++i) Answer(TheCopy(), Error(Code::kDiskFull));
  EXPECT_THAT(Told(), ElementsAre("1 outcome unknown"));
}

TEST_F(CoordinatorTest, BelievesTheThirdUnknown) {
  Learn(B(4, 1));
  Submit(PutOf());
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Told(), IsEmpty());
    Answer(TheCopy(), Error(Code::kUnknown), B(5 + i, 2));
  }
  EXPECT_THAT(Told(), ElementsAre("1 outcome unknown"));
}

// --- The version that a client may name the next time (Reply::known).

TEST_F(CoordinatorTest, TellsWithAResultWhoLeadsAndHowFarThatOneHadCome) {
  Learn(B(4, 1));
  Submit(PutOf(5));
  Answer(TheCopy(), Done(), B(4, 1), 17);
  Submit(PutOf(6));
  Answer(TheCopy(), Negative(), B(6, 2));
  EXPECT_THAT(Told(), ElementsAre("1 done, led by 4.1#17", "2 condition failed, led by 6.2"));
}

TEST_F(CoordinatorTest, TellsOfNobodyWhoLeadsWithAnErrorAboutTheDeadline) {
  Learn(B(4, 1));
  Submit(PutOf(5));
  Wait(milliseconds(2000));
  EXPECT_THAT(Told(), ElementsAre("1 outcome unknown"));
}

TEST_F(CoordinatorTest, SaysWhichOfItsOwnIdsAreFinished) {
  Learn(B(4, 1));
  Submit(PutOf());
  const ForwardPacket first = TheCopy();
  Submit(PutOf());
  const ForwardPacket second = TheCopy();
  EXPECT_EQ(first.finished_below, first.request.id.number);
  EXPECT_EQ(second.finished_below, first.request.id.number) << "the first is under way";
  Answer(second, Done(), B(4, 1));
  Submit(PutOf());
  EXPECT_EQ(TheCopy().finished_below, first.request.id.number);
  Answer(first, Done(), B(4, 1));
  Submit(PutOf());
  EXPECT_EQ(TheCopy().finished_below, second.request.id.number + 1) << "the third";
}

TEST_F(CoordinatorTest, AnIdWithAnUnknownOutcomeIsFinishedOnlyLater) {
  Learn(B(4, 1));
  Submit(PutOf());
  const ForwardPacket lost = TheCopy();
  Wait(milliseconds(5000));
  EXPECT_THAT(Told(), ElementsAre("1 outcome unknown"));
  Sent();
  Submit(PutOf());
  const ForwardPacket second = TheCopy();
  EXPECT_EQ(second.finished_below, lost.request.id.number) << "the client may send it again";
  Answer(second, Done(), B(4, 1));
  Wait(milliseconds(50000));
  Submit(PutOf());
  const ForwardPacket third = TheCopy();
  EXPECT_EQ(third.finished_below, third.request.id.number);
}

TEST_F(CoordinatorTest, AnIdThatWasMadeForThisSendingCountsAsTheFirstK4) {
  Learn(B(4, 1));
  Submit(PutOf(5), {.fresh = true});
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 4.1"));
}

// Only the client knows whether it has sent others; if it hasn't, it may send the same again, and name that version.
TEST_F(CoordinatorTest, WhatAForgetfulKeyRefusedTheOnlyCopyIsNotAppliedAndNamesTheVersionK2) {
  Learn(B(4, 1));
  Submit(PutOf(5));
  Answer(TheCopy(), Forgotten(), B(4, 1), 17);
  EXPECT_THAT(Told(), ElementsAre("1 ballot required, led by 4.1#17"));
  EXPECT_THAT(Sent(), IsEmpty());
  Submit(PutOf(5), {.known = {B(4, 1), 17}});
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 4.1 repeated since 4.1#17"));
}

TEST_F(CoordinatorTest, WhatAForgetfulKeyRefusedAfterCopiesThatDidNothingIsNotAppliedEitherK2) {
  Learn(B(4, 1));
  Submit(PutOf(5));
  Answer(TheCopy(), Error(Code::kUnavailable), B(6, 2));
  Answer(TheCopy(), Forgotten(), B(6, 2));
  EXPECT_THAT(Told(), ElementsAre("1 ballot required, led by 6.2"));
}

TEST_F(CoordinatorTest, WhatAForgetfulKeyRefusedIsUnknownWhenTheClientHasSentItBeforeK2) {
  Learn(B(4, 1));
  Submit(PutOf(5), {.repeated = true});
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Told(), IsEmpty());
    Answer(TheCopy(), Forgotten(), B(4 + i, 1));
  }
  EXPECT_THAT(Told(), ElementsAre("1 outcome unknown, led by 6.1"));
}

TEST_F(CoordinatorTest, WhatAForgetfulKeyRefusedIsUnknownWhileAnEarlierCopyMayActK2) {
  Learn(B(4, 1));
  Submit(PutOf(5));
  Sent();
  Wait(milliseconds(200));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Told(), IsEmpty());
    Answer(TheCopy(), Forgotten(), B(5 + i, 2));
  }
  EXPECT_THAT(Told(), ElementsAre("1 outcome unknown, led by 7.2"));
}

TEST_F(CoordinatorTest, ARefusalByAForgetfulKeyPutsNoBallotInDoubtK4) {
  Learn(B(4, 1));
  Submit(PutOf(5), {.known = {B(3, 3), 9}});
  const ForwardPacket first = TheCopy();
  Wait(milliseconds(200));
  Answer(TheCopy(), Forgotten(), B(6, 2));
  const ForwardPacket third = TheCopy();
  Answer(first, Error(Code::kUnavailable));
  Answer(third, Forgotten(), B(6, 2));  // By now no copy is left that may act.
  EXPECT_THAT(Told(), ElementsAre("1 ballot required, led by 6.2"));
}

TEST_F(CoordinatorTest, RefusesWhatIsMoreThanItCanHold) {
  max_under_way_ = 2;
  Restart();
  for (std::uint64_t i = 1; i <= 3; ++i) Submit(PutOf(i));
  EXPECT_THAT(Told(), ElementsAre("3 unavailable"));
  Submit(PutOf(1), {.repeated = true});
  EXPECT_THAT(Told(), ElementsAre("4 outcome unknown"));  // K2
  EXPECT_EQ(coordinator_->under_way(), 2u);
}

TEST_F(CoordinatorTest, RefusesEverythingBeforeItHasJoined) {
  routes_.joined = false;
  Submit(PutOf());
  Submit(GetOf());
  EXPECT_THAT(Told(), ElementsAre("1 unavailable", "2 unavailable"));
}

// --- K7.

TEST_F(CoordinatorTest, DoesTheSameOnTheSameCallsK7) {
  const auto run = [&] {
    now_ = {ring::MonotonicTime(milliseconds(1000)), kWall};
    routes_.unheard.clear();
    tokens_ = 0;
    effects_ = {};
    Restart();
    for (std::uint64_t i = 0; i < 20; ++i) Submit(i % 3 == 0 ? GetOf() : PutOf(i));
    Wait(milliseconds(300));
    Lose(1);
    Wait(milliseconds(2000));
    auto lines = Sent();
    for (const ForwardPacket& copy : copies_) lines.push_back(std::to_string(copy.number));
    for (const std::string& line : Told()) lines.push_back(line);
    return lines;
  };
  const auto first = run();
  EXPECT_GT(first.size(), 100u);
  EXPECT_EQ(first, run());
}

}  // namespace
}  // namespace quoin::quorum
