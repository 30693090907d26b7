// GET /v1/stats and /v1/cluster/stats.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "net/api_handler.h"
#include "net/http_testing.h"
#include "net/json_reader.h"
#include "net/json_testing.h"

namespace quoin::net {
namespace {

class Cluster : public ClusterView {
 public:
  std::shared_ptr<const ClusterSnapshot> Snapshot() const override {
    return std::make_shared<ClusterSnapshot>(snapshot);
  }
  void Ask(const quorum::MembershipPacket&) override {}
  ClusterSnapshot snapshot;
};

class StatsTest : public testing::Test {
 protected:
  StatsTest() {
    status = options.status();
    options.status = [this] { return status; };
    options.steady_now = [this] { return now; };
    options.cluster = &cluster;
    handler = std::make_unique<ApiHandler>(keyspace, options);
  }
  TestResponse Ask(const std::string& request) {
    TestConnection connection(*handler, HttpLimits());
    const auto responses = ParseResponses(connection.Ask(request));
    EXPECT_TRUE(responses.has_value() && responses->size() == 1);
    return responses.has_value() && !responses->empty() ? responses->front() : TestResponse{};
  }
  boost::json::object Get(const std::string& target) {
    const TestResponse response = Ask("GET " + target + " HTTP/1.1\r\nHost: node\r\n\r\n");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.Field("content-type"), "application/json");
    EXPECT_EQ(response.Field("cache-control"), "no-cache");
    const auto value = ReadJson(response.body, 8);
    EXPECT_TRUE(value.ok()) << value.status() << response.body;
    return value.ok() ? value->as_object() : boost::json::object();
  }

  SteadyTime now{std::chrono::seconds(5)};
  Cluster cluster;
  MemoryKeyspace keyspace;
  NodeStatus status;
  ApiHandler::Options options = TestOptions();
  std::unique_ptr<ApiHandler> handler;
};

TEST_F(StatsTest, CountsReadsWritesAndScansApart) {
  Ask("PUT /v1/kv/a HTTP/1.1\r\nHost: node\r\nContent-Length: 1\r\n\r\nx");
  Ask("GET /v1/kv/a HTTP/1.1\r\nHost: node\r\n\r\n");
  Ask("GET /v1/kv/none HTTP/1.1\r\nHost: node\r\n\r\n");
  Ask("GET /v1/kv HTTP/1.1\r\nHost: node\r\n\r\n");
  keyspace.failure = Status(Code::kUnavailable, "away");
  Ask("GET /v1/kv/a HTTP/1.1\r\nHost: node\r\n\r\n");
  const auto stats = Get("/v1/stats");
  EXPECT_EQ(Member(stats.at("writes").as_object(), "count"), "1");
  EXPECT_EQ(Member(stats.at("reads").as_object(), "count"), "3");
  EXPECT_EQ(Member(stats.at("reads").as_object(), "failed"), "1");
  EXPECT_EQ(Member(stats.at("scans").as_object(), "count"), "1");
  // The clock stands still, so all took less than a microsecond.
  EXPECT_EQ(boost::json::serialize(stats.at("reads").as_object().at("latency_us")), "[[0,1,3]]");
  EXPECT_EQ(Member(stats, "steady_ms"), "5000");
  EXPECT_EQ(Member(stats, "connections"), "1");
  EXPECT_EQ(Member(stats, "node"), "00c0ffee00c0ffee");
}

TEST_F(StatsTest, TellsWhatTheDiskIsLike) {
  const auto state = [this] { return Member(Get("/v1/stats").at("storage").as_object(), "state"); };
  EXPECT_EQ(state(), "writable");
  cluster.snapshot.disk_hangs = true;
  EXPECT_EQ(state(), "stalled");
  status.storage = {kv::Health::Mode::kDiskFull, "no \"space\" \xff"};
  EXPECT_EQ(state(), "disk-full");
  status.storage.mode = kv::Health::Mode::kReadOnly;
  EXPECT_EQ(state(), "read-only");
}

TEST_F(StatsTest, OfTheClusterNeedsACluster) {
  const TestResponse response = Ask("GET /v1/cluster/stats HTTP/1.1\r\nHost: node\r\n\r\n");
  EXPECT_EQ(response.status, 503);
  EXPECT_NE(response.body.find("urn:quoin:problem:not-joined"), std::string::npos);
}

TEST_F(StatsTest, OfTheClusterHasAPlaceForEachMember) {
  ring::Topology topology;
  topology.members[options.node];
  topology.members[NodeId{7}];
  cluster.snapshot.self = options.node;
  cluster.snapshot.topology = std::make_shared<ring::Topology>(topology);
  const auto told = Get("/v1/cluster/stats");
  EXPECT_EQ(Member(told, "node"), "00c0ffee00c0ffee");
  const auto& nodes = told.at("nodes").as_array();
  ASSERT_EQ(nodes.size(), 2u);
  const auto& other = nodes[0].as_object();
  EXPECT_EQ(Member(other, "node"), "0000000000000007");
  EXPECT_TRUE(other.at("stats").is_null());
  EXPECT_TRUE(other.at("age_ms").is_null());
  EXPECT_TRUE(other.at("error").is_null());
  const auto& own = nodes[1].as_object();
  EXPECT_EQ(Member(own, "age_ms"), "0");
  EXPECT_EQ(Member(own.at("stats").as_object(), "node"), "00c0ffee00c0ffee");
}

}  // namespace
}  // namespace quoin::net
