// What a WebSocket's client is told of the ring, in both subprotocols.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "net/cluster_view.h"
#include "net/proto/quoin.pb.h"
#include "net/websocket_testing.h"
#include "ring/topology.h"

namespace quoin::net {
namespace {

constexpr NodeId kFirst{0x00c0ffee00c0ff01};
constexpr NodeId kSecond{0x00c0ffee00c0ff02};
constexpr NodeId kRemoved{0x00c0ffee00c0ff03};
constexpr NodeId kThird{0x00c0ffee00c0ff04};

ring::Member At(std::string client_address, ring::MemberState state = ring::MemberState::kActive) {
  ring::Member member;
  member.peer_address = "10.0.0.1:7080";
  member.client_address = std::move(client_address);
  member.state = state;
  return member;
}

class FixedView final : public ClusterView {
 public:
  std::shared_ptr<const ClusterSnapshot> Snapshot() const override {
    return std::make_shared<const ClusterSnapshot>(snapshot);
  }
  void Ask(const quorum::MembershipPacket&) override { ADD_FAILURE() << "a ring request asks for nothing"; }

  ClusterSnapshot snapshot;
};

class RequestStreamRingTest : public testing::TestWithParam<Subprotocol> {
 protected:
  RequestStreamRingTest() {
    ring::Topology topology = ring::Bootstrap(ClusterId{0xabc}, kFirst, At("10.0.0.1:8080"), 4, {});
    topology.epoch = 9;
    topology.members.emplace(kSecond, At("[::1]:8080", ring::MemberState::kDraining));
    topology.members.emplace(kRemoved, At("10.0.0.3:8080", ring::MemberState::kRemoved));
    topology.members.emplace(kThird, At("quoin.example:80", ring::MemberState::kJoining));
    topology.members.emplace(NodeId{5}, At(""));
    view.snapshot.self = kFirst;
    view.snapshot.topology = std::make_shared<const ring::Topology>(std::move(topology));
    view.snapshot.leaders = {kThird, kFirst, NodeId{}, kRemoved};
  }
  TestWebSocket& Open() {
    socket.reset();  // Before the handler that it was made by.
    handler = std::make_unique<ApiHandler>(keyspace, options);
    socket = std::make_unique<TestWebSocket>(*handler, GetParam());
    return *socket;
  }

  MemoryKeyspace keyspace;
  FixedView view;
  ApiHandler::Options options = TestOptions();
  std::unique_ptr<ApiHandler> handler;
  std::unique_ptr<TestWebSocket> socket;
};

INSTANTIATE_TEST_SUITE_P(Subprotocols, RequestStreamRingTest,
                         testing::Values(Subprotocol::kProtobuf, Subprotocol::kJson),
                         [](const auto& info) { return info.param == Subprotocol::kJson ? "Json" : "Protobuf"; });

TEST_P(RequestStreamRingTest, TellsNodesAndLeaders) {
  options.cluster = &view;
  const v1::ServerFrame answer = Open().AskJson(R"({"id":3,"ring":{}})");
  EXPECT_EQ(answer.id(), 3u);
  EXPECT_EQ(answer.ring().ShortDebugString(),
            "epoch: 9 partition_count: 4 "
            "nodes { id: \"00c0ffee00c0ff01\" client_address: \"10.0.0.1:8080\" } "
            "nodes { id: \"00c0ffee00c0ff02\" client_address: \"[::1]:8080\" } "
            "nodes { id: \"00c0ffee00c0ff04\" client_address: \"quoin.example:80\" } "
            "leaders: 3 leaders: 1 leaders: 0 leaders: 0 cluster: \"0000000000000abc\"");
}

TEST_P(RequestStreamRingTest, LeavesOutNodesThatTheClientKnows) {
  options.cluster = &view;
  Open();
  const v1::Ring same = socket->AskJson(R"({"id":3,"ring":{"known_epoch":"9"}})").ring();
  EXPECT_EQ(same.nodes_size(), 0);
  EXPECT_EQ(same.leaders_size(), 4);
  EXPECT_EQ(same.leaders(0), 3u) << "the places are the same";
  EXPECT_EQ(socket->AskJson(R"({"id":3,"ring":{"known_epoch":"8"}})").ring().nodes_size(), 3);
}

TEST_P(RequestStreamRingTest, ANodeThatKnowsNoRingSaysSo) {
  v1::ServerFrame answer = Open().AskJson(R"({"id":3,"ring":{}})");
  EXPECT_TRUE(answer.has_ring());
  EXPECT_EQ(answer.ring().ShortDebugString(), "") << "it has no cluster";
  view.snapshot.topology = nullptr;
  options.cluster = &view;
  answer = Open().AskJson(R"({"id":3,"ring":{}})");
  EXPECT_TRUE(answer.has_ring());
  EXPECT_EQ(answer.ring().ShortDebugString(), "") << "it hasn't joined yet";
}

TEST_P(RequestStreamRingTest, LeadersMayNotBeKnownYet) {
  options.cluster = &view;
  view.snapshot.leaders.clear();
  const v1::Ring ring = Open().AskJson(R"({"id":3,"ring":{}})").ring();
  EXPECT_EQ(ring.leaders_size(), 4);
  for (const std::uint32_t leader : ring.leaders()) EXPECT_EQ(leader, 0u);
}

TEST_P(RequestStreamRingTest, IsToldWhenNothingElseIs) {
  options.cluster = &view;
  options.max_inflight_requests = 1;
  Open();
  keyspace.hold = true;
  socket->SendJson(R"({"id":1,"operation":{"key_text":"k","get":{}}})");
  EXPECT_EQ(socket->AskJson(R"({"id":2,"ring":{}})").ring().epoch(), 9u);
  keyspace.ReleaseAll();
}

TEST_P(RequestStreamRingTest, RingsWaitForCreditLikeAllAnswersQ4) {
  options.cluster = &view;
  Open();
  socket->SendJson(R"({"credit":{"bytes":"1"}})");
  for (int id = 1; id <= 3; ++id) socket->SendJson(R"({"id":)" + std::to_string(id) + R"(,"ring":{}})");
  EXPECT_EQ(socket->TakeFrames().size(), 1u);
  socket->SendJson(R"({"credit":{"bytes":"100000"}})");
  EXPECT_EQ(socket->TakeFrames().size(), 2u);
}

TEST_P(RequestStreamRingTest, RefusesMembersThatItDoesNotKnow) {
  Open();
  v1::ClientFrame frame = FrameOf(R"({"id":1,"ring":{}})");
  frame.ring().GetReflection()->MutableUnknownFields(frame.mutable_ring())->AddVarint(1023, 1);
  if (GetParam() == Subprotocol::kJson) return;  // Such a frame can't be written there.
  EXPECT_EQ(socket->Ask(frame).result().problem().type(), "bad-body");
}

}  // namespace
}  // namespace quoin::net
