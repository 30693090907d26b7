#include "tools/client_cluster_execute.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "tools/client_testing.h"

namespace quoin::tools {
namespace {

using State = ChangeProgress::State;

constexpr const char* kLeaving = "00c0ffee00c0ff03";

Command CommandOf(std::string_view line) { return ParseCommand(*SplitWords(line)).value(); }

ClusterStatus Members(const std::string& state = "active") {
  ClusterStatus status;
  status.joined = true;
  for (const char* id : {"00c0ffee00c0ff01", "00c0ffee00c0ff02", kLeaving}) {
    ClusterNode node;
    node.id = id;
    node.state = id == kLeaving ? state : "active";
    status.nodes.push_back(node);
  }
  return status;
}

ClusterAction Action(const std::string& name, const std::string& state, const std::string& since) {
  ClusterAction action;
  action.action = name;
  action.state = state;
  action.node = kLeaving;
  action.since = since;
  return action;
}

State Judge(std::string_view line, const ClusterStatus& before, const ClusterStatus& now,
            const std::string& answering = "00c0ffee00c0ff01") {
  return JudgeChange(CommandOf(line), kLeaving, before, now, answering).state;
}

TEST(JudgeChange, ADrainWaitsThenRunsThenIsDone) {
  const ClusterStatus before = Members();
  EXPECT_EQ(Judge("DRAIN x", before, Members()), State::kWaiting);
  ClusterStatus now = Members("draining");
  now.actions.push_back(Action("drain", "running", "2026-01-02T03:04:05.678Z"));
  EXPECT_EQ(Judge("DRAIN x", before, now), State::kRunning);
  now.actions[0].state = "done";
  EXPECT_EQ(Judge("DRAIN x", before, now), State::kDone);
  now.actions[0].state = "cancelled";
  EXPECT_EQ(Judge("DRAIN x", before, now), State::kCancelled);
}

TEST(JudgeChange, WhatHadEndedBeforeIsNotMeant) {
  ClusterStatus before = Members();
  before.actions.push_back(Action("drain", "cancelled", "2026-01-02T03:04:05.678Z"));
  before.refusals.push_back({"drain", kLeaving, "2026-01-02T03:04:01.000Z", "too few"});
  EXPECT_EQ(Judge("DRAIN x", before, before), State::kWaiting);
  ClusterStatus now = before;
  now.actions.insert(now.actions.begin(), Action("drain", "running", "2026-01-02T03:05:00.000Z"));
  EXPECT_EQ(Judge("DRAIN x", before, now), State::kRunning);
  now.refusals[0].at = "2026-01-02T03:06:00.000Z";
  const ChangeProgress refused = JudgeChange(CommandOf("DRAIN x"), kLeaving, before, now, "");
  EXPECT_EQ(refused.state, State::kRefused);
  EXPECT_EQ(refused.reason, "too few");
  EXPECT_EQ(Judge("REMOVE-NODE x", before, now), State::kRunning) << "the refusal was of another wish";
}

TEST(JudgeChange, WhatIsUnderWayAlreadyIsFollowed) {
  ClusterStatus before = Members("draining");
  before.actions.push_back(Action("drain", "running", "2026-01-02T03:04:05.678Z"));
  ClusterStatus now = before;
  EXPECT_EQ(Judge("DRAIN x", before, now), State::kRunning);
  now.actions[0].state = "done";
  EXPECT_EQ(Judge("DRAIN x", before, now), State::kDone);
}

TEST(JudgeChange, ANodeThatIsGoneIsDrained) {
  ClusterStatus now = Members();
  now.nodes.pop_back();
  EXPECT_EQ(Judge("DRAIN x", Members(), now), State::kDone);
  EXPECT_EQ(Judge("DRAIN x", Members(), Members("removed")), State::kDone);
  EXPECT_EQ(Judge("CANCEL x", Members(), now), State::kRefused);
  // The node itself, which is no member any more, knows of no others.
  EXPECT_EQ(Judge("DRAIN x", Members(), ClusterStatus(), kLeaving), State::kDone);
  EXPECT_EQ(Judge("DRAIN x", Members(), ClusterStatus(), "00c0ffee00c0ff09"), State::kWaiting)
      << "a stranger's view says nothing";
}

TEST(JudgeChange, ACancelIsDoneOnceTheNodeIsActive) {
  EXPECT_EQ(Judge("CANCEL x", Members("draining"), Members("draining")), State::kWaiting);
  EXPECT_EQ(Judge("CANCEL x", Members("lost"), Members()), State::kDone);
}

// A cluster whose next looks are scripted: GET /v1/cluster answers the bodies in turn, the last one for ever.
class ClusterTest : public testing::Test {
 protected:
  static std::string Body(const std::string& state, const std::string& actions = "", const std::string& refusals = "") {
    return R"({"joined": true, "epoch": 4, "nodes": [{"node": "00c0ffee00c0ff01", "state": "active"},)"
           R"({"node": "00c0ffee00c0ff02", "state": "active"})" +
           (state.empty() ? "" : R"(,{"node": "00c0ffee00c0ff03", "state": ")" + state + R"("})") +
           R"(], "actions": [)" + actions + R"(], "refusals": [)" + refusals + "]}";
  }
  static std::string Drain(const std::string& state, int done) {
    return R"({"action": "drain", "node": "00c0ffee00c0ff03", "state": ")" + state +
           R"(", "since": "2026-01-02T03:04:05.678Z", "partitions": {"done": )" + std::to_string(done) +
           R"(, "total": 9}, "keys": {"copied": 3, "total": 7}, "bytes": {"copied": 300, "total": 700}})";
  }

  ScriptedNode::HttpReply React(const ScriptedNode::HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    if (request.method == "POST") {
      posts_.push_back(request);
      return post_;
    }
    if (request.target == "/v1/cluster/ring") {
      return {.body = R"({"epoch": 4, "partitions": [{"phase": "stable", "leader": "00c0ffee00c0ff01"}]})"};
    }
    if (request.target == "/v1/status") return {.body = R"({"engine": "memory"})"};
    const std::string& body = looks_[std::min(looked_++, looks_.size() - 1)];
    return body.empty() ? ScriptedNode::HttpReply{503, ProblemJson("stopping", "not-applied", "stopping")}
                        : ScriptedNode::HttpReply{.body = body};
  }

  Answer Run(std::string_view line) {
    ClusterExecutor executor(link_, {.give_up = [this] { return given_up_.load(); },
                                     .look_interval = std::chrono::milliseconds(1),
                                     .patience = patience_});
    return executor.Execute(CommandOf(line), [this](const ClusterAction& action) {
      shown_.push_back(action.partitions_done);
      if (give_up_when_shown_) given_up_ = true;
    });
  }

  std::mutex mutex_;
  std::vector<std::string> looks_ = {Body("active")};
  std::size_t looked_ = 0;
  ScriptedNode::HttpReply post_{202, R"({"action": "drain", "detail": "it is to be drained"})"};
  std::vector<ScriptedNode::HttpRequest> posts_;
  std::vector<std::uint64_t> shown_;
  std::atomic<bool> given_up_ = false;
  bool give_up_when_shown_ = false;
  std::chrono::milliseconds patience_{20'000};
  ScriptedNode node_{{.http = [this](const ScriptedNode::HttpRequest& request) { return React(request); }}};
  Link link_{{.servers = {{"127.0.0.1", node_.port()}}, .timeout = std::chrono::seconds(20)}};
};

TEST_F(ClusterTest, ADrainIsShownUntilItIsDone) {
  looks_ = {Body("active"),
            Body("active"),
            Body("draining", Drain("running", 2)),
            "",
            Body("draining", Drain("running", 5)),
            Body("removed", Drain("done", 9))};
  const Answer answer = Run("DRAIN 00c0ffee00c0ff03");
  EXPECT_EQ(answer.exit_code, ExitCode::kDone) << answer.problem;
  EXPECT_EQ(answer.said, "Node 00c0ffee00c0ff03 is drained and removed: 9 partitions, 7 keys, 700 B copied");
  EXPECT_EQ(shown_, (std::vector<std::uint64_t>{2, 5})) << "a look that fails in between changes nothing";
  ASSERT_EQ(posts_.size(), 1u) << "asked for once";
  EXPECT_EQ(posts_[0].target, "/v1/cluster/nodes/00c0ffee00c0ff03/drain");
}

TEST_F(ClusterTest, ReplaceNamesTheNodeThatTakesThePlace) {
  looks_ = {Body("active"), Body("")};
  const Answer answer = Run("REPLACE 00c0ffee00c0ff03 WITH 00C0ffee00c0ff02");
  EXPECT_EQ(answer.exit_code, ExitCode::kDone) << answer.problem;
  ASSERT_EQ(posts_.size(), 1u);
  EXPECT_EQ(posts_[0].target, "/v1/cluster/nodes/00c0ffee00c0ff03/replace");
  EXPECT_EQ(posts_[0].body, R"({"with":"00c0ffee00c0ff02"})");
}

TEST_F(ClusterTest, WhoStopsLookingLeavesItGoingAndSaysSo) {
  looks_ = {Body("active"), Body("draining", Drain("running", 2))};
  give_up_when_shown_ = true;
  const Answer answer = Run("DRAIN 00c0ffee00c0ff03");
  EXPECT_EQ(answer.exit_code, ExitCode::kUnknown);
  EXPECT_NE(answer.problem.find("the cluster goes on (drain of node 00c0ffee00c0ff03: 2 of 9 partitions"),
            std::string::npos)
      << answer.problem;
  EXPECT_NE(answer.problem.find("CANCEL 00c0ffee00c0ff03 ends it"), std::string::npos);
  EXPECT_EQ(posts_.size(), 1u);
}

TEST_F(ClusterTest, NowaitComesBackOnceItIsAskedFor) {
  const Answer answer = Run("DRAIN 00c0ffee00c0ff03 NOWAIT");
  EXPECT_EQ(answer.exit_code, ExitCode::kDone);
  EXPECT_EQ(answer.said, "it is to be drained");
  EXPECT_EQ(looked_, 1u);
}

TEST_F(ClusterTest, RefusalsGiveTheirReasonWhoeverRefuses) {
  post_ = {409, ProblemJson("membership-refused", "not-applied", "too few nodes")};
  Answer refused = Run("DRAIN 00c0ffee00c0ff03");
  EXPECT_EQ(refused.exit_code, ExitCode::kRefused);
  EXPECT_EQ(refused.problem, "too few nodes");
  post_ = {202, "{}"};
  looked_ = 0;
  looks_ = {Body("active"),
            Body("active", "", R"({"wish": "drain", "node": "00c0ffee00c0ff03", "at": "2026", "reason": "no"})")};
  refused = Run("DRAIN 00c0ffee00c0ff03");
  EXPECT_EQ(refused.exit_code, ExitCode::kRefused);
  EXPECT_EQ(refused.problem, "no");
}

TEST_F(ClusterTest, AWishThatNobodyTakesUpIsUnknown) {
  patience_ = std::chrono::milliseconds(20);
  const Answer answer = Run("REMOVE-NODE 00c0ffee00c0ff03");
  EXPECT_EQ(answer.exit_code, ExitCode::kUnknown);
  EXPECT_NE(answer.problem.find("the controller has not taken it up; NODES"), std::string::npos) << answer.problem;
}

TEST_F(ClusterTest, ANodeThatIsNotMeantClearlyIsBadUsageAndNothingIsAskedFor) {
  EXPECT_EQ(Run("DRAIN 00c0").exit_code, ExitCode::kBadUsage);
  EXPECT_EQ(Run("DRAIN ff").exit_code, ExitCode::kBadUsage);
  EXPECT_EQ(Run("REPLACE 00c0ffee00c0ff03 WITH ff").exit_code, ExitCode::kBadUsage);
  EXPECT_TRUE(posts_.empty());
}

TEST_F(ClusterTest, RingNodesAndStatusCarryWhatTheNodeSays) {
  const Answer ring = Run("RING");
  EXPECT_EQ(ring.exit_code, ExitCode::kDone);
  ASSERT_TRUE(ring.ring.has_value());
  EXPECT_EQ(ring.ring->partitions.size(), 1u);
  EXPECT_EQ(ring.cluster->nodes.size(), 3u);
  EXPECT_EQ(Run("NODES").cluster->epoch, 4u);
  const Answer status = Run("STATUS");
  EXPECT_EQ(status.node_status, R"({"engine": "memory"})");
  EXPECT_TRUE(status.cluster.has_value());
  looks_ = {"{}"};
  EXPECT_EQ(Run("NODES").exit_code, ExitCode::kRefused) << "a node that knows no clusters";
  EXPECT_EQ(Run("STATUS").exit_code, ExitCode::kDone) << "what it says of itself is still worth showing";
}

}  // namespace
}  // namespace quoin::tools
