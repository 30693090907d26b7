// Polls whose answer doesn't hold everything. What they are asked, and when they are answered: api_watch_test.
#include "net/watch_poll.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/watch_cursor.h"
#include "net/watch_testing.h"
#include "ring/partition.h"

namespace quoin::net {
namespace {

constexpr std::size_t kMebibyte = 1 << 20;

class WatchPollTest : public testing::Test {
 protected:
  WatchPollTest() {
    // A key of each partition.
    for (int i = 0; keys_.size() < 16; ++i) {
      const std::string key = "k" + std::to_string(i);
      keys_.emplace(ring::PartitionOf(key, 16), key);
    }
  }

  // `from`: the cursor.
  void Ask(const std::optional<quorum::WatchPositions>& from = std::nullopt) {
    hurried_ = false;
    const WatchPoll::Calls calls{[] { return SteadyTime(std::chrono::hours(1)); },
                                 [this](SteadyTime) { hurried_ = true; }};
    WatchOrder order;
    order.request.targets = targets_;
    order.request.from = from;
    order.scope = Scope();
    poll_ =
        std::make_shared<WatchPoll>("request", from ? CursorText(EncodeCursor(Scope(), *from)) : std::string(), calls);
    poll_->Begin(source_, gate_.Enter(), std::move(order));
  }
  CursorScope Scope() const { return {*source_.joined, DigestOfTargets(targets_)}; }
  // A large state of the partition, after which the watch has been told up to `positions`.
  void Tell(std::uint32_t partition, std::uint64_t sequence, const quorum::WatchPositions& positions) {
    if (!source_.open.contains(source_.last)) return;
    source_.Tell(source_.last, {PutEvent(keys_.at(PartitionId{partition}), sequence, std::string(kMebibyte, 'v'))},
                 std::make_shared<const quorum::WatchPositions>(positions));
  }
  quorum::WatchPositions CursorOf(const std::string& body) const {
    const std::size_t at = body.find("\"cursor\": \"") + 11;
    const auto bytes = ReadCursorText(body.substr(at, body.size() - 2 - at));
    EXPECT_TRUE(bytes.ok());
    return bytes.ok() ? *DecodeCursor(Scope(), *bytes) : quorum::WatchPositions();
  }

  const std::vector<quorum::WatchTarget> targets_ = {{quorum::WatchTarget::Kind::kPrefix, ""}};
  std::map<PartitionId, std::string> keys_;
  FakeWatchSource source_;
  WatchGate gate_{10};
  bool hurried_ = false;
  std::shared_ptr<WatchPoll> poll_;
};

// What had changed since the cursor was dropped once it was more than waits for a client, and the answer was that
// the state is too large: for ever.
TEST_F(WatchPollTest, MuchThatHasChangedSinceTheCursorComesInSeveralAnswers) {
  quorum::WatchPositions told = *PositionsAt(1);
  int answers = 0;
  for (; told != *PositionsAt(50) && answers < 16; ++answers) {
    Ask(told);
    quorum::WatchPositions positions = told;
    for (auto& [partition, position] : positions) {
      if (position == VersionAt(50)) continue;
      position = VersionAt(50);
      Tell(partition.value, 40, positions);
    }
    EXPECT_TRUE(hurried_);
    const HttpResponse response = poll_->Answer();
    ASSERT_EQ(response.status, 200) << response.body;
    told = CursorOf(response.body);
    for (const auto& [partition, position] : told) {
      EXPECT_TRUE(position == VersionAt(50) || position == VersionAt(1));
    }
  }
  EXPECT_GT(answers, 1);
  EXPECT_EQ(told, *PositionsAt(50));
}

TEST_F(WatchPollTest, WhatCannotBeToldInAnyNumberOfAnswersIsRefusedAtOnce) {
  quorum::WatchPositions told = *PositionsAt(1);
  Ask(told);
  for (std::uint64_t i = 0; i < 10; ++i) {
    if (!source_.open.contains(source_.last)) break;
    std::vector<quorum::WatchEvent> events = {PutEvent(std::to_string(i), 40, std::string(kMebibyte, 'v'))};
    source_.Tell(source_.last, std::move(events), std::make_shared<const quorum::WatchPositions>(told));
  }
  HttpResponse response = poll_->Answer();
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(response.body.find("what comes after the cursor in one partition is too large for a poll: use Accept: "
                               "text/event-stream, or begin without the cursor"),
            std::string::npos)
      << response.body;
  Ask();
  for (int i = 0; source_.open.contains(source_.last); ++i) {
    EXPECT_FALSE(hurried_);
    source_.Tell(source_.last, {PutEvent("k" + std::to_string(i), 40, std::string(kMebibyte, 'v'))});
  }
  EXPECT_TRUE(hurried_) << "waiting helps nobody";
  response = poll_->Answer();
  EXPECT_EQ(response.status, 400);
  EXPECT_NE(response.body.find("the state of what is watched in one partition is too large for a poll"),
            std::string::npos)
      << response.body;
}

TEST_F(WatchPollTest, WhereTheNodesMemoryRunsShortItIsToComeLater) {
  Ask();
  gate_.ChangeWaiting(0, WatchGate::kMaxWaitingBytes + 1);
  Tell(3, 40, {});
  Tell(3, 41, {});
  EXPECT_TRUE(hurried_);
  EXPECT_EQ(poll_->Answer().status, 429);
  gate_.ChangeWaiting(WatchGate::kMaxWaitingBytes + 1, 0);
}

}  // namespace
}  // namespace quoin::net
