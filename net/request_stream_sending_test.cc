// How operations on a WebSocket name themselves and how they were sent before: each rule in both subprotocols.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "net/proto/quoin.pb.h"
#include "net/websocket_testing.h"

namespace quoin::net {
namespace {

using std::chrono::seconds;

constexpr kv::Version kKnown{{3, NodeId{0x00c0ffee00c0ffee}}, 41};

class StreamSendingTest : public testing::TestWithParam<Subprotocol> {
 protected:
  void Open() {
    socket.reset();  // Before the handler that it was made by.
    handler = std::make_unique<ApiHandler>(keyspace, options);
    socket = std::make_unique<TestWebSocket>(*handler, GetParam());
  }
  // `members`: what a put of the key "k" has besides.
  v1::Result Put(const std::string& members) {
    if (socket == nullptr) Open();
    const v1::ServerFrame answer = socket->AskJson(Frame(next_id++, members));
    EXPECT_TRUE(answer.has_result()) << answer.ShortDebugString();
    return answer.result();
  }
  static std::string Frame(int id, const std::string& members) {
    return R"({"id":)" + std::to_string(id) + R"(,"operation":{"key_text":"k","put":{"value_text":"v"})" + members +
           "}}";
  }

  MemoryKeyspace keyspace;
  ApiHandler::Options options = TestOptions();
  std::unique_ptr<ApiHandler> handler;
  std::unique_ptr<TestWebSocket> socket;
  int next_id = 1;
};

INSTANTIATE_TEST_SUITE_P(Subprotocols, StreamSendingTest, testing::Values(Subprotocol::kProtobuf, Subprotocol::kJson),
                         [](const auto& info) { return info.param == Subprotocol::kJson ? "Json" : "Protobuf"; });

TEST_P(StreamSendingTest, ReachesTheKeyspaceAsItWasGiven) {
  Put("");
  EXPECT_TRUE(keyspace.sendings.back().fresh);
  EXPECT_EQ(keyspace.requests.back().id.client, options.start_nonce);
  Put(R"(,"operation_id":"00c0ffee00c0ffee-17")");
  EXPECT_EQ(keyspace.requests.back().id, (kv::OperationId{0x00c0ffee00c0ffee, 17}));
  EXPECT_FALSE(keyspace.sendings.back().fresh || keyspace.sendings.back().repeated);
  EXPECT_EQ(keyspace.sendings.back().known, kv::Version{});
  Put(R"(,"operation_id":"00c0ffee00c0ffee-17","finished_below":9)");
  EXPECT_EQ(keyspace.sendings.back().finished_below, 9u);
  Put(R"(,"operation_id":"00c0ffee00c0ffee-17","ballot":"3.00c0ffee00c0ffee.41","repeated":true)");
  EXPECT_TRUE(keyspace.sendings.back().repeated);
  EXPECT_EQ(keyspace.sendings.back().known, kKnown);
}

TEST_P(StreamSendingTest, IsRefusedWhereItMakesNoSense) {
  for (const auto& [members, named] : {std::pair(R"(,"ballot":"3.00c0ffee00c0ffee")", "operation_id"),
                                       std::pair(R"(,"repeated":true)", "operation_id"),
                                       std::pair(R"(,"finished_below":3)", "operation_id"),
                                       std::pair(R"(,"operation_id":"00c0ffee00c0ffee-17","finished_below":18)",
                                                 "at most the number"),
                                       std::pair(R"(,"operation_id":"0000000000000000-17")", "00c0ffee00c0ffee-17"),
                                       std::pair(R"(,"operation_id":"order-4711")", "00c0ffee00c0ffee-17"),
                                       std::pair(R"(,"operation_id":"00c0ffee00c0ffee-17","ballot":"3")", "ballot")}) {
    const v1::Result result = Put(members);
    EXPECT_EQ(result.problem().type(), "bad-body") << members;
    EXPECT_NE(result.problem().detail().find(named), std::string::npos) << result.problem().detail();
  }
  const v1::ServerFrame get =
      socket->AskJson(R"({"id":90,"operation":{"key_text":"k","get":{},"operation_id":"00c0ffee00c0ffee-17"}})");
  EXPECT_EQ(get.result().problem().type(), "bad-body");
  const v1::ServerFrame batch = socket->AskJson(R"({"id":91,"batch":{"operations":[{"key_text":"k","delete":{}},)"
                                                R"({"key_text":"k","delete":{},"repeated":true}]}})");
  EXPECT_NE(batch.result().problem().detail().find("operation 1"), std::string::npos) << batch.ShortDebugString();
  EXPECT_EQ(keyspace.submitted, 0u);
}

TEST_P(StreamSendingTest, AnswersShowTheBallotWhateverTheOutcome) {
  EXPECT_EQ(Put("").ballot(), "");
  keyspace.known = kKnown;
  EXPECT_EQ(Put("").ballot(), "3.00c0ffee00c0ffee.41");
  EXPECT_EQ(Put(R"(,"conditions":[{"absent":true}])").ballot(), "3.00c0ffee00c0ffee.41");
  keyspace.failure = Status(Code::kDiskFull, "full");
  EXPECT_EQ(Put("").ballot(), "3.00c0ffee00c0ffee.41");
}

TEST_P(StreamSendingTest, AForgetfulKeyAsksForItsBallotAndThenServes) {
  keyspace.known = kKnown;
  keyspace.forgetful = true;
  const v1::Result first = Put(R"(,"operation_id":"00c0ffee00c0ffee-17")");
  EXPECT_EQ(first.outcome(), v1::ERROR);
  EXPECT_EQ(first.problem().type(), "ballot-required");
  EXPECT_EQ(first.problem().status(), 409u);
  EXPECT_EQ(first.problem().effect(), v1::Problem::NOT_APPLIED);
  const std::string named = R"(,"operation_id":"00c0ffee00c0ffee-17","ballot":")" + first.ballot() + "\"";
  EXPECT_EQ(Put(named).outcome(), v1::DONE);
  const v1::Result repeated = Put(R"(,"operation_id":"00c0ffee00c0ffee-18","repeated":true)");
  EXPECT_EQ(repeated.problem().type(), "outcome-unknown");
  EXPECT_EQ(repeated.problem().effect(), v1::Problem::UNKNOWN);
  EXPECT_EQ(repeated.problem().operation_id(), "00c0ffee00c0ffee-18");
  EXPECT_EQ(repeated.ballot(), "3.00c0ffee00c0ffee.41");
}

TEST_P(StreamSendingTest, OperationsOfABatchEachHaveTheirOwn) {
  keyspace.known = kKnown;
  keyspace.forgetful = true;
  Open();
  const v1::ServerFrame answer = socket->AskJson(
      R"({"id":1,"batch":{"operations":[{"key_text":"a","delete":{},"operation_id":"00c0ffee00c0ffee-1"},)"
      R"({"key_text":"b","put":{"value_text":"v"},"operation_id":"00c0ffee00c0ffee-2",)"
      R"("ballot":"3.00c0ffee00c0ffee.41"},)"
      R"({"key_text":"c","put":{"value_text":"v"}}]}})");
  ASSERT_EQ(answer.batch().results_size(), 3) << answer.ShortDebugString();
  EXPECT_EQ(answer.batch().results(0).problem().type(), "ballot-required");
  EXPECT_EQ(answer.batch().results(0).ballot(), "3.00c0ffee00c0ffee.41");
  EXPECT_EQ(answer.batch().results(1).outcome(), v1::DONE);
  EXPECT_EQ(answer.batch().results(2).outcome(), v1::DONE);
}

// `repeated` says that there are sendings of which this refusal knows nothing.
TEST_P(StreamSendingTest, WhatARepeatedSendingIsRefusedForSaysNothingOfTheOthers) {
  options.max_inflight_requests = 1;
  options.web_socket.request_timeout = seconds(3);
  options.web_socket.max_answer_bytes = 1;
  Open();
  keyspace.hold = true;
  const std::string repeated = R"(,"operation_id":"00c0ffee00c0ffee-17","repeated":true)";
  const auto expect_unknown = [&](const v1::Result& result, const std::string& type) {
    EXPECT_EQ(result.problem().type(), type);
    EXPECT_EQ(result.problem().effect(), v1::Problem::UNKNOWN) << type;
    EXPECT_EQ(result.problem().operation_id(), "00c0ffee00c0ffee-17") << type;
  };
  socket->SendJson(R"({"id":100,"operation":{"key_text":"k","get":{}}})");
  expect_unknown(Put(repeated), "too-many-requests");
  EXPECT_EQ(Put("").problem().effect(), v1::Problem::NOT_APPLIED);
  EXPECT_EQ(Put(R"(,"operation_id":"00c0ffee00c0ffee-18")").problem().effect(), v1::Problem::NOT_APPLIED);
  // Not begun: there is no room for its answer.
  socket->SendJson(R"({"id":101,"operation":{"key_text":"k","swap":{"value_text":"v"})" + repeated + "}}");
  socket->Advance(seconds(3));
  const auto frames = socket->TakeFrames();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[1].id(), 101u);
  expect_unknown(frames[1].result(), "timed-out");

  socket->SendJson(R"({"id":102,"operation":{"key_text":"k","get":{}}})");
  socket->session->Drain(socket->now);
  expect_unknown(Put(repeated), "stopping");
  EXPECT_EQ(Put("").problem().effect(), v1::Problem::NOT_APPLIED);
  keyspace.ReleaseAll();
}

}  // namespace
}  // namespace quoin::net
