// Comparison, purge and the end of leading: what D7 and D8 promise, one rule at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "quorum/cluster_testing.h"
#include "quorum/leader.h"
#include "quorum/request_testing.h"

namespace quoin::quorum {
namespace {

using Flight = TestCluster::Flight;
using Phase = Leader::Phase;

ring::Configuration SetOf(std::vector<NodeId> nodes, std::uint32_t read_quorum, std::uint32_t write_quorum) {
  ring::Configuration configuration;
  configuration.version = 1;
  configuration.replicas = {.nodes = std::move(nodes), .read_quorum = read_quorum, .write_quorum = write_quorum};
  return configuration;
}

class PassesTest : public testing::Test {
 protected:
  PassesTest() { three_.compares = true; }

  // Node 3 holds a leftover of the key, which nodes 1 and 2 will never choose: they promise more without it. Node 2 is
  // to lead.
  void LeaveOverAtNode3(const std::string& key) {
    ASSERT_TRUE(three_.Lead(3));
    three_.Do(3, GetOf(key));
    three_.drop = [](const Flight& flight) { return std::holds_alternative<Accept>(flight.message); };
    three_.Submit(3, PutOf(key, "leftover"));
    three_.Run();
    three_.drop = nullptr;
    three_.down = {3};
    ASSERT_TRUE(three_.Lead(2));
    three_.Do(2, GetOf(key));
    three_.down.clear();
    ASSERT_EQ(three_.Stored(3, key), "leftover");
  }

  void LearnAll(const ring::Configuration& configuration) {
    for (std::uint64_t node = 1; node <= 3; ++node) three_.Learn(node, configuration);
    three_.Run();
  }

  TestCluster three_{3};
};

// --- D7: complete

TEST_F(PassesTest, OwnsEveryKeyOnceItIsComparedWithBothQuorumsD7) {
  three_.down = {2, 3};
  EXPECT_FALSE(three_.Lead(1));
  EXPECT_FALSE(three_.leader(1).complete());
  three_.down = {3};
  three_.Mend(1);
  EXPECT_TRUE(three_.leader(1).complete());
  EXPECT_FALSE(three_.leader(1).all_equal()) << "node 3 wasn't compared";
  three_.down.clear();
  three_.Mend(1);
  EXPECT_TRUE(three_.leader(1).all_equal());
}

TEST_F(PassesTest, AReadQuorumOfEqualCopiesIsNotEnoughD7) {
  TestCluster cluster(SetOf({NodeId{1}, NodeId{2}, NodeId{3}}, 1, 3));
  cluster.compares = true;
  cluster.down = {3};
  ASSERT_TRUE(cluster.Lead(1));
  cluster.Mend(1);
  EXPECT_FALSE(cluster.leader(1).complete()) << "what two hold may be short of a write quorum of three";
  cluster.down.clear();
  cluster.Mend(1);
  EXPECT_TRUE(cluster.leader(1).complete());
}

TEST_F(PassesTest, OfFiveReplicasThreeMustBeEqualD7) {
  TestCluster five(5);
  five.compares = true;
  five.down = {3, 4, 5};
  five.Begin(1);
  five.Run();
  five.down = {4, 5};
  five.Mend(1);
  EXPECT_TRUE(five.leader(1).complete());
  EXPECT_EQ(five.sent["compared"], 1 + 1 + 1 + 1) << "its own range for each of two, and theirs";
}

TEST_F(PassesTest, FirstTouchesAskOnlyItselfOnceComplete) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "v"));
  ASSERT_TRUE(three_.Lead(2));
  ASSERT_TRUE(three_.leader(2).complete());
  const int reads = three_.sent["read"];
  EXPECT_EQ(Told(three_.Do(2, GetOf("k"))), "v");
  EXPECT_EQ(Told(three_.Do(2, GetOf("nothing"))), "absent");
  EXPECT_EQ(three_.sent["read"], reads + 2) << "its own replica, once for each key";
}

TEST_F(PassesTest, ADifferenceIsTouchedBeforeItIsCompleteD7) {
  ASSERT_TRUE(three_.Lead(1));
  three_.down = {2};
  three_.Do(1, PutOf("k", "v"));
  three_.down = {1};
  // Node 2 lacks what nodes 1 and 3 have chosen.
  three_.hold = [](const Flight& flight) { return std::holds_alternative<Held>(flight.message); };
  ASSERT_TRUE(three_.Lead(2));
  EXPECT_FALSE(three_.leader(2).complete()) << "the key differs, and isn't touched yet";
  three_.hold = nullptr;
  three_.Mend(2);
  EXPECT_TRUE(three_.leader(2).complete());
  EXPECT_EQ(Told(three_.Do(2, GetOf("k"))), "v");
}

// A touch that asked everybody may be finished by its own replica's answer only if that is the newest of them: of those
// that it was not compared with, one may hold a leftover.
TEST_F(PassesTest, ALeftoverIsNotTakenForChosenWhenItsTouchEndsByItsOwnAnswerD7) {
  three_.compares = false;
  ASSERT_TRUE(three_.Lead(3));
  three_.Do(3, PutOf("k", "chosen"));
  three_.drop = [](const Flight& flight) { return std::holds_alternative<Accept>(flight.message); };
  three_.Submit(3, PutOf("k", "leftover"));
  three_.Run();
  three_.drop = nullptr;
  three_.compares = true;
  three_.hold = [](const Flight& flight) {
    const bool held = std::holds_alternative<Held>(flight.message) && flight.from != 3;
    return held || (std::holds_alternative<Compared>(flight.message) && flight.from != 1);
  };
  ASSERT_TRUE(three_.Lead(1));
  const auto token = three_.Submit(1, GetOf("k"));
  three_.Run();
  three_.hold = [](const Flight& flight) {
    const bool held = std::holds_alternative<Held>(flight.message) && flight.from != 3;
    return held || (std::holds_alternative<Compared>(flight.message) && flight.from == 3);
  };
  three_.Run();
  ASSERT_TRUE(three_.leader(1).complete()) << "with node 2";
  three_.hold = [](const Flight& flight) {
    const bool held = std::holds_alternative<Held>(flight.message) && flight.from == 2;
    const bool compared = std::holds_alternative<Compared>(flight.message) && flight.from == 3;
    return held || compared || std::holds_alternative<Install>(flight.message);
  };
  three_.Run();
  const std::string told = Told(three_.AnswerTo(token));
  // Node 1 restarts; node 3 is lost.
  three_.hold = nullptr;
  three_.down = {3};
  three_.Restart(1);
  ASSERT_TRUE(three_.Lead(2));
  EXPECT_THAT(told, testing::AnyOf("nothing", Told(three_.Do(2, GetOf("k")))));
}

// --- Ranges

TEST_F(PassesTest, EqualReplicasAreComparedByDigestsOfThousandsOfRecords) {
  three_.compares = false;
  ASSERT_TRUE(three_.Lead(1));
  for (int i = 10'000; i < 15'000; ++i) three_.Do(1, PutOf("k" + std::to_string(i), "v"));
  three_.compares = true;
  std::size_t listed = 0;
  three_.on_delivered = [&](const Flight& flight) {
    const auto* compared = std::get_if<Compared>(&flight.message);
    if (compared != nullptr && flight.from != flight.to) listed += compared->entries.size();
  };
  ASSERT_TRUE(three_.Lead(2));
  EXPECT_TRUE(three_.leader(2).all_equal());
  EXPECT_EQ(three_.sent["compared"], 2 * 2 * 2) << "two ranges, each here and there, with two others";
  EXPECT_EQ(listed, 0u);
}

TEST_F(PassesTest, RangesShrinkWhereTheyDifferAndGrowAgain) {
  three_.compares = false;
  ASSERT_TRUE(three_.Lead(1));
  for (int i = 10'000; i < 15'000; ++i) three_.Do(1, PutOf("k" + std::to_string(i), "v"));
  three_.down = {3};
  three_.Do(1, PutOf("k12000", "w"));
  three_.down.clear();
  three_.compares = true;
  std::size_t listed = 0;
  std::size_t questions = 0;
  three_.on_delivered = [&](const Flight& flight) {
    const auto* compared = std::get_if<Compared>(&flight.message);
    if (compared == nullptr || flight.from != 3) return;
    ++questions;
    listed += compared->entries.size();
  };
  ASSERT_TRUE(three_.Lead(2));
  three_.Mend(2);
  EXPECT_TRUE(three_.leader(2).all_equal());
  EXPECT_EQ(three_.Stored(3, "k12000"), "w");
  EXPECT_GT(listed, 0u);
  EXPECT_LE(listed, 64u) << "one list where they differ";
  EXPECT_LE(questions, 40u) << "of 5000 records";
}

TEST_F(PassesTest, WhatOnlyTheOtherHoldsIsFoundToo) {
  three_.compares = false;
  ASSERT_TRUE(three_.Lead(1));
  three_.down = {2};
  for (int i = 1000; i < 1400; ++i) three_.Do(1, PutOf("k" + std::to_string(i), "v"));
  three_.down.clear();
  three_.compares = true;
  ASSERT_TRUE(three_.Lead(2));
  three_.Mend(2);
  EXPECT_TRUE(three_.leader(2).all_equal());
  for (int i = 1000; i < 1400; ++i) EXPECT_EQ(three_.Stored(2, "k" + std::to_string(i)), "v");
}

TEST_F(PassesTest, ALostComparisonIsAskedForAgain) {
  three_.drop = [](const Flight& flight) { return std::holds_alternative<Compared>(flight.message); };
  ASSERT_TRUE(three_.Lead(1));
  EXPECT_FALSE(three_.leader(1).complete());
  three_.drop = nullptr;
  three_.Mend(1);
  EXPECT_TRUE(three_.leader(1).all_equal());
}

// --- Moves

class FillingTest : public PassesTest {
 protected:
  static constexpr int kKeys = 300;

  // Node 1 leads and holds many keys, as nodes 2 and 3 do; node 4 is to hold them, too.
  void BeginFilling() {
    ASSERT_TRUE(three_.Lead(1));
    for (int i = 0; i < kKeys; ++i) three_.Do(1, PutOf("k" + std::to_string(1000 + i), "v"));
    ring::Configuration filling = three_.configuration(1);
    ++filling.version;
    filling.phase = ring::Phase::kFilling;
    filling.incoming = ring::MajoritySet({NodeId{1}, NodeId{2}, NodeId{4}});
    for (std::uint64_t node = 1; node <= 4; ++node) three_.Learn(node, filling);
    three_.Run();
    three_.on_delivered = [&](const Flight& flight) {
      if (std::holds_alternative<Install>(flight.message)) ++installs_[flight.to];
    };
  }
  int HeldByNode4() {
    int held = 0;
    for (int i = 0; i < kKeys; ++i) held += three_.Stored(4, "k" + std::to_string(1000 + i)) == "v";
    return held;
  }

  std::map<std::uint64_t, int> installs_;  // Delivered, by receiver.
};

TEST_F(FillingTest, ANewReplicaIsSentEachRecordOnceAndTheOthersNone) {
  BeginFilling();
  three_.hold = [](const Flight& flight) {
    return std::holds_alternative<Installed>(flight.message) || flight.from == 3;  // Slow.
  };
  ASSERT_TRUE(three_.Lead(1));
  three_.hold = nullptr;
  three_.Run();
  for (int i = 0; i < 8; ++i) {
    three_.Resend(1);
    three_.Run();
  }
  EXPECT_EQ(HeldByNode4(), kKeys);
  EXPECT_EQ(three_.leader(1).lagging(), 0u);
  EXPECT_THAT(installs_, testing::ElementsAre(testing::Pair(4, kKeys)));
}

// So that touches ask everybody.
TEST_F(FillingTest, SoItIsBeforeTheLeaderOwnsEveryKey) {
  BeginFilling();
  three_.hold = [](const Flight& flight) {
    return std::holds_alternative<Compared>(flight.message) && (flight.from == 2 || flight.from == 3);
  };
  ASSERT_TRUE(three_.Lead(1));
  ASSERT_FALSE(three_.leader(1).complete());
  EXPECT_EQ(HeldByNode4(), kKeys);
  EXPECT_THAT(installs_, testing::ElementsAre(testing::Pair(4, kKeys)));
}

TEST_F(FillingTest, ANewReplicaIsFilledAsFastAsThePaceAllows) {
  constexpr ring::MonotonicTime kStart{std::chrono::seconds(1)};
  CopyPace pace({.keys = 100, .bytes = 0}, kStart);
  three_.pace = &pace;
  three_.Restart(1);
  BeginFilling();
  ASSERT_TRUE(three_.Lead(1));
  auto now = kStart;
  for (int half = 0; !three_.leader(1).filled(); ++half) {
    ASSERT_LT(half, 10) << "300 keys at 100 a second";
    EXPECT_LE(HeldByNode4(), 64 + 50 * half);
    pace.OnTick(now += std::chrono::milliseconds(500));
    three_.GoOn(1);
    three_.Run();
  }
  EXPECT_GE(now - kStart, std::chrono::milliseconds(2000)) << "all but the last list was waited for";
}

// --- What a comparison tells of writes under way

// Their acknowledgements were lost. Once all replicas are known to hold the write, it isn't sent again, and nobody
// would speak of it any more.
TEST_F(PassesTest, AWriteIsAnsweredByAComparisonThatFindsIt) {
  ASSERT_TRUE(three_.Lead(1));
  // Another key differs, so that there are lists.
  three_.drop = [](const Flight& flight) { return std::holds_alternative<Accept>(flight.message) && flight.to != 1; };
  three_.Submit(1, PutOf("j", "v"));
  three_.Run();
  three_.hold = [](const Flight& flight) {
    const auto* compare = std::get_if<Compare>(&flight.message);
    return compare != nullptr && compare->list && flight.to != 1;
  };
  three_.Scrub(1);
  three_.Run();
  three_.drop = [](const Flight& flight) {
    return std::holds_alternative<Accepted>(flight.message) && flight.from != 1;
  };
  const std::uint64_t token = three_.Submit(1, PutOf("k", "v"));
  three_.Run();
  ASSERT_EQ(three_.Stored(2, "k"), "v");
  ASSERT_FALSE(three_.AnswerTo(token)) << "no acknowledgement arrived";
  three_.drop = nullptr;
  three_.hold = nullptr;
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "v");
  EXPECT_EQ(three_.leader(1).lagging(), 1u) << "the other key";
}

// --- Leftovers

TEST_F(PassesTest, ALeftoverIsOutdoneByTheNewestState) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "chosen"));
  LeaveOverAtNode3("k");
  three_.Mend(2);
  EXPECT_TRUE(three_.leader(2).all_equal());
  for (std::uint64_t node = 1; node <= 3; ++node) EXPECT_EQ(three_.Stored(node, "k"), "chosen");
}

TEST_F(PassesTest, ALeftoverOfAnAbsentKeyIsOutdoneByATombstone) {
  LeaveOverAtNode3("k");
  EXPECT_EQ(three_.Stored(2, "k"), "absent");
  three_.Mend(2);
  EXPECT_TRUE(three_.leader(2).all_equal());
  EXPECT_EQ(Told(three_.Do(2, GetOf("k"))), "absent");
  EXPECT_NE(three_.Stored(3, "k"), "leftover");
}

// --- Damage

TEST_F(PassesTest, DamageThatAComparisonFindsIsRefilled) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "v"));
  three_.storage(3).damaged = {"k"};
  ASSERT_TRUE(three_.Lead(2));
  three_.Mend(2);
  EXPECT_EQ(three_.Stored(3, "k"), "v");
  EXPECT_TRUE(three_.leader(2).all_equal());
}

TEST_F(PassesTest, TheLeadersOwnDamageIsRefilled) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "v"));
  three_.storage(2).damaged = {"k"};
  ASSERT_TRUE(three_.Lead(2));
  three_.Mend(2);
  EXPECT_EQ(three_.Stored(2, "k"), "v");
  EXPECT_TRUE(three_.leader(2).all_equal());
}

TEST_F(PassesTest, DamageUnderItsOwnBallotWantsANewRound) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "v"));
  three_.Restart(3);  // All that it can say of its records is that none is above its promise.
  three_.storage(3).damaged = {"k"};
  three_.Scrub(1);
  three_.Mend(1);
  EXPECT_TRUE(three_.leader(1).wants_new_round());
  EXPECT_EQ(three_.Stored(3, "k"), "damaged");
  ASSERT_TRUE(three_.Lead(2));
  three_.Mend(2);
  EXPECT_EQ(three_.Stored(3, "k"), "v");
  EXPECT_FALSE(three_.leader(2).wants_new_round());
}

TEST_F(PassesTest, DamageThatAnInstallMeetsIsRefilled) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "old"));
  three_.down = {3};
  three_.Do(1, PutOf("k", "new"));
  three_.down.clear();
  three_.Do(1, PutOf("j", "v"));  // So that node 3 has stored later versions than the one that it lacks.
  three_.drop = [](const Flight& flight) { return std::holds_alternative<Install>(flight.message); };
  ASSERT_TRUE(three_.Lead(2));
  ASSERT_FALSE(three_.leader(2).all_equal()) << "node 3 is known to lack it";
  three_.storage(3).damaged = {"k"};  // And now it can't even read what it had.
  three_.drop = nullptr;
  three_.Mend(2);
  EXPECT_EQ(three_.Stored(3, "k"), "new");
  EXPECT_TRUE(three_.leader(2).all_equal());
}

TEST_F(PassesTest, WhatCouldNotBeReadForAWhileIsComparedAgain) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "v"));
  three_.storage(1).damaged = three_.storage(3).damaged = {"k"};  // A read error counts as damage while it lasts.
  ASSERT_TRUE(three_.Lead(2));
  three_.Mend(2);
  EXPECT_FALSE(three_.leader(2).complete());
  three_.storage(1).damaged.clear();
  three_.storage(3).damaged.clear();
  three_.Mend(2);
  EXPECT_TRUE(three_.leader(2).all_equal());
  EXPECT_EQ(Told(three_.Do(2, GetOf("k"))), "v");
}

// --- Hints

TEST_F(PassesTest, WhatAReplicaLacksIsRememberedAndBroughtToIt) {
  ASSERT_TRUE(three_.Lead(1));
  three_.down = {3};
  for (int i = 0; i < 10; ++i) three_.Do(1, PutOf("k" + std::to_string(i), "v"));
  EXPECT_EQ(three_.leader(1).lagging(), 10u);
  three_.down.clear();
  const int compares = three_.sent["compare"];
  three_.Resend(1);
  three_.Run();
  EXPECT_EQ(three_.leader(1).lagging(), 0u);
  EXPECT_EQ(three_.sent["compare"], compares) << "no comparison was needed";
  EXPECT_EQ(three_.Stored(3, "k9"), "v");
}

TEST_F(PassesTest, TooManyHintsAreForgottenAndFoundAgainByAComparison) {
  ASSERT_TRUE(three_.Lead(1));
  ASSERT_TRUE(three_.leader(1).all_equal());
  three_.down = {3};
  for (int i = 0; i < 100; ++i) three_.Do(1, PutOf("k" + std::to_string(i), "v"));
  EXPECT_LE(three_.leader(1).lagging(), 32u);
  EXPECT_FALSE(three_.leader(1).CaughtUp(NodeId{3}));
  three_.down.clear();
  three_.Mend(1);
  EXPECT_TRUE(three_.leader(1).all_equal());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(three_.Stored(3, "k" + std::to_string(i)), "v");
}

// --- Leaving and coming back

// Node 3 has left and entered again, which erases what it had, while its answer to an earlier leader was on its way.
TEST_F(PassesTest, AnInstalledOfAnotherBallotCountsForNothing) {
  ASSERT_TRUE(three_.Lead(1));
  three_.down = {3};
  three_.Do(1, PutOf("k", "v"));
  three_.down.clear();
  three_.hold = [](const Flight& flight) { return std::holds_alternative<Installed>(flight.message); };
  ASSERT_TRUE(three_.Lead(2));
  ASSERT_EQ(three_.Stored(3, "k"), "v");
  ring::Configuration configuration = SetOf({NodeId{1}, NodeId{2}}, 2, 2);
  configuration.version = 2;
  LearnAll(configuration);
  configuration.version = 3;
  configuration.phase = ring::Phase::kFilling;
  configuration.incoming = ring::MajoritySet({NodeId{1}, NodeId{2}, NodeId{3}});
  LearnAll(configuration);
  ASSERT_EQ(three_.Stored(3, "k"), "absent");
  three_.drop = [](const Flight& flight) { return std::holds_alternative<Install>(flight.message); };
  ASSERT_TRUE(three_.Lead(2));
  ASSERT_FALSE(three_.leader(2).filled()) << "it is known to lack the key";
  int delivered = 0;
  three_.on_delivered = [&](const Flight& flight) {
    if (std::holds_alternative<Installed>(flight.message)) ++delivered;
  };
  three_.hold = nullptr;
  three_.Run();
  ASSERT_EQ(delivered, 1);
  EXPECT_FALSE(three_.leader(2).filled()) << "it was told of what has been erased since";
  three_.drop = nullptr;
  three_.Mend(2);
  EXPECT_TRUE(three_.leader(2).filled());
  EXPECT_EQ(three_.Stored(3, "k"), "v");
}

TEST_F(PassesTest, AnInstalledOfItsBallotEndsTheRepair) {
  ASSERT_TRUE(three_.Lead(1));
  three_.down = {3};
  three_.Do(1, PutOf("k", "v"));
  three_.down.clear();
  three_.hold = [](const Flight& flight) { return std::holds_alternative<Installed>(flight.message); };
  ASSERT_TRUE(three_.Lead(2));
  EXPECT_FALSE(three_.leader(2).all_equal());
  three_.hold = nullptr;
  three_.Run();
  EXPECT_TRUE(three_.leader(2).all_equal());
}

// --- The end

TEST_F(PassesTest, DrainedOnceNobodyWaits) {
  ASSERT_TRUE(three_.Lead(1));
  three_.hung_disks = {1, 2, 3};
  const auto token = three_.Submit(1, PutOf("k", "v"));
  three_.leader(1).StopAdmitting(true);
  EXPECT_FALSE(three_.leader(1).drained());
  EXPECT_EQ(Told(three_.Do(1, PutOf("k", "w"))), "unavailable");
  three_.hung_disks.clear();
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "v");
  EXPECT_TRUE(three_.leader(1).drained());
  three_.leader(1).StopAdmitting(false);
  EXPECT_EQ(Told(three_.Do(1, PutOf("k", "w"))), "w");
}

TEST_F(PassesTest, ACaughtUpReplicaCountsOnlyWhileItLacksNothing) {
  three_.down = {3};
  ASSERT_TRUE(three_.Lead(1));
  EXPECT_TRUE(three_.leader(1).CaughtUp(NodeId{1}));
  EXPECT_TRUE(three_.leader(1).CaughtUp(NodeId{2}));
  EXPECT_FALSE(three_.leader(1).CaughtUp(NodeId{3}));
  three_.down.clear();
  three_.Mend(1);
  EXPECT_TRUE(three_.leader(1).CaughtUp(NodeId{3}));
}

}  // namespace
}  // namespace quoin::quorum
