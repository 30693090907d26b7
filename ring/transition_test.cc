#include "ring/transition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <utility>

namespace quoin::ring {
namespace {

using testing::HasSubstr;

Member MemberIn(MemberState state) {
  return {.peer_address = "127.0.0.1:7080", .client_address = "127.0.0.1:8080", .state = state};
}
// Node 1 holds everything; node 2 is a member that holds nothing.
Topology WithSecond(std::optional<MemberState> state) {
  Topology topology = Bootstrap(ClusterId{7}, NodeId{1}, MemberIn(MemberState::kActive), 2, {});
  if (state) topology.members.emplace(NodeId{2}, MemberIn(*state));
  return topology;
}
Topology Next(Topology topology) {
  ++topology.epoch;
  return topology;
}

TEST(TopologyStep, LetsMembersGoOnlyAlongTheDrawnArrows) {
  using enum MemberState;
  using State = std::optional<MemberState>;
  const std::set<std::pair<State, State>> arrows = {
      {std::nullopt, kJoining}, {kJoining, kActive},      {kJoining, kRemoved}, {kActive, kDraining},  {kActive, kLost},
      {kActive, kRemoved},      {kDraining, kActive},     {kDraining, kLost},   {kDraining, kRemoved}, {kLost, kActive},
      {kLost, kRemoved},        {kRemoved, std::nullopt}, {kRemoved, kJoining},
  };
  const std::vector<State> states = {std::nullopt, kJoining, kActive, kDraining, kLost, kRemoved};
  for (const State& from : states) {
    for (const State& to : states) {
      const bool right = from == to || arrows.contains({from, to});
      EXPECT_EQ(CheckStep(WithSecond(from), Next(WithSecond(to))).ok(), right)
          << CheckStep(WithSecond(from), Next(WithSecond(to)));
    }
  }
}

TEST(TopologyStep, TakesTheNextEpochExactly) {
  const Topology topology = WithSecond(MemberState::kActive);
  Topology next = topology;
  EXPECT_FALSE(CheckStep(topology, next).ok());
  next.epoch = topology.epoch + 2;
  EXPECT_FALSE(CheckStep(topology, next).ok());
  next.epoch = topology.epoch + 1;
  EXPECT_TRUE(CheckStep(topology, next).ok());
}

TEST(TopologyStep, StaysInItsClusterAndKeepsItsNumberOfPartitions) {
  const Topology topology = WithSecond(MemberState::kActive);
  Topology other = Next(topology);
  other.cluster = ClusterId{8};
  EXPECT_THAT(CheckStep(topology, other).message(), HasSubstr("two clusters"));
  Topology split = Next(topology);
  split.partitions.resize(4, split.partitions[0]);
  EXPECT_THAT(CheckStep(topology, split).message(), HasSubstr("is fixed"));
}

TEST(TopologyStep, NamesThePartitionThatSkipsItsJoint) {
  const Topology topology = WithSecond(MemberState::kActive);
  Topology next = Next(topology);
  next.partitions[1].version = 2;
  next.partitions[1].replicas = MajoritySet({NodeId{2}});
  EXPECT_THAT(CheckStep(topology, next).message(), HasSubstr("partition 1: replicas, R and W change through a joint"));
  next.partitions[1] = topology.partitions[1];
  next.partitions[1].version = 2;
  next.partitions[1].phase = Phase::kJoint;
  next.partitions[1].incoming = MajoritySet({NodeId{2}});
  EXPECT_TRUE(CheckStep(topology, next).ok()) << CheckStep(topology, next);
}

TEST(TopologyStep, RefusesANextTopologyThatIsNotValid) {
  const Topology topology = WithSecond(MemberState::kActive);
  Topology next = Next(topology);
  next.members.erase(NodeId{1});
  EXPECT_THAT(CheckStep(topology, next).message(), HasSubstr("which is no member"));
}

TEST(TopologyStep, MovesTheSystemPartitionLikeAnyOther) {
  const Topology topology = WithSecond(MemberState::kActive);
  Topology next = Next(topology);
  next.system.version = 2;
  next.system.replicas = MajoritySet({NodeId{2}});
  EXPECT_THAT(CheckStep(topology, next).message(),
              HasSubstr("the system partition: replicas, R and W change through a joint"));
  next.system = {.version = 2,
                 .phase = Phase::kFilling,
                 .replicas = topology.system.replicas,
                 .incoming = MajoritySet({NodeId{2}})};
  EXPECT_TRUE(CheckStep(topology, next).ok()) << CheckStep(topology, next);
  Topology joint = Next(next);
  joint.system.version = 3;
  joint.system.phase = Phase::kJoint;
  EXPECT_TRUE(CheckStep(next, joint).ok()) << CheckStep(next, joint);
  Topology moved = Next(joint);
  moved.system = {.version = 4, .replicas = MajoritySet({NodeId{2}})};
  EXPECT_TRUE(CheckStep(joint, moved).ok()) << CheckStep(joint, moved);
  moved.system.version = 5;
  EXPECT_THAT(CheckStep(joint, moved).message(), HasSubstr("versions go up by one"));
}

TEST(LaterTopology, MayBeAnyNumberOfStepsAhead) {
  const Topology topology = WithSecond(MemberState::kActive);
  Topology later = topology;
  later.epoch += 10;
  later.partitions[0].version = 5;
  later.partitions[0].replicas = MajoritySet({NodeId{2}});
  EXPECT_TRUE(CheckLater(topology, later).ok());
  EXPECT_FALSE(CheckLater(later, topology).ok());
  EXPECT_FALSE(CheckLater(topology, topology).ok());
}

TEST(LaterTopology, NeverGoesBackInAVersionOrGivesOneAnotherMeaning) {
  Topology topology = WithSecond(MemberState::kActive);
  topology.partitions[0].version = 5;
  Topology older = Next(topology);
  older.partitions[0].version = 4;
  EXPECT_THAT(CheckLater(topology, older).message(), HasSubstr("older version"));
  Topology forked = Next(topology);
  forked.partitions[0].replicas = MajoritySet({NodeId{2}});
  EXPECT_THAT(CheckLater(topology, forked).message(), HasSubstr("one version, two configurations"));
  Topology system = Next(topology);
  system.system.replicas = MajoritySet({NodeId{2}});
  EXPECT_THAT(CheckLater(topology, system).message(), HasSubstr("one version, two configurations"));
}

}  // namespace
}  // namespace quoin::ring
