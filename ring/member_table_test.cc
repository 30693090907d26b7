#include "ring/member_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "ring/topology.h"

namespace quoin::ring {
namespace {

using testing::Contains;
using testing::Not;

constexpr NodeId kSelf{1};
constexpr std::size_t kPlenty = 100000;

MemberUpdate Claim(std::uint64_t node, Liveness liveness = Liveness::kAlive, std::uint64_t incarnation = 0) {
  return {.node = NodeId{node}, .incarnation = incarnation, .liveness = liveness, .address = "host:1"};
}
MemberTable TableOf(std::uint64_t nodes) {
  MemberTable table;
  for (std::uint64_t id = 1; id <= nodes; ++id) table.Apply(Claim(id), Duration{0});
  return table;
}
// Until nothing is news any more.
void Exhaust(MemberTable* table, std::uint32_t retellings) {
  for (std::uint32_t i = 0; i < retellings; ++i) table->Tell(NodeId{99}, kSelf, kPlenty, retellings, 0);
}

TEST(MemberTable, OfTheSameClaimsInAnyOrderIsTheSameM1) {
  std::mt19937_64 random(1);
  std::vector<MemberUpdate> claims;
  for (int i = 0; i < 60; ++i) {
    claims.push_back(Claim(1 + random() % 5, static_cast<Liveness>(random() % 4), random() % 4));
  }
  std::map<NodeId, MemberUpdate> expected;
  for (int round = 0; round < 50; ++round) {
    std::shuffle(claims.begin(), claims.end(), random);
    MemberTable table = TableOf(5);
    for (const MemberUpdate& claim : claims) table.Apply(claim, Duration{round});
    std::map<NodeId, MemberUpdate> believed;
    for (const auto& [node, entry] : table.entries()) believed[node] = entry.claim;
    if (round == 0) expected = believed;
    ASSERT_EQ(believed, expected);
  }
}

TEST(MemberTable, TellsNewsSoManyTimesAndNoMoreM2) {
  MemberTable table = TableOf(3);
  Exhaust(&table, 4);
  ASSERT_TRUE(table.Apply(Claim(2, Liveness::kSuspect), Duration{1}));
  for (int i = 0; i < 4; ++i) {
    EXPECT_THAT(table.Tell(NodeId{3}, kSelf, kPlenty, 4, 0), Contains(Claim(2, Liveness::kSuspect))) << i;
  }
  EXPECT_THAT(table.Tell(NodeId{3}, kSelf, kPlenty, 4, 0), Not(Contains(Claim(2, Liveness::kSuspect))));
}

TEST(MemberTable, TellsTheLeastToldNewsFirst) {
  MemberTable table = TableOf(5);
  Exhaust(&table, 3);
  table.Apply(Claim(2, Liveness::kSuspect), Duration{1});
  table.Tell(NodeId{9}, kSelf, kPlenty, 3, 0);
  table.Apply(Claim(4, Liveness::kSuspect), Duration{2});
  const std::size_t room_for_two = EncodedBytes(Claim(1)) + EncodedBytes(Claim(4));
  EXPECT_THAT(table.Tell(NodeId{9}, kSelf, room_for_two, 3, 0),
              testing::ElementsAre(Claim(1), Claim(4, Liveness::kSuspect)));
}

TEST(MemberTable, TellsASlanderedNodeFirstOfAllWhatIsSaidOfIt) {
  MemberTable table = TableOf(5);
  table.Apply(Claim(4, Liveness::kDead), Duration{1});
  Exhaust(&table, 3);
  const std::vector<MemberUpdate> told = table.Tell(NodeId{4}, kSelf, kPlenty, 3, 0);
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.front(), Claim(4, Liveness::kDead));
}

TEST(MemberTable, RefreshesOldClaimsInTurnM2) {
  MemberTable table = TableOf(20);
  Exhaust(&table, 1);
  std::set<NodeId> refreshed;
  for (int message = 0; message < 10; ++message) {
    const std::vector<MemberUpdate> told = table.Tell(NodeId{99}, kSelf, kPlenty, 1, 2);
    EXPECT_LE(told.size(), 3u);
    for (const MemberUpdate& claim : told) refreshed.insert(claim.node);
  }
  EXPECT_EQ(refreshed.size(), 20u);
}

TEST(MemberTable, KeepsWithinTheBudget) {
  MemberTable table = TableOf(200);
  for (std::size_t budget = 0; budget < 400; budget += 13) {
    std::size_t used = 0;
    for (const MemberUpdate& claim : table.Tell(NodeId{99}, kSelf, budget, 1000, 5)) used += EncodedBytes(claim);
    EXPECT_LE(used, budget);
  }
  EXPECT_LE(table.Tell(NodeId{99}, kSelf, kPlenty, 1000, 300).size(), kMaxUpdatesPerMessage);
}

TEST(MemberTable, ForgetsTheDeadButNeverThePinnedM3) {
  MemberTable table = TableOf(4);
  table.Pin(Claim(2), Duration{0});
  for (const std::uint64_t node : {2, 3}) table.Apply(Claim(node, Liveness::kDead), Duration{10});
  table.Apply(Claim(4, Liveness::kSuspect), Duration{10});
  table.Forget(Duration{9});
  EXPECT_NE(table.Find(NodeId{3}), nullptr);
  table.Forget(Duration{10});
  EXPECT_EQ(table.Find(NodeId{3}), nullptr);
  EXPECT_NE(table.Find(NodeId{2}), nullptr);
  EXPECT_NE(table.Find(NodeId{4}), nullptr);
  table.Unpin(NodeId{2});
  table.Forget(Duration{10});
  EXPECT_EQ(table.Find(NodeId{2}), nullptr);
}

TEST(MemberTable, LearnsOfNobodyByHisDeath) {
  MemberTable table = TableOf(2);
  EXPECT_FALSE(table.Apply(Claim(7, Liveness::kDead, 5), Duration{0}));
  EXPECT_FALSE(table.Apply(Claim(7, Liveness::kLeft, 5), Duration{0}));
  EXPECT_EQ(table.Find(NodeId{7}), nullptr);
}

TEST(MemberTable, IsBoundedButHasRoomForMembersM3) {
  MemberTable table = TableOf(kMaxMembers + 10);
  EXPECT_EQ(table.entries().size(), kMaxMembers);
  EXPECT_TRUE(table.Pin(Claim(kMaxMembers + 10), Duration{0}));
  EXPECT_NE(table.Find(NodeId{kMaxMembers + 10}), nullptr);
}

}  // namespace
}  // namespace quoin::ring
