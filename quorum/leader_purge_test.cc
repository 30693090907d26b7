// Floors: when tombstones may go, who is told of it, and what a move keeps of it (D8, I7).
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "quorum/cluster_testing.h"
#include "quorum/leader.h"
#include "quorum/request_testing.h"

namespace quoin::quorum {
namespace {

using Flight = TestCluster::Flight;

template <typename T>
bool Is(const Flight& flight) {
  return std::holds_alternative<T>(flight.message);
}

class PurgeTest : public testing::Test {
 protected:
  PurgeTest() { three_.compares = true; }

  static void Scrub(TestCluster* cluster, std::uint64_t leader) {
    cluster->Scrub(leader);
    cluster->Mend(leader);
  }
  // Puts and deletes the key; its tombstone is everywhere.
  static void LeaveATombstone(TestCluster* cluster, std::uint64_t leader, const std::string& key) {
    cluster->Do(leader, PutOf(key, "v"));
    cluster->Do(leader, DeleteOf(key));
  }

  TestCluster three_{3};
};

TEST_F(PurgeTest, TombstonesGoOnceAllReplicasAreEqual) {
  ASSERT_TRUE(three_.Lead(1));
  LeaveATombstone(&three_, 1, "k");
  Scrub(&three_, 1);
  const kv::Version floor = three_.acceptor(1).floor();
  EXPECT_EQ(floor, VersionOf(1, 1, 2));
  for (std::uint64_t node = 1; node <= 3; ++node) {
    EXPECT_EQ(three_.Stored(node, "k"), "absent");
    EXPECT_EQ(three_.acceptor(node).floor(), floor);
  }
  EXPECT_EQ(Told(three_.Do(1, GetOf("k"))), "absent");
  three_.Scrub(1);
  three_.Run();
  EXPECT_FALSE(three_.leader(1).tombstones());
}

TEST_F(PurgeTest, NothingGoesWithoutATombstone) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "v"));
  Scrub(&three_, 1);
  EXPECT_EQ(three_.sent["purge"], 0);
}

TEST_F(PurgeTest, NoFloorWhileAReplicaIsAwayD8) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "v"));
  three_.down = {3};
  three_.Do(1, DeleteOf("k"));
  Scrub(&three_, 1);
  EXPECT_EQ(three_.sent["purge"], 0);
  EXPECT_EQ(three_.Stored(1, "k"), "tombstone");
  three_.down.clear();
  three_.Mend(1);
  Scrub(&three_, 1);
  for (std::uint64_t node = 1; node <= 3; ++node) EXPECT_EQ(three_.Stored(node, "k"), "absent");
}

TEST_F(PurgeTest, AFloorIsBelowWhateverAReplicaHasNotAcknowledgedD8) {
  ASSERT_TRUE(three_.Lead(1));
  LeaveATombstone(&three_, 1, "k");
  three_.hold = [](const Flight& flight) { return Is<Accepted>(flight) && flight.from == 3; };
  three_.Do(1, PutOf("j", "v"));
  three_.Scrub(1);
  three_.Run();
  EXPECT_EQ(three_.sent["purge"], 0) << "for all that is known, node 3 lacks j";
  three_.hold = nullptr;
  three_.Run();
  EXPECT_EQ(three_.acceptor(3).floor(), VersionOf(1, 1, 3));
}

// A floor would speak of j's first state at node 3, which has nothing of it, and so claims more than nodes 1 and 2
// hold.
TEST_F(PurgeTest, WhatIsNotAcknowledgedIsNotHiddenByALaterWriteD8) {
  ASSERT_TRUE(three_.Lead(1));
  LeaveATombstone(&three_, 1, "k");
  three_.Do(1, GetOf("j"));
  // Node 1's own copy of j's first state waits for a slow read, while its range is read without it.
  three_.storage(1).on_disk = {"j"};
  three_.slow_loads = {1};
  three_.Say(2, 1, Read{1, std::nullopt, "j", 0});
  three_.Run();
  const auto of_j = [](const Flight& flight) {
    const auto* accept = std::get_if<Accept>(&flight.message);
    return accept != nullptr && accept->key == "j";
  };
  three_.drop = [=](const Flight& flight) { return of_j(flight) && flight.to == 3; };
  three_.hold = [=](const Flight& flight) { return of_j(flight) && flight.to == 2; };
  const auto first = three_.Submit(1, PutOf("j", "chosen"));
  three_.Do(1, PutOf("i", "v"));
  three_.Scrub(1);
  three_.Run();
  ASSERT_TRUE(three_.leader(1).all_equal());
  three_.hold = nullptr;
  three_.slow_loads.clear();
  three_.storage(1).on_disk.clear();
  three_.hung_disks = {1};
  three_.Run();
  three_.hold = [](const Flight& flight) { return Is<Accept>(flight); };
  three_.Submit(1, PutOf("j", "later"));
  three_.hung_disks.clear();
  three_.Run();
  ASSERT_EQ(Told(three_.AnswerTo(first)), "chosen");
  // Node 1 is lost, and with it what only it had.
  three_.hold = three_.drop = nullptr;
  three_.down = {1};
  ASSERT_TRUE(three_.Lead(2));
  EXPECT_EQ(Told(three_.Do(2, GetOf("j"))), "chosen");
}

TEST_F(PurgeTest, AFloorThatOneReplicaHasIsToldToOthersOnlyWhenTheyAreEqualD8) {
  ASSERT_TRUE(three_.Lead(1));
  LeaveATombstone(&three_, 1, "k");
  three_.drop = [](const Flight& flight) { return Is<Purge>(flight) && flight.to != 2; };
  three_.hold = [](const Flight& flight) { return Is<Purge>(flight) && flight.to == 1; };
  Scrub(&three_, 1);
  ASSERT_EQ(three_.Stored(2, "k"), "absent");
  ASSERT_EQ(three_.Stored(3, "k"), "tombstone");
  three_.hold = nullptr;
  three_.drop = [](const Flight& flight) { return Is<Purge>(flight); };
  three_.down = {3};
  ASSERT_TRUE(three_.Lead(2));
  three_.drop = nullptr;
  three_.down.clear();
  three_.hold = [](const Flight& flight) { return Is<Compared>(flight) && flight.from == 3; };
  int purges_to_3 = 0;
  three_.on_delivered = [&](const Flight& flight) { purges_to_3 += Is<Purge>(flight) && flight.to == 3; };
  three_.Mend(2);
  EXPECT_EQ(purges_to_3, 0) << "it isn't known to be equal";
  three_.hold = nullptr;
  three_.Mend(2);
  EXPECT_GT(purges_to_3, 0);
  EXPECT_EQ(three_.Stored(3, "k"), "absent");
}

TEST_F(PurgeTest, ATombstoneThatOthersHavePurgedCostsNoNewOne) {
  ASSERT_TRUE(three_.Lead(1));
  LeaveATombstone(&three_, 1, "k");
  three_.drop = [](const Flight& flight) { return Is<Purge>(flight) && flight.to == 3; };
  Scrub(&three_, 1);
  ASSERT_EQ(three_.Stored(1, "k"), "absent");
  ASSERT_EQ(three_.Stored(3, "k"), "tombstone");
  const int accepts = three_.sent["accept"];
  const int installs = three_.sent["install"];
  ASSERT_TRUE(three_.Lead(3));
  three_.Mend(3);
  EXPECT_TRUE(three_.leader(3).all_equal());
  EXPECT_EQ(three_.sent["accept"], accepts);
  EXPECT_EQ(three_.sent["install"], installs);
  three_.drop = nullptr;
  three_.Mend(3);
  EXPECT_EQ(three_.Stored(3, "k"), "absent");
}

TEST_F(PurgeTest, AReplicaThatDiedInTheMiddleIsToldAgain) {
  ASSERT_TRUE(three_.Lead(1));
  LeaveATombstone(&three_, 1, "k");
  three_.Scrub(1);
  // Its floor becomes durable; the tombstones are still to be looked for.
  three_.on_delivered = [&](const Flight& flight) {
    three_.storage(3).fails_ranges |= Is<Purge>(flight) && flight.to == 3;
  };
  three_.Run();
  three_.Restart(3);
  three_.storage(3).fails_ranges = false;
  three_.on_delivered = nullptr;
  for (int i = 0; i < 3; ++i) Scrub(&three_, 1);
  EXPECT_EQ(three_.Stored(3, "k"), "absent");
}

TEST_F(PurgeTest, ADelayedCopyFromBelowTheFloorBringsNothingBackI7) {
  ASSERT_TRUE(three_.Lead(1));
  three_.twice = [](const Flight& flight) { return Is<Accept>(flight) && flight.to == 3; };
  bool first = true;
  three_.hold = [&](const Flight& flight) {
    // One of the two stays under way.
    return Is<Accept>(flight) && flight.to == 3 && !std::exchange(first, !first);
  };
  three_.Do(1, PutOf("k", "old"));
  three_.twice = nullptr;
  three_.hold = [](const Flight& flight) {
    const auto* accept = std::get_if<Accept>(&flight.message);
    return accept != nullptr && accept->record->value == "old";
  };
  three_.Do(1, DeleteOf("k"));
  Scrub(&three_, 1);
  ASSERT_EQ(three_.Stored(3, "k"), "absent");
  three_.hold = nullptr;
  three_.Run();
  EXPECT_EQ(three_.Stored(3, "k"), "absent");
}

TEST(LonePurgeTest, AReplicaWithoutOthersPurgesToo) {
  TestCluster lone(1);
  lone.compares = true;
  ASSERT_TRUE(lone.Lead(1));
  EXPECT_TRUE(lone.leader(1).complete());
  lone.Do(1, PutOf("k", "v"));
  lone.Do(1, DeleteOf("k"));
  lone.Scrub(1);
  lone.Mend(1);
  EXPECT_EQ(lone.Stored(1, "k"), "absent");
}

// --- Moves

class MoveTest : public PurgeTest {
 protected:
  static ring::Configuration Move(std::uint64_t version, ring::Phase phase) {
    ring::Configuration configuration;
    configuration.version = version;
    configuration.phase = phase;
    configuration.replicas = ring::MajoritySet({NodeId{1}, NodeId{2}, NodeId{3}});
    configuration.incoming = ring::MajoritySet({NodeId{1}, NodeId{2}, NodeId{4}});
    if (phase == ring::Phase::kStable) configuration.replicas = std::exchange(configuration.incoming, {});
    return configuration;
  }
  void LearnAll(const ring::Configuration& configuration) {
    for (std::uint64_t node = 1; node <= 4; ++node) three_.Learn(node, configuration);
    three_.Run();
  }
};

TEST_F(MoveTest, FilledOnceEveryNewReplicaIsEqual) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "v"));
  LearnAll(Move(2, ring::Phase::kFilling));
  three_.down = {4};
  ASSERT_TRUE(three_.Lead(1)) << "node 4 doesn't count";
  three_.Mend(1);
  EXPECT_TRUE(three_.leader(1).complete());
  EXPECT_FALSE(three_.leader(1).filled());
  three_.down.clear();
  three_.Mend(1);
  EXPECT_TRUE(three_.leader(1).filled());
  EXPECT_EQ(three_.Stored(4, "k"), "v");
}

TEST_F(MoveTest, ANewReplicaCountsInNoQuorumWhileItIsFilled) {
  ASSERT_TRUE(three_.Lead(1));
  LearnAll(Move(2, ring::Phase::kFilling));
  three_.down = {2, 3};
  EXPECT_FALSE(three_.Lead(1));
  three_.down = {3};
  three_.Mend(1);
  three_.down = {2, 3};
  const auto token = three_.Submit(1, PutOf("k", "v"));
  three_.Mend(1);
  EXPECT_EQ(Told(three_.AnswerTo(token)), "nothing");
}

TEST_F(MoveTest, SealsTheOldOnceNoQuorumOfItIsLeft) {
  ASSERT_TRUE(three_.Lead(1));
  LearnAll(Move(2, ring::Phase::kFilling));
  LearnAll(Move(3, ring::Phase::kJoint));
  three_.down = {2, 3};
  ASSERT_FALSE(three_.Lead(1)) << "of the old set only node 1 has promised";
  three_.down = {3};
  three_.Mend(1);
  ASSERT_EQ(three_.leader(1).phase(), Leader::Phase::kLeading);
  EXPECT_TRUE(three_.leader(1).seals_old());
  EXPECT_TRUE(three_.leader(1).complete());
}

// Seed 45261: stable(B) would have lost what was still on its way to B.
TEST_F(MoveTest, WhatIsOwnedIsNotCarriedBeforeTheNewSetHoldsIt) {
  ASSERT_TRUE(three_.Lead(1));
  three_.down = {2};
  ASSERT_EQ(Told(three_.Do(1, PutOf("k", "v"))), "v") << "chosen by nodes 1 and 3";
  LearnAll(Move(2, ring::Phase::kFilling));
  LearnAll(Move(3, ring::Phase::kJoint));
  three_.down.clear();
  three_.drop = [](const Flight& flight) {
    const bool carries =
        std::holds_alternative<Accept>(flight.message) || std::holds_alternative<Install>(flight.message);
    return carries && (flight.to == 2 || flight.to == 4);
  };
  ASSERT_TRUE(three_.Lead(1));
  three_.Mend(1);
  ASSERT_TRUE(three_.leader(1).complete());
  EXPECT_FALSE(three_.leader(1).carried());
  three_.drop = nullptr;
  three_.Mend(1);
  EXPECT_TRUE(three_.leader(1).carried());
  EXPECT_EQ(three_.Stored(2, "k"), "v");
}

TEST_F(MoveTest, AJointQuorumIsMetInBothSets) {
  ASSERT_TRUE(three_.Lead(1));
  LearnAll(Move(2, ring::Phase::kFilling));
  LearnAll(Move(3, ring::Phase::kJoint));
  ASSERT_TRUE(three_.Lead(1));
  three_.down = {2};
  const auto token = three_.Submit(1, PutOf("k", "v"));
  three_.drop = [](const Flight& flight) { return flight.to == 4; };
  three_.Mend(1);
  EXPECT_EQ(Told(three_.AnswerTo(token)), "nothing") << "nodes 1 and 3 are a majority of the old set only";
  three_.drop = nullptr;
  three_.Mend(1);
  EXPECT_EQ(Told(three_.AnswerTo(token)), "v");
}

TEST_F(MoveTest, NothingIsPurgedWhileItMovesD8) {
  ASSERT_TRUE(three_.Lead(1));
  LearnAll(Move(2, ring::Phase::kFilling));
  ASSERT_TRUE(three_.Lead(1));
  LeaveATombstone(&three_, 1, "k");
  Scrub(&three_, 1);
  EXPECT_TRUE(three_.leader(1).all_equal());
  EXPECT_EQ(three_.acceptor(1).floor(), kv::Version());
  EXPECT_EQ(three_.Stored(1, "k"), "tombstone");
}

TEST_F(MoveTest, ATombstoneIsPurgedAfterTheMoveAtTheNewReplicaToo) {
  ASSERT_TRUE(three_.Lead(1));
  LeaveATombstone(&three_, 1, "k");
  LearnAll(Move(2, ring::Phase::kFilling));
  ASSERT_TRUE(three_.Lead(1));
  three_.Mend(1);
  EXPECT_EQ(three_.Stored(4, "k"), "tombstone");
  LearnAll(Move(3, ring::Phase::kJoint));
  LearnAll(Move(4, ring::Phase::kStable));
  ASSERT_TRUE(three_.Lead(4));
  Scrub(&three_, 4);
  EXPECT_EQ(three_.Stored(1, "k"), "absent");
  EXPECT_EQ(three_.Stored(4, "k"), "absent");
  EXPECT_EQ(three_.Stored(3, "k"), "absent") << "it has left, and erased what it had";
}

// The floor is all that is left of an id that a purged tombstone remembered.
TEST_F(MoveTest, TheFloorMovesWithThePartition) {
  ASSERT_TRUE(three_.Lead(1));
  const kv::Ballot first = three_.leader(1).ballot();
  three_.Do(1, IncrementOf("n", 7));
  three_.Do(1, DeleteOf("n"));
  Scrub(&three_, 1);
  ASSERT_EQ(three_.Stored(1, "n"), "absent");
  LearnAll(Move(2, ring::Phase::kFilling));
  ASSERT_TRUE(three_.Lead(1));
  three_.Mend(1);
  ASSERT_TRUE(three_.leader(1).filled());
  LearnAll(Move(3, ring::Phase::kJoint));
  ASSERT_TRUE(three_.Lead(4));
  three_.Mend(4);
  ASSERT_TRUE(three_.leader(4).complete());
  const auto token = three_.SubmitCopy(
      4,
      {.request = IncrementOf("n", 7), .meant_for = three_.leader(4).ballot(), .repeated = true, .lowest = {first, 0}});
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "outcome unknown") << "it was applied once";
}

}  // namespace
}  // namespace quoin::quorum
