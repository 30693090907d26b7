// Networks of several nodes over real loopback connections, all well.
#include "net/peer_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <random>

#include "net/peer_backoff.h"
#include "net/peer_network_testing.h"
#include "net/peer_refusal_log.h"

namespace quoin::net {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(PeerBackoff, DoublesUpToItsBoundAndIsHalfRandom) {
  using std::chrono::microseconds;
  using std::chrono::milliseconds;
  std::mt19937_64 random(1);
  PeerBackoff backoff(milliseconds(10), milliseconds(1000));
  for (int round = 0; round < 2; ++round) {
    for (const int bound : {10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000}) {
      const microseconds wait = backoff.Next(random);
      EXPECT_GE(wait, milliseconds(bound) / 2.0);
      EXPECT_LE(wait, milliseconds(bound));
    }
    backoff.Reset();
  }
  EXPECT_NE(backoff.Next(random), PeerBackoff(milliseconds(10), milliseconds(10)).Next(random));
}

TEST(PeerRefusalLog, SaysEachReasonOnceUntilItChanges) {
  PeerRefusalLog log;
  EXPECT_TRUE(log.IsNews("a", "one"));
  EXPECT_FALSE(log.IsNews("a", "one"));
  EXPECT_TRUE(log.IsNews("b", "one"));
  EXPECT_TRUE(log.IsNews("a", "two"));
  EXPECT_TRUE(log.IsNews("a", "one"));
  log.Forget("a");
  EXPECT_TRUE(log.IsNews("a", "one"));
  // Bounded: it repeats itself rather than grow.
  for (std::size_t i = 0; i < PeerRefusalLog::kMaxPeers; ++i) EXPECT_TRUE(log.IsNews("x" + std::to_string(i), "one"));
  EXPECT_TRUE(log.IsNews("a", "one"));
}

class PeerNetworkTest : public testing::Test {
 protected:
  bool RunUntilLinked(const TestPeer& one, const TestPeer& other) {
    return loop.RunUntil([&] { return one.SendsTo(other) && other.SendsTo(one); });
  }

  PeerLoop loop;
  const NodeId a{1};
  const NodeId b{2};
};

TEST_F(PeerNetworkTest, CarriesPacketsInOrderBothWays) {
  TestPeer one(loop, 1, 11);
  TestPeer two(loop, 2, 22);
  one.Know(two);
  two.Know(one);
  std::vector<std::uint64_t> numbers(1000);
  std::iota(numbers.begin(), numbers.end(), 1);
  for (const std::uint64_t number : numbers) {
    one.Send(b, number);  // Kept until the first attempt has ended.
    two.Send(a, number);
  }
  ASSERT_TRUE(loop.RunUntil([&] { return one.received.size() >= 1000 && two.received.size() >= 1000; }));
  EXPECT_EQ(one.Numbers(), numbers);
  EXPECT_EQ(two.Numbers(), numbers);
  EXPECT_TRUE(std::all_of(one.received.begin(), one.received.end(), [&](const auto& each) { return each.from == b; }));
  EXPECT_THAT(one.resets, IsEmpty());
  EXPECT_THAT(two.resets, IsEmpty());
  EXPECT_GE(two.batch_ends, 1);
  const PeerCounts counts = one.CountsOf(b);
  EXPECT_EQ(counts.sent_packets, 1000u);
  EXPECT_EQ(counts.received_packets, 1000u);
  EXPECT_EQ(counts.dropped_packets, 0u);
  EXPECT_EQ(counts.queued_bytes, 0u);
  EXPECT_TRUE(counts.sends && counts.receives);
  EXPECT_EQ(counts.address, two.address);
  EXPECT_EQ(counts.last_error, "");
  EXPECT_EQ(one.CountsOf(b).sent_bytes, two.CountsOf(a).received_bytes + kFrameHeaderBytes);
}

TEST_F(PeerNetworkTest, WhatIsSentInOneTickLeavesInOneFrame) {
  TestPeer one(loop, 1, 11);
  TestPeer two(loop, 2, 22);
  one.Know(two);
  ASSERT_TRUE(RunUntilLinked(one, two));
  loop.Settle();
  const std::uint64_t before = one.CountsOf(b).sent_bytes;
  for (std::uint64_t i = 0; i < 100; ++i) one.Send(b, 1);
  ASSERT_TRUE(loop.RunUntil([&] { return two.received.size() >= 100; }));
  EXPECT_EQ(one.CountsOf(b).sent_bytes - before, kFrameHeaderBytes + two.CountsOf(a).received_bytes);
}

TEST_F(PeerNetworkTest, CarriesAHugePacketWithHeartbeatsAheadOfIt) {
  TestPeer one(loop, 1, 11);
  TestPeer two(loop, 2, 22);
  one.Know(two);
  ASSERT_TRUE(RunUntilLinked(one, two));
  quorum::ForwardPacket huge;
  huge.number = 1;
  huge.request.id = {1, 1};
  huge.request.key = "key";
  huge.request.operation = quorum::Put{std::string(64 << 20, 'v'), "", std::nullopt};
  huge.meant_for = {1, b};
  one.network->Send(b, huge);
  quorum::HeartbeatPacket heartbeat;
  heartbeat.heartbeat.boot = 11;
  heartbeat.heartbeat.number = 1;
  one.network->Send(b, heartbeat);
  // A heartbeat in the middle of it: it has begun, and is far from done.
  ASSERT_TRUE(loop.RunUntil([&] { return !two.received.empty(); }));
  heartbeat.heartbeat.number = 2;
  one.network->Send(b, heartbeat);
  ASSERT_TRUE(loop.RunUntil([&] { return two.received.size() >= 3; }));
  ASSERT_EQ(two.received.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<quorum::HeartbeatPacket>(two.received[0].body));
  EXPECT_TRUE(std::holds_alternative<quorum::HeartbeatPacket>(two.received[1].body));
  const auto& forward = std::get<quorum::ForwardPacket>(two.received[2].body);
  EXPECT_EQ(std::get<quorum::Put>(forward.request.operation).value, std::string(64 << 20, 'v'));
}

TEST_F(PeerNetworkTest, AnswersAJoinerThatIsNotInItsRing) {
  TestPeer one(loop, 1, 11);
  TestPeer joiner(loop, 2, 22);
  joiner.Know(one);
  ASSERT_TRUE(RunUntilLinked(one, joiner));
  one.Send(b, 7);
  ASSERT_TRUE(loop.RunUntil([&] { return !joiner.received.empty(); }));
  EXPECT_THAT(joiner.Numbers(), ElementsAre(7));
  // That holds as long as the joiner does.
  joiner.network->Stop();
  ASSERT_TRUE(loop.RunUntil([&] { return one.network->Counts().empty(); }));
  EXPECT_THAT(one.resets, Each(b));
  EXPECT_GE(one.resets.size(), 1u);
  one.Send(b, 8);
  EXPECT_EQ(one.network->dropped_for_strangers(), 1u);
}

TEST_F(PeerNetworkTest, AKilledPeerIsTwoResetsAndComesBackUnderAnotherAddress) {
  TestPeer one(loop, 1, 11);
  auto two = std::make_optional<TestPeer>(loop, 2, 22);
  const std::string old_address = two->address;
  one.Know(*two);
  two->Know(one);
  ASSERT_TRUE(RunUntilLinked(one, *two));
  two.reset();
  ASSERT_TRUE(loop.RunUntil([&] { return one.resets.size() >= 2; }));
  EXPECT_FALSE(one.CountsOf(b).sends);
  EXPECT_FALSE(one.CountsOf(b).receives);
  // Attempts that fail are no resets; packets are dropped meanwhile.
  ASSERT_TRUE(loop.RunUntil([&] { return !one.CountsOf(b).last_error.empty(); }));
  ASSERT_TRUE(loop.RunUntil([&] { return one.CountsOf(b).last_error.find("refused") != std::string::npos; }));
  one.Send(b, 1);
  EXPECT_EQ(one.CountsOf(b).dropped_packets, 1u);
  EXPECT_THAT(one.resets, ElementsAre(b, b));

  two.emplace(loop, 2, 23);
  two->Know(one);
  ASSERT_TRUE(RunUntilLinked(one, *two));
  EXPECT_EQ(one.CountsOf(b).address, two->address);
  one.Send(b, 2);
  ASSERT_TRUE(loop.RunUntil([&] { return !two->received.empty(); }));
  EXPECT_THAT(two->Numbers(), ElementsAre(2));
  EXPECT_THAT(one.resets, ElementsAre(b, b));
  // The ring that still names the old address changes nothing.
  one.Know({{b, old_address}});
  EXPECT_TRUE(one.SendsTo(*two));
  EXPECT_EQ(one.CountsOf(b).address, two->address);
}

TEST_F(PeerNetworkTest, DialsAtOnceWhenThePeerDials) {
  TestPeer one(loop, 1, 11, [](PeerNetwork::Options& options) {
    options.timing.backoff_least = options.timing.backoff_most = std::chrono::hours(1);
  });
  one.Know({{b, "127.0.0.1:1"}});
  ASSERT_TRUE(loop.RunUntil([&] { return !one.CountsOf(b).last_error.empty(); }));
  TestPeer two(loop, 2, 22);
  two.Know(one);
  ASSERT_TRUE(RunUntilLinked(one, two));
}

TEST_F(PeerNetworkTest, RetriesUntilThePeerIsThere) {
  auto listener = PeerListener::Listen("127.0.0.1", 0);
  ASSERT_TRUE(listener.ok());
  const std::uint16_t port = (*listener)->port();
  listener = Status(Code::kUnavailable, "gone");  // Nobody listens there now.
  TestPeer one(loop, 1, 11);
  one.Know({{b, "127.0.0.1:" + std::to_string(port)}});
  ASSERT_TRUE(loop.RunUntil([&] { return !one.CountsOf(b).last_error.empty(); }));
  RawPeer* raw = nullptr;
  boost::asio::ip::tcp::acceptor acceptor(loop.context(), {boost::asio::ip::make_address("127.0.0.1"), port});
  std::unique_ptr<RawPeer> accepted;
  acceptor.async_accept([&](const boost::system::error_code& error, boost::asio::ip::tcp::socket socket) {
    ASSERT_FALSE(error);
    accepted = std::make_unique<RawPeer>(std::move(socket));
    raw = accepted.get();
  });
  ASSERT_TRUE(loop.RunUntil([&] { return raw != nullptr; }));
  raw->Send(WelcomeBytes(TestIdentity(2, 22, "127.0.0.1:" + std::to_string(port))));
  ASSERT_TRUE(loop.RunUntil([&] { return one.CountsOf(b).sends; }));
  EXPECT_THAT(one.resets, IsEmpty());
}

TEST_F(PeerNetworkTest, APeerThatTheRingNamesElsewhereIsDialledThere) {
  TestPeer one(loop, 1, 11);
  RawListener first(loop);
  RawListener second(loop);
  one.Know({{b, first.address()}});
  ASSERT_TRUE(loop.RunUntil([&] { return first.accepted.size() == 1; }));
  first.accepted[0]->Send(WelcomeBytes(TestIdentity(2, 22, first.address())));
  ASSERT_TRUE(loop.RunUntil([&] { return one.CountsOf(b).sends; }));
  one.Know({{b, second.address()}});
  ASSERT_TRUE(loop.RunUntil([&] { return second.accepted.size() == 1; }));
  EXPECT_THAT(one.resets, ElementsAre(b));
  first.accepted[0]->Read();
  ASSERT_TRUE(loop.RunUntil([&] { return first.accepted[0]->ended; }));
  // Whoever left the ring isn't dialled any more.
  one.Know(std::map<NodeId, std::string>{});
  EXPECT_THAT(one.network->Counts(), IsEmpty());
  second.accepted[0]->Read();
  ASSERT_TRUE(loop.RunUntil([&] { return second.accepted[0]->ended; }));
}

TEST_F(PeerNetworkTest, NothingIsCalledAfterStop) {
  TestPeer one(loop, 1, 11);
  TestPeer two(loop, 2, 22);
  one.Know(two);
  ASSERT_TRUE(RunUntilLinked(one, two));
  for (std::uint64_t i = 0; i < 100; ++i) two.Send(a, i);
  one.network->Stop();
  ASSERT_TRUE(loop.RunUntil([&] { return !two.resets.empty(); }));
  EXPECT_THAT(one.received, IsEmpty());
  EXPECT_THAT(one.resets, IsEmpty());
  one.Send(b, 1);
  one.Know(two);
}

}  // namespace
}  // namespace quoin::net
