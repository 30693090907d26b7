// What people learn of joins, drains and removals from any node: progress from the leaders by way of the controller.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "quorum/node.h"
#include "quorum/node_testing.h"
#include "quorum/request_testing.h"

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using State = Action::State;
using Wish = MembershipPacket::Wish;

class NodeProgressTest : public testing::Test {
 protected:
  NodeProgressTest() { nodes_.timing.dead_node_timeout = seconds(60); }

  void StartCluster(std::uint64_t count) {
    for (std::uint64_t id = 1; id <= count; ++id) nodes_.Add(id);
    ASSERT_TRUE(Settles());
    for (int i = 0; i < kKeys; ++i) {
      ASSERT_EQ(Told(nodes_.Do(1, PutOf("key" + std::to_string(i), std::string(100, 'v')))), std::string(100, 'v'));
    }
  }
  bool Settles() {
    return nodes_.RunUntil([&] { return nodes_.Settled(); }, seconds(120));
  }
  // The action about the node that is running, or else the last that has ended, as `at` knows it.
  std::optional<Action> ActionAt(std::uint64_t at, std::uint64_t about) {
    const std::shared_ptr<const ClusterProgress> progress = nodes_.node(at).progress();
    if (progress == nullptr) return std::nullopt;
    std::optional<Action> last;
    for (const Action& action : progress->actions) {
      if (action.node != NodeId{about}) continue;
      last = action;
      if (action.state == State::kRunning) break;
    }
    return last;
  }
  bool Shows(std::uint64_t at, std::uint64_t about, State state) {
    const std::optional<Action> action = ActionAt(at, about);
    return action && action->state == state;
  }
  bool ShowsInTime(std::uint64_t at, std::uint64_t about, State state) {
    return nodes_.RunUntil([&] { return Shows(at, about, state); }, seconds(60));
  }
  // 0: nobody.
  std::uint64_t Controller() {
    for (std::uint64_t id = 1; id <= 4; ++id) {
      if (nodes_.IsUp(id) && nodes_.node(id).controls()) return id;
    }
    return 0;
  }
  Amount StoredAt(std::uint64_t id) {
    Amount stored;
    const auto snapshot = nodes_.storage(id).TakeSnapshot();
    for (std::uint32_t p = 0; p < kPartitions; ++p) {
      const kv::PartitionEstimate partition = snapshot->Estimate(PartitionId{p});
      stored += {partition.keys, partition.bytes};
    }
    return stored;
  }

  static constexpr int kKeys = 200;
  static constexpr std::uint32_t kPartitions = 8;
  TestNodes nodes_{kPartitions};
};

TEST_F(NodeProgressTest, OfAJoinIsCountedToTheLastKeyAndToldToAll) {
  StartCluster(3);
  nodes_.Add(4);
  ASSERT_TRUE(ShowsInTime(2, 4, State::kRunning));
  ASSERT_TRUE(Settles());
  for (std::uint64_t id = 1; id <= 4; ++id) {
    ASSERT_TRUE(ShowsInTime(id, 4, State::kDone)) << id;
    const Action join = *ActionAt(id, 4);
    EXPECT_EQ(join.kind, Action::Kind::kJoin);
    EXPECT_EQ(join.partitions_done, 6u);
    EXPECT_EQ(join.copied, StoredAt(4));
    EXPECT_GT(join.copied.keys, 100u);
    EXPECT_EQ(join.total, join.copied);
  }
}

TEST_F(NodeProgressTest, KnowsTheTotalBeforeAnythingWasCompared) {
  StartCluster(1);
  // What leads to the new node loses every list of keys: comparisons with it get nowhere.
  nodes_.drop = [](const TestNodes::Sent& sent) { return KindOf(sent.body) == "compared"; };
  nodes_.Add(2);
  ASSERT_TRUE(nodes_.RunUntil([&] { return ActionAt(1, 2) && ActionAt(1, 2)->total.keys > 0; }, seconds(20)));
  EXPECT_TRUE(nodes_.RunUntil([&] { return ActionAt(1, 2)->total.keys >= StoredAt(1).keys; }, seconds(20)))
      << ActionAt(1, 2)->total.keys << " of " << StoredAt(1).keys;
  EXPECT_EQ(ActionAt(1, 2)->copied, Amount{});
  nodes_.drop = nullptr;
  ASSERT_TRUE(Settles());
  ASSERT_TRUE(ShowsInTime(1, 2, State::kDone));
  EXPECT_EQ(ActionAt(1, 2)->copied, StoredAt(2));
}

TEST_F(NodeProgressTest, OfADrainGoesOnWhenTheControllerDies) {
  nodes_.max_moves = 1;
  StartCluster(4);
  const std::uint64_t controller = Controller();
  ASSERT_NE(controller, 0u);
  const std::uint64_t drained = controller == 4 ? 3 : 4;
  std::uint64_t at = 1;  // Neither of them.
  while (at == controller || at == drained) ++at;
  // So slow that the controller has time to die.
  nodes_.latency = [](const TestNodes::Sent&) { return milliseconds(10); };
  nodes_.node(at).Ask({.wish = Wish::kDrain, .node = NodeId{drained}}, nodes_.now());
  ASSERT_TRUE(nodes_.RunUntil(
      [&] { return Shows(at, drained, State::kRunning) && ActionAt(at, drained)->partitions_done >= 1; }, seconds(60)));
  const Action before = *ActionAt(at, drained);
  const kv::Ballot old = nodes_.node(at).progress()->controller;
  nodes_.Kill(controller);
  ASSERT_TRUE(nodes_.RunUntil([&] { return nodes_.node(at).progress()->controller > old; }, seconds(30)));
  EXPECT_EQ(ActionAt(at, drained)->kind, Action::Kind::kDrain);
  EXPECT_EQ(ActionAt(at, drained)->since, before.since);
  EXPECT_GE(ActionAt(at, drained)->partitions_done, before.partitions_done);
  nodes_.Start(controller);
  ASSERT_TRUE(ShowsInTime(at, drained, State::kDone));
  ASSERT_TRUE(ShowsInTime(controller, drained, State::kDone)) << "who has been away is told, too";
  EXPECT_EQ(ActionAt(at, drained)->since, before.since);
  EXPECT_GE(ActionAt(at, drained)->partitions_done, before.partitions);
}

TEST_F(NodeProgressTest, ARefusalReachesWhoeverAskedWhereverThatWas) {
  StartCluster(3);
  for (std::uint64_t at = 1; at <= 3; ++at) {
    nodes_.node(at).Ask({.wish = Wish::kDrain, .node = NodeId{at}}, nodes_.now());
    const auto refused = [&] {
      const auto progress = nodes_.node(at).progress();
      return progress != nullptr && std::any_of(progress->refusals.begin(), progress->refusals.end(),
                                                [&](const Refusal& refusal) { return refusal.node == NodeId{at}; });
    };
    EXPECT_TRUE(nodes_.RunUntil(refused, seconds(2))) << at;
  }
  EXPECT_THAT(nodes_.node(1).progress()->refusals.back().reason, HasSubstr("there would be 2 active nodes"));
}

TEST_F(NodeProgressTest, ASummaryOfWhatANodeLeadsIsThatOfItsPartitions) {
  StartCluster(3);
  ASSERT_TRUE(Settles());
  std::uint32_t leads = 0;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const LeadSummary summary = nodes_.node(id).Leads();
    leads += summary.partitions;
    EXPECT_EQ(summary.complete, summary.partitions) << id;
    EXPECT_EQ(summary.all_equal, summary.partitions) << id;
    EXPECT_EQ(summary.lagging_keys, 0u) << id;
  }
  EXPECT_EQ(leads, kPartitions);
}

TEST_F(NodeProgressTest, CostsNothingWhereThereIsNone) {
  StartCluster(3);
  nodes_.Run(seconds(90));
  nodes_.ClearCounts();
  nodes_.Run(seconds(60));
  EXPECT_LE(nodes_.sent["progress"], 3u * 2u) << "once in half a minute to each other member";
}

}  // namespace
}  // namespace quoin::quorum
