// I3 and I4: what is chosen, told and kept.
#include "tests/simulation/observer_testing.h"

namespace quoin::simulation {
namespace {

class ChosenTest : public ObserverTest {};

TEST_F(ChosenTest, AWriteIsAnsweredWhenAWriteQuorumHoldsIt) {
  const kv::Record record = Record(Version(1, 1));
  Propose(1, "k", record);
  Store(1, "k", record);
  Store(2, "k", record);
  Answer(quorum::Put{}, record);
  ExpectNothing();
}

TEST_F(ChosenTest, AWriteIsNotAnsweredBeforeI3) {
  const kv::Record record = Record(Version(1, 1));
  Propose(1, "k", record);
  Store(1, "k", record);
  Answer(quorum::Put{}, record);
  ExpectComplaint("I3: a write at 1.0000000000000001.1 of key k in partition 0 is answered");
}

TEST_F(ChosenTest, AWriteOneMay) {
  quorum::Request request{.key = "k", .operation = quorum::Put{}, .consistency = quorum::Consistency::kOne};
  quorum::Reply reply;
  reply.changed = Version(1, 1);
  observer_.OnAnswer(NodeId{1}, request, reply);
  ExpectNothing();
}

TEST_F(ChosenTest, AReadTellsNothingThatIsNotChosenI3) {
  const kv::Record record = Record(Version(1, 1));
  Propose(1, "k", record);
  Store(2, "k", record);
  Answer(quorum::Get{}, record);
  ExpectComplaint("I3: a read of 1.0000000000000001.1 of key k");
}

TEST_F(ChosenTest, ALaterVersionOfTheBallotContainsTheEarlier) {
  const kv::Record first = Record(Version(1, 1));
  const kv::Record second = Record(Version(1, 2));
  Propose(1, "k", first);
  Propose(1, "k", second);
  Store(1, "k", first);
  Store(2, "k", second);
  Answer(quorum::Put{}, first);
  ExpectNothing();
  Answer(quorum::Put{}, second);
  ExpectComplaint("I3: a write at 1.0000000000000001.2");
}

TEST_F(ChosenTest, BothSetsOfAJointConfigurationMustHoldItI3) {
  Adopt(1, RingOf(2, Joint(2, {1, 2, 3}, {1, 4, 5})));
  const kv::Record record = Record(Version(1, 1));
  Propose(1, "k", record, 2);
  for (const std::uint64_t node : {1, 2, 3}) Store(node, "k", record);
  Answer(quorum::Put{}, record);
  ExpectComplaint("I3: a write at 1.0000000000000001.1");
}

TEST_F(ChosenTest, WhatAQuorumOfTheNextConfigurationHoldsIsFoundThere) {
  Adopt(1, RingOf(2, Joint(2, {1, 2, 3}, {1, 4, 5})));
  const kv::Record record = Record(Version(1, 1));
  for (const std::uint64_t node : {1, 2, 4}) Know(node, 2);
  Propose(1, "k", record, 2);
  for (const std::uint64_t node : {1, 4}) Store(node, "k", record);
  Adopt(1, RingOf(3, Stable(3, {1, 4, 5})));
  for (const std::uint64_t node : {1, 4}) Know(node, 3);
  kv::Record again = record;  // By the leader there, on its own disk first.
  again.accepted = Version(2, 1);
  Propose(1, "k", again, 3);
  Store(1, "k", again);
  Answer(quorum::Put{}, record);
  ExpectNothing();
}

TEST_F(ChosenTest, NoNodeStoresALowerVersionOverAHigherI4) {
  Store(2, "k", Record(Version(2, 1)));
  Store(2, "k", Record(Version(1, 9)));
  ExpectComplaint("I4: node 0000000000000002 stores 1.0000000000000001.9 of key k in partition 0 over the later");
}

TEST_F(ChosenTest, ALaterProposalContainsWhatIsChosenI4) {
  const kv::Record old = Record(Version(1, 1), "old");
  const kv::Record record = Record(Version(1, 2), "new");
  Propose(1, "k", old);
  Propose(1, "k", record);
  Store(1, "k", record);
  Store(2, "k", record);
  kv::Record again = record;
  again.accepted = Version(2, 1, 3);
  Propose(3, "k", again);
  ExpectNothing();
  kv::Record stale = old;
  stale.accepted = Version(3, 1, 2);
  Propose(2, "k", stale);
  ExpectComplaint("I4: node 0000000000000002 proposes 3.0000000000000002.1 of key k");
}

TEST_F(ChosenTest, ALateProposalOfAnOldLeaderIsNoHarm) {
  const kv::Record record = Record(Version(2, 1, 2), "new");
  Propose(2, "k", record);
  Store(2, "k", record);
  Store(3, "k", record);
  Propose(1, "k", Record(Version(1, 7), "late"));
  ExpectNothing();
}

}  // namespace
}  // namespace quoin::simulation
