// Which ids a client says are finished (W1, W2).
#include "net/client/write_ids.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>

namespace quoin::client {
namespace {

constexpr std::uint64_t kClient = 0xc0ffee00c0ffee;

std::string HalfOf(const std::string& id) { return id.substr(0, id.find('-')); }
std::uint64_t NumberOf(const std::string& id) { return std::stoull(id.substr(id.find('-') + 1)); }

class WriteIdsTest : public testing::Test {
 protected:
  std::mt19937_64 random_{1};
  WriteIds ids_{kClient, random_};
};

TEST_F(WriteIdsTest, SaysThatAllBeforeTheOldestUnderWayAreFinished) {
  ids_.Begin(0);
  EXPECT_EQ(ids_.Text(0), "00c0ffee00c0ffee-1");
  EXPECT_EQ(ids_.FinishedBelow(0), 1u);
  ids_.Begin(1);
  ids_.Begin(2);
  EXPECT_EQ(ids_.FinishedBelow(2), 1u);
  ids_.End(1, false);
  EXPECT_EQ(ids_.FinishedBelow(2), 1u);
  ids_.End(0, false);
  EXPECT_EQ(ids_.FinishedBelow(2), 3u);
  ids_.Begin(0);
  EXPECT_EQ(ids_.Text(0), "00c0ffee00c0ffee-4");
  EXPECT_EQ(ids_.FinishedBelow(0), 3u);
  ids_.End(2, false);
  EXPECT_EQ(ids_.FinishedBelow(0), 4u);
}

TEST_F(WriteIdsTest, WhatIsUnknownIsNeverFinishedW1) {
  ids_.Begin(0);
  ids_.Begin(1);
  ids_.End(1, /*unknown=*/true);
  ids_.End(0, false);
  for (int i = 0; i < 100; ++i) {
    ids_.Begin(0);
    EXPECT_EQ(ids_.FinishedBelow(0), 2u);
    ids_.End(0, false);
  }
}

TEST_F(WriteIdsTest, WhatIsUnknownHoldsBackOnlySoManyW2) {
  ids_.Begin(0);
  ids_.End(0, true);
  ids_.Begin(7);  // Slow.
  std::set<std::string> halves;
  for (std::uint64_t i = 0; i < 3 * WriteIds::kMaxHeldBack; ++i) {
    ids_.Begin(0);
    halves.insert(HalfOf(ids_.Text(0)));
    EXPECT_LE(NumberOf(ids_.Text(0)) - ids_.FinishedBelow(0), WriteIds::kMaxHeldBack);
    ids_.End(0, false);
  }
  EXPECT_EQ(halves.size(), 2u) << "one other half, which nothing unknown holds back";
  EXPECT_EQ(HalfOf(ids_.Text(7)), "00c0ffee00c0ffee") << "it keeps its id";
  EXPECT_EQ(ids_.FinishedBelow(7), 0u);
  ids_.End(7, true);
  ids_.Begin(1);
  EXPECT_EQ(ids_.FinishedBelow(1), NumberOf(ids_.Text(1)));
}

TEST_F(WriteIdsTest, TicketsHaveAHalfOfTheirOwnW1) {
  const std::string first = ids_.NewTicketId();
  const std::string second = ids_.NewTicketId();
  EXPECT_NE(first, second);
  EXPECT_EQ(HalfOf(first), HalfOf(second));
  ids_.Begin(0);
  EXPECT_NE(HalfOf(ids_.Text(0)), HalfOf(first));
  EXPECT_EQ(ids_.FinishedBelow(0), 1u);
}

// Against a plain account of it.
TEST_F(WriteIdsTest, IsRightWhateverEndsWhenW1) {
  using Id = std::pair<std::string, std::uint64_t>;  // Half and number.
  const auto id_of = [&](std::uint32_t slot) { return Id(HalfOf(ids_.Text(slot)), NumberOf(ids_.Text(slot))); };
  std::mt19937 random(3);
  std::map<std::uint32_t, Id> under_way;
  std::set<Id> unknown, used;
  for (int step = 0; step < 50'000; ++step) {
    const auto slot = static_cast<std::uint32_t>(random() % 20);
    if (under_way.contains(slot)) {
      const Id id = under_way[slot];
      under_way.erase(slot);
      const bool is_unknown = random() % 2000 == 0;
      if (is_unknown) unknown.insert(id);
      ids_.End(slot, is_unknown);
      continue;
    }
    ids_.Begin(slot);
    const Id id = id_of(slot);
    ASSERT_TRUE(used.insert(id).second) << "an id is used once";
    under_way.emplace(slot, id);
    for (const auto& [other, its_id] : under_way) {
      const std::uint64_t below = ids_.FinishedBelow(other);
      ASSERT_LE(below, its_id.second);
      for (const auto& [at, open] : under_way) ASSERT_FALSE(open.first == its_id.first && open.second < below);
      for (const Id& open : unknown) ASSERT_FALSE(open.first == its_id.first && open.second < below);
    }
  }
  EXPECT_GE(unknown.size(), 5u);
}

}  // namespace
}  // namespace quoin::client
