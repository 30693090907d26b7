// The sweep: keys whose time to live has ended are cleared away though nobody touches them.
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <variant>

#include "quorum/node_testing.h"
#include "quorum/request_testing.h"

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class NodeExpiryTest : public testing::Test {
 protected:
  // Three nodes with so many keys, all of which are about to expire.
  void KeysThatExpire(int count) {
    nodes_.on_sent = [this](const TestNodes::Sent& sent) {
      const auto* packet = std::get_if<ReplicaPacket>(&sent.body);
      const auto* accept = packet == nullptr ? nullptr : std::get_if<Accept>(&packet->message);
      if (accept != nullptr && accept->record->tombstone) cleared_.insert(accept->key);
    };
    for (int id = 1; id <= 3; ++id) nodes_.Add(id);
    ASSERT_TRUE(nodes_.RunUntil([&] { return nodes_.Settled(); }, seconds(60)));
    for (int i = 0; i < count; ++i) {
      nodes_.Submit(1, RequestOf("k" + std::to_string(i), Put{.value = "v", .content_type = {}, .ttl = kTtl}));
    }
    nodes_.Run(milliseconds(500));
    ASSERT_TRUE(cleared_.empty());
  }

  static constexpr TimeToLive kTtl{3'600'000};
  TestNodes nodes_{4};
  std::set<std::string> cleared_;
};

TEST_F(NodeExpiryTest, SoManyThatOneLookCannotFindThemAllAreClearedAwayAtOnce) {
  KeysThatExpire(1000);
  nodes_.JumpWall(kTtl);
  EXPECT_TRUE(nodes_.RunUntil([&] { return cleared_.size() == 1000; }, nodes_.timing.sweep + milliseconds(500)));
}

TEST_F(NodeExpiryTest, NoMoreAreClearedAwayWhileNothingIsChosen) {
  KeysThatExpire(1000);
  nodes_.drop = [](const TestNodes::Sent& sent) {
    const auto* packet = std::get_if<ReplicaPacket>(&sent.body);
    return packet != nullptr && std::holds_alternative<Accepted>(packet->message);
  };
  nodes_.JumpWall(kTtl);
  ASSERT_TRUE(nodes_.RunUntil([&] { return !cleared_.empty(); }, 2 * nodes_.timing.sweep));
  nodes_.Run(nodes_.timing.sweep / 2);
  EXPECT_LE(cleared_.size(), 3u * 64) << "each of three nodes has looked once";
  nodes_.drop = nullptr;
  EXPECT_TRUE(nodes_.RunUntil([&] { return cleared_.size() == 1000; }, 2 * nodes_.timing.sweep));
}

}  // namespace
}  // namespace quoin::quorum
