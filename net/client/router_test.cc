// Which server an operation goes to, by what is known of servers and ring (N1 to N3).
#include "net/client/router.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace quoin::client {
namespace {

constexpr std::uint32_t kPartitions = 16;

net::HttpEndpoint At(std::uint16_t port) { return {"10.0.0.1", port}; }
NodeId N(std::uint64_t id) { return NodeId{id}; }
// A hash of a key of this partition.
std::uint64_t In(std::uint32_t partition) { return std::uint64_t{partition} << 60 | 12345; }
bool Never(std::size_t) { return false; }
bool Always(std::size_t) { return true; }

// Nodes 1, 2, ... at ports 8001, 8002, ...; partition p is led by node 1 + p % count.
RingView RingOf(std::uint64_t epoch, std::uint32_t count) {
  RingView ring;
  ring.cluster = ClusterId{7};
  ring.epoch = epoch;
  ring.partition_count = kPartitions;
  for (std::uint32_t i = 1; i <= count; ++i)
    ring.nodes.push_back({N(i), At(static_cast<std::uint16_t>(8000 + i)).ToString()});
  for (std::uint32_t p = 0; p < kPartitions; ++p) ring.leaders.push_back(1 + p % count);
  return ring;
}

// Of a router that knows RingOf(1, 3), and is connected to node 1, the only server that the program named.
Router Informed() {
  Router router(Routing::kLeaders, {At(8001)}, 1);
  router.OnUp(0, N(1));
  EXPECT_TRUE(router.OnRing(RingOf(1, 3), Never));
  return router;
}
std::size_t ServerAt(const Router& router, std::uint16_t port) {
  for (std::size_t i = 0; i < router.server_count(); ++i) {
    if (router.server(i) == At(port)) return i;
  }
  ADD_FAILURE() << "nobody at " << port;
  return 0;
}

TEST(Router, FailsOverToTheNextServerInTurn) {
  for (const Routing routing : {Routing::kFailover, Routing::kLeaders}) {
    Router router(routing, {At(1), At(2), At(3)}, 1);
    EXPECT_EQ(router.For(5).route.server, 0u);
    router.OnUp(0, N(1));
    router.OnDown(0);
    EXPECT_EQ(router.For(5).route.server, 1u);
    router.OnDown(1);
    EXPECT_EQ(router.For(5).route.server, 2u);
    router.OnUp(2, N(3));
    EXPECT_EQ(router.For(5).route.server, 2u);
    router.OnDown(2);
    EXPECT_EQ(router.For(5).route.server, 0u);
    EXPECT_EQ(router.For(5).wish, Router::kNone);
  }
}

TEST(Router, SpreadsOverConnectionsByKey) {
  Router router(Routing::kFailover, {At(1)}, 4);
  std::set<std::size_t> used;
  for (std::uint64_t hash = 0; hash < 100; ++hash) {
    used.insert(router.For(hash << 50).route.connection);
    EXPECT_EQ(router.For(hash << 50), router.For(hash << 50));
  }
  EXPECT_EQ(used.size(), 4u);
}

TEST(Router, SpreadMovesOnlyTheKeysOfTheLostServerAndTakesThemBack) {
  Router router(Routing::kSpread, {At(1), At(2), At(3)}, 1);
  std::map<std::uint64_t, std::size_t> before;
  for (std::uint64_t lane = 0; lane < 256; ++lane) before[lane << 56] = router.For(lane << 56).route.server;
  std::map<std::size_t, int> counts;
  for (const auto& [hash, server] : before) ++counts[server];
  for (std::size_t server = 0; server < 3; ++server) EXPECT_GE(counts[server], 50);
  router.OnUp(1, N(2));
  router.OnDown(1);
  for (const auto& [hash, server] : before) {
    const Router::Choice choice = router.For(hash);
    EXPECT_EQ(choice.wish, server == 1 ? 1u : Router::kNone) << "the lost one is to be tried";
    if (server == 1) {
      EXPECT_NE(choice.route.server, 1u);
    } else {
      EXPECT_EQ(choice.route.server, server);
    }
  }
  router.OnUp(1, N(2));
  for (const auto& [hash, server] : before) EXPECT_EQ(router.For(hash).route.server, server);
}

TEST(Router, WishesForLeadersAndUsesWhatIsConnectedN1) {
  Router router = Informed();
  EXPECT_EQ(router.server_count(), 3u);
  const std::size_t second = ServerAt(router, 8002);
  EXPECT_EQ(router.For(In(0)).route.server, 0u);
  EXPECT_EQ(router.For(In(0)).wish, Router::kNone);
  EXPECT_EQ(router.For(In(1)).route.server, 0u);
  EXPECT_EQ(router.For(In(1)).wish, second);
  router.OnUp(second, N(2));
  EXPECT_EQ(router.For(In(1)).route.server, second);
  EXPECT_EQ(router.For(In(1)).wish, Router::kNone);
  EXPECT_EQ(router.For(In(1), second).route.server, 0u) << "it failed there";
  router.OnDown(second);
  EXPECT_EQ(router.For(In(1)).route.server, 0u);
  EXPECT_EQ(router.For(In(1), 0).route.server, 0u) << "there is no other";
  router.OnDown(0);
  EXPECT_EQ(router.For(In(1)).route.server, ServerAt(router, 8003)) << "nothing is known against it";
}

TEST(Router, BelievesAnswersMoreThanTheRingN2) {
  Router router = Informed();
  const std::size_t second = ServerAt(router, 8002), third = ServerAt(router, 8003);
  router.OnUp(second, N(2));
  router.OnUp(third, N(3));
  EXPECT_TRUE(router.Learn(In(0), {5, N(3)}));
  EXPECT_EQ(router.For(In(0)).route.server, third);
  EXPECT_EQ(router.For(In(3)).route.server, 0u) << "another partition";
  EXPECT_TRUE(router.Learn(In(0), {4, N(2)}));
  EXPECT_EQ(router.For(In(0)).route.server, third) << "an answer that was long on its way";
  EXPECT_TRUE(router.OnRing(RingOf(1, 3), Never));
  EXPECT_EQ(router.For(In(0)).route.server, third);
  router.OnDown(third);
  EXPECT_TRUE(router.OnRing(RingOf(2, 3), Never));
  EXPECT_EQ(router.For(In(0)).route.server, 0u) << "it can't be reached";
  router.OnUp(third, N(3));
  EXPECT_TRUE(router.Learn(In(0), {5, N(3)}));
  EXPECT_EQ(router.For(In(0)).route.server, third) << "it still answers";
}

TEST(Router, SaysThatALeaderIsNotInTheRing) {
  Router router = Informed();
  EXPECT_FALSE(router.Learn(In(0), {5, N(9)}));
  EXPECT_EQ(router.For(In(0)).route.server, 0u);
  EXPECT_EQ(router.For(In(0)).wish, Router::kNone);
}

TEST(Router, ReachesANodeAtTheAddressThatTheProgramGaveN3) {
  // "localhost" where the cluster says 10.0.0.1.
  Router router(Routing::kLeaders, {{"localhost", 9001}, {"localhost", 9002}}, 1);
  router.OnUp(0, N(1));
  ASSERT_TRUE(router.OnRing(RingOf(1, 3), Never));
  EXPECT_EQ(router.For(In(0)).route.server, 0u);
  EXPECT_EQ(router.For(In(0)).wish, Router::kNone);
  EXPECT_EQ(router.For(In(1)).wish, ServerAt(router, 8002)) << "not known yet to be the other one given";
  router.OnUp(1, N(2));
  EXPECT_EQ(router.For(In(1)).route.server, 1u);
  router.OnDown(0);
  EXPECT_EQ(router.For(In(0)).wish, 0u) << "also while it is down";
  router.OnDown(1);
  for (int i = 0; i < 5; ++i) {
    const std::size_t server = router.For(In(0)).route.server;
    EXPECT_TRUE(server == 0 || server == 1 || server == ServerAt(router, 8003)) << server;
    router.OnDown(server);
  }
  router.OnUp(1, N(2));
  // Whoever answers there may change.
  router.OnUp(0, N(3));
  EXPECT_EQ(router.For(In(2)).route.server, 0u);
  EXPECT_EQ(router.For(In(0)).wish, ServerAt(router, 8001));
}

TEST(Router, DoesNotTakeOneNodeForAnother) {
  Router router = Informed();
  const std::size_t second = ServerAt(router, 8002);
  router.OnUp(second, N(77));
  EXPECT_EQ(router.For(In(1)).wish, Router::kNone) << "node 2 isn't where the ring says";
  router.OnDown(second);
  EXPECT_EQ(router.For(In(1)).wish, second) << "who knows, by now";
}

TEST(Router, IgnoresOlderRingsAndOtherClusters) {
  Router router = Informed();
  EXPECT_TRUE(router.OnRing(RingOf(5, 3), Never));
  EXPECT_FALSE(router.OnRing(RingOf(4, 2), Never));
  EXPECT_EQ(router.ring().epoch, 5u);
  RingView other = RingOf(9, 3);
  other.cluster = ClusterId{8};
  for (RingNode& node : other.nodes) node.id = N(node.id.value + 100);
  EXPECT_FALSE(router.OnRing(other, Never));
  router.OnDown(0);
  router.OnUp(0, N(101));
  other.epoch = 1;
  EXPECT_TRUE(router.OnRing(other, Never)) << "nobody of the old one is there";
  EXPECT_EQ(router.For(In(0)).route.server, 0u);
  EXPECT_FALSE(router.OnRing(RingView(), Never));
  EXPECT_TRUE(router.has_ring());
}

TEST(Router, LeavesServersThatAreNotInTheRingAnyMore) {
  Router router = Informed();
  const std::size_t third = ServerAt(router, 8003);
  router.OnUp(third, N(3));
  EXPECT_EQ(router.listed_count(), 3u);
  ASSERT_TRUE(router.OnRing(RingOf(2, 2), Never));
  EXPECT_EQ(router.listed_count(), 2u);
  for (std::uint32_t p = 0; p < kPartitions; ++p) EXPECT_NE(router.For(In(p)).route.server, third);
  // Its number is used again once nothing goes there.
  router.OnDown(third);
  RingView ring = RingOf(3, 4);
  ring.nodes.erase(ring.nodes.begin() + 2);
  for (std::uint32_t& leader : ring.leaders) leader = std::min(leader, 3u);
  ASSERT_TRUE(router.OnRing(ring, Always));
  EXPECT_EQ(router.server_count(), 3u);
  EXPECT_EQ(ServerAt(router, 8004), third);
  EXPECT_EQ(router.For(In(2)).wish, third);
}

TEST(Router, LivesWithAddressesThatAreNone) {
  Router router(Routing::kLeaders, {At(8001)}, 1);
  router.OnUp(0, N(1));
  RingView ring = RingOf(1, 3);
  ring.nodes[1].address = "nonsense";
  ring.nodes[2].address = At(8001).ToString();  // As node 1's.
  ASSERT_TRUE(router.OnRing(ring, Never));
  EXPECT_EQ(router.server_count(), 1u);
  for (std::uint32_t p = 0; p < kPartitions; ++p) EXPECT_EQ(router.For(In(p)).route.server, 0u);
}

TEST(RingView, IsTakenFromAnAnswerOrRefusedWithAReason) {
  const auto good = [] {
    v1::ServerFrame frame;
    v1::Ring& ring = *frame.mutable_ring();
    ring.set_cluster("0000000000000abc");
    ring.set_epoch(3);
    ring.set_partition_count(2);
    v1::Ring::Node& node = *ring.add_nodes();
    node.set_id("00c0ffee00c0ffee");
    node.set_client_address("127.0.0.1:8080");
    ring.add_leaders(1);
    ring.add_leaders(0);
    return frame;
  };
  const Result<RingView> view = TakeRing(good(), {});
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->epoch, 3u);
  EXPECT_EQ(view->nodes, (std::vector<RingNode>{{N(0xc0ffee00c0ffee), "127.0.0.1:8080"}}));
  EXPECT_EQ(view->leaders, (std::vector<std::uint32_t>{1, 0}));
  // The same nodes again.
  v1::ServerFrame same = good();
  same.mutable_ring()->clear_nodes();
  EXPECT_EQ(TakeRing(same, *view)->nodes, view->nodes);
  EXPECT_FALSE(TakeRing(same, {}).ok());
  // No ring.
  v1::ServerFrame none;
  none.mutable_ring();
  EXPECT_EQ(TakeRing(none, *view)->partition_count, 0u);
  none.mutable_result()->set_outcome(v1::ERROR);
  EXPECT_EQ(TakeRing(none, *view)->partition_count, 0u);

  const auto fault = [&](const std::function<void(v1::Ring&)>& spoil) {
    v1::ServerFrame frame = good();
    spoil(*frame.mutable_ring());
    return TakeRing(frame, {}).status().message();
  };
  EXPECT_NE(fault([](v1::Ring& ring) { ring.set_partition_count(3); }).find("power of two"), std::string::npos);
  EXPECT_NE(fault([](v1::Ring& ring) { ring.set_partition_count(1u << 20); }).find("65536"), std::string::npos);
  EXPECT_NE(fault([](v1::Ring& ring) { ring.add_leaders(1); }).find("not 3"), std::string::npos);
  EXPECT_NE(fault([](v1::Ring& ring) { ring.set_leaders(0, 2); }).find("a leader is"), std::string::npos);
  EXPECT_NE(fault([](v1::Ring& ring) { ring.set_epoch(0); }).find("epoch"), std::string::npos);
  EXPECT_NE(fault([](v1::Ring& ring) { ring.set_cluster("abc"); }).find("cluster"), std::string::npos);
  EXPECT_NE(fault([](v1::Ring& ring) { ring.mutable_nodes(0)->set_id("7"); }).find("16 hex"), std::string::npos);
  EXPECT_NE(fault([](v1::Ring& ring) { *ring.add_nodes() = ring.nodes(0); }).find("twice"), std::string::npos);
  EXPECT_NE(fault([](v1::Ring& ring) {
              for (int i = 0; i < 1024; ++i) ring.add_nodes()->set_id("00000000000000" + std::to_string(10 + i % 90));
            }).find("at most 1024"),
            std::string::npos);
  v1::ServerFrame page;
  page.mutable_page();
  EXPECT_FALSE(TakeRing(page, {}).ok());
}

}  // namespace
}  // namespace quoin::client
