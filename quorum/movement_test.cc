// The rules about configurations (quorum/movement.h), seen through the controller.
#include "quorum/movement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "quorum/controller_testing.h"

namespace quoin::quorum {
namespace {

using ring::Phase;
using ring::ReplicaSet;
using testing::HasSubstr;
using enum ring::MemberState;
using Wish = MembershipPacket::Wish;
using std::chrono::seconds;

constexpr PartitionId kOnly{0};

// One partition on nodes 1 to 3 of 4, and node 4 active as well: the first is drained, so that a move begins. Nodes
// that the system partition has are 1 to 3 by its own placement; it doesn't matter here.
RingUnderControl WithAMove(Controller::Options options = QuickOptions()) {
  RingUnderControl ring(4, 1, options);
  const NodeId leaving = ring.ConfigurationOf(kOnly).replicas.nodes[2];
  ring.Wish(Wish::kDrain, leaving.value);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.ConfigurationOf(kOnly).phase, Phase::kFilling);
  return ring;
}
NodeId AddedBy(const ring::Configuration& moving) {
  for (const NodeId node : moving.incoming.nodes) {
    if (!moving.replicas.Contains(node)) return node;
  }
  return {};
}
NodeId LeftBy(const ring::Configuration& moving) {
  for (const NodeId node : moving.replicas.nodes) {
    if (!moving.incoming.Contains(node)) return node;
  }
  return {};
}
void MakeJoint(RingUnderControl* ring) {
  ring->Report(kOnly, true, false);
  EXPECT_TRUE(ring->Step());
  ASSERT_EQ(ring->ConfigurationOf(kOnly).phase, Phase::kJoint);
}

TEST(Movement, GoesOnOnlyByReportsOfTheVeryVersionP1) {
  RingUnderControl ring = WithAMove();
  const ring::Configuration filling = ring.ConfigurationOf(kOnly);
  ring.Report(kOnly, true, true, filling.version - 1);
  EXPECT_FALSE(ring.Step());
  ring.Report(kOnly, true, false);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.ConfigurationOf(kOnly).phase, Phase::kJoint);
  ring.Report(kOnly, true, true, filling.version);
  EXPECT_FALSE(ring.Step());
  ring.Report(kOnly, false, true);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.ConfigurationOf(kOnly).phase, Phase::kStable);
  EXPECT_EQ(ring.ConfigurationOf(kOnly).replicas, filling.incoming);
}

TEST(Movement, KeepsNoReportOfAMoveThatWasCancelledForTheNextOneP1) {
  RingUnderControl ring = WithAMove();
  MakeJoint(&ring);
  const NodeId added = AddedBy(ring.ConfigurationOf(kOnly));
  ring.alive.erase(added);
  ring.Pass(QuickOptions().dead_node_timeout);
  ring.Report(kOnly, false, true, ring.ConfigurationOf(kOnly).version - 1);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.ConfigurationOf(kOnly).phase, Phase::kStable);
}

TEST(Movement, StartsNoMoreThanMaxMovesP4) {
  Controller::Options options = QuickOptions();
  options.max_moves = 3;
  RingUnderControl ring(4, 16, options);
  ring.Wish(Wish::kDrain, 2);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.Moving(), 3u);
  EXPECT_FALSE(ring.Step());
  EXPECT_EQ(ring.controller.Moves(ring.chosen).size(), 3u);
  EXPECT_TRUE(ring.RunUntilQuiet());
  ring.ExpectBalancedAndStable();
}

TEST(Movement, BeginsWithThoseThatHaveTheFewestReplicasToSpareP4) {
  Controller::Options options = QuickOptions();
  options.max_moves = 1;
  RingUnderControl ring(7, 16, options);
  const NodeId dead{3};
  ring.alive.erase(dead);
  ring.Pass(kTestTick);
  for (const std::uint64_t node : {1, 2}) ring.Wish(Wish::kDrain, node);
  ring.Wish(Wish::kRemove, 3);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(ring.Step());
    if (!ring.Holds(3)) break;
    for (std::uint32_t p = 0; p < ring.chosen.partition_count(); ++p) {
      const ring::Configuration& moving = ring.ConfigurationOf(PartitionId{p});
      if (moving.phase == Phase::kStable) continue;
      EXPECT_TRUE(moving.replicas.Contains(dead)) << moving;
    }
    ring.ReportAll();
  }
  EXPECT_TRUE(ring.RunUntilQuiet());
  ring.ExpectBalancedAndStable();
}

TEST(Movement, IsCancelledWhenANewReplicaIsLost) {
  for (const bool joint : {false, true}) {
    RingUnderControl ring = WithAMove();
    if (joint) MakeJoint(&ring);
    const ring::Configuration moving = ring.ConfigurationOf(kOnly);
    ring.alive.erase(AddedBy(moving));
    ring.Pass(QuickOptions().dead_node_timeout);
    EXPECT_TRUE(ring.Step());
    EXPECT_EQ(ring.ConfigurationOf(kOnly).phase, Phase::kStable);
    EXPECT_EQ(ring.ConfigurationOf(kOnly).replicas, moving.replicas);
  }
}

TEST(Movement, IsCancelledWhenANewReplicaIsToLeaveAgain) {
  for (const bool joint : {false, true}) {
    RingUnderControl ring = WithAMove();
    if (joint) MakeJoint(&ring);
    const ring::Configuration moving = ring.ConfigurationOf(kOnly);
    ring.Wish(Wish::kCancel, LeftBy(moving).value);
    if (joint) {
      // Whoever is active again changes nothing about a move that is nearly done.
      EXPECT_TRUE(ring.Step());
      EXPECT_EQ(ring.ConfigurationOf(kOnly), moving);
    }
    ring.Step();
    ring.Wish(Wish::kDrain, AddedBy(moving).value);
    EXPECT_TRUE(ring.Step());
    EXPECT_NE(ring.ConfigurationOf(kOnly).phase, Phase::kJoint);
    EXPECT_EQ(ring.ConfigurationOf(kOnly).replicas, moving.replicas);
  }
}

TEST(Movement, IsCancelledWhileFillingWhenAnotherPlacementCopiesLessP5) {
  RingUnderControl ring(4, 8);
  const ring::Topology before = ring.chosen;
  ring.Wish(Wish::kDrain, 2);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.Moving(), QuickOptions().max_moves);
  ring.Wish(Wish::kCancel, 2);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(2), kActive);
  for (std::uint32_t p = 0; p < before.partition_count(); ++p) {
    EXPECT_EQ(ring.ConfigurationOf(PartitionId{p}).replicas, before.partitions[p].replicas);
    EXPECT_EQ(ring.ConfigurationOf(PartitionId{p}).phase, Phase::kStable);
  }
}

TEST(Movement, GoesOnWhileFillingWhenANewPlacementIsServedByItP5) {
  RingUnderControl ring(3, 16);
  ring.alive.insert({NodeId{4}, NodeId{5}});
  ring.Wish(Wish::kJoin, 4);
  ring.Pass(kTestTick);
  EXPECT_TRUE(ring.Step());
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.Moving(), QuickOptions().max_moves);
  ring.Wish(Wish::kJoin, 5);
  EXPECT_TRUE(ring.RunUntilQuiet());
  EXPECT_EQ(ring.moves_cancelled, 0u);
  ring.ExpectBalancedAndStable();
}

TEST(Movement, IsCancelledWithoutProgressForSoLongAndTriedAgain) {
  for (const bool joint : {false, true}) {
    RingUnderControl ring = WithAMove();
    if (joint) MakeJoint(&ring);
    const ring::Configuration moving = ring.ConfigurationOf(kOnly);
    EXPECT_FALSE(ring.Step());
    ring.Pass(QuickOptions().move_timeout - kTestTick);
    EXPECT_FALSE(ring.Step());
    ring.Pass(kTestTick);
    EXPECT_TRUE(ring.Step());
    EXPECT_EQ(ring.ConfigurationOf(kOnly).replicas, moving.replicas);
    EXPECT_EQ(ring.ConfigurationOf(kOnly).phase, Phase::kStable);
    EXPECT_TRUE(ring.Step());
    EXPECT_EQ(ring.ConfigurationOf(kOnly).phase, Phase::kFilling);
  }
}

TEST(Movement, IsNotCancelledWhileItGetsFurther) {
  RingUnderControl ring = WithAMove();
  const ring::Configuration moving = ring.ConfigurationOf(kOnly);
  Amount copied{.keys = 100, .bytes = 10'000};
  for (int i = 0; i < 5; ++i) {
    copied.keys += 100;
    ring.ReportCopied(kOnly, copied);
    ring.Pass(QuickOptions().move_timeout - kTestTick);
    ring.Step();  // The system partition's move, of which nothing is reported, is cancelled and tried again.
    EXPECT_EQ(ring.ConfigurationOf(kOnly), moving);
  }
  // A new leader that compares anew what is there already gets no further.
  for (std::uint64_t keys = copied.keys - 300; keys <= copied.keys; keys += 100) {
    ring.ReportCopied(kOnly, {.keys = keys, .bytes = 10'000});
  }
  ring.Pass(QuickOptions().move_timeout);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.ConfigurationOf(kOnly).phase, Phase::kStable);
}

TEST(Movement, IsNotCancelledIntoASetThatHasLostItsQuorumP3) {
  RingUnderControl ring(6, 1);
  // All three replicas leave at once, and are gone before the move is done.
  const ReplicaSet from = ring.ConfigurationOf(kOnly).replicas;
  for (const NodeId node : from.nodes) ring.Wish(Wish::kDrain, node.value);
  EXPECT_TRUE(ring.Step());
  MakeJoint(&ring);
  const ring::Configuration joint = ring.ConfigurationOf(kOnly);
  ring.Step();
  ring.alive.erase(from.nodes[0]);
  ring.alive.erase(from.nodes[1]);
  ring.Pass(QuickOptions().move_timeout + QuickOptions().dead_node_timeout);
  ring.Step();
  EXPECT_EQ(ring.ConfigurationOf(kOnly), joint);
  ring.alive.insert(from.nodes[0]);
  ring.Pass(kTestTick);
  ring.Step();
  EXPECT_NE(ring.ConfigurationOf(kOnly), joint);
}

TEST(Movement, NeverStartsWithoutAQuorumOfTheOldSetP2) {
  RingUnderControl ring(6, 1);
  const ReplicaSet from = ring.ConfigurationOf(kOnly).replicas;
  ring.alive.erase(from.nodes[0]);
  ring.alive.erase(from.nodes[1]);
  ring.Pass(QuickOptions().dead_node_timeout + seconds(5));
  EXPECT_TRUE(ring.Step());
  for (int i = 0; i < 100; ++i) {
    ring.Step();
    EXPECT_EQ(ring.ConfigurationOf(kOnly).phase, Phase::kStable);
  }
  ring.alive.insert(from.nodes[0]);
  EXPECT_TRUE(ring.RunUntilQuiet());
  ring.ExpectBalancedAndStable();
}

TEST(Movement, NeverStartsTowardsANodeThatIsNotHeardP2) {
  RingUnderControl ring(4, 1);
  NodeId spare;
  for (const auto& [node, member] : ring.chosen.members) {
    if (!ring.ConfigurationOf(kOnly).replicas.Contains(node)) spare = node;
  }
  ring.alive.erase(spare);
  ring.Pass(kTestTick);
  ring.Wish(Wish::kDrain, ring.ConfigurationOf(kOnly).replicas.nodes[2].value);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.ConfigurationOf(kOnly).phase, Phase::kStable);
  ring.alive.insert(spare);
  ring.Pass(kTestTick);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.ConfigurationOf(kOnly).phase, Phase::kFilling);
}

TEST(Movement, MovesTheSystemPartitionLikeAnyOther) {
  RingUnderControl ring(1, 2);
  for (const std::uint64_t node : {2, 3, 4, 5}) {
    ring.alive.insert(NodeId{node});
    ring.Wish(Wish::kJoin, node);
    EXPECT_TRUE(ring.RunUntilQuiet());
    ring.ExpectBalancedAndStable();
  }
  EXPECT_EQ(ring.chosen.system.replicas.nodes.size(), 5u);
  ring.Wish(Wish::kDrain, ring.chosen.system.replicas.nodes[0].value);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.chosen.system.phase, Phase::kFilling);
  EXPECT_EQ(ring.chosen.system.incoming.nodes.size(), 3u);
  EXPECT_TRUE(ring.RunUntilQuiet());
  ring.ExpectBalancedAndStable();
}

TEST(Movement, ChangesQuorumSizesByAMoveToTheSameNodes) {
  RingUnderControl ring(3, 2);
  ring.chosen.goal.write_quorum = 3;
  ring.chosen.goal.read_quorum = 1;
  ++ring.chosen.epoch;
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.ConfigurationOf(kOnly).phase, Phase::kFilling);
  EXPECT_TRUE(ring.RunUntilQuiet());
  EXPECT_EQ(ring.ConfigurationOf(kOnly).replicas.write_quorum, 3u);
  EXPECT_EQ(ring.replicas_added, 0u);
}

TEST(Movement, ChangesTheOrderOnlyWhereItDiffersAndOnlyWhenNothingMoves) {
  RingUnderControl ring(3, 8);
  for (ring::Configuration& c : ring.chosen.partitions) c.replicas.nodes = {NodeId{1}, NodeId{2}, NodeId{3}};
  ++ring.chosen.epoch;
  EXPECT_TRUE(ring.Step());
  ring.ExpectBalancedAndStable();
  EXPECT_LT(ring.orders_changed, 8u);
  EXPECT_FALSE(ring.Step());

  RingUnderControl moving = WithAMove();
  const std::size_t before = moving.orders_changed;
  moving.chosen.system.replicas.nodes = {moving.chosen.system.replicas.nodes.rbegin(),
                                         moving.chosen.system.replicas.nodes.rend()};
  moving.Step();
  EXPECT_EQ(moving.orders_changed, before);
}

TEST(Movement, TellsPeopleWhatMoves) {
  RingUnderControl ring = WithAMove();
  ring.Step();
  ring.Pass(seconds(12));
  ring.Report(kOnly, true, false);
  for (const MoveProgress& move : ring.controller.Moves(ring.chosen)) {
    if (move.partition != kOnly) continue;
    EXPECT_THAT(move.ToString(), HasSubstr("partition 0: v2 filling {"));
    EXPECT_THAT(move.ToString(), HasSubstr(", for 12 s, filled"));
    return;
  }
  FAIL() << "the move isn't told";
}

}  // namespace
}  // namespace quoin::quorum
