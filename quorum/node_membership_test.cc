// Nodes that come, go, die and return: what the cluster makes of it, one rule at a time. Many faults at once:
// tests/simulation.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "quorum/node.h"
#include "quorum/node_testing.h"
#include "quorum/request_testing.h"
#include "ring/topology.h"

namespace quoin::quorum {
namespace {

using ring::MemberState;
using std::chrono::seconds;
using Wish = MembershipPacket::Wish;

class NodeMembershipTest : public testing::Test {
 protected:
  NodeMembershipTest() {
    nodes_.timing.dead_node_timeout = seconds(5);
    nodes_.timing.scrub = seconds(2);
  }

  // Nodes 1 to `count`, with 40 keys.
  void StartCluster(std::uint64_t count) {
    for (std::uint64_t id = 1; id <= count; ++id) nodes_.Add(id);
    ASSERT_TRUE(Settles());
    for (int i = 0; i < kKeys; ++i)
      ASSERT_EQ(Told(nodes_.Do(1, PutOf(KeyOf(i), std::to_string(i)))), std::to_string(i));
  }
  bool Settles() {
    return nodes_.RunUntil([&] { return nodes_.Settled(); }, seconds(120));
  }
  // Asks at that node, as an operator does, until it is so.
  bool AskUntil(std::uint64_t at, Wish wish, std::uint64_t about, const std::function<bool()>& so,
                ring::Duration time = seconds(60)) {
    for (const auto end = nodes_.now().now + time; nodes_.now().now < end;) {
      if (so()) return true;
      nodes_.node(at).Ask({.wish = wish, .node = NodeId{about}}, nodes_.now());
      nodes_.Run(std::chrono::milliseconds(200));
    }
    return so();
  }
  std::optional<MemberState> StateOf(std::uint64_t about, std::uint64_t seen_by = 1) {
    const auto topology = nodes_.node(seen_by).topology();
    const auto found = topology->members.find(NodeId{about});
    return found == topology->members.end() ? std::nullopt : std::optional(found->second.state);
  }
  bool Is(std::uint64_t about, MemberState state) { return StateOf(about) == state; }
  // Partitions, the system's included, in whose configuration the node is.
  int HeldBy(std::uint64_t id) {
    const auto topology = nodes_.node(1).topology();
    const auto holds = [&](const ring::Configuration& configuration) {
      return configuration.replicas.Contains(NodeId{id}) || configuration.incoming.Contains(NodeId{id});
    };
    int held = holds(topology->system);
    for (const ring::Configuration& configuration : topology->partitions) held += holds(configuration);
    return held;
  }
  int RecordsAt(std::uint64_t id) {
    const auto snapshot = nodes_.storage(id).TakeSnapshot();
    int records = 0;
    for (std::uint32_t p = 0; p < kPartitions; ++p) {
      const auto cursor = snapshot->Scan(PartitionId{p}, {});
      for (; cursor->Valid(); cursor->Next()) ++records;
    }
    return records;
  }
  void ExpectAllKeys(std::uint64_t at) {
    for (int i = 0; i < kKeys; ++i) EXPECT_EQ(Told(nodes_.Do(at, GetOf(KeyOf(i)))), std::to_string(i));
  }
  static std::string KeyOf(int i) { return "key" + std::to_string(i); }

  static constexpr int kKeys = 40;
  static constexpr std::uint32_t kPartitions = 8;
  TestNodes nodes_{kPartitions};
};

// --- Coming

TEST_F(NodeMembershipTest, ANodeThatJoinsGetsItsShareWhileTheClusterIsWrittenTo) {
  StartCluster(3);
  nodes_.Add(4);
  int written = 0;
  std::vector<std::uint64_t> tokens;
  for (int i = 0; i < 200; ++i) {
    tokens.push_back(nodes_.Submit(1 + i % 3, IncrementOf("counter" + std::to_string(i % 5))));
    nodes_.Run(std::chrono::milliseconds(20));
  }
  ASSERT_TRUE(Settles());
  for (const std::uint64_t token : tokens) {
    ASSERT_TRUE(nodes_.AnswerTo(token));
    EXPECT_EQ(nodes_.AnswerTo(token)->outcome, Outcome::kDone) << nodes_.AnswerTo(token)->status;
    ++written;
  }
  EXPECT_GT(HeldBy(4), 0);
  ExpectAllKeys(4);
  int sum = 0;
  for (int i = 0; i < 5; ++i) sum += std::stoi(Told(nodes_.Do(4, GetOf("counter" + std::to_string(i)))));
  EXPECT_EQ(sum, written);
}

TEST_F(NodeMembershipTest, TheRingItselfIsKeptByAsManyNodesAsTheDataSoonAsThereAre) {
  nodes_.Add(1);
  ASSERT_TRUE(Settles());
  EXPECT_EQ(nodes_.ring()->system.replicas.nodes.size(), 1u);
  nodes_.Add(2);
  nodes_.Add(3);
  ASSERT_TRUE(Settles());
  EXPECT_TRUE(
      nodes_.RunUntil([&] { return nodes_.ring() && nodes_.ring()->system.replicas.nodes.size() == 3; }, seconds(60)));
}

// --- Going

TEST_F(NodeMembershipTest, ADrainedNodeGivesAwayWhatItHasAndIsRemoved) {
  StartCluster(4);
  ASSERT_TRUE(AskUntil(2, Wish::kDrain, 4, [&] { return Is(4, MemberState::kRemoved); }));
  EXPECT_EQ(HeldBy(4), 0);
  EXPECT_TRUE(nodes_.RunUntil([&] { return RecordsAt(4) == 0; }, seconds(10))) << "what it has left it erases";
  nodes_.Kill(4);
  ExpectAllKeys(1);
}

// As with a bad block on its disk: what it leads it can compare with nobody.
TEST_F(NodeMembershipTest, ANodeThatCannotReadItsRangesCanBeDrained) {
  StartCluster(4);
  nodes_.storage(1).fails_ranges = true;
  ASSERT_TRUE(AskUntil(2, Wish::kDrain, 1, [&] { return StateOf(1, 2) == MemberState::kRemoved; }));
  nodes_.Kill(1);
  ExpectAllKeys(2);
}

TEST_F(NodeMembershipTest, ANodeThatJoinsTwoGetsADamagedRecordsOtherCopy) {
  StartCluster(2);
  nodes_.storage(1).damaged = {KeyOf(0), KeyOf(1), KeyOf(2)};
  for (const std::uint64_t id : {1, 2}) nodes_.Kill(id);
  for (const std::uint64_t id : {1, 2}) nodes_.Start(id);
  nodes_.Add(3);
  EXPECT_TRUE(Settles());
  EXPECT_EQ(nodes_.ring()->partitions[0].replicas.nodes.size(), 3u);
  EXPECT_TRUE(nodes_.storage(1).damaged.empty()) << "filled again";
  ExpectAllKeys(3);
}

TEST_F(NodeMembershipTest, ANodeWhoseDiskIsFullKeepsTheNewestRingAllTheSame) {
  StartCluster(4);
  nodes_.storage(1).is_full = true;
  nodes_.Do(1, PutOf(KeyOf(0), "0"));
  nodes_.Add(5);
  nodes_.Run(seconds(20));
  const std::uint64_t epoch = nodes_.node(2).topology()->epoch;
  ASSERT_TRUE(Is(5, MemberState::kActive));
  nodes_.Kill(1);
  nodes_.Start(1);
  EXPECT_EQ(nodes_.node(1).topology()->epoch, epoch) << "as its disk has it";
  nodes_.storage(1).is_full = false;
}

TEST_F(NodeMembershipTest, ADrainBelowNIsRefused) {
  StartCluster(3);
  EXPECT_FALSE(AskUntil(
      1, Wish::kDrain, 3, [&] { return !Is(3, MemberState::kActive); }, seconds(10)));
}

TEST_F(NodeMembershipTest, ADrainCanBeTakenBack) {
  nodes_.timing.move_timeout = seconds(600);
  nodes_.max_moves = 1;
  StartCluster(4);
  ASSERT_TRUE(AskUntil(1, Wish::kDrain, 4, [&] { return Is(4, MemberState::kDraining); }));
  ASSERT_TRUE(AskUntil(1, Wish::kCancel, 4, [&] { return Is(4, MemberState::kActive); }));
  ASSERT_TRUE(Settles());
  EXPECT_GT(HeldBy(4), 0);
  ExpectAllKeys(4);
}

// It was posted to all replicas of the system partition, as nobody tells who is none of them who leads it.
TEST_F(NodeMembershipTest, AWishThatLayInAPausedNodeIsOfThePast) {
  nodes_.max_moves = 1;
  StartCluster(6);
  ASSERT_TRUE(nodes_.RunUntil([&] { return nodes_.Settled() && nodes_.ring()->system.replicas.nodes.size() == 5; },
                              seconds(60)));
  std::uint64_t asked = 0, leader = 0;
  std::vector<std::uint64_t> others;
  for (std::uint64_t id = 1; id <= 6; ++id) {
    if (!nodes_.ring()->system.replicas.Contains(NodeId{id})) {
      asked = id;
    } else if (nodes_.node(id).controls()) {
      leader = id;
    } else {
      others.push_back(id);
    }
  }
  ASSERT_TRUE(asked != 0 && leader != 0);
  const std::uint64_t paused = others[0], drained = others[1];
  nodes_.Pause(paused);
  nodes_.node(asked).Ask({.wish = Wish::kDrain, .node = NodeId{drained}}, nodes_.now());
  ASSERT_TRUE(nodes_.RunUntil([&] { return StateOf(drained, leader) == MemberState::kDraining; }, seconds(5)));
  nodes_.node(leader).Ask({.wish = Wish::kCancel, .node = NodeId{drained}}, nodes_.now());
  ASSERT_TRUE(nodes_.RunUntil([&] { return StateOf(drained, leader) == MemberState::kActive; }, seconds(5)));
  nodes_.Resume(paused);
  for (int i = 0; i < 200; ++i) {
    nodes_.Run(std::chrono::milliseconds(10));
    ASSERT_EQ(StateOf(drained, leader), MemberState::kActive) << "nobody asks for that any more";
  }
  ASSERT_TRUE(
      AskUntil(asked, Wish::kDrain, drained, [&] { return StateOf(drained, leader) == MemberState::kDraining; }));
}

// It hears late of the ring's changes, but what it asks for is of the present all the same.
TEST_F(NodeMembershipTest, ANodeThatIsNoMemberAnyMorePassesWishesOn) {
  nodes_.max_moves = 1;
  StartCluster(5);
  ASSERT_TRUE(AskUntil(2, Wish::kDrain, 5, [&] { return !StateOf(5); }));
  ASSERT_TRUE(AskUntil(2, Wish::kDrain, 4, [&] { return Is(4, MemberState::kDraining); }));
  ASSERT_TRUE(AskUntil(2, Wish::kCancel, 4, [&] { return Is(4, MemberState::kActive); }));
  EXPECT_TRUE(AskUntil(5, Wish::kDrain, 4, [&] { return Is(4, MemberState::kDraining); }));
}

// --- Dying

TEST_F(NodeMembershipTest, ADeadNodeIsRemovedAndNCopiesOfAllExistAgain) {
  StartCluster(4);
  nodes_.Kill(4);
  ASSERT_TRUE(nodes_.RunUntil([&] { return Is(4, MemberState::kRemoved); }, seconds(120)));
  ASSERT_TRUE(Settles());
  for (const ring::Configuration& configuration : nodes_.ring()->partitions) {
    EXPECT_EQ(configuration.replicas.nodes.size(), 3u);
  }
  EXPECT_EQ(HeldBy(4), 0);
  nodes_.Kill(3);
  ExpectAllKeys(1);
}

TEST_F(NodeMembershipTest, ANodeThatIsAwayForLessThanThatKeepsItsPlace) {
  StartCluster(4);
  const int held = HeldBy(4);
  nodes_.Kill(4);
  nodes_.Run(seconds(3));
  nodes_.Start(4);
  ASSERT_TRUE(Settles());
  nodes_.Run(seconds(10));
  EXPECT_TRUE(Is(4, MemberState::kActive));
  EXPECT_EQ(HeldBy(4), held);
}

TEST_F(NodeMembershipTest, ADeadNodeIsReplacedByANewOne) {
  StartCluster(3);
  nodes_.Kill(3);
  nodes_.Add(5);
  ASSERT_TRUE(AskUntil(1, Wish::kRemove, 3, [&] { return Is(3, MemberState::kRemoved); }));
  ASSERT_TRUE(Settles());
  EXPECT_EQ(HeldBy(3), 0);
  EXPECT_GE(HeldBy(5), static_cast<int>(kPartitions));
  nodes_.Kill(2);
  ExpectAllKeys(5);
}

TEST_F(NodeMembershipTest, WhoReturnsAfterItWasRemovedBringsNothingBack) {
  StartCluster(4);
  nodes_.Kill(4);
  ASSERT_TRUE(nodes_.RunUntil([&] { return Is(4, MemberState::kRemoved); }, seconds(120)));
  ASSERT_TRUE(Settles());
  for (int i = 0; i < kKeys; ++i) nodes_.Do(1, DeleteOf(KeyOf(i)));
  EXPECT_TRUE(nodes_.RunUntil([&] { return RecordsAt(1) + RecordsAt(2) + RecordsAt(3) == 0; }, seconds(60)));
  ASSERT_GT(RecordsAt(4), 0);
  nodes_.Start(4);
  EXPECT_TRUE(nodes_.RunUntil([&] { return RecordsAt(4) == 0; }, seconds(60)));
  nodes_.Run(seconds(10));
  for (int i = 0; i < kKeys; ++i) EXPECT_EQ(Told(nodes_.Do(2, GetOf(KeyOf(i)))), "absent");
}

TEST_F(NodeMembershipTest, WhoWasDrainedStaysAwayThoughItWasStartedToJoin) {
  StartCluster(5);
  ASSERT_TRUE(AskUntil(2, Wish::kDrain, 4, [&] { return Is(4, MemberState::kRemoved); }));
  ASSERT_TRUE(nodes_.RunUntil([&] { return !StateOf(4); }, seconds(60))) << "it is forgotten";
  nodes_.Run(seconds(20));
  EXPECT_EQ(StateOf(4), std::nullopt);
  EXPECT_EQ(HeldBy(4), 0);
  // Nor does a restart in the middle of it change that.
  ASSERT_TRUE(AskUntil(2, Wish::kDrain, 5, [&] { return Is(5, MemberState::kRemoved); }));
  nodes_.Run(seconds(1));
  nodes_.Kill(5);
  nodes_.Start(5);
  ASSERT_TRUE(nodes_.RunUntil([&] { return !StateOf(5); }, seconds(60)));
  nodes_.Run(seconds(20));
  EXPECT_EQ(StateOf(5), std::nullopt);
}

TEST_F(NodeMembershipTest, WhoWasDrainedAndIsStartedAnewLaterIsTakenIn) {
  StartCluster(4);
  ASSERT_TRUE(AskUntil(2, Wish::kDrain, 4, [&] { return Is(4, MemberState::kRemoved); }));
  nodes_.Kill(4);
  ASSERT_TRUE(nodes_.RunUntil([&] { return !StateOf(4); }, seconds(60)));
  nodes_.Start(4);
  EXPECT_TRUE(nodes_.RunUntil([&] { return Is(4, MemberState::kActive); }, seconds(60)));
}

// --- Returning

TEST_F(NodeMembershipTest, TwoThatWereForgottenDoNotKeepEachOtherAway) {
  StartCluster(5);
  nodes_.Kill(4);
  ASSERT_TRUE(nodes_.RunUntil([&] { return !StateOf(4); }, seconds(200)));
  nodes_.Kill(5);
  ASSERT_TRUE(nodes_.RunUntil([&] { return !StateOf(5); }, seconds(200)));
  for (const std::uint64_t forgotten : {4, 5}) {
    for (const std::uint64_t other : {1, 2, 3}) nodes_.CutBothWays(forgotten, other);
  }
  nodes_.Start(4);
  nodes_.Start(5);
  nodes_.Run(seconds(1));
  nodes_.HealCuts();
  EXPECT_TRUE(nodes_.RunUntil([&] { return Is(4, MemberState::kActive) && Is(5, MemberState::kActive); }, seconds(60)));
}

TEST_F(NodeMembershipTest, WhoWasForgottenWhileItWasAwayIsTakenInAgainWhenItIsStartedToJoin) {
  StartCluster(4);
  nodes_.Kill(4);
  ASSERT_TRUE(nodes_.RunUntil([&] { return !StateOf(4); }, seconds(200)));
  nodes_.Start(4);
  EXPECT_TRUE(nodes_.RunUntil([&] { return Is(4, MemberState::kActive); }, seconds(60)));
  ASSERT_TRUE(Settles());
  EXPECT_GT(HeldBy(4), 0);
  ExpectAllKeys(4);
}

TEST_F(NodeMembershipTest, EverythingSurvivesTheRestartOfAllNodes) {
  StartCluster(3);
  const std::uint64_t epoch = nodes_.ring()->epoch;
  for (std::uint64_t id = 1; id <= 3; ++id) nodes_.Kill(id);
  for (std::uint64_t id = 1; id <= 3; ++id) nodes_.Start(id);
  ASSERT_TRUE(Settles());
  EXPECT_GE(nodes_.ring()->epoch, epoch);
  ExpectAllKeys(2);
}

TEST_F(NodeMembershipTest, WhoMissedChangesOfTheRingLearnsThemWhenItReturns) {
  StartCluster(3);
  nodes_.Kill(3);
  nodes_.Add(4);
  ASSERT_TRUE(nodes_.RunUntil([&] { return Is(4, MemberState::kActive); }, seconds(60)));
  nodes_.Start(3);
  ASSERT_TRUE(Settles());
  EXPECT_TRUE(Is(3, MemberState::kActive));
  ExpectAllKeys(3);
}

TEST_F(NodeMembershipTest, TheRingOutlivesTheNodeThatControlsIt) {
  StartCluster(3);
  ASSERT_TRUE(
      nodes_.RunUntil([&] { return nodes_.ring() && nodes_.ring()->system.replicas.nodes.size() == 3; }, seconds(60)));
  std::uint64_t controller = 0;
  for (std::uint64_t id = 1; id <= 3; ++id) controller = nodes_.node(id).controls() ? id : controller;
  ASSERT_NE(controller, 0u);
  const std::uint64_t other = controller == 1 ? 2 : 1;
  const std::uint64_t epoch = nodes_.node(other).topology()->epoch;
  nodes_.Kill(controller);
  ASSERT_TRUE(nodes_.RunUntil(
      [&] { return nodes_.node(other).controls() || nodes_.node(6 - controller - other).controls(); }, seconds(5)));
  EXPECT_GE(nodes_.node(other).topology()->epoch, epoch);
  ExpectAllKeys(other);
}

// --- Other clusters

TEST_F(NodeMembershipTest, ARingOfAnotherClusterIsNotAdopted) {
  StartCluster(1);
  const auto own = nodes_.ring();
  ring::Topology foreign = *own;
  foreign.cluster = ClusterId{78};
  foreign.epoch += 100;
  nodes_.node(1).Receive(NodeId{9}, TopologyPacket{std::make_shared<const ring::Topology>(foreign)}, nodes_.now());
  EXPECT_EQ(*nodes_.ring(), *own);
}

TEST_F(NodeMembershipTest, AStorageOfAnotherClusterIsRefused) {
  StartCluster(1);
  struct Zero final : ring::Random {
    std::uint64_t Next() override { return 0; }
  } random;
  NodeOptions options;
  options.self = NodeId{1};
  options.member.peer_address = "node-1:7080";
  options.member.client_address = "node-1:8080";
  options.cluster = ClusterId{78};
  options.max_value_bytes = 1000;
  const auto node = Node::Start(nodes_.storage(1), options, random, nodes_.now());
  ASSERT_FALSE(node.ok());
  EXPECT_EQ(node.status().code(), Code::kIncompatible);
}

// --- Tombstones

TEST_F(NodeMembershipTest, TombstonesEndOnAllNodes) {
  StartCluster(3);
  for (int i = 0; i < kKeys; ++i) nodes_.Do(1, DeleteOf(KeyOf(i)));
  EXPECT_TRUE(nodes_.RunUntil([&] { return RecordsAt(1) + RecordsAt(2) + RecordsAt(3) == 0; }, seconds(30)));
  for (int i = 0; i < kKeys; ++i) EXPECT_EQ(Told(nodes_.Do(2, GetOf(KeyOf(i)))), "absent");
}

}  // namespace
}  // namespace quoin::quorum
