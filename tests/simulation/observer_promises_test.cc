// I1 to I3: what nodes promise, store and tell.
#include "tests/simulation/observer_testing.h"

namespace quoin::simulation {
namespace {

class PromisesTest : public ObserverTest {};
class RecordsTest : public ObserverTest {};

TEST_F(PromisesTest, MayRise) {
  StoreState(1, {.promised = Ballot(1), .configuration_version = 1});
  Send(1, 2, quorum::Promise{Ballot(1)});
  observer_.OnStart(NodeId{1});
  StoreState(1, {.promised = Ballot(2, 3), .configuration_version = 1});
  Send(1, 2, quorum::Promise{Ballot(2, 3)});
  ExpectNothing();
}

TEST_F(PromisesTest, MayNotBeLoweredNotByARestartEitherI1) {
  StoreState(2, {.promised = Ballot(3), .configuration_version = 1});
  observer_.OnStart(NodeId{2});
  StoreState(2, {.promised = Ballot(2), .configuration_version = 1});
  ExpectComplaint("I1: node 0000000000000002 lowers its promise in partition 0");
}

TEST_F(PromisesTest, LeaveOnlyOnceDurableI1) {
  Send(2, 1, quorum::Promise{Ballot(1)});
  ExpectComplaint("I1: a Promise of ballot 1.0000000000000001 leaves node 0000000000000002");
}

TEST_F(PromisesTest, OfTheProposerItselfComeFirstI1) {
  Send(1, 1, quorum::Prepare{1, Ballot(1)});
  ExpectNothing();
  Send(1, 2, quorum::Prepare{1, Ballot(1)});
  ExpectComplaint("I1: a Prepare of ballot 1.0000000000000001 leaves node 0000000000000001");
}

TEST_F(PromisesTest, AreNoLowerThanWhatIsStoredI1) {
  kv::Batch batch;
  batch.PutRecord(kPartition, "k", Record(Version(4, 1)));
  observer_.OnDurable(NodeId{3}, batch);
  ExpectComplaint("I1: node 0000000000000003 stores 4.0000000000000001.1 of key k");
}

TEST_F(PromisesTest, AreNotResumedAfterARestartI2) {
  StoreState(1, {.promised = Ballot(5), .configuration_version = 1});
  Send(1, 2, quorum::Prepare{1, Ballot(5)});
  observer_.OnStart(NodeId{1});
  ExpectNothing();
  Propose(1, "k", Record(Version(5, 1)));
  ExpectComplaint("I2: node 0000000000000001 uses ballot 5.0000000000000001");
}

TEST_F(PromisesTest, AcceptedLeavesOnlyOnceDurableI3) {
  Store(2, "k", Record(Version(1, 1)));
  Send(2, 1, quorum::Accepted{"k", Version(1, 1)});
  ExpectNothing();
  Send(2, 1, quorum::Accepted{"k", Version(1, 2)});
  ExpectComplaint("I3: an Accepted of 1.0000000000000001.2 of key k leaves node 0000000000000002");
}

TEST_F(PromisesTest, NothingIsToldThatIsNotDurableI3) {
  quorum::Held held{.key = "k"};
  held.content = {quorum::Content::Kind::kRecord, Share(Record(Version(1, 1))), {}};
  Send(2, 1, held);
  ExpectComplaint("I3: a Held of 1.0000000000000001.1");
  Send(3, 1, quorum::Installed{"k", Version(1, 1)});
  ExpectComplaint("I3: an Installed of 1.0000000000000001.1");
  Send(3, 1, quorum::Purged{Ballot(1), Version(1, 1)});
  ExpectComplaint("I7: node 0000000000000003 tells of floor");
}

TEST_F(PromisesTest, WhatWasHeldUntilTheSameBatchErasedItMayBeTold) {
  Adopt(1, RingOf(2, Stable(2, {1, 3, 4})));
  kv::Batch batch;
  batch.PutRecord(kPartition, "k", Record(Version(1, 1)));
  batch.EraseRange(kPartition, "", std::nullopt);
  batch.PutPartitionState(kPartition, {.promised = Ballot(1), .configuration_version = 2});
  observer_.OnDurable(NodeId{2}, batch);
  Send(2, 1, quorum::Accepted{"k", Version(1, 1)});
  ExpectNothing();
}

TEST_F(PromisesTest, ConfigurationVersionsDoNotGoBackI8) {
  Know(1, 4);
  Know(1, 3);
  ExpectComplaint("I8: node 0000000000000001 goes back in partition 0 from configuration 4 to 3");
}

TEST_F(RecordsTest, AreTheSameUnderOneVersion) {
  Propose(1, "k", Record(Version(1, 1)));
  Store(2, "k", Record(Version(1, 1)));
  Send(1, 3, quorum::Install{1, "k", Share(Record(Version(1, 1)))});
  ExpectNothing();
}

TEST_F(RecordsTest, AreNotProposedTwiceUnderOneVersionI2) {
  Propose(1, "k", Record(Version(1, 1), "a"));
  Propose(1, "k", Record(Version(1, 1), "b"));
  ExpectComplaint("I2: node 0000000000000001 has another record of key k under version 1.0000000000000001.1");
}

TEST_F(RecordsTest, OfTwoKeysDoNotShareAVersionI2) {
  Propose(1, "k", Record(Version(1, 1)));
  Store(2, "l", Record(Version(1, 1)));
  ExpectComplaint("I2: node 0000000000000002 has another record of key l");
}

TEST_F(RecordsTest, AreStoredAsTheyWereProposedI2) {
  Propose(1, "k", Record(Version(1, 1), "a"));
  Store(2, "k", Record(Version(1, 1), "b"));
  ExpectComplaint("I2: node 0000000000000002 has another record of key k");
}

}  // namespace
}  // namespace quoin::simulation
