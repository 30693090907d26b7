// What nodes do together, one rule at a time. Many faults at once: tests/simulation.
#include "quorum/node.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "quorum/node_testing.h"
#include "ring/partition.h"

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Request PutOf(std::string key, std::string value) {
  Request request;
  request.key = std::move(key);
  request.operation = Put{.value = std::move(value), .content_type = {}, .ttl = {}};
  return request;
}
Request GetOf(std::string key) {
  Request request;
  request.key = std::move(key);
  return request;
}
Request IncrementOf(std::string key, std::uint64_t id = 0) {
  Request request;
  request.key = std::move(key);
  request.operation = Increment{};
  if (id != 0) request.id = {.client = 77, .number = id};
  return request;
}
std::string Told(const Reply& reply) {
  if (reply.outcome == Outcome::kAbsent) return "absent";
  if (reply.outcome != Outcome::kDone) return reply.status.ToString();
  return reply.record == nullptr ? "done" : reply.record->value;
}

TEST(NodeTest, BootstrapsAClusterOfOne) {
  TestNodes nodes;
  nodes.Add(1);
  ASSERT_TRUE(nodes.RunUntil([&] { return nodes.Settled(); }, seconds(10)));
  EXPECT_EQ(Told(nodes.Do(1, PutOf("name", "Alice"))), "Alice");
  EXPECT_EQ(Told(nodes.Do(1, GetOf("name"))), "Alice");
  nodes.Kill(1);
  nodes.Start(1);
  EXPECT_EQ(Told(nodes.Do(1, GetOf("name"))), "Alice");
}

TEST(NodeTest, NodesJoinAndGetTheirShare) {
  TestNodes nodes(8);
  nodes.Add(1);
  ASSERT_TRUE(nodes.RunUntil([&] { return nodes.Settled(); }, seconds(10)));
  for (int i = 0; i < 100; ++i) nodes.Do(1, PutOf("key" + std::to_string(i), std::to_string(i)));
  nodes.Add(2);
  nodes.Add(3);
  nodes.Add(4);
  ASSERT_TRUE(nodes.RunUntil([&] { return nodes.Settled(); }, seconds(120)));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Told(nodes.Do(1 + i % 4, GetOf("key" + std::to_string(i)))), std::to_string(i));
  }
}

// Who notices first asks the others, who still hear the leader and pass the copy on to it, where it is lost.
TEST(NodeTest, ACopyThatWasPassedOnToALeaderThatIsGoneIsNotWaitedFor) {
  TestNodes nodes(1);
  for (int id = 1; id <= 3; ++id) nodes.Add(id);
  ASSERT_TRUE(nodes.RunUntil([&] { return nodes.Settled(); }, seconds(60)));
  const std::uint64_t leader = nodes.LeaderOf(PartitionId{0});
  const std::uint64_t first = leader % 3 + 1, second = first % 3 + 1;
  ASSERT_EQ(Told(nodes.Do(first, PutOf("name", "old"))), "old");
  nodes.CutBothWays(leader, first);
  const auto begun = nodes.now().now;
  nodes.Run(milliseconds(30));
  nodes.CutBothWays(leader, second);
  EXPECT_EQ(Told(nodes.Do(first, PutOf("name", "new"))), "new");
  EXPECT_LT(nodes.now().now - begun, nodes.timing.attempt);
}

TEST(NodeTest, ADeadLeadersPartitionsAreServedAtOnce) {
  TestNodes nodes(4);
  for (int id = 1; id <= 3; ++id) nodes.Add(id);
  ASSERT_TRUE(nodes.RunUntil([&] { return nodes.Settled(); }, seconds(60)));
  for (int i = 0; i < 20; ++i) nodes.Do(1, PutOf("key" + std::to_string(i), "old"));
  nodes.Kill(2);
  const auto begun = nodes.now().now;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Told(nodes.Do(1, PutOf("key" + std::to_string(i), "new"))), "new");
  }
  EXPECT_LT(nodes.now().now - begun, milliseconds(400));
  nodes.Start(2);
  ASSERT_TRUE(nodes.RunUntil([&] { return nodes.Settled(); }, seconds(60)));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Told(nodes.Do(2, GetOf("key" + std::to_string(i)))), "new");
}

// The version that a client names counts, not only its ballot: the key has forgotten many other ids under that one.
TEST(NodeTest, AWriteInFlightAtATakeoverIsCertainHoweverOftenItsKeyWasWrittenBefore) {
  TestNodes nodes(1);
  for (int id = 1; id <= 3; ++id) nodes.Add(id);
  ASSERT_TRUE(nodes.RunUntil([&] { return nodes.Settled(); }, seconds(60)));
  const std::uint64_t leader = nodes.LeaderOf(PartitionId{0});
  const std::uint64_t first = leader % 3 + 1, second = first % 3 + 1;
  for (int i = 1; i < 30; ++i) nodes.Do(first, IncrementOf("n"));
  const auto known = nodes.Do(first, IncrementOf("n")).known;
  ASSERT_EQ(Told(nodes.Do(first, IncrementOf("n", 1), {.known = known})), "31");
  nodes.Kill(leader);
  const Sending again{.repeated = true, .known = known};
  EXPECT_EQ(Told(nodes.Do(second, IncrementOf("n", 1), again)), "31") << "the first result";
  EXPECT_EQ(Told(nodes.Do(second, IncrementOf("n", 2), again)), "32") << "it never arrived";
  EXPECT_EQ(Told(nodes.Do(first, IncrementOf("n", 2), again)), "32");
  EXPECT_EQ(Told(nodes.Do(first, GetOf("n"))), "32");
}

TEST(NodeTest, TheNextRoundIsHandedOverBeforeTheAnswersToTheLastAreMade) {
  TestNodes nodes(1);
  nodes.Add(1);
  ASSERT_TRUE(nodes.RunUntil([&] { return nodes.Settled(); }, seconds(10)));
  for (const char* key : {"a", "b", "c"}) nodes.Do(1, PutOf(key, "before"));
  Node& node = nodes.node(1);
  const auto answered = [&] {
    std::vector<std::uint64_t> tokens;
    for (const Answer& answer : node.TakeOutput().answers) tokens.push_back(answer.token);
    return tokens;
  };
  node.Submit(PutOf("a", "1"), {}, 101, nodes.now());
  EXPECT_EQ(node.Seal().count(), 1u);
  node.Submit(PutOf("b", "2"), {}, 102, nodes.now());
  bool handed_over = false;
  node.OnRoundEnd(Status::Ok(), nodes.now(), [&] {
    handed_over = true;
    EXPECT_EQ(answered(), std::vector<std::uint64_t>());
    ASSERT_TRUE(node.WantsRound());
    EXPECT_EQ(node.Seal().count(), 1u);
  });
  EXPECT_TRUE(handed_over);
  EXPECT_EQ(answered(), std::vector<std::uint64_t>{101});
  node.OnRoundEnd(Status::Ok(), nodes.now());
  EXPECT_EQ(answered(), std::vector<std::uint64_t>{102});

  // After a refusal there is nothing to hand over before it is known what it leads to.
  node.Submit(PutOf("c", "3"), {}, 103, nodes.now());
  node.Seal();
  node.OnRoundEnd(Status(Code::kDiskFull, "full"), nodes.now(), [] { ADD_FAILURE() << "the round was refused"; });
  EXPECT_EQ(answered(), std::vector<std::uint64_t>{103});
}

// A round without changes is durable as it is handed over, so it may end before all of the one before was worked out.
TEST(NodeTest, AnEmptyRoundMayEndWhileItIsHandedOver) {
  TestNodes nodes(1);
  nodes.Add(1);
  ASSERT_TRUE(nodes.RunUntil([&] { return nodes.Settled(); }, seconds(10)));
  nodes.Do(1, PutOf("a", "before"));
  Node& node = nodes.node(1);
  node.Submit(PutOf("a", "1"), {}, 101, nodes.now());
  node.Seal();
  node.Submit(GetOf("untouched"), {}, 102, nodes.now());
  node.OnRoundEnd(Status::Ok(), nodes.now(), [&] {
    ASSERT_TRUE(node.WantsRound());
    EXPECT_TRUE(node.Seal().empty());
    node.OnRoundEnd(Status::Ok(), nodes.now());
  });
  const std::vector<Answer> answers = node.TakeOutput().answers;
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].token, 101u);
  EXPECT_EQ(Told(answers[0].reply), "1");
  EXPECT_EQ(answers[1].token, 102u);
  EXPECT_EQ(Told(answers[1].reply), "absent");
}

// Reads of keys that are not in memory take writes (promises), which the reserve is kept for.
// Which has no heartbeats of it.
TEST(NodeTest, WhoSharesNothingWithANodeHearsItAgainSoonAfterTheirLinkBroke) {
  TestNodes nodes(1, {.replication_factor = 1});
  for (std::uint64_t id = 1; id <= 9; ++id) nodes.Add(id);
  ASSERT_TRUE(nodes.RunUntil([&] { return nodes.Settled(); }, seconds(60)));
  const auto ring = nodes.ring();
  std::uint64_t gateway = 9;
  while (ring->system.replicas.Contains(NodeId{gateway}) || ring->partitions[0].replicas.Contains(NodeId{gateway})) {
    --gateway;
  }
  ASSERT_GT(gateway, 0u);
  for (std::uint64_t id = 1; id <= 9; ++id) {
    if (id != gateway) nodes.node(gateway).OnLinkReset(NodeId{id}, nodes.now());
  }
  EXPECT_TRUE(nodes.RunUntil(
      [&] {
        for (std::uint64_t id = 1; id <= 9; ++id) {
          if (!nodes.node(gateway).Hears(NodeId{id})) return false;
        }
        return true;
      },
      milliseconds(250)));
}

TEST(NodeTest, AFullDiskIsTriedNowAndThenAndReadingGoesOn) {
  TestNodes nodes(4);
  for (const std::uint64_t id : {1, 2}) nodes.Add(id);
  ASSERT_TRUE(nodes.RunUntil([&] { return nodes.Settled(); }, seconds(60)));
  for (int i = 0; i < 40; ++i) nodes.Do(1, PutOf("k" + std::to_string(i), "v"));
  // Nobody has anything in memory.
  for (const std::uint64_t id : {1, 2}) nodes.Kill(id);
  for (const std::uint64_t id : {1, 2}) nodes.Start(id);
  ASSERT_TRUE(nodes.RunUntil([&] { return nodes.Settled(); }, seconds(60)));
  nodes.storage(1).is_full = nodes.storage(2).is_full = true;
  for (int i = 0; i < 4; ++i) EXPECT_NE(nodes.Do(1, PutOf("k" + std::to_string(i), "w")).outcome, Outcome::kDone);
  nodes.ClearCounts();
  for (int i = 4; i < 20; ++i) EXPECT_EQ(Told(nodes.Do(1, GetOf("k" + std::to_string(i)))), "v") << i;
  EXPECT_LT(nodes.rounds, 200u);
  // A heartbeat each interval, and not one for each refusal.
  nodes.ClearCounts();
  nodes.Run(seconds(2));
  EXPECT_LT(nodes.rounds_by[1], 2 * seconds(2) / nodes.timing.resend);
  EXPECT_LT(nodes.sent_by[1]["heartbeat"], 2 * seconds(2) / nodes.timing.heartbeat);
  for (const std::uint64_t id : {1, 2}) nodes.storage(id).is_full = false;
  nodes.Run(2 * nodes.timing.resend);
  EXPECT_EQ(Told(nodes.Do(1, PutOf("k0", "w"))), "w");
}

TEST(NodeTest, APartitionWhoseStateCannotBeReadIsServedOnceItCan) {
  for (const PartitionId unreadable : {PartitionId{2}, kSystemPartition}) {
    TestNodes nodes(4);
    nodes.Add(1);
    ASSERT_TRUE(nodes.RunUntil([&] { return nodes.Settled(); }, seconds(60)));
    for (const std::uint64_t id : {2, 3}) nodes.Add(id);
    nodes.storage(2).fails_state = unreadable;
    nodes.Run(seconds(20));
    EXPECT_FALSE(nodes.node(2).StatusOf(unreadable).has_value());
    EXPECT_TRUE(nodes.node(2).StatusOf(PartitionId{1}).has_value());
    nodes.storage(2).fails_state.reset();
    EXPECT_TRUE(nodes.RunUntil([&] { return nodes.Settled(); }, seconds(60)));
    EXPECT_TRUE(nodes.node(2).StatusOf(unreadable).has_value());
  }
}

}  // namespace
}  // namespace quoin::quorum
