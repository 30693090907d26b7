// Watches over whole nodes: each promise of docs/watch.md, one at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "quorum/node.h"
#include "quorum/node_testing.h"
#include "quorum/request_testing.h"
#include "quorum/watch_testing.h"
#include "ring/partition.h"

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

class NodeWatchesTest : public testing::Test {
 protected:
  NodeWatchesTest() {
    nodes_.on_news = [this](std::uint64_t id, const WatchNews& news) { views_[{id, news.token}].Take(news); };
  }
  ~NodeWatchesTest() override {
    for (const auto& [watch, view] : views_) EXPECT_THAT(view.complaints(), IsEmpty()) << "at node " << watch.first;
  }

  void Cluster(int size) {
    for (int id = 1; id <= size; ++id) nodes_.Add(id);
    ASSERT_TRUE(nodes_.RunUntil([&] { return nodes_.Settled(); }, seconds(60)));
  }
  WatchView& View(std::uint64_t node, std::uint64_t token) { return views_[{node, token}]; }
  std::uint64_t Watch(std::uint64_t node, WatchRequest request) { return nodes_.Watch(node, std::move(request)); }
  std::uint64_t WatchSynced(std::uint64_t node, WatchRequest request) {
    const std::uint64_t token = Watch(node, std::move(request));
    EXPECT_TRUE(nodes_.RunUntil([&] { return View(node, token).synced(); }, seconds(20)));
    return token;
  }
  void Put(const std::string& key, const std::string& value, std::uint64_t node = 1,
           std::optional<TimeToLive> ttl = std::nullopt) {
    ASSERT_EQ(nodes_.Do(node, RequestOf(key, quorum::Put{.value = value, .content_type = {}, .ttl = ttl})).outcome,
              Outcome::kDone);
  }
  void Delete(const std::string& key, std::uint64_t node = 1) {
    ASSERT_EQ(nodes_.Do(node, DeleteOf(key)).outcome, Outcome::kDone);
  }
  PartitionId PartitionOf(const std::string& key) const { return ring::PartitionOf(key, 4); }
  std::uint64_t LeaderOf(const std::string& key) const { return nodes_.LeaderOf(PartitionOf(key)); }

  TestNodes nodes_{4};
  std::map<std::pair<std::uint64_t, std::uint64_t>, WatchView> views_;
};

TEST_F(NodeWatchesTest, TellsTheStateAndThenEveryChangeInOrder) {
  Cluster(3);
  Put("a", "1");
  Put("room/1", "x");
  for (const std::uint64_t node : {1, 2, 3}) {
    const std::uint64_t token = WatchSynced(node, WatchOf({KeyTarget("a"), PrefixTarget("room/")}));
    EXPECT_THAT(View(node, token).TakeLines(), UnorderedElementsAre("a=1", "room/1=x", "synced"));
  }
  Put("a", "2");
  Put("a", "3", 2);
  Delete("a", 3);
  Put("b", "not watched");
  Put("room/2", "y", 2);
  nodes_.Run(milliseconds(50));
  for (auto& [watch, view] : views_) {
    EXPECT_THAT(view.TakeLines(), ElementsAre("a=2", "a=3", "a deleted", "room/2=y")) << "at node " << watch.first;
  }
}

TEST_F(NodeWatchesTest, AStateThatIsLargerThanOneReadingIsTold) {
  Cluster(1);
  for (int i = 0; i < 1500; ++i) nodes_.Submit(1, PutOf("k" + std::to_string(i), std::to_string(i)));
  nodes_.Run(seconds(1));
  const std::uint64_t token = WatchSynced(1, WatchOf({PrefixTarget("k")}));
  EXPECT_EQ(View(1, token).state().size(), 1500u);
  EXPECT_EQ(View(1, token).TakeLines().size(), 1501u);
}

TEST_F(NodeWatchesTest, WithoutStateItTellsWhatComesFromNowOn) {
  Cluster(3);
  Put("a", "1");
  const std::uint64_t token = WatchSynced(2, WatchOf({PrefixTarget("")}, std::nullopt, false));
  EXPECT_THAT(View(2, token).TakeLines(), ElementsAre("synced"));
  Put("a", "2");
  nodes_.Run(milliseconds(50));
  EXPECT_THAT(View(2, token).TakeLines(), ElementsAre("a=2"));
  // One that comes later begins at once.
  const std::uint64_t other = Watch(2, WatchOf({PrefixTarget("")}, std::nullopt, false));
  EXPECT_THAT(View(2, other).TakeLines(), ElementsAre("synced"));
}

TEST_F(NodeWatchesTest, TargetsThatOverlapTellOnce) {
  Cluster(1);
  const std::uint64_t token =
      WatchSynced(1, WatchOf({KeyTarget("ab"), PrefixTarget("a"), PrefixTarget("ab"), PrefixTarget("a")}));
  Put("ab", "1");
  nodes_.Run(milliseconds(50));
  EXPECT_THAT(View(1, token).TakeLines(), ElementsAre("synced", "ab=1"));
}

TEST_F(NodeWatchesTest, RefusesWhatIsNoWatchAndTooMany) {
  Cluster(1);
  const auto refusal = [&](WatchRequest request) {
    const std::uint64_t token = Watch(1, std::move(request));
    return View(1, token).ended();
  };
  EXPECT_EQ(refusal(WatchOf({})).message(), "a watch has 0 targets; 1 to 256 are right");
  EXPECT_EQ(refusal(WatchOf({KeyTarget("")})).message(), "a key has 0 bytes; 1 to 4096 are right");
  EXPECT_EQ(refusal(WatchOf({PrefixTarget(std::string(4097, 'p'))})).message(),
            "a prefix has 4097 bytes; 0 to 4096 are right");
  EXPECT_EQ(nodes_.node(1).watches(), 0u);
}

TEST_F(NodeWatchesTest, UnwatchEndsIt) {
  Cluster(3);
  const std::uint64_t token = WatchSynced(2, WatchOf({PrefixTarget("")}));
  nodes_.Unwatch(2, token);
  EXPECT_EQ(nodes_.node(2).watches(), 0u);
  Put("a", "1");
  nodes_.Run(seconds(1));
  EXPECT_THAT(View(2, token).TakeLines(), ElementsAre("synced"));
  nodes_.ClearCounts();
  Put("a", "2");
  nodes_.Run(seconds(6));
  EXPECT_EQ(nodes_.sent.count("watched"), 0u) << "the leaders have forgotten it";
  EXPECT_EQ(nodes_.sent.count("watch"), 0u);
}

TEST_F(NodeWatchesTest, NobodyTouchesAKeyThatExpiresAndItIsTold) {
  Cluster(3);
  const std::uint64_t token = WatchSynced(3, WatchOf({KeyTarget("a")}));
  Put("a", "1", 1, TimeToLive(2000));
  ASSERT_TRUE(nodes_.RunUntil([&] { return View(3, token).state().contains("a"); }, seconds(1)));
  ASSERT_TRUE(nodes_.RunUntil([&] { return !View(3, token).state().contains("a"); }, seconds(10)));
  EXPECT_THAT(View(3, token).TakeLines(), ElementsAre("synced", "a=1", "a expired"));
}

TEST_F(NodeWatchesTest, ATakeoverLosesNothingAndTellsNothingTwice) {
  Cluster(3);
  Put("a", "1");
  const std::uint64_t killed = LeaderOf("a");
  const std::uint64_t watching = killed == 1 ? 2 : 1;
  const std::uint64_t token = WatchSynced(watching, WatchOf({PrefixTarget("")}));
  nodes_.Kill(killed);
  Put("a", "2", watching);
  ASSERT_TRUE(nodes_.RunUntil([&] { return View(watching, token).state().at("a") == "2"; }, seconds(10)));
  nodes_.Start(killed);
  ASSERT_TRUE(nodes_.RunUntil([&] { return nodes_.Settled(); }, seconds(60)));
  nodes_.Run(seconds(3));
  Put("a", "3", watching);
  nodes_.Run(seconds(1));
  EXPECT_THAT(View(watching, token).TakeLines(), ElementsAre("a=1", "synced", "a=2", "a=3"));
}

TEST_F(NodeWatchesTest, WhatExpiredWhileNobodyLedIsStillToldAsExpired) {
  Cluster(3);
  Put("a", "1", 1, TimeToLive(3000));
  const std::uint64_t leader = LeaderOf("a");
  const std::uint64_t watching = leader == 1 ? 2 : 1;
  const std::uint64_t token = WatchSynced(watching, WatchOf({KeyTarget("a")}));
  // The tombstone comes while the watching node is cut off from everybody.
  for (const std::uint64_t other : {1, 2, 3}) {
    if (other != watching) nodes_.CutBothWays(watching, other);
  }
  nodes_.Run(seconds(8));
  nodes_.HealCuts();
  ASSERT_TRUE(nodes_.RunUntil([&] { return !View(watching, token).state().contains("a"); }, seconds(20)));
  EXPECT_THAT(View(watching, token).TakeLines(), ElementsAre("a=1", "synced", "a expired"));
}

TEST_F(NodeWatchesTest, ACursorGoesOnAtAnotherNode) {
  Cluster(3);
  Put("a", "1");
  Put("b", "1");
  Put("c", "1");
  const std::uint64_t first = WatchSynced(1, WatchOf({PrefixTarget("")}));
  const WatchPositions cursor = nodes_.node(1).PositionsOf(first);
  EXPECT_EQ(cursor.size(), 4u);
  nodes_.Unwatch(1, first);
  Put("a", "2");
  Delete("b");
  const std::uint64_t next = WatchSynced(2, WatchOf({PrefixTarget("")}, cursor));
  EXPECT_THAT(View(2, next).TakeLines(), UnorderedElementsAre("a=2", "b deleted", "synced"));
  Put("c", "3");
  nodes_.Run(milliseconds(50));
  EXPECT_THAT(View(2, next).TakeLines(), ElementsAre("c=3"));
}

TEST_F(NodeWatchesTest, WatchesWithCursorsOfTheirOwnShareTheReadings) {
  Cluster(3);
  Put("a", "1");
  const std::uint64_t first = WatchSynced(1, WatchOf({KeyTarget("a")}));
  const WatchPositions early = nodes_.node(1).PositionsOf(first);
  Put("a", "2");
  nodes_.Run(milliseconds(200));
  const WatchPositions late = nodes_.node(1).PositionsOf(first);
  ASSERT_NE(early, late);
  nodes_.ClearCounts();
  const std::uint64_t one = Watch(2, WatchOf({KeyTarget("a")}, early));
  const std::uint64_t other = Watch(2, WatchOf({KeyTarget("a")}, late));
  ASSERT_TRUE(nodes_.RunUntil([&] { return View(2, one).synced() && View(2, other).synced(); }, seconds(10)));
  EXPECT_THAT(View(2, one).TakeLines(), ElementsAre("a=2", "synced"));
  EXPECT_THAT(View(2, other).TakeLines(), ElementsAre("synced"));
  EXPECT_LE(nodes_.sent["catch-up"], 1u);
}

TEST_F(NodeWatchesTest, ManyWatchesOfAPrefixAreCaughtUpTogether) {
  Cluster(3);
  for (int i = 0; i < 20; ++i) Put("k" + std::to_string(i), "v");
  nodes_.ClearCounts();
  std::vector<std::uint64_t> tokens;
  for (int i = 0; i < 500; ++i) tokens.push_back(Watch(2, WatchOf({PrefixTarget("k")})));
  ASSERT_TRUE(nodes_.RunUntil([&] { return View(2, tokens.back()).synced(); }, seconds(10)));
  nodes_.Run(milliseconds(500));
  for (const std::uint64_t token : tokens) EXPECT_EQ(View(2, token).state().size(), 20u);
  EXPECT_LE(nodes_.sent["catch-up"], 12u);
  Put("k0", "w");
  nodes_.Run(milliseconds(50));
  for (const std::uint64_t token : tokens) EXPECT_EQ(View(2, token).state().at("k0"), "w");
}

TEST_F(NodeWatchesTest, ALostPacketIsFoundOutAndMadeUpFor) {
  Cluster(3);
  Put("a", "1");
  const std::uint64_t watching = LeaderOf("a") == 1 ? 2 : 1;
  const std::uint64_t token = WatchSynced(watching, WatchOf({KeyTarget("a")}));
  bool lose = true;
  nodes_.drop = [&](const TestNodes::Sent& sent) {
    const auto* watched = std::get_if<WatchedPacket>(&sent.body);
    return watched != nullptr && !watched->events.empty() && std::exchange(lose, false);
  };
  Put("a", "2");
  Put("a", "3");
  ASSERT_TRUE(nodes_.RunUntil([&] { return View(watching, token).state().at("a") == "3"; }, seconds(10)));
  EXPECT_THAT(View(watching, token).TakeLines(), ElementsAre("a=1", "synced", "a=3"));
}

TEST_F(NodeWatchesTest, TheLastPacketMayBeLostToo) {
  Cluster(3);
  const std::uint64_t watching = LeaderOf("a") == 1 ? 2 : 1;
  const std::uint64_t token = WatchSynced(watching, WatchOf({KeyTarget("a")}));
  bool lose = true;
  nodes_.drop = [&](const TestNodes::Sent& sent) {
    const auto* watched = std::get_if<WatchedPacket>(&sent.body);
    return watched != nullptr && !watched->events.empty() && std::exchange(lose, false);
  };
  Put("a", "1");
  ASSERT_TRUE(nodes_.RunUntil([&] { return View(watching, token).state().contains("a"); }, seconds(10)));
}

TEST_F(NodeWatchesTest, PacketsMayOvertakeEachOther) {
  Cluster(3);
  const std::uint64_t watching = LeaderOf("a") == 1 ? 2 : 1;
  const std::uint64_t token = WatchSynced(watching, WatchOf({KeyTarget("a")}));
  int count = 0;
  nodes_.latency = [&](const TestNodes::Sent& sent) {
    const bool watched = std::holds_alternative<WatchedPacket>(sent.body);
    return milliseconds(watched && ++count % 3 == 0 ? 40 : 1);
  };
  for (int i = 0; i < 20; ++i) Put("a", std::to_string(i));
  nodes_.Run(milliseconds(200));
  EXPECT_EQ(View(watching, token).TakeLines().size(), 21u) << "nothing was left out";
}

TEST_F(NodeWatchesTest, APositionBelowTheFloorIsAGapOfTheWholeWatch) {
  nodes_.timing.scrub = milliseconds(500);
  Cluster(3);
  Put("a", "1");
  Put("b", "1");
  const std::uint64_t first = WatchSynced(1, WatchOf({PrefixTarget("")}));
  const WatchPositions cursor = nodes_.node(1).PositionsOf(first);
  nodes_.Unwatch(1, first);
  Delete("a");
  const PartitionId partition = PartitionOf("a");
  const auto purged = [&] {
    const std::uint64_t leader = nodes_.LeaderOf(partition);
    return leader != 0 && nodes_.node(leader).StatusOf(partition)->floor > cursor.at(partition);
  };
  ASSERT_TRUE(nodes_.RunUntil(purged, seconds(60)));
  const std::uint64_t next = WatchSynced(2, WatchOf({PrefixTarget("")}, cursor));
  EXPECT_THAT(View(2, next).TakeLines(), ElementsAre("gap", "b=1", "synced"));
}

TEST_F(NodeWatchesTest, PositionsOnlyGoUpAndSpeakOfNothingUntold) {
  Cluster(3);
  WatchPositions before;
  const std::uint64_t token = Watch(1, WatchOf({PrefixTarget("")}));
  EXPECT_THAT(nodes_.node(1).PositionsOf(token), IsEmpty());
  for (int i = 0; i < 200; ++i) {
    nodes_.Submit(2, PutOf("k" + std::to_string(i % 7), std::to_string(i)));
    if (i == 80) nodes_.Kill(3);
    if (i == 150) nodes_.Start(3);
    nodes_.Run(milliseconds(10));
    WatchPositions now = nodes_.node(1).PositionsOf(token);
    for (const auto& [partition, position] : before) {
      ASSERT_TRUE(now.contains(partition));
      ASSERT_GE(now.at(partition), position);
    }
    before = std::move(now);
  }
  nodes_.Run(seconds(5));
  EXPECT_EQ(nodes_.node(1).PositionsOf(token).size(), 4u);
  EXPECT_THAT(nodes_.node(1).PositionsOf(token + 1), IsEmpty());
}

TEST_F(NodeWatchesTest, AWatchGoesOnThroughMovesOfItsPartitions) {
  Cluster(3);
  const std::uint64_t token = WatchSynced(1, WatchOf({PrefixTarget("")}));
  for (int i = 0; i < 10; ++i) Put("k" + std::to_string(i), "0");
  nodes_.Add(4);
  nodes_.Add(5);
  for (int i = 1; i < 60; ++i) {
    Put("k" + std::to_string(i % 10), std::to_string(i));
    nodes_.Run(milliseconds(50));
  }
  ASSERT_TRUE(nodes_.RunUntil([&] { return nodes_.Settled(); }, seconds(60)));
  nodes_.Run(seconds(2));
  const auto page = nodes_.Scan(1, {});
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->entries.size(), 10u);
  for (const ScanEntry& entry : page->entries) EXPECT_EQ(View(1, token).state().at(entry.key), entry.record->value);
  EXPECT_THAT(View(1, token).TakeLines(), Not(Contains("gap")));
}

TEST_F(NodeWatchesTest, ALeaderThatTheOthersHaveLeftBehindIsLeft) {
  Cluster(4);
  const std::uint64_t leader = LeaderOf("a");
  // A node that holds no replica of the partition hears of a new leader from nobody by itself.
  const ring::Configuration& configuration = nodes_.ring()->partitions[PartitionOf("a").value];
  std::uint64_t watching = 0;
  for (const std::uint64_t node : {1, 2, 3, 4}) {
    if (!configuration.replicas.Contains(NodeId{node})) watching = node;
  }
  ASSERT_NE(watching, 0u);
  const std::uint64_t token = WatchSynced(watching, WatchOf({KeyTarget("a")}));
  std::uint64_t writing = 0;
  for (const std::uint64_t node : {1, 2, 3, 4}) {
    if (node != leader && node != watching) {
      nodes_.CutBothWays(leader, node);
      writing = node;
    }
  }
  Put("a", "1", writing);
  ASSERT_TRUE(nodes_.RunUntil([&] { return View(watching, token).state().contains("a"); }, seconds(20)));
}

TEST_F(NodeWatchesTest, WithoutWatchesNothingIsSent) {
  Cluster(3);
  nodes_.ClearCounts();
  for (int i = 0; i < 20; ++i) Put("k" + std::to_string(i), "v");
  nodes_.Run(seconds(2));
  for (const char* kind : {"watch", "watched", "catch-up", "caught-up"}) EXPECT_EQ(nodes_.sent.count(kind), 0u);
}

}  // namespace
}  // namespace quoin::quorum
