// Who waits at a leader, for what, and for how long: consistency per request (design section 4.7), and what becomes of
// those who wait for a replica that is down.
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "quorum/cluster_testing.h"
#include "quorum/leader.h"
#include "quorum/request_testing.h"

namespace quoin::quorum {
namespace {

Request With(Consistency consistency, Request request) {
  request.consistency = consistency;
  return request;
}

class WaitingTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kPatience = 3;  // In calls of Wait's TestCluster::Resend, which resends twice.

  WaitingTest() {
    three_.patience = 2 * kPatience;
    for (const std::uint64_t node : {1, 2, 3}) three_.Restart(node);
    EXPECT_TRUE(three_.Lead(1));
  }
  std::uint64_t Ask(Request request) {
    const std::uint64_t token = three_.Submit(1, std::move(request));
    three_.Run();
    return token;
  }
  // The request was sent before, under an earlier leadership.
  std::uint64_t AskAgain(std::uint64_t node, Request request) {
    const std::uint64_t token = three_.SubmitCopy(
        node,
        {.request = std::move(request), .meant_for = three_.leader(node).ballot(), .repeated = true, .lowest = {}});
    three_.Run();
    return token;
  }
  void Wait(std::uint64_t resends) {
    for (std::uint64_t i = 0; i < resends; ++i) three_.Resend(1);
    three_.Run();
  }
  std::string ToldOf(std::uint64_t token) { return Told(three_.AnswerTo(token)); }

  TestCluster three_{3};
};

// --- For what

TEST_F(WaitingTest, AWriteOneWaitsForTheLeadersOwnDisk) {
  three_.Do(1, GetOf("k"));
  three_.hung_disks = {1};
  three_.down = {3};
  const auto one = Ask(With(Consistency::kOne, PutOf("k", "one")));
  EXPECT_EQ(ToldOf(one), "nothing");
  three_.hung_disks.clear();
  three_.Run();
  EXPECT_EQ(ToldOf(one), "one");
}

TEST_F(WaitingTest, TheNegativeResultOfARepeatedWriteOneWaitsUntilItIsChosen) {
  three_.Do(1, PutOf("k", "a"));
  three_.down = {2, 3};
  Request request = With(Consistency::kOne, PutOf("k", "b", 5));
  request.conditions.push_back({.kind = Condition::Kind::kAbsent, .versions = {}, .value = {}});
  EXPECT_EQ(ToldOf(AskAgain(1, request)), "nothing");
}

TEST_F(WaitingTest, ARetryOfAWriteToAllWaitsForAll) {
  three_.down = {3};
  const Request request = With(Consistency::kAll, PutOf("k", "all", 7));
  EXPECT_EQ(ToldOf(Ask(request)), "nothing");
  ASSERT_TRUE(three_.Lead(2));
  const auto again = AskAgain(2, request);
  EXPECT_EQ(ToldOf(again), "nothing") << "node 3 holds " << three_.Stored(3, "k");
  three_.down.clear();
  three_.Mend(2);
  EXPECT_NE(ToldOf(again), "nothing");
  EXPECT_EQ(three_.Stored(3, "k"), "all");
}

// --- For how long

TEST_F(WaitingTest, AReadThatWaitsForTooLongWasCertainlyNotServed) {
  three_.Do(1, PutOf("k", "v"));
  three_.down = {3};
  const auto token = Ask(With(Consistency::kAll, GetOf("k")));
  Wait(kPatience - 1);
  EXPECT_EQ(ToldOf(token), "nothing");
  Wait(1);
  EXPECT_EQ(ToldOf(token), "unavailable");
}

TEST_F(WaitingTest, SoDoesOneWhoseKeyIsStillTouched) {
  three_.down = {2, 3};
  const auto token = Ask(GetOf("k"));
  Wait(kPatience);
  EXPECT_EQ(ToldOf(token), "unavailable");
}

TEST_F(WaitingTest, AWriteThatWaitsForTooLongIsUnknownAndItsRetryIsToldWhatCameOfIt) {
  three_.Do(1, GetOf("k"));
  three_.down = {2, 3};
  const auto first = Ask(PutOf("k", "v", 1));
  const auto copy = Ask(PutOf("k", "v", 1));
  Wait(kPatience);
  EXPECT_EQ(ToldOf(first), "outcome unknown");
  EXPECT_EQ(ToldOf(copy), "outcome unknown");
  const auto later = Ask(PutOf("k", "v", 1));
  Wait(1);
  EXPECT_EQ(ToldOf(later), "outcome unknown") << "as long as nothing is known";
  three_.down.clear();
  three_.Mend(1);
  EXPECT_EQ(ToldOf(Ask(PutOf("k", "v", 1))), "v");
}

TEST_F(WaitingTest, WhoWasToldSoKeepsNoLeaderFromBeingDrained) {
  three_.down = {3};
  Ask(With(Consistency::kAll, PutOf("k", "v", 1)));
  EXPECT_FALSE(three_.leader(1).drained());
  Wait(kPatience);
  EXPECT_TRUE(three_.leader(1).drained());
}

// The table of ids has room for 100.
TEST_F(WaitingTest, AFullTableWaitsForNoReplicaThatIsDown) {
  three_.down = {3};
  const auto all = Ask(With(Consistency::kAll, PutOf("other", "x", 1000)));
  for (std::uint64_t number = 1; number <= 99; ++number) three_.Do(1, IncrementOf("n", number));
  ASSERT_EQ(three_.leader(1).phase(), Leader::Phase::kLeading);
  EXPECT_EQ(Told(three_.Do(1, IncrementOf("n", 100))), "unavailable");
  EXPECT_EQ(three_.leader(1).phase(), Leader::Phase::kIdle);
  EXPECT_TRUE(three_.leader(1).ran_full());
  EXPECT_EQ(ToldOf(all), "outcome unknown") << "it is chosen, and not at all replicas";
}

}  // namespace
}  // namespace quoin::quorum
