#include "ring/gossip_message.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace quoin::ring {
namespace {

GossipMessage Varied(std::mt19937_64* random) {
  GossipMessage message{
      .kind = static_cast<GossipKind>((*random)() % 3), .probe = (*random)(), .target = {(*random)()}};
  for (std::uint64_t i = (*random)() % (kMaxSharedValues + 1); i > 0; --i) {
    message.values[static_cast<std::uint32_t>((*random)())] = {(*random)(), std::string((*random)() % 65, 'v')};
  }
  for (std::uint64_t i = (*random)() % 20; i > 0; --i) {
    message.updates.push_back({.node = NodeId{(*random)()},
                               .incarnation = (*random)() % (kMaxIncarnation + 1),
                               .liveness = static_cast<Liveness>((*random)() % 4),
                               .address = std::string((*random)() % 256, 'a')});
  }
  return message;
}

TEST(GossipMessage, ComesBackAsItWas) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 2000; ++round) {
    const GossipMessage message = Varied(&random);
    const Result<GossipMessage> back = DecodeGossip(EncodeGossip(message));
    ASSERT_TRUE(back.ok()) << back.status();
    ASSERT_EQ(*back, message);
  }
}

TEST(GossipMessage, IsNeverLongerThanWasReckoned) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 500; ++round) {
    const GossipMessage message = Varied(&random);
    std::size_t reckoned = EncodedBytesWithoutUpdates(message);
    for (const MemberUpdate& update : message.updates) reckoned += EncodedBytes(update);
    const std::size_t actual = EncodeGossip(message).size();
    ASSERT_LE(actual, reckoned);
    ASSERT_GE(actual + 2, reckoned);
  }
}

TEST(GossipMessage, CutShortIsRefused) {
  std::mt19937_64 random(3);
  const std::string bytes = EncodeGossip(Varied(&random));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_EQ(DecodeGossip(bytes.substr(0, size)).code(), Code::kDamaged) << size;
  }
  EXPECT_EQ(DecodeGossip(bytes + '\0').code(), Code::kDamaged);
}

TEST(GossipMessage, OfANewerFormatIsCalledThat) {
  std::string bytes = EncodeGossip({});
  bytes[0] = 2;
  EXPECT_EQ(DecodeGossip(bytes).code(), Code::kIncompatible);
  bytes[0] = 0;
  EXPECT_EQ(DecodeGossip(bytes).code(), Code::kDamaged);
}

TEST(GossipMessage, AcceptsNoBytesThatItWouldNotWrite) {
  std::mt19937_64 random(4);
  int accepted = 0;
  for (int round = 0; round < 50000; ++round) {
    std::string bytes = EncodeGossip(Varied(&random));
    for (std::uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
      bytes[random() % std::min<std::size_t>(bytes.size(), 60)] = static_cast<char>(random());
    }
    const Result<GossipMessage> message = DecodeGossip(bytes);
    if (!message.ok()) continue;
    ++accepted;
    ASSERT_EQ(EncodeGossip(*message), bytes);
  }
  EXPECT_GT(accepted, 1000);  // Otherwise the loop shows nothing.
}

TEST(Claims, AreOrderedByIncarnationThenLiveness) {
  const auto claim = [](std::uint64_t incarnation, Liveness liveness) {
    return MemberUpdate{.node = NodeId{1}, .incarnation = incarnation, .liveness = liveness, .address = "a:1"};
  };
  using enum Liveness;
  EXPECT_TRUE(Supersedes(claim(3, kSuspect), claim(3, kAlive)));
  EXPECT_TRUE(Supersedes(claim(3, kDead), claim(3, kSuspect)));
  EXPECT_TRUE(Supersedes(claim(3, kLeft), claim(3, kDead)));
  EXPECT_TRUE(Supersedes(claim(4, kAlive), claim(3, kLeft)));
  EXPECT_FALSE(Supersedes(claim(3, kSuspect), claim(4, kAlive)));
  EXPECT_FALSE(Supersedes(claim(3, kAlive), claim(3, kAlive)));
}

}  // namespace
}  // namespace quoin::ring
