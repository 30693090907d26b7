// Networks of several nodes over real loopback connections, with peers that are wrong, foreign, slow or cut off.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/name_lookup.h"
#include "net/name_lookup_testing.h"
#include "net/peer_dial_backs.h"
#include "net/peer_network.h"
#include "net/peer_network_testing.h"
#include "net/scripted_server.h"

namespace quoin::net {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Tweak = TestPeer::Tweak;

class PeerNetworkFaultsTest : public testing::Test {
 protected:
  // That `one` sends to b, as which `listener` answers.
  RawPeer* Accept(TestPeer& one, RawListener& listener, std::uint64_t boot = 22) {
    const std::size_t before = listener.accepted.size();
    one.Know({{b, listener.address()}});
    if (!loop.RunUntil([&] { return listener.accepted.size() > before; })) return nullptr;
    RawPeer* const raw = listener.accepted.back().get();
    raw->Send(WelcomeBytes(TestIdentity(2, boot, listener.address())));
    return loop.RunUntil([&] { return one.CountsOf(b).sends; }) ? raw : nullptr;
  }
  PeerLoop loop;
  const NodeId a{1};
  const NodeId b{2};
};

TEST_F(PeerNetworkFaultsTest, ClosesOnStrangers) {
  TestPeer one(loop, 1, 11);
  for (const std::string& said : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(100'000, '\0'),
                                  std::string(kPeerMagic) + std::string(100, '\xff')}) {
    RawPeer raw(loop, one.address);
    raw.Send(said);
    raw.Read();
    ASSERT_TRUE(loop.RunUntil([&] { return raw.ended; }));
    EXPECT_EQ(raw.received, "");
  }
  EXPECT_THAT(one.resets, IsEmpty());
}

TEST_F(PeerNetworkFaultsTest, ClosesOnWhoSaysNothing) {
  TestPeer one(loop, 1, 11,
               [](PeerNetwork::Options& options) { options.timing.accept_timeout = std::chrono::milliseconds(20); });
  RawPeer raw(loop, one.address);
  raw.Read();
  ASSERT_TRUE(loop.RunUntil([&] { return raw.ended; }));
}

TEST_F(PeerNetworkFaultsTest, GivesUpOnWhoNeverAnswers) {
  TestPeer one(loop, 1, 11,
               [](PeerNetwork::Options& options) { options.timing.greeting_timeout = std::chrono::milliseconds(20); });
  RawListener listener(loop);
  one.Know({{b, listener.address()}});
  ASSERT_TRUE(loop.RunUntil([&] { return listener.accepted.size() >= 2; }));
  EXPECT_THAT(one.CountsOf(b).last_error, HasSubstr("no greeting within the time for it"));
  EXPECT_THAT(one.resets, IsEmpty());
}

TEST_F(PeerNetworkFaultsTest, APeerWhoseNameHangsKeepsNoOtherFromBeingReached) {
  TestNames names;
  names.Hang("slow");
  TestPeer one(loop, 1, 11, [&](PeerNetwork::Options& options) { options.resolve = names.Resolver(); });
  TestPeer two(loop, 2, 22);
  one.Know({{NodeId{3}, "slow:7080"}});
  names.AwaitLookups("slow", 1);
  one.Know({{b, "fast" + two.address.substr(two.address.rfind(':'))}, {NodeId{3}, "slow:7080"}});
  ASSERT_TRUE(loop.RunUntil([&] { return one.SendsTo(two); }));
  EXPECT_EQ(names.Lookups("slow"), 1);
}

TEST_F(PeerNetworkFaultsTest, NamesInProbesTakeNoThreadsFromPeers) {
  TestNames names;
  TestPeer one(loop, 1, 11, [&](PeerNetwork::Options& options) {
    options.resolve = names.Resolver();
    options.timing.connect_timeout = std::chrono::milliseconds(50);
  });
  TestPeer two(loop, 2, 22);
  const auto answered = [](const auto& stranger) { return FramesIn(stranger->received).size() == 1; };
  for (std::size_t done = 0; done < NameLookup::kMostAtOnce; done += PeerDialBacks::kMostAtOnce) {
    std::vector<std::unique_ptr<RawPeer>> strangers;
    for (std::size_t i = 0; i < PeerDialBacks::kMostAtOnce; ++i) {
      const std::string name = "strange" + std::to_string(done + i);
      names.Hang(name);
      strangers.push_back(std::make_unique<RawPeer>(loop, one.address));
      strangers.back()->Send(HelloBytes({PeerHello::Kind::kProbe, TestIdentity(100, 1, name + ":7080"), 7}));
      strangers.back()->Read();
    }
    ASSERT_TRUE(loop.RunUntil([&] { return std::all_of(strangers.begin(), strangers.end(), answered); }));
    for (std::size_t i = 0; i < strangers.size(); ++i) names.AwaitLookups("strange" + std::to_string(done + i), 1);
  }
  one.Know({{b, "fast" + two.address.substr(two.address.rfind(':'))}});
  ASSERT_TRUE(loop.RunUntil([&] { return one.SendsTo(two); }));
}

TEST_F(PeerNetworkFaultsTest, BoundsThoseWhoHaveNotSaidWhoTheyAre) {
  TestPeer one(loop, 1, 11, [](PeerNetwork::Options& options) { options.max_greeting = 3; });
  std::vector<std::unique_ptr<RawPeer>> silent;
  for (int i = 0; i < 5; ++i) {
    silent.push_back(std::make_unique<RawPeer>(loop, one.address));
    silent.back()->Read();
    loop.Settle();
  }
  ASSERT_TRUE(loop.RunUntil([&] { return silent[0]->ended && silent[1]->ended; }));
  EXPECT_FALSE(silent[2]->ended || silent[3]->ended || silent[4]->ended);
  // Links don't count.
  const auto linked = LinkTo(loop, one, TestIdentity(2, 22, "127.0.0.1:1"));
  for (int i = 0; i < 5; ++i) silent.push_back(std::make_unique<RawPeer>(loop, one.address));
  silent.back()->Read();
  silent[4]->Read();
  ASSERT_TRUE(loop.RunUntil([&] { return silent[4]->ended; }));
  EXPECT_FALSE(linked->ended);
}

TEST_F(PeerNetworkFaultsTest, ABadFrameOrPacketIsAReset) {
  TestPeer one(loop, 1, 11);
  std::string checksum;
  AppendFrame(FrameKind::kBulk, 0, "packets", &checksum);
  checksum.back() ^= 1;
  std::string packet;
  AppendFrame(FrameKind::kBulk, 0, "\xff\xff\xff\xff", &packet);
  std::size_t resets = 0;
  for (const std::string& wrong : {checksum, packet}) {
    const auto raw = LinkTo(loop, one, TestIdentity(2, 22, "127.0.0.1:1"));
    raw->Send(wrong);
    ASSERT_TRUE(loop.RunUntil([&] { return raw->ended; }));
    EXPECT_EQ(one.resets.size(), ++resets);
  }
  EXPECT_THAT(one.resets, Each(b));
  EXPECT_THAT(one.received, IsEmpty());
}

TEST_F(PeerNetworkFaultsTest, ANewConnectionOfTheSameProcessTakesThePlaceOfTheOld) {
  TestPeer one(loop, 1, 11);
  const auto first = LinkTo(loop, one, TestIdentity(2, 22, "127.0.0.1:1"));
  const auto second = LinkTo(loop, one, TestIdentity(2, 22, "127.0.0.1:1"));
  ASSERT_TRUE(loop.RunUntil([&] { return first->ended; }));
  EXPECT_THAT(one.resets, ElementsAre(b));
  EXPECT_FALSE(second->ended);
}

TEST_F(PeerNetworkFaultsTest, ARestartedPeerIsDialledAnewEvenIfItsOldConnectionStillStands) {
  TestPeer one(loop, 1, 11);
  RawListener listener(loop);
  ASSERT_NE(Accept(one, listener, 22), nullptr);
  const auto link = LinkTo(loop, one, TestIdentity(2, 23, listener.address()));
  EXPECT_EQ(RefusalOf(*link), PeerRefusal::kNone);
  ASSERT_TRUE(loop.RunUntil([&] { return listener.accepted.size() == 2; }));
  EXPECT_THAT(one.resets, ElementsAre(b));
}

// Bounded memory, and the newest heartbeat ahead of what waits.
TEST_F(PeerNetworkFaultsTest, AReaderThatStallsCostsABoundedQueueAndHearsHeartbeatsFirst) {
  constexpr std::size_t kQueueBytes = 8 << 20;
  TestPeer one(loop, 1, 11, [](PeerNetwork::Options& options) {
    options.max_queue_bytes = kQueueBytes;
    options.timing.link_timeout = std::chrono::minutes(10);
  });
  RawListener listener(loop);
  RawPeer* const raw = Accept(one, listener);
  ASSERT_NE(raw, nullptr);
  quorum::ForwardPacket packet;
  packet.number = 1;
  packet.request.id = {1, 1};
  packet.request.key = "key";
  packet.request.operation = quorum::Put{std::string(10'000, 'v'), "", std::nullopt};
  packet.meant_for = {1, b};
  quorum::HeartbeatPacket heartbeat;
  heartbeat.heartbeat.boot = 11;
  std::size_t most = 0;
  for (int i = 0; i < 10'000; ++i) {
    one.network->Send(b, packet);
    heartbeat.heartbeat.number = i + 1;
    one.network->Send(b, heartbeat);
    if (i % 100 == 0) loop.Settle();
    most = std::max(most, one.CountsOf(b).queued_bytes);
  }
  const PeerCounts stalled = one.CountsOf(b);
  EXPECT_GT(stalled.dropped_packets, 0u);
  EXPECT_GE(most, kQueueBytes);
  EXPECT_LE(most, kQueueBytes + 11'000);
  EXPECT_TRUE(stalled.sends);
  const std::uint64_t handed_over = stalled.sent_bytes;

  raw->Read();
  ASSERT_TRUE(loop.RunUntil([&] { return one.CountsOf(b).queued_bytes == 0; }));
  const std::uint64_t sent = one.CountsOf(b).sent_bytes;
  ASSERT_TRUE(loop.RunUntil([&] {
    return raw->received.size() >=
           HelloBytes({PeerHello::Kind::kLink, TestIdentity(1, 11, one.address), 0}).size() + sent;
  }));
  // After what the kernel had and the rest of one write, the heartbeat that was sent last comes first.
  std::size_t bytes = 0;
  std::size_t last_urgent_at = 0;
  for (const auto& [kind, payload] : FramesIn(raw->received)) {
    if (kind == FrameKind::kUrgent) last_urgent_at = bytes;
    if (kind != FrameKind::kHello) bytes += kFrameHeaderBytes + payload.size();
  }
  EXPECT_LE(last_urgent_at, handed_over + PeerQueue::kWriteBytes + 2 * kMaxFrameBytes);
  EXPECT_GT(sent - last_urgent_at, kQueueBytes / 2);
}

TEST_F(PeerNetworkFaultsTest, ALinkWhoseReaderStallsForTooLongIsGivenUp) {
  TestPeer one(loop, 1, 11,
               [](PeerNetwork::Options& options) { options.timing.link_timeout = std::chrono::milliseconds(200); });
  RawListener listener(loop);
  ASSERT_NE(Accept(one, listener), nullptr);
  quorum::ForwardPacket packet;
  packet.number = 1;
  packet.request.id = {1, 1};
  packet.request.key = "key";
  packet.request.operation = quorum::Put{std::string(16 << 20, 'v'), "", std::nullopt};
  packet.meant_for = {1, b};
  one.network->Send(b, packet);
  ASSERT_TRUE(loop.RunUntil([&] { return !one.resets.empty(); }));
  EXPECT_EQ(one.CountsOf(b).queued_bytes, 0u);
  EXPECT_EQ(one.CountsOf(b).dropped_packets, 1u);
}

TEST_F(PeerNetworkFaultsTest, TriesTheAddressBeforeWhenTheNewestFails) {
  const RefusingPort nobody;
  TestPeer one(loop, 1, 11);
  RawListener listener(loop);
  one.Know({{b, listener.address()}});
  one.Know({{b, nobody.address()}});
  ASSERT_TRUE(loop.RunUntil([&] { return !listener.accepted.empty(); }));
}

}  // namespace
}  // namespace quoin::net
