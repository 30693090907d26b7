// Feed: each of its invariants (F1-F3 of feed.h) and bounds.
#include "quorum/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "quorum/feed_testing.h"

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

// --- F1

TEST_F(FeedTest, TellsWhatHasPassedInTheOrderOfVersions) {
  BeginFor2();
  Propose("a", "1", 6);
  Propose("b", "2", 7);
  EXPECT_THAT(Take(), IsEmpty()) << "nothing is settled yet";
  Pass();
  EXPECT_THAT(effects_.fed, ElementsAre(kPartition));
  EXPECT_THAT(Take(), ElementsAre("2: #2 at 6 a=1"));
  Pass();
  Happens("a", "3", 8);
  EXPECT_THAT(Take(), ElementsAre("2: #3 at 8 b=2 a=3"));
}

TEST_F(FeedTest, TellsNothingThatWasWithdrawnOrIsNotSeen) {
  BeginFor2();
  Propose("a", "1", 6);
  Propose("a", "2", 7, /*silent=*/true);
  Propose("a", "3", 8);
  feed_.OnWithdrawn(At(6));
  feed_.OnWithdrawn(At(9));  // Nothing was proposed under it.
  for (int i = 0; i < 3; ++i) Pass();
  EXPECT_EQ(feed_.next(), nullptr);
  EXPECT_THAT(Take(), ElementsAre("2: #2 at 8 a=3"));
}

// --- F2

TEST_F(FeedTest, HasNoPositionBeforeItHasBegun) {
  TurnOn(5);
  Subscribe(2, 10);
  EXPECT_THAT(Take(), ElementsAre("2: waits"));
  EXPECT_FALSE(feed_.Serves(NodeId{2}, 10));
  Happens("a", "1", 6);
  EXPECT_THAT(Take(), IsEmpty());
  Begin();
  EXPECT_FALSE(feed_.Serves(NodeId{2}, 10)) << "it hasn't been told yet";
  EXPECT_THAT(Take(), ElementsAre("2: #1 at 6")) << "what was there by then is read";
  EXPECT_TRUE(feed_.Serves(NodeId{2}, 10));
  EXPECT_FALSE(feed_.Serves(NodeId{2}, 9));
  EXPECT_FALSE(feed_.Serves(NodeId{3}, 10));
}

TEST_F(FeedTest, ThePositionGoesOnWithoutEvents) {
  BeginFor2({KeyTarget("b")});
  Happens("a", "1", 6);
  Propose("b", "2", 7);
  feed_.OnWithdrawn(At(7));
  Pass();
  EXPECT_EQ(feed_.position(), At(7));
  EXPECT_THAT(Take(), IsEmpty()) << "nothing is said of each write that is none of the node's business";
  Tick(kTellEvery);
  EXPECT_THAT(Take(), ElementsAre("2: #2 at 7"));
  Tick(kTellEvery);
  EXPECT_THAT(Take(), IsEmpty()) << "it has been told";
}

// --- F3

TEST_F(FeedTest, APacketsPositionSpeaksOfNothingThatComesInTheNext) {
  BeginFor2();
  const std::string large(Feed::kMaxPacketBytes / 2, 'v');
  for (std::uint64_t i = 6; i < 9; ++i) Happens("k", large, i);
  const std::string event = " k=" + std::to_string(large.size());
  EXPECT_THAT(Take(/*sizes=*/true), ElementsAre("2: #2 at 6" + event, "2: #3 at 7" + event, "2: #4 at 8" + event));
}

TEST_F(FeedTest, WhoSubscribesLaterBeginsLater) {
  BeginFor2();
  Propose("a", "1", 6);
  Subscribe(3, 20);
  Pass();
  EXPECT_THAT(Take(), ElementsAre("2: #2 at 6 a=1", "3: #1 at 6"));
  Happens("b", "2", 7);
  EXPECT_THAT(Take(), ElementsAre("2: #3 at 7 b=2", "3: #2 at 7 b=2"));
}

TEST_F(FeedTest, WhatPassedBeforeAFilterCameLeavesUnderTheOneBefore) {
  BeginFor2({KeyTarget("a")});
  Happens("a", "1", 6);
  Happens("room/1", "x", 7);
  Receive(2, WithFilter(Renewal(10, 1), {PrefixTarget("room/")}, 2));
  Happens("a", "2", 8);
  Happens("room/1", "y", 9);
  filters_.clear();
  EXPECT_THAT(Take(), ElementsAre("2: #2 at 7 a=1", "2: #3 at 9 room/1=y"));
  EXPECT_THAT(filters_, ElementsAre(1, 2));
  // An old copy of a packet changes nothing.
  Receive(2, WithFilter(Renewal(10, 1), {KeyTarget("a")}, 1));
  Happens("a", "3", 10);
  EXPECT_THAT(Take(), ElementsAre("2: #4 at 10"));
}

// --- Who subscribes

TEST_F(FeedTest, OnlyAFirstPacketBeginsASubscription) {
  BeginFor2();
  Receive(3, Renewal(20, 0));
  WatchPacket without_filter = Renewal(20, 0);
  without_filter.begins = true;
  Receive(3, without_filter);
  EXPECT_THAT(Take(), ElementsAre("3: ends (unknown)", "3: ends (unknown)"));
  EXPECT_EQ(feed_.subscribers(), 1u);
}

TEST_F(FeedTest, ANodesNewSubscriptionTakesThePlaceOfItsOldOne) {
  BeginFor2();
  Happens("a", "1", 6);
  Subscribe(2, 11);
  EXPECT_THAT(Take(), ElementsAre("2: #1 at 6"));
  Subscribe(2, 10);  // Was long under way.
  Receive(2, Renewal(10, 7));
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_TRUE(feed_.Serves(NodeId{2}, 11));
  // Another process of the node, which began to count elsewhere.
  constexpr std::uint64_t kFar = std::uint64_t{1} << 50;
  Subscribe(2, kFar);
  Subscribe(2, 10);
  EXPECT_THAT(Take(), ElementsAre("2: #1 at 6"));
  EXPECT_TRUE(feed_.Serves(NodeId{2}, 10));
}

TEST_F(FeedTest, IsOffOnceNobodySubscribes) {
  BeginFor2();
  WatchPacket end = Renewal(9, 0);
  end.ends = true;
  Receive(2, end);
  EXPECT_TRUE(feed_.on()) << "an older one has ended";
  Propose("a", "1", 6);
  end.subscription = 10;
  Receive(2, end);
  EXPECT_FALSE(feed_.on());
  EXPECT_EQ(feed_.next(), nullptr);
  TurnOn(8);
  EXPECT_FALSE(feed_.begun());
}

TEST_F(FeedTest, WhoDoesNotRenewIsForgotten) {
  BeginFor2();
  Subscribe(3, 20);
  Take();
  Tick(kExpiry - milliseconds(1));
  Receive(3, Renewal(20, 1));
  Take();
  Tick(milliseconds(1));
  EXPECT_EQ(feed_.subscribers(), 1u);
  EXPECT_TRUE(feed_.Serves(NodeId{3}, 20));
  Tick(kExpiry);
  EXPECT_FALSE(feed_.on());
}

TEST_F(FeedTest, AtItsEndEverybodyIsToldWhatHasPassedAndThatItIsOver) {
  BeginFor2();
  Happens("a", "1", 6);
  Propose("a", "2", 7);
  feed_.End(&effects_);
  EXPECT_THAT(effects_.fed, ElementsAre(kPartition));
  EXPECT_THAT(Take(), ElementsAre("2: #2 at 6 a=1", "2: ends (not leading)"));
  EXPECT_FALSE(feed_.on());
}

// --- Bounds

TEST_F(FeedTest, WhoAcknowledgesNothingIsLeftBehindAndNobodyElse) {
  BeginFor2();
  Subscribe(3, 20);
  Take();
  std::uint64_t sequence = 6;
  for (std::size_t i = 0; i < Feed::kMaxEvents; ++i) Happens("k", "v", sequence++);
  Take();
  Receive(3, Renewal(20, 1'000));
  Take();
  Happens("k", "last", sequence);
  const std::vector<std::string> lines = Take();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "2: ends (behind)");
  EXPECT_THAT(lines[1], testing::EndsWith(" k=last"));
  EXPECT_EQ(feed_.subscribers(), 1u);
}

TEST_F(FeedTest, OneEventIsToldHoweverLargeItIs) {
  BeginFor2();
  const std::string large(Feed::kMaxBytes + 1, 'v');
  Happens("a", large, 6);
  EXPECT_THAT(Take(/*sizes=*/true), ElementsAre("2: #2 at 6 a=" + std::to_string(large.size())));
  Happens("a", "small", 7);
  EXPECT_THAT(Take(), ElementsAre("2: ends (behind)"));
}

TEST_F(FeedTest, WhatIsAcknowledgedMakesRoom) {
  BeginFor2();
  const std::string large(Feed::kMaxBytes - 100, 'v');
  Happens("a", large, 6);
  Take();
  Receive(2, Renewal(10, 2));
  Take();
  Happens("a", large, 7);
  EXPECT_EQ(Take().size(), 1u);
  EXPECT_EQ(feed_.subscribers(), 1u);
}

}  // namespace
}  // namespace quoin::quorum
