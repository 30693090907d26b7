// What people are told of the controller's work (quorum/actions.h).
#include "quorum/actions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quorum/controller_testing.h"

namespace quoin::quorum {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = Action::Kind;
using State = Action::State;
using Wish = MembershipPacket::Wish;
using std::chrono::minutes;
using std::chrono::seconds;

// Goes on, without any report of leaders, so long that everything is told that there is to tell.
void LetItTell(RingUnderControl& ring) {
  for (int i = 0; i < 10; ++i) {
    ring.Pass(kTestTick);
    ring.Step();
  }
}
// Every partition that moves gets on, and the ring takes one step.
void GoOn(RingUnderControl& ring) {
  ring.Pass(kTestTick);
  ring.ReportAll();
  ring.Step();
}
std::uint32_t PartitionsOf(const RingUnderControl& ring, std::uint64_t node) {
  std::uint32_t count = ring.chosen.system.replicas.Contains(NodeId{node});
  for (const ring::Configuration& c : ring.chosen.partitions) count += c.replicas.Contains(NodeId{node});
  return count;
}
PartitionId AMovingOne(const RingUnderControl& ring) {
  for (std::uint32_t p = 0; p < ring.chosen.partition_count(); ++p) {
    if (ring.chosen.partitions[p].phase == ring::Phase::kFilling) return PartitionId{p};
  }
  ADD_FAILURE() << "nothing moves";
  return {};
}
void JoinFourth(RingUnderControl& ring) {
  ring.alive.insert(NodeId{4});
  ring.Wish(Wish::kJoin, 4);
  ring.Pass(kTestTick);
  EXPECT_TRUE(ring.Step());
}

TEST(Actions, TellOfNothingWhereNothingHappens) {
  RingUnderControl ring(3, 8);
  LetItTell(ring);
  ASSERT_NE(ring.progress, nullptr) << "who heard of another controller's work should know that it is over";
  EXPECT_THAT(ring.progress->actions, IsEmpty());
  EXPECT_THAT(ring.progress->refusals, IsEmpty());
  const int told = ring.told;
  LetItTell(ring);
  EXPECT_EQ(ring.told, told);
}

TEST(Actions, CountADrainFromTheFirstPartitionToTheLast) {
  RingUnderControl ring(4, 16);
  const std::uint32_t held = PartitionsOf(ring, 2);
  ring.Wish(Wish::kDrain, 2);
  EXPECT_TRUE(ring.Step());
  ring.Pass(kTestTick);
  ring.Step();
  EXPECT_EQ(ring.ActionOf(2).kind, Kind::kDrain);
  EXPECT_EQ(ring.ActionOf(2).state, State::kRunning);
  EXPECT_EQ(ring.ActionOf(2).partitions, held);
  EXPECT_EQ(ring.ActionOf(2).partitions_done, 0u);
  std::uint32_t done = 0;
  while (ring.StateOf(2) == ring::MemberState::kDraining) {
    GoOn(ring);
    const Action action = ring.ActionOf(2);
    EXPECT_EQ(action.partitions, held);
    EXPECT_GE(action.partitions_done, done);
    EXPECT_LE(action.copied.bytes, action.total.bytes);
    EXPECT_EQ(action.moved, (Amount{100 * action.moved.keys / 100, 100 * action.moved.keys}));
    done = action.partitions_done;
  }
  LetItTell(ring);
  EXPECT_EQ(ring.ActionOf(2).state, State::kDone);
  EXPECT_EQ(ring.ActionOf(2).partitions_done, held);
  EXPECT_EQ(ring.ActionOf(2).copied.keys, ring.replicas_added * 100);
  EXPECT_EQ(ring.ActionOf(2).total, ring.ActionOf(2).copied);
  EXPECT_GT(ring.ActionOf(2).ended, ring.ActionOf(2).since);
}

TEST(Actions, CountAJoinAndEndWithIt) {
  RingUnderControl ring(3, 16);
  JoinFourth(ring);
  LetItTell(ring);
  EXPECT_EQ(ring.ActionOf(4).kind, Kind::kJoin);
  EXPECT_EQ(ring.ActionOf(4).state, State::kRunning);
  EXPECT_EQ(ring.ActionOf(4).partitions, 12u);
  EXPECT_TRUE(ring.RunUntilQuiet());
  EXPECT_EQ(ring.ActionOf(4).state, State::kDone);
  EXPECT_EQ(ring.ActionOf(4).partitions_done, 12u);
  EXPECT_EQ(ring.ActionOf(4).copied, (Amount{12 * 100, 12 * 10'000}));
  EXPECT_FALSE(ring.HasAction(0)) << "what serves the join is no balance";
}

TEST(Actions, SayHowFarACopyIsHowFastAndHowLongItWillTake) {
  RingUnderControl ring(3, 16);
  JoinFourth(ring);
  LetItTell(ring);
  const PartitionId moving = AMovingOne(ring);
  ring.ReportCopied(moving, {});
  LetItTell(ring);
  EXPECT_EQ(ring.ActionOf(4).total, (Amount{12 * 100, 12 * 10'000})) << "other partitions are taken to be alike";
  EXPECT_EQ(ring.ActionOf(4).copied, Amount{});
  EXPECT_EQ(ring.ActionOf(4).seconds_left, std::nullopt);
  for (std::uint64_t second = 1; second <= 9; ++second) {
    ring.Pass(seconds(1));
    ring.ReportCopied(moving, {10 * second, 1000 * second});
    ring.Step();
  }
  const Action action = ring.ActionOf(4);
  EXPECT_EQ(action.copied, (Amount{90, 9000}));
  EXPECT_NEAR(static_cast<double>(action.per_second.bytes), 1000, 200);
  EXPECT_NEAR(static_cast<double>(action.per_second.keys), 10, 2);
  ASSERT_NE(action.seconds_left, std::nullopt);
  EXPECT_NEAR(static_cast<double>(*action.seconds_left), 111, 30);
  // It stalls: after ten seconds nobody can say how long it will take.
  for (int second = 0; second < 12; ++second) {
    ring.Pass(seconds(1));
    ring.Step();
  }
  EXPECT_EQ(ring.ActionOf(4).per_second, Amount{});
  EXPECT_EQ(ring.ActionOf(4).seconds_left, std::nullopt);
}

TEST(Actions, DoNotGoBackWhenANewLeaderBeginsToCompare) {
  RingUnderControl ring(3, 16);
  JoinFourth(ring);
  LetItTell(ring);
  ring.ReportCopied(AMovingOne(ring), {60, 6000});
  LetItTell(ring);
  ring.ReportCopied(AMovingOne(ring), {10, 1000});
  LetItTell(ring);
  EXPECT_EQ(ring.ActionOf(4).copied.keys, 60u);
}

TEST(Actions, GoOnUnderTheNextControllerThatHasHeardOfThem) {
  RingUnderControl ring(4, 16);
  ring.Wish(Wish::kDrain, 2);
  EXPECT_TRUE(ring.Step());
  while (!ring.HasAction(2) || ring.ActionOf(2).partitions_done < 5) GoOn(ring);
  const Action before = ring.ActionOf(2);
  ring.Begin();
  LetItTell(ring);
  const Action after = ring.ActionOf(2);
  EXPECT_EQ(after.since, before.since);
  EXPECT_EQ(after.partitions, before.partitions);
  EXPECT_GE(after.partitions_done, before.partitions_done);
  EXPECT_GE(after.moved.keys, before.moved.keys);
  EXPECT_TRUE(ring.RunUntilQuiet());
  EXPECT_EQ(ring.ActionOf(2).state, State::kDone);
  EXPECT_EQ(ring.ActionOf(2).partitions_done, before.partitions);
}

TEST(Actions, AreFoundInTheRingByAControllerThatHasHeardOfNothing) {
  RingUnderControl ring(4, 16);
  ring.alive.insert(NodeId{5});
  ring.Wish(Wish::kDrain, 2);
  ring.Wish(Wish::kJoin, 5);
  for (int i = 0; i < 3; ++i) {
    ring.Pass(kTestTick);
    ring.Step();
  }
  ring.progress = nullptr;
  ring.Begin();
  LetItTell(ring);
  EXPECT_EQ(ring.ActionOf(2).kind, Kind::kDrain);
  EXPECT_EQ(ring.ActionOf(2).partitions, PartitionsOf(ring, 2));
  EXPECT_EQ(ring.ActionOf(5).kind, Kind::kJoin);
}

TEST(Actions, AreCancelledWithTheDrain) {
  RingUnderControl ring(4, 16);
  ring.Wish(Wish::kDrain, 2);
  for (int i = 0; i < 5; ++i) GoOn(ring);
  ring.Wish(Wish::kCancel, 2);
  EXPECT_TRUE(ring.Step());
  LetItTell(ring);
  EXPECT_EQ(ring.ActionOf(2).state, State::kCancelled);
  EXPECT_TRUE(ring.HasAction(0)) << "what has moved away comes back, which nobody asked for by name";
  EXPECT_TRUE(ring.RunUntilQuiet());
  EXPECT_EQ(ring.ActionOf(0).state, State::kDone);
}

TEST(Actions, ShowARemovalAndItsCancellation) {
  RingUnderControl ring(4, 16);
  ring.alive.erase(NodeId{2});
  ring.Pass(kTestTick);
  ring.Wish(Wish::kRemove, 2);
  EXPECT_TRUE(ring.Step());
  LetItTell(ring);
  EXPECT_EQ(ring.ActionOf(2).kind, Kind::kRemove);
  ring.Wish(Wish::kCancel, 2);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(2), ring::MemberState::kActive);
  LetItTell(ring);
  EXPECT_EQ(ring.ActionOf(2).state, State::kCancelled);
  EXPECT_EQ(ring.StateOf(2), ring::MemberState::kActive) << "it has been silent for long, and is given time again";
  EXPECT_TRUE(ring.RunUntilQuiet()) << "and is lost when it uses that up";
  EXPECT_FALSE(ring.IsMember(2));
}

TEST(Actions, CallADrainForASuccessorAReplacement) {
  RingUnderControl ring(4, 16);
  MembershipPacket wish = WishFor(Wish::kReplace, 2);
  wish.with = NodeId{4};
  ring.Wish(wish);
  EXPECT_TRUE(ring.Step());
  EXPECT_EQ(ring.StateOf(2), ring::MemberState::kDraining);
  LetItTell(ring);
  EXPECT_EQ(ring.ActionOf(2).kind, Kind::kReplace);
  EXPECT_EQ(ring.ActionOf(2).with, NodeId{4});
  ring.Begin();
  EXPECT_TRUE(ring.RunUntilQuiet());
  EXPECT_EQ(ring.ActionOf(2).kind, Kind::kReplace);
  EXPECT_EQ(ring.ActionOf(2).state, State::kDone);
}

TEST(Actions, TellWhyAWishWasRefusedUntilItIsGrantedOrOld) {
  RingUnderControl ring(3, 8);
  ring.Wish(Wish::kDrain, 2);
  LetItTell(ring);
  ASSERT_THAT(ring.progress->refusals, SizeIs(1));
  EXPECT_EQ(ring.progress->refusals[0].wish, Wish::kDrain);
  EXPECT_EQ(ring.progress->refusals[0].node, NodeId{2});
  EXPECT_THAT(ring.progress->refusals[0].reason, HasSubstr("there would be 2 active nodes"));
  ring.Begin();
  LetItTell(ring);
  EXPECT_THAT(ring.progress->refusals, SizeIs(1)) << "the next controller tells it, too";
  JoinFourth(ring);
  EXPECT_TRUE(ring.RunUntilQuiet());
  ring.Wish(Wish::kDrain, 2);
  EXPECT_TRUE(ring.Step());
  LetItTell(ring);
  EXPECT_THAT(ring.progress->refusals, IsEmpty());
  ring.Wish(Wish::kDrain, 9);
  LetItTell(ring);
  EXPECT_THAT(ring.progress->refusals, SizeIs(1));
  ring.Pass(minutes(11));
  LetItTell(ring);
  EXPECT_THAT(ring.progress->refusals, IsEmpty());
}

TEST(Actions, ThatHaveEndedAreForgottenAfterAWhile) {
  RingUnderControl ring(3, 8);
  JoinFourth(ring);
  EXPECT_TRUE(ring.RunUntilQuiet());
  EXPECT_EQ(ring.ActionOf(4).state, State::kDone);
  ring.Pass(minutes(11));
  LetItTell(ring);
  EXPECT_FALSE(ring.HasAction(4));
}

TEST(Actions, OfManyRingsNeverTellNonsense) {
  for (std::uint64_t nodes = 4; nodes <= 7; ++nodes) {
    RingUnderControl ring(nodes, 32);
    ring.alive.insert(NodeId{nodes + 1});
    ring.Wish(Wish::kJoin, nodes + 1);
    ring.Wish(Wish::kDrain, 1);
    ring.alive.erase(NodeId{2});
    for (int tick = 0; tick < 2000; ++tick) {
      GoOn(ring);
      if (tick == 30) ring.Wish(Wish::kCancel, 1);
      if (tick == 60) ring.Begin();
      if (ring.progress == nullptr) continue;
      for (const Action& action : ring.progress->actions) {
        EXPECT_LE(action.partitions_done, action.partitions) << ActionName(action.kind);
        EXPECT_LE(action.copied.keys, action.total.keys) << ActionName(action.kind);
        EXPECT_LE(action.moved.keys, action.copied.keys) << ActionName(action.kind);
        EXPECT_EQ(action.kind == Kind::kBalance, action.node == NodeId{});
      }
    }
    EXPECT_TRUE(ring.RunUntilQuiet());
    for (const Action& action : ring.progress->actions) EXPECT_NE(action.state, State::kRunning);
  }
}

}  // namespace
}  // namespace quoin::quorum
