// Whom a network will have nothing to do with, over real loopback connections.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "net/peer_network.h"
#include "net/peer_network_testing.h"

namespace quoin::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PeerNetworkRefusalsTest : public testing::Test {
 protected:
  // What `one`, which was told to dial `two`, says of the attempt.
  std::string ErrorOf(TestPeer& one, NodeId peer, const TestPeer& two) {
    one.Know({{peer, two.address}});
    EXPECT_TRUE(loop.RunUntil([&] { return !one.CountsOf(peer).last_error.empty(); }));
    EXPECT_FALSE(one.CountsOf(peer).sends);
    return one.CountsOf(peer).last_error;
  }

  PeerLoop loop;
  const NodeId a{1};
  const NodeId b{2};
};

TEST_F(PeerNetworkRefusalsTest, RefusesAnotherCluster) {
  TestPeer one(loop, 1, 11);
  TestPeer two(loop, 2, 22, [](PeerNetwork::Options& options) { options.cluster = ClusterId{0xd1}; });
  EXPECT_THAT(ErrorOf(one, b, two), HasSubstr("it refuses this node (another cluster), saying: it belongs to cluster"));
  EXPECT_THAT(one.resets, IsEmpty());
  EXPECT_THAT(two.network->Counts(), IsEmpty());
}

TEST_F(PeerNetworkRefusalsTest, RefusesAnotherPartitionCount) {
  TestPeer one(loop, 1, 11);
  TestPeer two(loop, 2, 22, [](PeerNetwork::Options& options) { options.partition_count = 8; });
  EXPECT_THAT(ErrorOf(one, b, two), HasSubstr("another partition count"));
}

TEST_F(PeerNetworkRefusalsTest, RefusesItselfAndItsTwin) {
  TestPeer one(loop, 1, 11);
  EXPECT_THAT(ErrorOf(one, b, one), HasSubstr("it is this very node"));
  TestPeer twin(loop, 1, 12);
  EXPECT_THAT(ErrorOf(twin, b, one), HasSubstr("two nodes with one id"));
}

TEST_F(PeerNetworkRefusalsTest, SendsNothingToAnotherNodeThanTheOneWanted) {
  TestPeer one(loop, 1, 11);
  TestPeer three(loop, 3, 33);
  three.Know(one);
  ASSERT_TRUE(loop.RunUntil([&] { return one.SendsTo(three) && three.SendsTo(one); }));
  EXPECT_THAT(ErrorOf(one, b, three), HasSubstr("it is node 0000000000000003, and 0000000000000002 was wanted"));
  one.Send(b, 1);
  one.Send(three.node, 2);
  ASSERT_TRUE(loop.RunUntil([&] { return !three.received.empty(); }));
  EXPECT_THAT(three.Numbers(), ElementsAre(2));
  // What was meant for another did no harm to the link that there is.
  EXPECT_THAT(three.resets, IsEmpty());
  EXPECT_THAT(one.resets, IsEmpty());

  // If it took no offence, who dials would.
  RawListener careless(loop);
  one.Know({{three.node, three.address}, {b, careless.address()}});
  ASSERT_TRUE(loop.RunUntil([&] { return !careless.accepted.empty(); }));
  careless.accepted[0]->Send(WelcomeBytes(TestIdentity(4, 44, careless.address())));
  ASSERT_TRUE(
      loop.RunUntil([&] { return one.CountsOf(b).last_error.find("not the one wanted") != std::string::npos; }));
}

TEST_F(PeerNetworkRefusalsTest, RefusesASecondProcessWhileTheFirstIsHeard) {
  TestPeer one(loop, 1, 11, [](PeerNetwork::Options& options) { options.ledger.live_for = std::chrono::hours(1); });
  const auto first = LinkTo(loop, one, TestIdentity(2, 22, "127.0.0.1:1"));
  EXPECT_EQ(RefusalOf(*first), PeerRefusal::kNone);
  const auto clone = LinkTo(loop, one, TestIdentity(2, 23, "127.0.0.1:1"));
  EXPECT_EQ(RefusalOf(*clone), PeerRefusal::kOtherBootIsLive);
  ASSERT_TRUE(loop.RunUntil([&] { return clone->ended; }));
  EXPECT_FALSE(first->ended);
  // Once the first is gone, the second is its successor.
  first->Reset();
  ASSERT_TRUE(loop.RunUntil([&] { return !one.resets.empty(); }));
  EXPECT_EQ(RefusalOf(*LinkTo(loop, one, TestIdentity(2, 23, "127.0.0.1:1"))), PeerRefusal::kNone);
}

TEST_F(PeerNetworkRefusalsTest, ASilentProcessMakesRoomForItsSuccessor) {
  TestPeer one(loop, 1, 11, [](PeerNetwork::Options& options) { options.ledger.live_for = std::chrono::seconds(0); });
  const auto first = LinkTo(loop, one, TestIdentity(2, 22, "127.0.0.1:1"));
  const auto second = LinkTo(loop, one, TestIdentity(2, 23, "127.0.0.1:1"));
  EXPECT_EQ(RefusalOf(*second), PeerRefusal::kNone);
  ASSERT_TRUE(loop.RunUntil([&] { return first->ended; }));
  EXPECT_THAT(one.resets, ElementsAre(b));
}

TEST_F(PeerNetworkRefusalsTest, RefusesARestoredBackup) {
  TestPeer one(loop, 1, 11);
  auto two = std::make_optional<TestPeer>(loop, 2, 22);
  two->commit_number = 100;
  two->Know(one);
  ASSERT_TRUE(loop.RunUntil([&] { return two->SendsTo(one) && one.SendsTo(*two); }));
  two->commit_number = 200;
  two->Send(a, 1);
  ASSERT_TRUE(loop.RunUntil([&] { return !one.received.empty(); }));
  two.emplace(loop, 2, 23);
  two->commit_number = 150;  // More than in the greeting, less than since.
  EXPECT_THAT(ErrorOf(*two, a, one), HasSubstr("restored backup"));
  two->commit_number = 200;
  ASSERT_TRUE(loop.RunUntil([&] { return two->SendsTo(one); }));
}

TEST_F(PeerNetworkRefusalsTest, RefusesGreetingsThatMakeNoSense) {
  TestPeer one(loop, 1, 11);
  EXPECT_EQ(RefusalOf(*LinkTo(loop, one, TestIdentity(2, 22, "0.0.0.0:7080"))), PeerRefusal::kSenseless);
  RawPeer raw(loop, one.address);
  raw.Send(HelloBytes({PeerHello::Kind::kDialBack, TestIdentity(2, 22, ""), 5}));
  raw.Read();
  ASSERT_TRUE(loop.RunUntil([&] { return raw.ended; }));
  EXPECT_EQ(RefusalOf(raw), PeerRefusal::kUnknownDialBack);
}

}  // namespace
}  // namespace quoin::net
