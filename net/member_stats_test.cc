#include "net/member_stats.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "net/name_lookup_testing.h"
#include "net/scripted_server.h"

namespace quoin::net {
namespace {

constexpr NodeId kSelf{1};
constexpr NodeId kOther{2};
// The machine may be busy.
constexpr std::chrono::seconds kLong{30};

// A cluster of this node and another one at some address.
class TwoNodes : public ClusterView {
 public:
  explicit TwoNodes(const std::string& address) {
    ring::Topology topology;
    topology.members[kSelf].client_address = "127.0.0.1:1";
    topology.members[kOther].client_address = address;
    snapshot_ = std::make_shared<ClusterSnapshot>();
    snapshot_->self = kSelf;
    snapshot_->topology = std::make_shared<ring::Topology>(topology);
  }
  std::shared_ptr<const ClusterSnapshot> Snapshot() const override { return snapshot_; }
  void Ask(const quorum::MembershipPacket&) override {}
  void Forget() {
    auto alone = std::make_shared<ClusterSnapshot>(*snapshot_);
    ring::Topology topology = *snapshot_->topology;
    topology.members.erase(kOther);
    alone->topology = std::make_shared<ring::Topology>(topology);
    snapshot_ = alone;
  }

 private:
  std::shared_ptr<ClusterSnapshot> snapshot_;
};

// As a node says it (net/api_stats.cc).
constexpr std::string_view kStatsOfOther = R"({"node": "0000000000000002", "version": "1.2.3",
 "now": "2026-01-02T03:04:05.000Z", "started_at": "2026-01-02T03:04:00.000Z", "steady_ms": 5000,
 "storage": {"state": "writable", "reason": "", "size_bytes": 4096},
 "connections": 1, "requests_in_flight": 0,
 "reads": {"count": 3, "failed": 1, "latency_us": [[0, 1, 2], [8, 9, 1]]},
 "writes": {"count": 0, "failed": 0, "latency_us": []},
 "scans": {"count": 0, "failed": 0, "latency_us": []}})";

// That, with something else in place of a part of it.
std::string Changed(std::string_view part, std::string_view other) {
  std::string stats(kStatsOfOther);
  return stats.replace(stats.find(part), part.size(), other);
}

// Asks, and lets everything that follows happen.
std::map<NodeId, MemberStats::Answer> Told(MemberStats& stats, boost::asio::io_context& context) {
  stats.Latest();
  context.run();
  context.restart();
  return stats.Latest();
}

TEST(MemberStats, TellsWhatTheOthersSayFromTheSecondCallOn) {
  std::string target;
  ScriptedServer server([&](ScriptedConnection& connection) {
    const auto request = connection.Receive();
    if (!request) return;
    target = request->method + " " + request->target;
    connection.Answer(200, "Content-Type: application/json\r\n", kStatsOfOther);
  });
  TwoNodes cluster(server.address());
  boost::asio::io_context context;
  MemberStats stats(context, cluster, kLong);
  EXPECT_TRUE(stats.Latest().empty()) << "nothing is asked before somebody wants to know";
  const auto told = Told(stats, context);
  EXPECT_EQ(target, "GET /v1/stats");
  ASSERT_EQ(told.size(), 1u) << "the node does not ask itself";
  EXPECT_EQ(told.at(kOther).json, kStatsOfOther);
  EXPECT_EQ(told.at(kOther).error, "");
  EXPECT_NE(told.at(kOther).received, MemberStats::Time());
  EXPECT_EQ(server.connections(), 1) << "two calls in a row are one question";

  cluster.Forget();
  EXPECT_TRUE(stats.Latest().empty());
}

TEST(MemberStats, SaysWhyAMemberTellsNothing) {
  struct Case {
    std::string body;
    int status;
    std::string says;
  };
  const Case cases[] = {
      {"{}", 404, "the answer is 404"},
      {"{", 200, "no JSON"},
      {"[]", 200, "no JSON object"},
      {"{}", 200, "the answer does not say which node it is of"},
      {std::string(MemberStats::kMaxAnswerBytes + 1, ' '), 200, "no whole answer"},
  };
  for (const Case& wrong : cases) {
    ScriptedServer server([&](ScriptedConnection& connection) {
      if (connection.Receive()) connection.Answer(wrong.status, "", wrong.body);
    });
    TwoNodes cluster(server.address());
    boost::asio::io_context context;
    MemberStats stats(context, cluster, kLong);
    const auto told = Told(stats, context);
    EXPECT_NE(told.at(kOther).error.find(wrong.says), std::string::npos) << told.at(kOther).error;
    EXPECT_EQ(told.at(kOther).json, "");
  }
}

// What a server answers is told of that member.
std::string ErrorAbout(const std::string& body) {
  ScriptedServer server([&](ScriptedConnection& connection) {
    if (connection.Receive()) connection.Answer(200, "", body);
  });
  TwoNodes cluster(server.address());
  boost::asio::io_context context;
  MemberStats stats(context, cluster, kLong);
  const auto told = Told(stats, context);
  EXPECT_EQ(told.at(kOther).json.empty(), !told.at(kOther).error.empty());
  return told.at(kOther).error;
}

TEST(MemberStats, TakesNothingThatAnotherNodeSays) {
  EXPECT_EQ(ErrorAbout(Changed("0000000000000002", "0000000000000003")),
            "another node answers at that address: 0000000000000003");
}

TEST(MemberStats, TakesNothingThatThePageCouldNotCalculateWith) {
  EXPECT_EQ(ErrorAbout(Changed("\"version\"", "\"newer\": 1, \"version\"")), "") << "what is more is no harm";
  struct Case {
    std::string_view part;
    std::string_view other;
    std::string_view wrong;
  };
  const Case cases[] = {
      {"\"version\"", "\"no\"", "version"},
      {"\"started_at\"", "\"no\"", "started_at"},
      {"5000", "\"5000\"", "steady_ms"},
      {"\"storage\"", "\"no\"", "storage"},
      {"\"writable\"", "null", "storage.state"},
      {"4096", "{}", "storage.size_bytes"},
      {"\"connections\"", "\"no\"", "connections"},
      {"\"reads\"", "\"no\"", "reads"},
      {"\"count\"", "\"no\"", "reads.count"},
      {"\"failed\"", "\"no\"", "reads.failed"},
      {"\"latency_us\"", "\"no\"", "reads.latency_us"},
      {"[8, 9, 1]", "[8, 9]", "reads.latency_us"},
      {"[8, 9, 1]", "[8, 9, null]", "reads.latency_us"},
      {"\"writes\"", "\"no\"", "writes"},
      {"\"scans\": {", "\"scans\": [], \"no\": {", "scans"},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(ErrorAbout(Changed(each.part, each.other)),
              "the answer has no '" + std::string(each.wrong) + "' that can be understood");
  }
}

TEST(MemberStats, SaysThatNobodyListens) {
  RefusingPort nobody;
  TwoNodes cluster(nobody.address());
  boost::asio::io_context context;
  MemberStats stats(context, cluster, kLong);
  EXPECT_NE(Told(stats, context).at(kOther).error.find("no connection"), std::string::npos);
}

TEST(MemberStats, WaitsNoLongerThanItsPatience) {
  ScriptedServer server([](ScriptedConnection& connection) { connection.WaitForEnd(); });
  TwoNodes cluster(server.address());
  boost::asio::io_context context;
  MemberStats stats(context, cluster);
  EXPECT_NE(Told(stats, context).at(kOther).error.find("no whole answer"), std::string::npos);
}

TEST(MemberStats, WaitsNoLongerForAName) {
  TestNames names;
  names.Hang("slow");
  TwoNodes cluster("slow:8080");
  boost::asio::io_context context;
  MemberStats stats(context, cluster, std::chrono::milliseconds(4), names.Resolver());
  EXPECT_EQ(Told(stats, context).at(kOther).error, "the name is still being looked up after 4 ms");
}

TEST(MemberStats, AddressesMayBeNames) {
  ScriptedServer server([](ScriptedConnection& connection) {
    if (connection.Receive()) connection.Answer(200, "", kStatsOfOther);
  });
  TestNames names;
  TwoNodes cluster("somewhere:" + std::to_string(server.port()));
  boost::asio::io_context context;
  MemberStats stats(context, cluster, kLong, names.Resolver());
  EXPECT_EQ(Told(stats, context).at(kOther).error, "");
  EXPECT_EQ(names.Lookups("somewhere"), 1);
}

TEST(MemberStats, SaysThatAnAddressIsNone) {
  TwoNodes cluster("nowhere");
  boost::asio::io_context context;
  MemberStats stats(context, cluster);
  EXPECT_NE(Told(stats, context).at(kOther).error, "");
}

TEST(MemberStats, MayEndWhileANameIsLookedUp) {
  TestNames names;
  names.Hang("slow");
  TwoNodes cluster("slow:8080");
  auto context = std::make_unique<boost::asio::io_context>();
  auto stats = std::make_unique<MemberStats>(*context, cluster, kLong, names.Resolver());
  stats->Latest();
  context->poll();
  names.AwaitLookups("slow", 1);
  stats.reset();
  context.reset();
}

TEST(MemberStats, MayEndBeforeItsAnswersCome) {
  ScriptedServer server([](ScriptedConnection& connection) { connection.WaitForEnd(); });
  TwoNodes cluster(server.address());
  auto context = std::make_unique<boost::asio::io_context>();
  auto stats = std::make_unique<MemberStats>(*context, cluster);
  stats->Latest();
  context->poll();
  stats.reset();
  context.reset();
}

}  // namespace
}  // namespace quoin::net
