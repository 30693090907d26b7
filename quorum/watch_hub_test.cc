// WatchHub: each of its invariants (H1-H5 of watch_hub.h). What whole nodes make of it: node_watches_test.
#include "quorum/watch_hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "quorum/watch_hub_testing.h"

namespace quoin::quorum {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

// --- H1: the versions of a key's events go up

TEST_F(WatchHubTest, WhatHappensWhileARangeIsReadIsToldBehindIt) {
  const std::uint64_t token = Watch({PrefixTarget("")});
  Pass(options_.attempt);
  EXPECT_THAT(Sent(), ElementsAre("subscribe * v1"));
  Feed(5);
  EXPECT_THAT(Sent(), ElementsAre("read *"));
  Feed(8, {{"a", "2", 6}, {"b", "1", 7}, {"a", "3", 8}});
  EXPECT_THAT(Told(token), IsEmpty());
  // The reading found the first of them already.
  Answer({.states = {{"a", "2", 6}, {"c", "1", 2}}, .position = 6});
  EXPECT_THAT(Told(token), ElementsAre("a=2", "a=3", "c=1", "b=1", "synced"));
  Feed(9, {{"a", "", 9}});
  EXPECT_THAT(Told(token), ElementsAre("a deleted"));
}

TEST_F(WatchHubTest, ARangeIsToldOnceTheFeedHasPassedWhatWasLeftOutOfIt) {
  const std::uint64_t token = Watch({PrefixTarget("")});
  Pass(options_.attempt);
  Feed(5);
  Answer({.states = {{"a", "1", 3}}, .position = 5, .until = 7});
  EXPECT_THAT(Told(token), IsEmpty()) << "b was there, under a version that may never be chosen";
  Feed(6);
  EXPECT_THAT(Told(token), IsEmpty());
  Feed(7, {{"b", "1", 7}});
  EXPECT_THAT(Told(token), ElementsAre("a=1", "b=1", "synced"));
}

// --- H2: positions speak of nothing that wasn't told

TEST_F(WatchHubTest, ThereIsNoPositionBeforeAllOfAPartitionWasTold) {
  const std::uint64_t token = Watch({PrefixTarget("")});
  Pass(options_.attempt);
  Feed(5);
  EXPECT_EQ(PositionOf(token), std::nullopt);
  Answer({.states = {{"a", "1", 3}}, .position = 5, .examined_to = "a"});
  EXPECT_THAT(Told(token), ElementsAre("a=1"));
  EXPECT_EQ(PositionOf(token), std::nullopt);
  EXPECT_EQ(Sent().back(), "read * after a");
  Answer({.position = 5});
  EXPECT_EQ(PositionOf(token), 5);
  Feed(9);
  EXPECT_EQ(PositionOf(token), 9);
}

TEST_F(WatchHubTest, ThePositionIsTheLowestOfItsTargets) {
  const std::uint64_t token = Watch({KeyTarget("a"), PrefixTarget("b")}, 3);
  EXPECT_EQ(PositionOf(token), 3) << "its cursor's";
  Pass(options_.attempt);
  Feed(5);
  EXPECT_THAT(Sent(), ElementsAre("subscribe a b* v1", "read a above 3", "read b* above 3"));
  Answer({.position = 5});
  EXPECT_EQ(PositionOf(token), 3);
  Answer({.position = 5});
  EXPECT_EQ(PositionOf(token), 5);
}

TEST_F(WatchHubTest, WatchesWithSeveralCursorsAreCaughtUpTogetherEachFromItsOwn) {
  const std::uint64_t early = Watch({PrefixTarget("")}, 2);
  const std::uint64_t late = Watch({PrefixTarget("")}, 4);
  Pass(options_.attempt);
  Feed(5);
  EXPECT_THAT(Sent(), ElementsAre("subscribe * v1", "read * above 2"));
  EXPECT_EQ(PositionOf(late), 4);
  Answer({.states = {{"a", "3", 3}, {"b", "5", 5}}, .position = 5});
  EXPECT_THAT(Told(early), ElementsAre("a=3", "b=5", "synced"));
  EXPECT_THAT(Told(late), ElementsAre("b=5", "synced"));
  EXPECT_EQ(PositionOf(early), 5);
  EXPECT_EQ(PositionOf(late), 5);
}

// --- H3: what the subscription didn't bring is read

TEST_F(WatchHubTest, AfterABreakEverythingAboveThePositionIsReadAgain) {
  const std::uint64_t token = LiveWatch();
  Feed(8, {{"a", "2", 8}});
  Told(token);
  Break();
  EXPECT_EQ(Sent().back(), "subscribe * v1");
  EXPECT_EQ(PositionOf(token), 8);
  Feed(11);
  EXPECT_THAT(Sent(), ElementsAre("read * above 8"));
  Answer({.states = {{"a", "", 9}, {"b", "1", 11}}, .position = 11});
  EXPECT_THAT(Told(token), ElementsAre("a deleted", "b=1"));
}

TEST_F(WatchHubTest, NothingIsReadBeforeTheLeaderGoesByAFilterWithTheTarget) {
  LiveWatch();
  Watch({KeyTarget("b")});
  const std::uint64_t token = Watch({PrefixTarget("room/")});
  Pass(options_.attempt);
  EXPECT_THAT(Sent(), ElementsAre("renew b * room/* v2"));
  EXPECT_THAT(Told(token), IsEmpty());
  Feed(6);
  EXPECT_THAT(Sent(), ElementsAre("read b", "read room/*"));
}

TEST_F(WatchHubTest, AReadingThatIsNotAnsweredIsAskedForAgain) {
  const std::uint64_t token = Watch({PrefixTarget("")});
  Pass(options_.attempt);
  Feed(5);
  Sent();
  for (int i = 0; i < 4; ++i) Pass(options_.attempt);
  EXPECT_THAT(Sent(), testing::Contains("read *"));
  // A slow disk answers late each time: the first answer that comes will do.
  Answer({.states = {{"a", "1", 3}}, .position = 5});
  EXPECT_THAT(Told(token), ElementsAre("a=1", "synced"));
  Answer({.states = {{"a", "1", 3}}, .position = 5});
  EXPECT_THAT(Told(token), IsEmpty());
}

// The end of the leadership was lost, and a late copy of the first packet has begun the subscription at the next one.
TEST_F(WatchHubTest, ASubscriptionDoesNotGoOnAtAnotherLeadership) {
  const std::uint64_t token = LiveWatch();
  const std::uint64_t name = subscription();
  FeedAt(B(6, kLeader), name, 1, 7);
  FeedAt(B(6, kLeader), name, 2, 8);
  EXPECT_EQ(PositionOf(token), 5u);
  EXPECT_THAT(Sent(), ElementsAre("subscribe * v1"));
  FeedAt(B(6, kLeader), subscription(), 1, 9);
  EXPECT_THAT(Sent(), ElementsAre("read * above 5"));
  Answer({.states = {{"a", "2", 6}}, .position = 9});
  EXPECT_THAT(Told(token), ElementsAre("a=2"));
}

TEST_F(WatchHubTest, AnAnswerThatBringsItNoFurtherIsAskedForAgainLater) {
  const std::uint64_t token = Watch({PrefixTarget("")});
  Pass(options_.attempt);
  Feed(5);
  Answer({.states = {{"a", "1", 3}}, .position = 5, .examined_to = "a"});
  Sent();
  Answer({.position = 5, .examined_to = "a"});
  EXPECT_THAT(Sent(), IsEmpty());
  EXPECT_THAT(Told(token), ElementsAre("a=1"));
  Pass(options_.attempt);
  EXPECT_EQ(Sent().back(), "read * after a");
  Answer({.states = {{"b", "1", 3}}, .position = 5});
  EXPECT_THAT(Told(token), ElementsAre("b=1", "synced"));
}

// --- H4: what isn't known is a gap

TEST_F(WatchHubTest, AnOldStateUnderANewVersionThatIsNotRememberedComesBehindAGap) {
  const std::uint64_t token = Watch({PrefixTarget("")}, 5);
  Pass(options_.attempt);
  Feed(8);
  Answer({.states = {{"a", "1", 8, 4}}, .position = 8});
  EXPECT_THAT(Told(token), ElementsAre("gap of a", "a=1", "synced"));
}

TEST_F(WatchHubTest, AnOldStateThatIsKnownToHaveBeenToldIsNoNews) {
  const std::uint64_t token = LiveWatch();
  Feed(6, {{"a", "1", 6, 3}}, /*again=*/6);
  EXPECT_THAT(Told(token), IsEmpty());
  Break();
  Feed(9);
  Answer({.states = {{"a", "1", 9, 3}}, .position = 9});
  EXPECT_THAT(Told(token), IsEmpty());
}

TEST_F(WatchHubTest, BelowTheFloorThereIsAGapOfTheWholeWatch) {
  const std::uint64_t token = Watch({PrefixTarget("")}, 3);
  Pass(options_.attempt);
  Feed(9);
  Answer({.states = {{"b", "1", 8}}, .position = 9, .floor = 4});
  EXPECT_THAT(Told(token), ElementsAre("gap"));
  EXPECT_EQ(PositionOf(token), std::nullopt);
  Pass(options_.attempt);
  Feed(9);
  EXPECT_EQ(Sent().back(), "read *") << "all of the state";
  Answer({.states = {{"a", "1", 2}, {"b", "1", 8}}, .position = 9, .floor = 4});
  EXPECT_THAT(Told(token), ElementsAre("a=1", "b=1", "synced"));
}

// --- H5, and what is shared

TEST_F(WatchHubTest, TheSameCallsLeadToTheSamePackets) {
  const auto script = [&] {
    hub_.reset();
    all_sent_.clear();
    LiveWatch();
    Watch({KeyTarget("x"), KeyTarget("b"), PrefixTarget("room/")}, 4);
    Watch({PrefixTarget("")}, std::nullopt, /*state=*/false);
    Break();
    Feed(9);
    Pass(options_.attempt);
    return all_sent_;
  };
  const std::vector<std::string> first = script();
  EXPECT_EQ(script(), first);
}

TEST_F(WatchHubTest, WatchesOfOneTargetThatAreAllLiveCostAsMuchAsOne) {
  const std::uint64_t first = LiveWatch();
  const std::uint64_t second = Watch({PrefixTarget("")});
  EXPECT_EQ(hub().lines(), 2u);
  Pass(options_.attempt);
  EXPECT_THAT(Sent(), ElementsAre("read *"));
  Answer({.states = {{"a", "1", 3}}, .position = 5});
  EXPECT_THAT(Told(second), ElementsAre("a=1", "synced"));
  EXPECT_EQ(hub().lines(), 1u);
  Feed(6, {{"a", "2", 6}});
  EXPECT_THAT(Told(first), ElementsAre("a=2"));
  EXPECT_THAT(Told(second), ElementsAre("a=2"));
  WatchEffects effects;
  hub().Unwatch(first, &effects);
  EXPECT_THAT(effects.packets, IsEmpty());
  hub().Unwatch(second, &effects);
  ASSERT_EQ(effects.packets.size(), 1u);
  EXPECT_TRUE(std::get<WatchPacket>(effects.packets[0].body).ends);
  EXPECT_EQ(hub().lines(), 0u);
}

// --- Bounds

TEST_F(WatchHubTest, AFilterOfTooManyTargetsIsOfEverything) {
  for (std::size_t i = 0; i <= WatchFilter::kMaxTargets; ++i) Watch({KeyTarget("k" + std::to_string(i))});
  Pass(options_.attempt);
  EXPECT_THAT(Sent(), Each("subscribe * v1"));
}

TEST_F(WatchHubTest, RefusesMoreThanThereMayBe) {
  options_.max_watches = 1;
  LiveWatch();
  const std::uint64_t token = Watch({KeyTarget("a")});
  EXPECT_EQ(View(token).ended().code(), Code::kUnavailable);
  EXPECT_EQ(View(token).ended().message(), "there are 1 watches here already, and no more may be");
}

// One watch may name hundreds of prefixes, each of which is something to look after in every partition.
TEST_F(WatchHubTest, RefusesMorePrefixesThanItCanLookAfter) {
  constexpr std::uint32_t kPartitions = 4096;
  routes_.ring = ring::Bootstrap(ClusterId{1}, NodeId{kLeader}, {}, kPartitions, {});
  options_.max_watches = 1000;
  std::vector<WatchTarget> prefixes;
  for (std::size_t i = 0; i < WatchHub::kLeastMaxLines / kPartitions; ++i) {
    prefixes.push_back(PrefixTarget(std::to_string(1000 + i)));
  }
  const std::uint64_t first = Watch(prefixes);
  EXPECT_TRUE(View(first).ended().ok());
  EXPECT_EQ(hub().lines(), WatchHub::kLeastMaxLines);
  const std::uint64_t second = Watch({KeyTarget("a")});
  EXPECT_EQ(View(second).ended().message(),
            "a prefix counts once for each partition: watches here have 131072 of these, this one would add 1, and at "
            "most 131072 are right; watch fewer prefixes");
  WatchEffects effects;
  hub().Unwatch(first, &effects);
  EXPECT_TRUE(View(Watch({KeyTarget("a")})).ended().ok());
}

}  // namespace
}  // namespace quoin::quorum
