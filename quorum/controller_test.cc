// The rules about members (quorum/membership.h), and what the controller as a whole promises.
#include "quorum/controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quorum/controller_testing.h"

namespace quoin::quorum {
namespace {

using testing::HasSubstr;
using enum ring::MemberState;
using Wish = MembershipPacket::Wish;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Membership, MakesANodeThatWishesToJoinAMemberAndActiveOnceItIsAlive) {
  RingUnderControl ring(3, 4);
  ring.Wish(Wish::kJoin, 4);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(4), kJoining);
  EXPECT_FALSE(ring.Step());
  ring.alive.insert(NodeId{4});
  ring.Pass(kTestTick);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(4), kActive);
  EXPECT_TRUE(ring.RunUntilQuiet());
  EXPECT_TRUE(ring.Holds(4));
  ring.ExpectBalancedAndStable();
}

TEST(Membership, ChangesNothingWhenTheSameNodeWishesToJoinAgain) {
  RingUnderControl ring(3, 4);
  const ring::Topology before = ring.chosen;
  ring.Wish(Wish::kJoin, 2);
  EXPECT_FALSE(ring.Step());
  EXPECT_EQ(ring.chosen, before);
}

TEST(Membership, TakesOverAChangedAddressZoneAndWeightAndNothingElse) {
  RingUnderControl ring(5, 4);
  ring.Wish(Wish::kDrain, 2);
  EXPECT_TRUE(ring.Step());
  MembershipPacket wish = WishFor(Wish::kJoin, 2);
  wish.member.peer_address = "elsewhere:1";
  wish.member.zone = "b";
  wish.member.weight = 2;
  ring.Wish(wish);
  EXPECT_TRUE(ring.Step());
  wish.member.state = kDraining;
  EXPECT_EQ(ring.chosen.members.at(NodeId{2}), wish.member);
}

TEST(Membership, RefusesAMemberThatTheRingWouldNotTake) {
  RingUnderControl ring(3, 4);
  MembershipPacket wish = WishFor(Wish::kJoin, 4);
  wish.member.peer_address.clear();
  ring.Wish(wish);
  EXPECT_FALSE(ring.Step());
  EXPECT_THAT(ring.controller.refusals().at(NodeId{4}).why.message(), HasSubstr("address of 0 bytes"));
  ring.Wish(Wish::kJoin, 4);
  EXPECT_TRUE(ring.controller.refusals().empty());
  EXPECT_TRUE(ring.Step());
}

TEST(Membership, DrainsThenRemovesThenForgets) {
  RingUnderControl ring(4, 8);
  ring.Wish(Wish::kDrain, 2);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(2), kDraining);
  while (ring.Holds(2)) {
    EXPECT_EQ(ring.StateOf(2), kDraining);
    ring.Pass(kTestTick);
    ring.ReportAll();
    ring.Step();
  }
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(2), kRemoved);
  EXPECT_FALSE(ring.Step());
  ring.Pass(kForgetAfter - kTestTick);
  EXPECT_FALSE(ring.Step());
  ring.Pass(kTestTick);
  EXPECT_TRUE(ring.Step());
  EXPECT_FALSE(ring.IsMember(2));
  ring.ExpectBalancedAndStable();
}

TEST(Membership, RefusesADrainThatWouldLeaveFewerThanNNodes) {
  RingUnderControl ring(4, 4);
  ring.Wish(Wish::kDrain, 2);
  ring.Wish(Wish::kDrain, 3);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(2), kDraining);
  EXPECT_EQ(ring.StateOf(3), kActive);
  EXPECT_THAT(ring.controller.refusals().at(NodeId{3}).why.message(), HasSubstr("there would be 2 active nodes"));
}

TEST(Membership, AllowsADrainWhereThereHaveBeenFewerThanNNodesAnyway) {
  RingUnderControl ring(2, 4);
  ring.Wish(Wish::kDrain, 1);
  EXPECT_TRUE(ring.RunUntilQuiet());
  EXPECT_FALSE(ring.IsMember(1));
  ring.ExpectBalancedAndStable();
}

TEST(Membership, NeverDrainsTheLastNode) {
  RingUnderControl ring(1, 4);
  ring.Wish(Wish::kDrain, 1);
  EXPECT_FALSE(ring.Step());
  EXPECT_THAT(ring.controller.refusals().at(NodeId{1}).why.message(), HasSubstr("the last that can hold the data"));
}

TEST(Membership, MakesADrainingNodeActiveAgainWhenTheDrainIsCancelled) {
  RingUnderControl ring(4, 4);
  const ring::Topology before = ring.chosen;
  ring.Wish(Wish::kDrain, 2);
  EXPECT_TRUE(ring.Step());
  ring.Wish(Wish::kCancel, 2);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(2), kActive);
  EXPECT_TRUE(ring.RunUntilQuiet());
  for (std::uint32_t p = 0; p < 4; ++p) {
    EXPECT_TRUE(SameQuorums(ring.chosen.partitions[p].replicas, before.partitions[p].replicas)) << p;
  }
  ring.ExpectBalancedAndStable();
  ring.Wish(Wish::kCancel, 9);
  EXPECT_FALSE(ring.Step());
  EXPECT_THAT(ring.controller.refusals().at(NodeId{9}).why.message(), HasSubstr("no member"));
}

TEST(Membership, LosesADeadNodeAtOnceWhenItIsToBeRemovedAndRefusesForALiveOne) {
  RingUnderControl ring(4, 8);
  ring.Wish(Wish::kRemove, 2);
  EXPECT_FALSE(ring.Step());
  EXPECT_THAT(ring.controller.refusals().at(NodeId{2}).why.message(), HasSubstr("drain it instead"));
  ring.alive.erase(NodeId{2});
  ring.Pass(kTestTick);
  ring.Wish(Wish::kRemove, 2);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(2), kLost);
  EXPECT_TRUE(ring.RunUntilQuiet());
  EXPECT_FALSE(ring.IsMember(2));
  ring.ExpectBalancedAndStable();
}

TEST(Membership, JudgesWhoIsAliveOnlyOnceItIsSettledH1) {
  RingUnderControl ring(4, 4);
  ring.Begin();
  ring.alive.erase(NodeId{2});
  ring.Wish(Wish::kRemove, 2);
  ring.Pass(QuickOptions().settle - kTestTick);
  EXPECT_FALSE(ring.Step());
  ring.Pass(kTestTick);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(2), kLost);
}

TEST(Membership, LosesANodeOnceItHasBeenSilentForSoLong) {
  RingUnderControl ring(4, 8);
  ring.alive.erase(NodeId{3});
  ring.Pass(QuickOptions().dead_node_timeout - kTestTick);
  EXPECT_FALSE(ring.Step());
  ring.Pass(kTestTick);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(3), kLost);
  EXPECT_TRUE(ring.RunUntilQuiet());
  EXPECT_FALSE(ring.IsMember(3));
  ring.ExpectBalancedAndStable();
}

TEST(Membership, CountsSilenceFromTheBeginOfTheLead) {
  RingUnderControl ring(4, 4);
  ring.alive.erase(NodeId{3});
  ring.Pass(QuickOptions().dead_node_timeout - kTestTick);
  ring.Begin();
  EXPECT_FALSE(ring.Step());
  ring.Pass(QuickOptions().dead_node_timeout - kTestTick);
  EXPECT_FALSE(ring.Step());
  ring.Pass(kTestTick);
  EXPECT_TRUE(ring.Step());
}

TEST(Membership, HoldsItsOwnPauseAgainstNobodyH1) {
  RingUnderControl ring(4, 4);
  ring.alive.erase(NodeId{3});
  ring.Pass(seconds(1));
  ring.now += seconds(3600);
  ring.Pass(seconds(1));
  EXPECT_FALSE(ring.Step());
}

TEST(Membership, LosesAtMostAThirdAtATimeH2) {
  RingUnderControl ring(7, 8);
  for (const std::uint64_t node : {2, 3, 4}) ring.alive.erase(NodeId{node});
  ring.Pass(QuickOptions().dead_node_timeout);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(2), kLost);
  EXPECT_EQ(ring.StateOf(3), kLost);
  EXPECT_EQ(ring.StateOf(4), kActive);
}

TEST(Membership, NeverLosesTheLastActiveNodeH3) {
  RingUnderControl ring(2, 4);
  ring.Wish(Wish::kDrain, 2);
  EXPECT_TRUE(ring.Step());
  ring.alive.erase(NodeId{1});
  ring.Pass(QuickOptions().dead_node_timeout);
  ring.Wish(Wish::kRemove, 1);
  ring.Step();
  EXPECT_EQ(ring.StateOf(1), kActive);
  EXPECT_THAT(ring.controller.refusals().at(NodeId{1}).why.message(), HasSubstr("no active node would be left"));
}

TEST(Membership, MakesALostNodeThatIsHeardAgainActiveIfItStillHoldsData) {
  RingUnderControl ring(4, 8);
  ring.alive.erase(NodeId{3});
  ring.Pass(QuickOptions().dead_node_timeout);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(3), kLost);
  ring.alive.insert(NodeId{3});
  ring.Pass(kTestTick);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(3), kActive);
  EXPECT_TRUE(ring.RunUntilQuiet());
  ring.ExpectBalancedAndStable();
}

TEST(Membership, LetsARemovedNodeJoinAgain) {
  RingUnderControl ring(4, 8);
  ring.alive.erase(NodeId{3});
  ring.Wish(Wish::kRemove, 3);
  ring.Pass(kTestTick);
  do {
    ring.Pass(kTestTick);
    ring.ReportAll();
    ring.Step();
  } while (ring.StateOf(3) != kRemoved);
  ring.alive.insert(NodeId{3});
  ring.Wish(Wish::kJoin, 3);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(3), kJoining);
  EXPECT_TRUE(ring.RunUntilQuiet());
  EXPECT_EQ(ring.StateOf(3), kActive);
  ring.ExpectBalancedAndStable();
}

TEST(Membership, ForgetsAJoiningNodeThatIsNeverHeard) {
  RingUnderControl ring(3, 4);
  ring.Wish(Wish::kJoin, 4);
  EXPECT_TRUE(ring.RunUntilQuiet());
  EXPECT_FALSE(ring.IsMember(4));
}

TEST(Membership, DropsAWishThatIsOlderThanTheStateOfItsNodeH6) {
  RingUnderControl ring(4, 8);
  MembershipPacket late = WishFor(Wish::kDrain, 2);
  late.epoch = ring.chosen.epoch;
  ring.Wish(Wish::kDrain, 2);
  EXPECT_TRUE(ring.Step());
  ring.Wish(Wish::kCancel, 2);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(2), kActive);
  ring.controller.OnWish(late, ring.now);
  ring.Step();
  ring.controller.OnWish(late, ring.now);
  ring.Step();
  EXPECT_EQ(ring.StateOf(2), kActive);
  EXPECT_TRUE(ring.controller.refusals().empty());
  ring.Wish(Wish::kDrain, 2);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(2), kDraining) << "who asks now knows the state";
}

TEST(Membership, TakesAWishThatIsOlderThanTheRingButNotThanTheStateOfItsNodeH6) {
  RingUnderControl ring(5, 8);
  ring.Step();
  MembershipPacket drain = WishFor(Wish::kDrain, 2);
  drain.epoch = ring.chosen.epoch;
  ring.Wish(Wish::kJoin, 6);
  EXPECT_TRUE(ring.Step());
  ASSERT_GT(ring.chosen.epoch, drain.epoch);
  ring.controller.OnWish(drain, ring.now);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(2), kDraining);
}

TEST(Membership, DropsAWishToJoinThatIsOlderThanItsNodesRemovalH6) {
  RingUnderControl ring(4, 8);
  MembershipPacket late = WishFor(Wish::kJoin, 2);
  late.epoch = ring.chosen.epoch;
  ring.Wish(Wish::kDrain, 2);
  ASSERT_TRUE(ring.RunUntilQuiet());
  ASSERT_FALSE(ring.IsMember(2));
  ring.controller.OnWish(late, ring.now);
  EXPECT_FALSE(ring.Step());
  // The next controller knows nothing of it, and takes nobody's word that is older than the ring it began with.
  ring.Begin();
  ring.controller.OnWish(late, ring.now);
  EXPECT_FALSE(ring.Step());
  ring.Wish(Wish::kJoin, 2);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(2), kJoining);
}

TEST(Controller, DoesNothingBeforeItBegins) {
  RingUnderControl ring(3, 4);
  Controller idle(QuickOptions());
  idle.OnWish(WishFor(Wish::kJoin, 9), ring.now);
  EXPECT_EQ(idle.Next(ring.chosen, ring.now), std::nullopt);
}

TEST(Controller, DropsEverythingItRememberedWhenItBegins) {
  RingUnderControl ring(3, 4);
  ring.Wish(Wish::kJoin, 4);
  ring.Begin();
  EXPECT_FALSE(ring.Step());
}

TEST(Controller, ProposesTheSameAgainUntilItIsChosenR2) {
  RingUnderControl ring(4, 8);
  ring.Wish(Wish::kDrain, 2);
  ring.Wish(Wish::kJoin, 5);
  const auto next = ring.controller.Next(ring.chosen, ring.now);
  ring.Pass(kTestTick);
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(ring.controller.Next(ring.chosen, ring.now), next);
}

}  // namespace
}  // namespace quoin::quorum
