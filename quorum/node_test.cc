// What nodes do together, one rule at a time. Many faults at once: tests/simulation.
#include "quorum/node.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

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

}  // namespace
}  // namespace quoin::quorum
