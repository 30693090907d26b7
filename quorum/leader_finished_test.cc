// Ids that their client is finished with (docs/protocol.md, decisions 14 and 15), across leaderships.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "kv/record.h"
#include "quorum/cluster_testing.h"
#include "quorum/leader.h"

namespace quoin::quorum {
namespace {

constexpr std::uint64_t kClient = 9;

class FinishedIdsTest : public testing::Test {
 protected:
  FinishedIdsTest() { EXPECT_TRUE(three_.Lead(1)); }

  Copy Increment(std::uint64_t node, std::uint64_t number, std::uint64_t finished_below) {
    Request request;
    request.id = {kClient, number};
    request.key = "n";
    request.operation = quorum::Increment{};
    return {.request = std::move(request),
            .meant_for = three_.leader(node).ballot(),
            .lowest = {},
            .finished_below = finished_below};
  }
  Reply Do(std::uint64_t node, Copy copy) {
    const std::uint64_t token = three_.SubmitCopy(node, std::move(copy));
    three_.Run();
    const auto reply = three_.AnswerTo(token);
    EXPECT_TRUE(reply);
    return reply.value_or(Reply());
  }
  std::size_t Remembered(std::uint64_t node) {
    const auto record = three_.storage(node).Get(PartitionId{0}, "n");
    return record.ok() && *record != nullptr ? (*record)->operations.size() : 0;
  }

  TestCluster three_{3};
};

TEST_F(FinishedIdsTest, ALateTakeoverCopyOfAFinishedRequestIsNotAppliedOnceMore) {
  const kv::Ballot first = three_.leader(1).ballot();
  ASSERT_EQ(Do(1, Increment(1, 1, 1)).record->value, "1");
  ASSERT_EQ(Do(1, Increment(1, 2, 2)).record->value, "2");
  ASSERT_EQ(Do(1, Increment(1, 3, 3)).record->value, "3");
  // The copy had been sent to another node while the first one's answer was late, and has lain on the way since.
  Copy late = Increment(1, 1, 1);
  late.take_over = true;
  late.repeated = true;
  late.lowest = {first, 0};
  three_.Begin(2, "n");
  const std::uint64_t token = three_.SubmitCopy(2, late);
  three_.Run();
  ASSERT_TRUE(three_.AnswerTo(token));
  EXPECT_EQ(three_.AnswerTo(token)->outcome, Outcome::kError);
  EXPECT_EQ(Do(2, Increment(2, 4, 4)).record->value, "4") << "and not 5";
}

TEST_F(FinishedIdsTest, WhatIsNotFinishedGetsItsFirstResultFromALaterLeader) {
  for (std::uint64_t number = 1; number <= 2 * kv::kMaxRememberedOperations; ++number) {
    Do(1, Increment(1, number, number == 1 ? 1 : number - 1));
  }
  EXPECT_EQ(Remembered(1), 3u) << "two that aren't finished, and one for all that are";
  ASSERT_TRUE(three_.Lead(2));
  Copy again = Increment(2, 2 * kv::kMaxRememberedOperations, 0);
  again.repeated = true;
  EXPECT_EQ(Do(2, again).record->value, std::to_string(2 * kv::kMaxRememberedOperations));
}

}  // namespace
}  // namespace quoin::quorum
