#include "net/watch_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "net/watch_buffer_testing.h"

namespace quoin::net {
namespace {

using quorum::WatchEvent;
using Kind = quorum::WatchEvent::Kind;

WatchEvent Gap(const std::string& key = {}) { return {Kind::kGap, key, nullptr, {}}; }

WatchPositionsPtr Everything(std::uint64_t sequence) {
  quorum::WatchPositions positions;
  for (std::uint32_t p = 0; p < kPartitions; ++p) positions[PartitionId{p}] = At(sequence);
  return std::make_shared<const quorum::WatchPositions>(std::move(positions));
}

std::string Text(const WatchBuffer::Item& item) {
  const std::string skipped = item.skipped > 0 ? "+" + std::to_string(item.skipped) : "";
  switch (item.event.kind) {
    case Kind::kPut:
      return item.event.key + "=" + std::to_string(item.event.version.sequence) + skipped;
    case Kind::kDelete:
      return item.event.key + " deleted" + skipped;
    case Kind::kExpire:
      return item.event.key + " expired" + skipped;
    case Kind::kGap:
      return item.event.key.empty() ? "gap" : item.event.key + " gap";
    case Kind::kSynced:
      return "synced";
  }
  return "?";
}

std::vector<std::string> TakeAll(WatchBuffer& buffer) {
  std::vector<std::string> texts;
  while (const WatchBuffer::Item* item = buffer.Take()) texts.push_back(Text(*item));
  return texts;
}

using Texts = std::vector<std::string>;

// A watch that has been told all of the (empty) state.
WatchBuffer Live(WatchBuffer::Limits limits = {}) {
  WatchBuffer buffer({}, kPartitions, limits);
  buffer.Add({Synced()}, Everything(1));
  EXPECT_EQ(TakeAll(buffer), Texts{"synced"});
  EXPECT_NE(buffer.TakePositions(), nullptr);
  return buffer;
}

TEST(WatchBuffer, GivesWhatCameInOrder) {
  WatchBuffer buffer = Live();
  buffer.Add({Put("a", 2), Put("b", 3), Deleted("a", 4)}, nullptr);
  EXPECT_EQ(TakeAll(buffer), (Texts{"a deleted+1", "b=3"}));
  buffer.Add({Put("a", 5)}, nullptr);
  EXPECT_EQ(TakeAll(buffer), Texts{"a=5"});
  EXPECT_EQ(buffer.TakeConflated(), 1u);
  EXPECT_EQ(buffer.size_bytes(), 0u);
}

TEST(WatchBuffer, AKeyThatChangesAllTheTimeIsToldAtItsPlace) {
  WatchBuffer buffer = Live();
  for (std::uint64_t sequence = 2; sequence < 102; ++sequence) buffer.Add({Put("hot", sequence)}, nullptr);
  buffer.Add({Put("cold", 200)}, nullptr);
  buffer.Add({Put("hot", 201)}, nullptr);
  EXPECT_EQ(TakeAll(buffer), (Texts{"hot=201+100", "cold=200"}));
}

TEST(WatchBuffer, FindsKeysAmongMany) {
  WatchBuffer buffer = Live();
  for (std::uint64_t round = 0; round < 3; ++round) {
    for (std::uint64_t i = 0; i < 100; ++i) buffer.Add({Put("k" + std::to_string(i), 2 + round * 100 + i)}, nullptr);
  }
  const Texts texts = TakeAll(buffer);
  ASSERT_EQ(texts.size(), 100u);
  EXPECT_EQ(texts[0], "k0=202+2");
  EXPECT_EQ(texts[99], "k99=301+2");
}

TEST(WatchBuffer, AGapOfAKeyStaysBeforeItsState) {
  WatchBuffer buffer = Live();
  buffer.Add({Put("a", 2), Gap("a"), Put("a", 3)}, nullptr);
  EXPECT_EQ(TakeAll(buffer), (Texts{"a gap", "a=3+1"}));
  buffer.Add({Gap("a")}, nullptr);
  EXPECT_EQ(TakeAll(buffer), Texts{"a gap"});
  buffer.Add({Put("a", 3)}, nullptr);
  EXPECT_EQ(TakeAll(buffer), Texts{"a=3"});
}

TEST(WatchBuffer, AGapOfTheWholeWatchReplacesWhatWaits) {
  WatchBuffer buffer = Live();
  buffer.Add({Put("a", 2), Gap(), Put("a", 3), Synced()}, Everything(3));
  EXPECT_EQ(TakeAll(buffer), (Texts{"gap", "a=3", "synced"}));
  EXPECT_EQ(*buffer.TakePositions(), *Everything(3));
}

// Whoever goes on between a gap and the state needs the whole state, not what came since.
TEST(WatchBuffer, AfterAGapNothingCountsAsTold) {
  WatchBuffer buffer = Live();
  buffer.Add({Gap()}, nullptr);
  EXPECT_EQ(TakeAll(buffer), Texts{"gap"});
  const WatchPositionsPtr positions = buffer.TakePositions();
  ASSERT_NE(positions, nullptr);
  EXPECT_TRUE(positions->empty());
}

// Otherwise the client goes on from a cursor of before the gap, as if there had been none.
TEST(WatchBuffer, WhatComesWhileAGapWaitsDoesNotTakeItsCursorAway) {
  const auto of_a_part = std::make_shared<const quorum::WatchPositions>(quorum::WatchPositions{{PartitionId{0}, At(3)}});
  const auto expect_begins_with_gap = [](WatchBuffer& buffer) {
    const WatchPositionsPtr positions = buffer.TakePositions();
    ASSERT_NE(positions, nullptr);
    EXPECT_TRUE(positions->empty());
  };
  WatchBuffer buffer = Live();
  buffer.Add({Gap()}, nullptr);
  buffer.Add({}, of_a_part);
  EXPECT_EQ(TakeAll(buffer), Texts{"gap"});
  expect_begins_with_gap(buffer);

  // Parts of the state are let through.
  WatchBuffer torn = Live({.max_bytes = 10'000});
  torn.Add({Gap()}, nullptr);
  torn.Add({Put("a", 5, 5000), Put("b", 6, 5000), Put("c", 7, 5000)}, nullptr);
  EXPECT_EQ(TakeAll(torn).front(), "gap");
  expect_begins_with_gap(torn);
}

TEST(WatchBuffer, PositionsWaitForWhatCameBeforeThem) {
  WatchBuffer buffer = Live();
  buffer.Add({Put("a", 2), Put("b", 3)}, Everything(3));
  EXPECT_FALSE(buffer.has_positions());
  ASSERT_NE(buffer.Take(), nullptr);
  EXPECT_FALSE(buffer.has_positions());
  buffer.Add({Put("c", 4)}, nullptr);
  ASSERT_NE(buffer.Take(), nullptr);
  EXPECT_EQ(*buffer.TakePositions(), *Everything(3));
  EXPECT_EQ(buffer.TakePositions(), nullptr);
  buffer.Add({}, Everything(9));
  EXPECT_FALSE(buffer.has_positions());
  EXPECT_EQ(TakeAll(buffer), Texts{"c=4"});
  EXPECT_EQ(*buffer.TakePositions(), *Everything(9));
}

TEST(WatchBuffer, MarksAreBounded) {
  WatchBuffer buffer = Live();
  for (std::uint64_t i = 2; i < 1000; ++i) buffer.Add({Put("k" + std::to_string(i), i)}, Everything(i));
  EXPECT_EQ(TakeAll(buffer).size(), 998u);
  EXPECT_EQ(*buffer.TakePositions(), *Everything(999));
}

// A watch never stands in the middle of a partition's state.
TEST(WatchBuffer, KeepsAPartitionBackUntilAllOfItIsThere) {
  for (const bool partial : {false, true}) {
    WatchBuffer::Limits limits;
    limits.partial = partial;
    quorum::WatchRequest everything;
    everything.targets = {{quorum::WatchTarget::Kind::kPrefix, {}}};
    WatchBuffer buffer(std::move(everything), kPartitions, limits);
    std::string other = "b";
    while (PartitionOf(other) == PartitionOf("a")) other += "b";
    buffer.Add({Put("a", 2), Put(other, 3)}, std::make_shared<const quorum::WatchPositions>());
    EXPECT_FALSE(buffer.has_items());
    const quorum::WatchPositions first = {{PartitionOf(other), At(3)}};
    buffer.Add({}, std::make_shared<const quorum::WatchPositions>(first));
    EXPECT_EQ(TakeAll(buffer), Texts{other + "=3"});
    EXPECT_EQ(buffer.has_positions(), partial);
    buffer.TakePositions();
    buffer.Add({Deleted("a", 4), Put(other, 5)}, nullptr);
    EXPECT_EQ(TakeAll(buffer), Texts{other + "=5"});
    buffer.Add({Synced()}, Everything(5));
    EXPECT_EQ(TakeAll(buffer), (Texts{"a deleted+1", "synced"}));
    EXPECT_EQ(*buffer.TakePositions(), *Everything(5));
  }
}

TEST(WatchBuffer, GoesOnFromCompletePositionsOnly) {
  quorum::WatchRequest request;
  request.targets = {{quorum::WatchTarget::Kind::kKey, "a"}};
  request.from = quorum::WatchPositions{{PartitionOf("a"), At(7)}};
  WatchBuffer complete(request, kPartitions, {});
  EXPECT_FALSE(complete.has_items());
  EXPECT_EQ(complete.request().from, request.from);
  complete.Add({Put("a", 8)}, Everything(8));
  EXPECT_EQ(TakeAll(complete), Texts{"a=8"});
  EXPECT_TRUE(complete.has_positions());
  request.targets.push_back({quorum::WatchTarget::Kind::kPrefix, "b"});
  WatchBuffer incomplete(request, kPartitions, {});
  EXPECT_EQ(TakeAll(incomplete), Texts{"gap"});
  EXPECT_FALSE(incomplete.request().from.has_value());
  WatchBuffer::Limits limits;
  limits.partial = true;
  EXPECT_EQ(WatchBuffer(request, kPartitions, limits).request().from, request.from);
}

TEST(WatchBuffer, ASlowClientTakesAStateInSeveralTurns) {
  WatchBuffer::Limits limits;
  limits.max_entries = 10;
  WatchBuffer buffer({}, kPartitions, limits);
  quorum::WatchPositions positions;
  std::uint64_t sequence = 2;
  Texts texts;
  std::map<PartitionId, std::vector<WatchEvent>> state;
  while (sequence < 40) {
    const std::string key = "k" + std::to_string(sequence);
    state[PartitionOf(key)].push_back(Put(key, sequence++));
  }
  ASSERT_EQ(state.size(), kPartitions);
  int turns = 0;
  for (; positions.size() < kPartitions; ++turns) {
    if (turns > 0) {
      const auto again = buffer.BeginAnew().from;
      EXPECT_EQ(again.value_or(quorum::WatchPositions()), positions);
    }
    for (const auto& [partition, events] : state) {
      if (positions.contains(partition)) continue;
      if (!buffer.behind()) positions[partition] = At(sequence);
      buffer.Add(events, std::make_shared<const quorum::WatchPositions>(positions));
      if (buffer.behind()) positions.erase(partition);
    }
    if (positions.size() == kPartitions) buffer.Add({Synced()}, Everything(sequence));
    for (const std::string& text : TakeAll(buffer)) texts.push_back(text);
  }
  EXPECT_GT(turns, 1);
  if (buffer.behind()) {
    buffer.BeginAnew();
    buffer.Add({Synced()}, Everything(sequence));
    for (const std::string& text : TakeAll(buffer)) texts.push_back(text);
  }
  EXPECT_EQ(texts.size(), 39u);
  EXPECT_EQ(texts.back(), "synced");
  EXPECT_EQ(std::count(texts.begin(), texts.end(), "gap"), 0);
}

TEST(WatchBuffer, LetsATooLargePartitionThroughWithoutACursor) {
  WatchBuffer::Limits limits;
  limits.max_bytes = 10'000;
  WatchBuffer buffer({}, kPartitions, limits);
  const auto none = std::make_shared<const quorum::WatchPositions>();
  std::size_t taken = 0;
  std::uint64_t sequence = 2;
  for (; sequence < 22; ++sequence) {
    buffer.Add({Put("k" + std::to_string(sequence), sequence, 5000)}, none);
    taken += TakeAll(buffer).size();
  }
  EXPECT_FALSE(buffer.behind());
  EXPECT_GE(taken, 19u);
  buffer.Add({}, Everything(sequence));
  EXPECT_FALSE(buffer.has_positions());
  buffer.Add({Synced()}, Everything(sequence));
  EXPECT_EQ(TakeAll(buffer).back(), "synced");
  EXPECT_TRUE(buffer.has_positions());
}

TEST(WatchBuffer, ASlowClientFallsBehindAndGoesOnFromWhatItHasTaken) {
  WatchBuffer::Limits limits;
  limits.max_entries = 10;
  WatchBuffer buffer = Live(limits);
  buffer.Add({Put("a", 2)}, Everything(2));
  buffer.Add({Put("b", 3)}, nullptr);
  EXPECT_EQ(TakeAll(buffer), (Texts{"a=2", "b=3"}));
  for (std::uint64_t i = 4; i < 40; ++i) buffer.Add({Put("k" + std::to_string(i), i)}, Everything(i));
  ASSERT_TRUE(buffer.behind());
  EXPECT_EQ(buffer.size_bytes(), 0u);
  EXPECT_EQ(buffer.Take(), nullptr);
  const quorum::WatchRequest again = buffer.BeginAnew();
  ASSERT_TRUE(again.from.has_value());
  EXPECT_EQ(*again.from, *Everything(2));
  // "b" was told, and comes again; and the client has heard that everything was told.
  buffer.Add({Put("b", 3), Put("k4", 4), Synced()}, Everything(40));
  EXPECT_EQ(TakeAll(buffer), Texts{"k4=4"});
  // What the core doesn't know to have been told comes after a gap.
  EXPECT_EQ(*buffer.TakePositions(), *Everything(40));
}

TEST(WatchBuffer, AfterBeginningAnewAGapOfAKeyLetsItsStateThrough) {
  WatchBuffer::Limits limits;
  limits.max_entries = 2;
  WatchBuffer buffer = Live(limits);
  buffer.Add({Put("b", 3)}, nullptr);
  EXPECT_EQ(TakeAll(buffer), Texts{"b=3"});
  for (std::uint64_t i = 4; i < 9; ++i) buffer.Add({Put("k" + std::to_string(i), i)}, nullptr);
  ASSERT_TRUE(buffer.behind());
  buffer.BeginAnew();
  buffer.Add({Gap("b"), Put("b", 3), Synced()}, Everything(9));
  EXPECT_EQ(TakeAll(buffer), (Texts{"b gap", "b=3"}));
}

TEST(WatchBuffer, WhatCantBeRememberedIsAGap) {
  WatchBuffer::Limits limits;
  limits.max_entries = 10;
  limits.max_told = 3;
  WatchBuffer buffer = Live(limits);
  buffer.Add({Put("a", 2), Put("b", 3), Put("c", 4), Put("d", 5)}, nullptr);
  EXPECT_EQ(TakeAll(buffer).size(), 4u);
  for (std::uint64_t i = 6; i < 40; ++i) buffer.Add({Put("k" + std::to_string(i), i)}, nullptr);
  ASSERT_TRUE(buffer.behind());
  const quorum::WatchRequest again = buffer.BeginAnew();
  EXPECT_FALSE(again.from.has_value());
  EXPECT_TRUE(again.state);
  buffer.Add({Put("a", 2), Synced()}, Everything(40));
  EXPECT_EQ(TakeAll(buffer), (Texts{"gap", "a=2", "synced"}));
}

TEST(WatchBuffer, ADroppedGapIsToldAfterBeginningAnew) {
  WatchBuffer::Limits limits;
  limits.max_entries = 2;
  WatchBuffer buffer = Live(limits);
  buffer.Add({Gap(), Put("a", 2), Put("b", 3), Put("c", 4), Synced()}, Everything(4));
  buffer.Add({Put("d", 5)}, nullptr);
  ASSERT_TRUE(buffer.behind());
  EXPECT_FALSE(buffer.BeginAnew().from.has_value());
  buffer.Add({Put("a", 2), Synced()}, Everything(5));
  EXPECT_EQ(TakeAll(buffer), (Texts{"gap", "a=2", "synced"}));
}

}  // namespace
}  // namespace quoin::net
