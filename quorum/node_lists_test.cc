// Pages of keys over whole nodes, one rule at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "quorum/node.h"
#include "quorum/node_testing.h"

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class NodeListsTest : public testing::Test {
 protected:
  void Cluster(int size) {
    for (int id = 1; id <= size; ++id) nodes_.Add(id);
    ASSERT_TRUE(nodes_.RunUntil([&] { return nodes_.Settled(); }, seconds(60)));
  }
  void Put(std::uint64_t node, const std::string& key, const std::string& value,
           std::optional<TimeToLive> ttl = std::nullopt) {
    Request request;
    request.key = key;
    request.operation = quorum::Put{.value = value, .content_type = {}, .ttl = ttl};
    ASSERT_EQ(nodes_.Do(node, request).outcome, Outcome::kDone);
  }
  std::vector<std::string> Page(std::uint64_t node, ScanRequest scan = {}) {
    const Result<ScanPage> page = nodes_.Scan(node, std::move(scan));
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<std::string> lines;
    if (!page.ok()) return lines;
    for (const ScanEntry& entry : page->entries) lines.push_back(entry.key + "=" + entry.record->value);
    if (page->more) lines.push_back("more");
    return lines;
  }
  // What node 1 answers when node 2 asks for partition 0 under this version.
  std::optional<ListedPacket> Ask(std::uint64_t version) {
    nodes_.on_sent = [&](const TestNodes::Sent& sent) {
      if (const auto* listed = std::get_if<ListedPacket>(&sent.body)) listed_ = *listed;
    };
    nodes_.node(1).Receive(NodeId{2}, ListPacket{.number = 77, .parts = {{PartitionId{0}, version}}}, nodes_.now());
    nodes_.Run(milliseconds(3));
    return listed_;
  }
  std::uint64_t Version() const { return nodes_.ring()->partitions[0].version; }

  TestNodes nodes_{4};
  std::optional<ListedPacket> listed_;
};

TEST_F(NodeListsTest, EveryNodeGivesThePagesOfAllPartitions) {
  Cluster(4);
  for (const char* key : {"b2", "a", "b1", "c", "b3"}) Put(1, key, key);
  for (const std::uint64_t node : {1, 2, 3, 4}) {
    EXPECT_THAT(Page(node), ElementsAre("a=a", "b1=b1", "b2=b2", "b3=b3", "c=c"));
    ScanRequest scan;
    scan.prefix = "b";
    scan.limit = 2;
    EXPECT_THAT(Page(node, scan), ElementsAre("b1=b1", "b2=b2", "more"));
    scan.after = "b2";
    EXPECT_THAT(Page(node, scan), ElementsAre("b3=b3"));
  }
}

TEST_F(NodeListsTest, ALoneNodeReadsOneSnapshot) {
  Cluster(1);
  for (const char* key : {"b", "a"}) Put(1, key, key);
  nodes_.ClearCounts();
  EXPECT_THAT(Page(1), ElementsAre("a=a", "b=b"));
  EXPECT_EQ(nodes_.sent["list"], 0u);
}

TEST_F(NodeListsTest, APageCostsOneRoundTripAndNoFlush) {
  Cluster(3);
  Put(1, "a", "1");
  nodes_.Run(seconds(1));
  nodes_.ClearCounts();
  const auto begun = nodes_.now().now;
  EXPECT_THAT(Page(2), ElementsAre("a=1"));
  EXPECT_LE(nodes_.now().now - begun, milliseconds(4));
  EXPECT_LE(nodes_.sent["list"], 2u) << "its own replicas need no packet, and the others one per node";
  EXPECT_EQ(nodes_.sent["listed"], nodes_.sent["list"]);
  EXPECT_EQ(nodes_.sent["read"] + nodes_.sent["forward"], 0u);
  EXPECT_EQ(nodes_.rounds, 0u);
}

TEST_F(NodeListsTest, APageAfterAWriteHoldsItWhereverItIsAsked) {
  Cluster(3);
  for (int i = 0; i < 20; ++i) {
    const std::string value = std::to_string(i);
    Put(1 + i % 3, "key", value);
    EXPECT_THAT(Page(1 + (i + 1) % 3), ElementsAre("key=" + value));
  }
}

TEST_F(NodeListsTest, ADeadNodeCostsNoPage) {
  Cluster(3);
  Put(1, "a", "1");
  Put(1, "b", "2");
  nodes_.Kill(2);
  for (const std::uint64_t node : {1, 3}) EXPECT_THAT(Page(node), ElementsAre("a=1", "b=2"));
}

TEST_F(NodeListsTest, APageIsWholeThoughASilentNodeIsAskedFirst) {
  Cluster(3);
  Put(1, "a", "1");
  nodes_.Pause(2);
  const auto begun = nodes_.now().now;
  EXPECT_THAT(Page(1), ElementsAre("a=1"));
  EXPECT_LE(nodes_.now().now - begun, milliseconds(200));
}

// As a queue leaves them while a replica is down.
TEST_F(NodeListsTest, APageComesToItsEndBehindManyDeletedKeys) {
  nodes_.timing.request = seconds(1);
  Cluster(3);
  nodes_.Kill(3);
  std::uint64_t last = 0;
  for (int i = 0; i < 9000; ++i) {
    Request request;
    request.key = "q/" + std::to_string(100'000 + i);
    request.operation = quorum::Put{.value = "v", .content_type = {}, .ttl = {}};
    nodes_.Submit(1, request);
    request.operation = quorum::Delete{};
    last = nodes_.Submit(1, request);
    if (i % 50 == 49) nodes_.Run(milliseconds(5));
  }
  ASSERT_TRUE(nodes_.RunUntil([&] { return nodes_.AnswerTo(last).has_value(); }, seconds(5)));
  Put(1, "q/z", "the head");
  nodes_.latency = [](const TestNodes::Sent&) { return milliseconds(20); };
  ScanRequest scan;
  scan.prefix = "q/";
  scan.limit = 1;
  EXPECT_THAT(Page(1, scan), ElementsAre("q/z=the head"));
}

TEST_F(NodeListsTest, WhatHasExpiredIsGoneFromPages) {
  Cluster(3);
  Put(1, "a", "1", TimeToLive(50));
  Put(1, "b", "2");
  EXPECT_THAT(Page(2), ElementsAre("a=1", "b=2"));
  nodes_.JumpWall(milliseconds(60));
  EXPECT_THAT(Page(2), ElementsAre("b=2"));
}

TEST_F(NodeListsTest, AnswersUnderItsOwnConfigurationOnly) {
  Cluster(3);
  const std::uint64_t version = Version();
  ASSERT_TRUE(Ask(version));
  EXPECT_EQ(listed_->parts.size(), 1u);
  EXPECT_NE(listed_->page, nullptr);
  for (const std::uint64_t other : {version - 1, version + 1}) {
    Ask(other);
    EXPECT_THAT(listed_->parts, IsEmpty());
    ASSERT_EQ(listed_->refused.size(), 1u);
    EXPECT_EQ(listed_->refused[0].configuration, version);
    EXPECT_EQ(listed_->page, nullptr);
  }
}

TEST_F(NodeListsTest, RefusesWhatChangedHandsWhileThePageWasRead) {
  Cluster(3);
  const std::uint64_t version = Version();
  nodes_.SetReadTime(1, milliseconds(20));
  EXPECT_FALSE(Ask(version)) << "the disk is slow";
  // A change of preference is the least that can happen to a configuration.
  ring::Topology next = *nodes_.ring();
  ++next.epoch;
  ++next.partitions[0].version;
  std::swap(next.partitions[0].replicas.nodes[1], next.partitions[0].replicas.nodes[2]);
  nodes_.node(1).Receive(NodeId{2}, TopologyPacket{std::make_shared<const ring::Topology>(next)}, nodes_.now());
  nodes_.Run(milliseconds(30));
  ASSERT_TRUE(listed_);
  EXPECT_THAT(listed_->parts, IsEmpty());
  ASSERT_EQ(listed_->refused.size(), 1u);
  EXPECT_EQ(listed_->refused[0].configuration, version + 1);
}

TEST_F(NodeListsTest, BoundsThePagesThatItReadsAtATime) {
  Cluster(3);
  nodes_.SetReadTime(1, seconds(1));
  for (int i = 0; i < 64; ++i) EXPECT_FALSE(Ask(Version()));
  ASSERT_TRUE(Ask(Version()));
  EXPECT_EQ(listed_->refused.size(), 1u);
}

}  // namespace
}  // namespace quoin::quorum
