#include "quorum/lister.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "quorum/coordinator_testing.h"

namespace quoin::quorum {
namespace {

// The lister's node is 9, and holds nothing; partitions are held by 1, 2 and 3.
class ListerTest : public testing::Test {
 protected:
  ListerTest() {
    routes_.ring = ring::Bootstrap(ClusterId{1}, NodeId{1}, {}, 2, {});
    for (std::uint32_t p : {0, 1}) Configure(p, SetOf({NodeId{1}, NodeId{2}, NodeId{3}}));
  }
  void Configure(std::uint32_t p, ring::ReplicaSet replicas) {
    ++routes_.ring.partitions[p].version;
    routes_.ring.partitions[p].replicas = std::move(replicas);
  }
  std::uint64_t Scan(ScanRequest scan = {}) {
    lister_.Scan(std::move(scan), ++tokens_, now_, &effects_);
    return tokens_;
  }
  // What was sent since the last look: "1: p0 p1", with "after" where the step doesn't begin at the beginning.
  std::vector<std::string> Sent() {
    std::vector<std::string> lines;
    lists_.clear();
    for (const Packet& packet : std::exchange(effects_.packets, {})) {
      const auto& list = std::get<ListPacket>(packet.body);
      lists_.emplace_back(packet.to, list);
      std::string line = std::to_string(packet.to.value) + ":";
      for (const ListPart& part : list.parts) line += " p" + std::to_string(part.partition.value);
      if (list.scan.after) line += " after " + *list.scan.after;
      lines.push_back(std::move(line));
    }
    return lines;
  }
  using Held = std::vector<std::pair<std::string, std::uint64_t>>;  // Keys, all of partition 0, and their sequences.
  void Answer(std::size_t list, const Held& held = {}, std::optional<std::string> examined_to = {}) {
    const auto& [node, packet] = lists_.at(list);
    ListedPacket listed{.number = packet.number};
    for (const ListPart& part : packet.parts) listed.parts.push_back({part.partition, {}});
    auto page = std::make_shared<PageFound>();
    for (const auto& [key, sequence] : held) {
      page->keys.push_back({key, PartitionId{0}, std::make_shared<const kv::Record>(RecordOf("v", sequence))});
    }
    page->examined_to = std::move(examined_to);
    listed.page = std::move(page);
    lister_.OnListed(node, listed, now_, &effects_);
  }
  void Refuse(std::size_t list, std::uint32_t p) {
    const auto& [node, packet] = lists_.at(list);
    ListedPacket listed{.number = packet.number};
    auto page = std::make_shared<PageFound>();
    for (const ListPart& part : packet.parts) {
      if (part.partition.value == p) {
        listed.refused.push_back({part.partition, part.configuration + 1});
      } else {
        listed.parts.push_back({part.partition, {}});
      }
    }
    if (!listed.parts.empty()) listed.page = std::move(page);
    lister_.OnListed(node, listed, now_, &effects_);
  }
  void Settle(const std::string& key, const Reply& reply) {
    for (const ListerEffects::Settle& get : std::exchange(effects_.settle, {})) {
      if (get.key == key) {
        lister_.OnSettled({get.token, reply}, now_, &effects_);
      } else {
        effects_.settle.push_back(get);
      }
    }
  }
  static Reply Found(std::uint64_t sequence) {
    Reply reply;
    reply.record = std::make_shared<const kv::Record>(RecordOf("found", sequence));
    return reply;
  }
  static Reply Absent() {
    Reply reply;
    reply.outcome = Outcome::kAbsent;
    return reply;
  }
  void Wait(milliseconds time) {
    for (const auto until = now_.now + time; now_.now < until;) {
      now_.now += milliseconds(5);
      lister_.OnTick(now_, &effects_);
    }
  }
  std::vector<std::string> ToSettle() const {
    std::vector<std::string> keys;
    for (const auto& get : effects_.settle) keys.push_back(get.key);
    return keys;
  }
  // What was told since the last look: "1 a=v b=found, more", "2 unavailable".
  std::vector<std::string> Told() {
    std::vector<std::string> lines;
    for (const ScanAnswer& answer : std::exchange(effects_.answers, {})) {
      std::string line = std::to_string(answer.token) + " ";
      if (!answer.page.ok()) {
        lines.push_back(line + std::string(CodeName(answer.page.status().code())));
        continue;
      }
      for (const ScanEntry& entry : answer.page->entries) line += entry.key + "=" + entry.record->value + " ";
      lines.push_back(line + (answer.page->more ? "and more" : "no more"));
    }
    return lines;
  }
  using Lines = std::vector<std::string>;

  FakeRoutes routes_;
  Moment now_{ring::MonotonicTime(milliseconds(1000)), kWall};
  ListerEffects effects_;
  Lister lister_{{.attempt = milliseconds(200), .request = milliseconds(2000), .boot = 0xb007, .max_under_way = 2},
                 routes_};
  std::uint64_t tokens_ = 0;
  std::vector<std::pair<NodeId, ListPacket>> lists_;
};

TEST_F(ListerTest, AsksAQuorumOfEachPartitionWithOnePacketPerNode) {
  Scan();
  EXPECT_EQ(Sent(), (Lines{"1: p0 p1", "2: p0 p1"}));
  Answer(0, {{"a", 1}, {"b", 2}});
  EXPECT_EQ(Told(), Lines{});
  Answer(1, {{"a", 1}, {"b", 2}});
  EXPECT_EQ(Told(), (Lines{"1 a=v b=v no more"}));
  EXPECT_EQ(lister_.under_way(), 0u);
}

TEST_F(ListerTest, AsksItsOwnReplicaFirst) {
  routes_.own = NodeId{3};
  Scan();
  EXPECT_EQ(Sent(), (Lines{"1: p0 p1", "3: p0 p1"}));
}

TEST_F(ListerTest, AsksAnotherInPlaceOfOneThatRefuses) {
  Scan();
  Sent();
  Refuse(0, 1);
  EXPECT_EQ(Sent(), (Lines{"3: p1"}));
}

TEST_F(ListerTest, AsksAgainWhenAllHaveRefused) {
  Configure(0, SetOf({NodeId{1}}));
  Configure(1, SetOf({NodeId{1}}));
  Scan();
  EXPECT_EQ(Sent(), (Lines{"1: p0 p1"}));
  Refuse(0, 0);
  EXPECT_EQ(Sent(), Lines{});
  Wait(milliseconds(25));
  EXPECT_EQ(Sent(), (Lines{"1: p0"})) << "the other partition's answer stays";
  Answer(0, {{"a", 1}});
  EXPECT_EQ(Told(), (Lines{"1 a=v no more"}));
}

TEST_F(ListerTest, AsksAnotherWhenOneIsLateAndTakesTheLateAnswerToo) {
  Scan();
  Sent();
  Answer(0);
  Wait(milliseconds(50));
  const auto late = lists_;
  EXPECT_EQ(Sent(), (Lines{"3: p0 p1"}));
  lists_ = late;
  Answer(1);
  EXPECT_EQ(Told(), (Lines{"1 no more"}));
}

TEST_F(ListerTest, AsksAnotherInPlaceOfOneThatIsGone) {
  Scan();
  Sent();
  routes_.unheard.insert(NodeId{2});
  lister_.OnUnreachable(NodeId{2}, now_, &effects_);
  EXPECT_EQ(Sent(), (Lines{"3: p0 p1"}));
}

TEST_F(ListerTest, SettlesByGetsWhatNoWriteQuorumOfThoseThatAnsweredHolds) {
  for (std::uint32_t p : {0, 1}) Configure(p, SetOf({NodeId{1}, NodeId{2}, NodeId{3}}, 2, 3));
  Scan();
  EXPECT_EQ(Sent(), (Lines{"1: p0 p1", "2: p0 p1", "3: p0 p1"}));
  Answer(0, {{"a", 1}});
  Answer(1, {{"a", 1}});
  Wait(milliseconds(195));
  EXPECT_TRUE(ToSettle().empty());
  Wait(milliseconds(5));
  EXPECT_EQ(ToSettle(), (Lines{"a"})) << "a read quorum sees every chosen key";
  Settle("a", Found(1));
  EXPECT_EQ(Told(), (Lines{"1 a=found no more"}));
}

TEST_F(ListerTest, SaysSoWhenNotEnoughCanBeReadInTime) {
  Scan();
  Sent();
  Answer(0);
  Wait(milliseconds(2000));
  EXPECT_EQ(Told(), (Lines{"1 unavailable"}));
  Scan();
  routes_.joined = false;
  Scan();
  EXPECT_EQ(Told(), (Lines{"3 unavailable"}));
}

TEST_F(ListerTest, AnswersOfAnEarlierConfigurationCountForNothingG3) {
  Scan();
  Sent();
  Answer(0);
  const auto before = lists_;
  Configure(0, SetOf({NodeId{2}, NodeId{3}, NodeId{4}}));
  lister_.OnTopology(now_, &effects_);
  EXPECT_EQ(Sent(), (Lines{"2: p0", "3: p0"}));
  const auto after = std::exchange(lists_, before);
  Answer(1, {{"a", 9}});  // Of partition 1 only.
  EXPECT_EQ(Told(), Lines{});
  lists_ = after;
  Answer(0);
  Answer(1);
  EXPECT_EQ(Told(), (Lines{"1 no more"}));
}

TEST_F(ListerTest, SettlesByGetsAndKeepsTheOrder) {
  Scan();
  Sent();
  Answer(0, {{"a", 1}, {"b", 2}, {"c", 5}, {"d", 6}});
  Answer(1, {{"b", 2}, {"c", 4}});
  EXPECT_EQ(ToSettle(), (Lines{"a", "c", "d"}));
  Settle("d", Found(7));
  Settle("c", Found(5));
  EXPECT_EQ(Told(), Lines{});
  Settle("a", Absent());
  EXPECT_EQ(Told(), (Lines{"1 b=v c=found d=found no more"}));
}

TEST_F(ListerTest, AsksAgainForAGetThatFailed) {
  Scan();
  Sent();
  Answer(0, {{"a", 1}});
  Answer(1);
  Settle("a", Error(Code::kUnavailable));
  EXPECT_EQ(ToSettle(), Lines{});
  Wait(milliseconds(100));
  EXPECT_EQ(ToSettle(), (Lines{"a"}));
  Settle("a", Absent());
  EXPECT_EQ(Told(), (Lines{"1 no more"}));
}

TEST_F(ListerTest, GoesOnWhereTheFirstOfThemStoppedLooking) {
  ScanRequest scan;
  scan.limit = 3;
  Scan(scan);
  Sent();
  Answer(0, {{"a", 1}, {"b", 2}, {"c", 3}}, "c");
  Answer(1, {{"a", 1}}, "a");
  EXPECT_EQ(Sent(), (Lines{"1: p0 p1 after a", "2: p0 p1 after a"}));
  EXPECT_EQ(lists_[0].second.scan.limit, 2u);
  Answer(0, {{"b", 2}, {"c", 3}}, "c");
  Answer(1, {{"b", 2}, {"c", 3}}, "c");
  EXPECT_EQ(Told(), (Lines{"1 a=v b=v c=v and more"}));
}

TEST_F(ListerTest, EndsAtTheLimitAndAtTheBytes) {
  ScanRequest scan;
  scan.limit = 1;
  Scan(scan);
  Sent();
  Answer(0, {{"a", 1}, {"b", 2}});
  Answer(1, {{"a", 1}, {"b", 3}});
  EXPECT_EQ(Told(), (Lines{"1 a=v and more"}));
  EXPECT_EQ(ToSettle(), Lines{}) << "the page has no place for it";
  scan.limit = 10;
  scan.max_bytes = 4;
  Scan(scan);
  Sent();
  Answer(0, {{"a", 1}, {"b", 2}, {"c", 3}});
  Answer(1, {{"a", 1}, {"b", 2}, {"c", 3}});
  EXPECT_EQ(Told(), (Lines{"2 a=v b=v and more"}));
}

TEST_F(ListerTest, TellsAtTheDeadlineWhatItHas) {
  Scan();
  Sent();
  Answer(0, {{"a", 1}, {"b", 2}});
  Answer(1, {{"a", 1}});
  Wait(milliseconds(2000));
  EXPECT_EQ(Told(), (Lines{"1 a=v and more"}));
}

TEST_F(ListerTest, TurnsAwayAPageThatBeginsTooEarly) {
  ScanRequest scan;
  scan.after = "b";
  Scan(scan);
  Sent();
  Answer(0, {{"a", 1}});
  EXPECT_EQ(Sent(), (Lines{"3: p0 p1 after b"}));
}

TEST_F(ListerTest, BoundsThePagesUnderWay) {
  Scan();
  Scan();
  EXPECT_EQ(Told(), Lines{});
  Scan();
  EXPECT_EQ(Told(), (Lines{"3 unavailable"}));
}

}  // namespace
}  // namespace quoin::quorum
