// docs/api.md, "Cluster", over a cluster that the test makes up.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "net/api_handler.h"
#include "net/cluster_view.h"
#include "net/http_testing.h"
#include "net/json_reader.h"
#include "net/json_testing.h"
#include "quorum/packet.h"
#include "ring/topology.h"

namespace quoin::net {
namespace {

using quorum::Action;
using quorum::MembershipWish;
using ring::MemberState;

constexpr kv::WallTime kSince{std::chrono::milliseconds(1'767'323'045'678)};

// What the driver is to the handler.
class MadeUpCluster final : public ClusterView {
 public:
  std::shared_ptr<const ClusterSnapshot> Snapshot() const override {
    return std::make_shared<const ClusterSnapshot>(snapshot);
  }
  void Ask(const quorum::MembershipPacket& wish) override { asked.push_back(wish); }

  ClusterSnapshot snapshot;
  std::vector<quorum::MembershipPacket> asked;
};

std::string NodeName(std::uint64_t number) { return NodeId{number}.ToString(); }

class ApiClusterTest : public testing::Test {
 protected:
  // Nodes 1 to 4, active and heard; four partitions on three nodes each; node 1 answers and is the controller.
  ApiClusterTest() {
    topology = ring::Bootstrap(ClusterId{0xabc}, NodeId{1}, MemberOf(1), 4, {});
    for (std::uint64_t node = 1; node <= 4; ++node) {
      topology.members[NodeId{node}] = MemberOf(node);
      cluster.snapshot.heard.insert(NodeId{node});
    }
    for (std::uint64_t p = 0; p < 4; ++p) {
      topology.partitions[p].replicas =
          ring::MajoritySet({NodeId{p % 4 + 1}, NodeId{(p + 1) % 4 + 1}, NodeId{(p + 2) % 4 + 1}});
    }
    cluster.snapshot.self = NodeId{1};
    cluster.snapshot.controller = NodeId{1};
    cluster.snapshot.leaders = {NodeId{1}, NodeId{2}, NodeId{3}, NodeId{4}};
    cluster.snapshot.leads = {.partitions = 1, .complete = 1, .all_equal = 0, .lagging_keys = 5};
    options.cluster = &cluster;
  }
  static ring::Member MemberOf(std::uint64_t number) {
    return {.peer_address = "n" + std::to_string(number) + ":7080",
            .client_address = "n" + std::to_string(number) + ":8080",
            .zone = "a\xff",
            .state = MemberState::kActive};
  }
  MemberState& StateOf(std::uint64_t node) { return topology.members.at(NodeId{node}).state; }

  TestResponse Ask(const std::string& method, const std::string& target, const std::string& fields = {},
                   const std::string& body = {}) {
    cluster.snapshot.topology = std::make_shared<const ring::Topology>(topology);
    if (!joined) cluster.snapshot.topology = nullptr;
    ApiHandler handler(keyspace, options);
    TestConnection connection(handler, HttpLimits());
    const auto responses = ParseResponses(
        connection.Ask(method + " " + target + " HTTP/1.1\r\nHost: n1:8080\r\n" + fields + "\r\n" + body));
    EXPECT_TRUE(responses.has_value() && responses->size() == 1);
    return responses.has_value() && !responses->empty() ? responses->front() : TestResponse();
  }
  // A POST without a body, as `curl -X POST` sends it.
  TestResponse Post(std::uint64_t node, const std::string& verb) {
    return Ask("POST", "/v1/cluster/nodes/" + NodeName(node) + "/" + verb);
  }
  TestResponse PostBody(std::uint64_t node, const std::string& verb, const std::string& body) {
    return Ask("POST", "/v1/cluster/nodes/" + NodeName(node) + "/" + verb,
               "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n", body);
  }
  TestResponse Replace(std::uint64_t node, std::uint64_t with) {
    return PostBody(node, "replace", R"({"with": ")" + NodeName(with) + R"("})");
  }
  static boost::json::object Json(const TestResponse& response) {
    auto value = ReadJson(response.body, 8);
    EXPECT_TRUE(value.ok() && value->is_object()) << value.status() << "\n" << response.body;
    return value.ok() && value->is_object() ? value->as_object() : boost::json::object();
  }
  void ExpectRefused(const TestResponse& response, int status, const std::string& type, const std::string& why) {
    EXPECT_EQ(response.status, status) << response.body;
    const auto problem = Json(response);
    EXPECT_EQ(Member(problem, "type"), "urn:quoin:problem:" + type);
    EXPECT_NE(Member(problem, "detail").find(why), std::string::npos) << response.body;
    EXPECT_TRUE(cluster.asked.empty()) << "a wish that was refused was passed on";
  }
  void ExpectAsked(const TestResponse& response, MembershipWish wish, std::uint64_t node, const std::string& state,
                   const std::string& detail) {
    EXPECT_EQ(response.status, 202) << response.body;
    const auto answer = Json(response);
    EXPECT_EQ(Member(answer, "action"), WishName(wish));
    EXPECT_EQ(Member(answer, "node"), NodeName(node));
    EXPECT_EQ(Member(answer, "state"), state);
    EXPECT_EQ(Member(answer, "progress"), "/v1/cluster");
    EXPECT_NE(Member(answer, "detail").find(detail), std::string::npos) << response.body;
    ASSERT_EQ(cluster.asked.size(), 1u);
    EXPECT_EQ(cluster.asked[0].wish, wish);
    EXPECT_EQ(cluster.asked[0].node, NodeId{node});
    cluster.asked.clear();
  }

  MemoryKeyspace keyspace;
  MadeUpCluster cluster;
  ring::Topology topology;
  bool joined = true;
  ApiHandler::Options options = TestOptions();
};

TEST_F(ApiClusterTest, SaysWhoBelongsToItAndHowItIs) {
  topology.partitions[0].phase = ring::Phase::kFilling;
  topology.partitions[0].incoming = ring::MajoritySet({NodeId{2}, NodeId{3}, NodeId{4}});
  cluster.snapshot.leaders[2] = NodeId{};
  cluster.snapshot.heard.erase(NodeId{3});
  const TestResponse response = Ask("GET", "/v1/cluster");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Field("content-type"), "application/json");
  EXPECT_EQ(response.Field("cache-control"), "no-cache");
  const auto body = Json(response);
  EXPECT_EQ(Member(body, "cluster"), "0000000000000abc");
  EXPECT_EQ(Member(body, "node"), NodeName(1));
  EXPECT_EQ(Member(body, "joined"), "true");
  EXPECT_EQ(Member(body, "epoch"), "1");
  EXPECT_EQ(Member(body, "replication_factor"), "3");
  EXPECT_EQ(Member(body, "controller"), NodeName(1));
  EXPECT_EQ(Member(body, "partitions"), R"({"total":4,"moving":1,"leaderless":1})");
  EXPECT_EQ(Member(body, "own"), R"({"leads":1,"complete":1,"equal":0,"lagging_keys":5})");
  EXPECT_EQ(Member(body, "actions"), "[]");
  EXPECT_EQ(Member(body, "refusals"), "[]");
  ASSERT_EQ(body.at("nodes").as_array().size(), 4u);
  EXPECT_EQ(boost::json::serialize(body.at("nodes").as_array()[3]),
            R"({"node":"0000000000000004","state":"active","heard":true,"client_address":"n4:8080",)"
            R"("peer_address":"n4:7080","zone":"a\\xff","weight":1,"replicas":3,"incoming":1,"leads":1})");
  EXPECT_EQ(Member(body.at("nodes").as_array()[2].as_object(), "heard"), "false");
}

TEST_F(ApiClusterTest, ShowsActionsWithTheirProgressAndRefusals) {
  Action drain{.kind = Action::Kind::kReplace,
               .node = NodeId{2},
               .with = NodeId{4},
               .since = kSince,
               .partitions_done = 17,
               .partitions = 193,
               .total = {750'100, 90'012'000},
               .copied = {66'210, 7'944'000},
               .per_second = {11'034, 1'324'140},
               .seconds_left = 62};
  Action balance{.state = Action::State::kDone, .since = kSince, .ended = kSince + std::chrono::seconds(1)};
  quorum::ClusterProgress progress;
  progress.controller = {7, NodeId{3}};
  progress.actions = {drain, balance};
  progress.refusals = {{.wish = MembershipWish::kDrain, .node = NodeId{3}, .at = kSince, .reason = "\"no\""}};
  cluster.snapshot.progress = std::make_shared<const quorum::ClusterProgress>(progress);
  cluster.snapshot.controller = NodeId{};
  const auto body = Json(Ask("GET", "/v1/cluster"));
  EXPECT_EQ(Member(body, "controller"), NodeName(3)) << "who tells of the progress is the controller";
  ASSERT_EQ(body.at("actions").as_array().size(), 2u);
  EXPECT_EQ(boost::json::serialize(body.at("actions").as_array()[0]),
            R"({"action":"replace","state":"running","node":"0000000000000002","with":"0000000000000004",)"
            R"("since":"2026-01-02T03:04:05.678Z","ended":null,"partitions":{"done":17,"total":193},)"
            R"("keys":{"copied":66210,"total":750100},"bytes":{"copied":7944000,"total":90012000},)"
            R"("keys_per_s":11034,"bytes_per_s":1324140,"eta_s":62})");
  EXPECT_EQ(boost::json::serialize(body.at("actions").as_array()[1]),
            R"({"action":"balance","state":"done","node":null,"with":null,"since":"2026-01-02T03:04:05.678Z",)"
            R"("ended":"2026-01-02T03:04:06.678Z","partitions":{"done":0,"total":0},"keys":{"copied":0,"total":0},)"
            R"("bytes":{"copied":0,"total":0},"keys_per_s":0,"bytes_per_s":0,"eta_s":null})");
  EXPECT_EQ(Member(body, "refusals"),
            R"([{"wish":"drain","node":"0000000000000003","with":null,"at":"2026-01-02T03:04:05.678Z",)"
            R"("reason":"\"no\""}])");
}

TEST_F(ApiClusterTest, ShowsTheRing) {
  topology.partitions[1].version = 7;
  topology.partitions[1].phase = ring::Phase::kJoint;
  topology.partitions[1].incoming = ring::MajoritySet({NodeId{1}});
  cluster.snapshot.leaders[1] = NodeId{};
  const auto body = Json(Ask("GET", "/v1/cluster/ring"));
  EXPECT_EQ(Member(body, "cluster"), "0000000000000abc");
  EXPECT_EQ(Member(body, "epoch"), "1");
  EXPECT_EQ(Member(body, "replication_factor"), "3");
  EXPECT_EQ(boost::json::serialize(body.at("nodes").as_array()[0]),
            R"({"node":"0000000000000001","state":"active","client_address":"n1:8080"})");
  EXPECT_EQ(Member(body, "system"), R"({"version":1,"phase":"stable","replicas":["0000000000000001"],)"
                                    R"("incoming":[],"leader":"0000000000000001"})");
  ASSERT_EQ(body.at("partitions").as_array().size(), 4u);
  EXPECT_EQ(boost::json::serialize(body.at("partitions").as_array()[1]),
            R"({"version":7,"phase":"joint","replicas":["0000000000000002","0000000000000003","0000000000000004"],)"
            R"("incoming":["0000000000000001"],"leader":null})");
}

TEST_F(ApiClusterTest, SaysSoBeforeTheNodeHasJoined) {
  joined = false;
  const auto body = Json(Ask("GET", "/v1/cluster"));
  EXPECT_EQ(Member(body, "joined"), "false");
  EXPECT_EQ(Member(body, "cluster"), "null");
  EXPECT_EQ(Member(body, "controller"), "null");
  EXPECT_EQ(Member(body, "replication_factor"), "null");
  EXPECT_EQ(Member(body, "nodes"), "[]");
  ExpectRefused(Ask("GET", "/v1/cluster/ring"), 503, "not-joined", "has not been told the ring");
  const TestResponse drain = Post(2, "drain");
  ExpectRefused(drain, 503, "not-joined", "has not been told the ring");
  EXPECT_EQ(drain.Field("retry-after"), "1");
  options.cluster = nullptr;
  ExpectRefused(Ask("GET", "/v1/cluster"), 503, "not-joined", "starting");
  ExpectRefused(Post(2, "drain"), 503, "not-joined", "starting");
}

TEST_F(ApiClusterTest, PassesADrainOn) {
  const TestResponse response = Post(2, "drain");
  ExpectAsked(response, MembershipWish::kDrain, 2, "draining",
              "its 3 partitions move to 3 other active nodes, then it is removed");
  EXPECT_EQ(response.Field("content-type"), "application/json");
  ExpectAsked(PostBody(2, "drain", "{}"), MembershipWish::kDrain, 2, "draining", "is to be drained");
  StateOf(2) = MemberState::kDraining;
  ExpectAsked(Post(2, "drain"), MembershipWish::kDrain, 2, "draining", "is draining already");
  StateOf(2) = MemberState::kRemoved;
  ExpectAsked(Post(2, "drain"), MembershipWish::kDrain, 2, "removed", "is removed already");
  StateOf(2) = MemberState::kJoining;
  ExpectAsked(Post(2, "drain"), MembershipWish::kDrain, 2, "removed", "has not become active yet");
}

TEST_F(ApiClusterTest, RefusesADrainThatWouldLeaveTooFewNodes) {
  StateOf(4) = MemberState::kDraining;
  ExpectRefused(Post(2, "drain"), 409, "membership-refused",
                "there would be 2 active nodes, and each partition is to have 3 replicas: let another node join first");
  StateOf(2) = MemberState::kLost;
  ExpectRefused(Post(2, "drain"), 409, "membership-refused", "remove it");
}

TEST_F(ApiClusterTest, RemovesOnlyWhatIsGone) {
  ExpectRefused(Post(2, "remove"), 409, "membership-refused", "is alive: drain it instead");
  cluster.snapshot.heard.erase(NodeId{2});
  ExpectAsked(Post(2, "remove"), MembershipWish::kRemove, 2, "lost",
              "the 3 partitions that it held are copied from their other replicas to 3 other active nodes");
  StateOf(2) = MemberState::kLost;
  ExpectAsked(Post(2, "remove"), MembershipWish::kRemove, 2, "lost", "is lost already");
}

TEST_F(ApiClusterTest, ReplacesByAnActiveMemberOnly) {
  ExpectRefused(Replace(2, 2), 409, "membership-refused", "can't replace itself");
  ExpectRefused(Replace(2, 9), 409, "membership-refused", "is no member: start it with --join first");
  StateOf(4) = MemberState::kJoining;
  ExpectRefused(Replace(2, 4), 409, "membership-refused", "is joining, and only an active node can take over");
  StateOf(4) = MemberState::kActive;
  topology.members.at(NodeId{4}).weight = 0;
  ExpectRefused(Replace(2, 4), 409, "membership-refused", "weight 0");
  topology.members.at(NodeId{4}).weight = 1;
  ExpectAsked(Replace(2, 4), MembershipWish::kReplace, 2, "draining", "is to be replaced by node " + NodeName(4));
  cluster.snapshot.heard.erase(NodeId{2});
  ExpectAsked(Replace(2, 4), MembershipWish::kReplace, 2, "lost", "copied from their other replicas");
}

TEST_F(ApiClusterTest, CancelsWhatIsUnderWayOnly) {
  ExpectRefused(Post(2, "cancel"), 409, "membership-refused", "is active: there is no drain or removal to cancel");
  StateOf(2) = MemberState::kJoining;
  ExpectRefused(Post(2, "cancel"), 409, "membership-refused", "to undo a join, drain it");
  StateOf(2) = MemberState::kRemoved;
  ExpectRefused(Post(2, "cancel"), 409, "membership-refused", "is removed, and only a drain or a removal");
  StateOf(2) = MemberState::kDraining;
  ExpectAsked(Post(2, "cancel"), MembershipWish::kCancel, 2, "active", "the drain of node " + NodeName(2));
  StateOf(2) = MemberState::kLost;
  ExpectAsked(Post(2, "cancel"), MembershipWish::kCancel, 2, "active", "the removal of node " + NodeName(2));
}

TEST_F(ApiClusterTest, NamesTheMembersToWhoeverNamesAnother) {
  StateOf(3) = MemberState::kDraining;
  ExpectRefused(Post(9, "drain"), 404, "no-such-node", "no member has the id " + NodeName(9));
  ExpectRefused(Post(9, "drain"), 404, "no-such-node", NodeName(3) + " (draining), " + NodeName(4) + " (active)");
  for (const char* name : {"n2", "", "2", "%32", "00000000000000020"}) {
    ExpectRefused(Ask("POST", "/v1/cluster/nodes/" + std::string(name) + "/drain"), 404, "no-such-node",
                  "is no node id, which is 16 hexadecimal digits");
  }
  for (std::uint64_t node = 5; node <= 40; ++node) topology.members[NodeId{node}] = MemberOf(node);
  ExpectRefused(Post(99, "drain"), 404, "no-such-node", "and 24 more");
  for (const char* path : {"/v1/cluster/nodes", "/v1/cluster/nodes/", "/v1/cluster/nodes/0000000000000002",
                           "/v1/cluster/nodes/0000000000000002/", "/v1/cluster/nodes/0000000000000002/explode",
                           "/v1/cluster/nodes/0000000000000002/drain/", "/v1/cluster/"}) {
    EXPECT_EQ(Ask("POST", path).status, 404) << path;
    EXPECT_NE(Ask("POST", path).body.find("no-such-path"), std::string::npos) << path;
  }
}

TEST_F(ApiClusterTest, SaysWhatABodyIsLike) {
  ExpectRefused(PostBody(2, "drain", R"({"force": true})"), 400, "bad-body", "there is no member 'force' here");
  ExpectRefused(PostBody(2, "drain", "[]"), 400, "bad-body", "there is no body, or it is {}");
  ExpectRefused(PostBody(2, "replace", ""), 400, "bad-body", R"(the body is {"with": "<node id>"})");
  ExpectRefused(PostBody(2, "replace", "{}"), 400, "bad-body", "'with' is missing");
  ExpectRefused(PostBody(2, "replace", "{"), 400, "bad-body", R"(the body is {"with": "<node id>"})");
  ExpectRefused(PostBody(2, "replace", R"({"with": 4})"), 400, "bad-body", "16 hexadecimal digits in quotes");
  ExpectRefused(PostBody(2, "replace", R"({"with": "n4"})"), 400, "bad-body", "16 hexadecimal digits in quotes");
  ExpectRefused(PostBody(2, "replace", R"({"by": "n4"})"), 400, "bad-body", "there is no member 'by' here");
  ExpectRefused(Post(2, "replace"), 415, "unsupported-media-type", "application/json");
  ExpectRefused(Ask("POST", "/v1/cluster/nodes/" + NodeName(2) + "/drain", "Content-Length: 2\r\n", "{}"), 415,
                "unsupported-media-type", "application/json");
  ExpectRefused(Ask("POST", "/v1/cluster/nodes/" + NodeName(2) + "/drain?force=1"), 400, "bad-parameter",
                "there are no parameters here");
  ExpectRefused(Ask("GET", "/v1/cluster?verbose"), 400, "bad-parameter", "there are no parameters here");
}

TEST_F(ApiClusterTest, IsAskedByTheNamesThatItsMembersTellClients) {
  topology.members.at(NodeId{2}).client_address = "db2.example:8080";
  EXPECT_EQ(Ask("GET", "http://db2.example/v1/cluster").status, 200);
  EXPECT_EQ(Ask("GET", "http://DB2.example.:9090/v1/cluster").status, 200);
  EXPECT_EQ(Ask("GET", "http://evil.example:8080/v1/cluster").status, 403);
  joined = false;
  EXPECT_EQ(Ask("GET", "http://db2.example/v1/cluster").status, 403);
}

TEST_F(ApiClusterTest, LetsNoOtherPageChangeMembers) {
  ExpectRefused(Ask("POST", "/v1/cluster/nodes/" + NodeName(2) + "/drain", "Origin: http://evil.example\r\n"), 403,
                "cross-origin", "the Origin of the page");
  EXPECT_EQ(Ask("GET", "/v1/cluster/nodes/" + NodeName(2) + "/drain").status, 405);
  EXPECT_EQ(Ask("POST", "/v1/cluster").status, 405);
}

}  // namespace
}  // namespace quoin::net
