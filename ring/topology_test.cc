#include "ring/topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace quoin::ring {
namespace {

using testing::HasSubstr;

Member MemberIn(MemberState state) {
  return {.peer_address = "127.0.0.1:7080", .client_address = "127.0.0.1:8080", .zone = "a", .state = state};
}

// Nodes 1, 2 and 3 active, four partitions on all of them.
Topology ThreeNodes() {
  Topology topology = Bootstrap(ClusterId{7}, NodeId{1}, MemberIn(MemberState::kActive), 4, {});
  for (const std::uint64_t id : {2, 3}) topology.members.emplace(NodeId{id}, MemberIn(MemberState::kActive));
  topology.system = {.version = 2, .replicas = MajoritySet({NodeId{1}, NodeId{2}, NodeId{3}})};
  for (Configuration& configuration : topology.partitions) configuration = topology.system;
  return topology;
}

TEST(Topology, OfABootstrappedClusterIsValid) {
  for (const std::uint32_t partitions : {1u, 256u, 65536u}) {
    const Topology topology = Bootstrap(ClusterId{7}, NodeId{1}, MemberIn(MemberState::kJoining), partitions, {});
    EXPECT_TRUE(topology.Check().ok()) << topology.Check();
    EXPECT_EQ(topology.members.at(NodeId{1}).state, MemberState::kActive);
    EXPECT_EQ(topology.ConfigurationOf(PartitionId{partitions - 1}).replicas, MajoritySet({NodeId{1}}));
  }
  EXPECT_TRUE(ThreeNodes().Check().ok()) << ThreeNodes().Check();
}

TEST(Topology, RefusesQuorumsThatNeedNotMeet) {
  Topology topology = ThreeNodes();
  topology.partitions[2].replicas.read_quorum = 1;
  EXPECT_EQ(topology.Check().code(), Code::kInvalid);
  EXPECT_THAT(topology.Check().message(), HasSubstr("partition 2: N=3, R=1, W=2: R + W must be more than N"));
}

TEST(Topology, RefusesReplicasThatAreNoMembersOrHoldNothing) {
  Topology stranger = ThreeNodes();
  stranger.partitions[0].replicas.nodes[1] = NodeId{9};
  EXPECT_THAT(stranger.Check().message(), HasSubstr("which is no member"));
  for (const MemberState state : {MemberState::kJoining, MemberState::kRemoved}) {
    Topology topology = ThreeNodes();
    topology.members.at(NodeId{3}).state = state;
    EXPECT_THAT(topology.Check().message(), HasSubstr(std::string(MemberStateName(state))));
  }
  for (const MemberState state : {MemberState::kDraining, MemberState::kLost}) {
    Topology topology = ThreeNodes();
    topology.members.at(NodeId{3}).state = state;
    EXPECT_TRUE(topology.Check().ok()) << topology.Check();
  }
}

TEST(Topology, RefusesIncomingReplicasThatAreNoMembers) {
  Topology topology = ThreeNodes();
  topology.partitions[1].phase = Phase::kFilling;
  topology.partitions[1].incoming = MajoritySet({NodeId{1}, NodeId{2}, NodeId{9}});
  EXPECT_THAT(topology.Check().message(), HasSubstr("partition 1 names 0000000000000009, which is no member"));
}

TEST(Topology, KeepsTheSystemPartitionSmallOddAndOnMajorities) {
  Topology two = ThreeNodes();
  two.system.replicas = MajoritySet({NodeId{1}, NodeId{2}});
  EXPECT_THAT(two.Check().message(), HasSubstr("1, 3 or 5"));
  Topology read_one = ThreeNodes();
  read_one.system.replicas.read_quorum = 1;
  read_one.system.replicas.write_quorum = 3;
  EXPECT_THAT(read_one.Check().message(), HasSubstr("majorities always"));
}

TEST(Topology, KeepsTheSystemPartitionSmallOddAndOnMajoritiesWhereItIsMovingTo) {
  for (const Phase phase : {Phase::kFilling, Phase::kJoint}) {
    Topology moving = ThreeNodes();
    moving.system.phase = phase;
    moving.system.incoming = MajoritySet({NodeId{1}});
    EXPECT_TRUE(moving.Check().ok()) << moving.Check();
    moving.system.incoming = MajoritySet({NodeId{1}, NodeId{2}});
    EXPECT_THAT(moving.Check().message(), HasSubstr("1, 3 or 5"));
    moving.system.incoming = {.nodes = {NodeId{1}, NodeId{2}, NodeId{3}}, .read_quorum = 1, .write_quorum = 3};
    EXPECT_THAT(moving.Check().message(), HasSubstr("majorities always"));
  }
}

TEST(Topology, RefusesWhatIsOutOfBounds) {
  const auto broken = [](auto change) {
    Topology topology = ThreeNodes();
    change(&topology);
    return topology.Check().code();
  };
  EXPECT_EQ(broken([](Topology* t) { t->epoch = 0; }), Code::kInvalid);
  EXPECT_EQ(broken([](Topology* t) { t->partitions.pop_back(); }), Code::kInvalid);
  EXPECT_EQ(broken([](Topology* t) { t->partitions.clear(); }), Code::kInvalid);
  EXPECT_EQ(broken([](Topology* t) { t->goal.replication_factor = 0; }), Code::kInvalid);
  EXPECT_EQ(broken([](Topology* t) { t->goal.replication_factor = 10; }), Code::kInvalid);
  EXPECT_EQ(broken([](Topology* t) { t->goal.read_quorum = 1; }), Code::kInvalid);
  EXPECT_EQ(broken([](Topology* t) { t->goal.write_quorum = 4; }), Code::kInvalid);
  EXPECT_EQ(broken([](Topology* t) { t->members.at(NodeId{2}).weight = kMaxWeight + 1; }), Code::kInvalid);
  EXPECT_EQ(broken([](Topology* t) { t->members.at(NodeId{2}).peer_address.clear(); }), Code::kInvalid);
  EXPECT_EQ(broken([](Topology* t) { t->members.at(NodeId{2}).client_address.assign(256, 'x'); }), Code::kInvalid);
  EXPECT_EQ(broken([](Topology* t) { t->members.at(NodeId{2}).zone.assign(65, 'x'); }), Code::kInvalid);
  EXPECT_EQ(broken([](Topology* t) { t->members.at(NodeId{2}).state = static_cast<MemberState>(5); }), Code::kInvalid);
  EXPECT_EQ(broken([](Topology* t) { t->members.emplace(NodeId{}, MemberIn(MemberState::kActive)); }), Code::kInvalid);
  EXPECT_EQ(broken([](Topology*) {}), Code::kOk);
}

TEST(ReplicationGoal, GivesItsNumbersOnlyToACompleteSet) {
  const ReplicationGoal goal{.replication_factor = 3, .read_quorum = 1, .write_quorum = 3};
  EXPECT_TRUE(goal.Check().ok());
  EXPECT_EQ(goal.SetOf({NodeId{1}, NodeId{2}}), MajoritySet({NodeId{1}, NodeId{2}}));
  EXPECT_EQ(goal.SetOf({NodeId{1}, NodeId{2}, NodeId{3}}), (ReplicaSet{{NodeId{1}, NodeId{2}, NodeId{3}}, 1, 3}));
}

}  // namespace
}  // namespace quoin::ring
