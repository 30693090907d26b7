// What the messages of a WebSocket mean (Q1 to Q4): each rule in both subprotocols.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "net/proto/quoin.pb.h"
#include "net/websocket_testing.h"

namespace quoin::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RequestStreamTest : public testing::TestWithParam<Subprotocol> {
 protected:
  TestWebSocket& Open() {
    socket.reset();  // Before the handler that it was made by.
    handler = std::make_unique<ApiHandler>(keyspace, options);
    socket = std::make_unique<TestWebSocket>(*handler, GetParam());
    return *socket;
  }
  v1::Result Do(const std::string& operation) {
    if (socket == nullptr) Open();
    const v1::ServerFrame answer =
        socket->AskJson(R"({"id":)" + std::to_string(next_id++) + R"(,"operation":)" + operation + "}");
    EXPECT_TRUE(answer.has_result()) << answer.ShortDebugString();
    return answer.result();
  }
  // A value in the form of the subprotocol.
  static std::string ValueOf(const v1::State& state) {
    EXPECT_EQ(state.value_form_case(), GetParam() == Subprotocol::kJson ? v1::State::kValueText : v1::State::kValue);
    return GetParam() == Subprotocol::kJson ? state.value_text() : state.value();
  }

  MemoryKeyspace keyspace;
  ApiHandler::Options options = TestOptions();
  std::unique_ptr<ApiHandler> handler;
  std::unique_ptr<TestWebSocket> socket;
  int next_id = 1;
};

INSTANTIATE_TEST_SUITE_P(Subprotocols, RequestStreamTest, testing::Values(Subprotocol::kProtobuf, Subprotocol::kJson),
                         [](const auto& info) { return info.param == Subprotocol::kJson ? "Json" : "Protobuf"; });

TEST_P(RequestStreamTest, PutGetAndDelete) {
  v1::Result result = Do(R"({"key_text":"k","put":{"value_text":"v","content_type":"text/plain"}})");
  EXPECT_EQ(result.outcome(), v1::DONE);
  EXPECT_TRUE(result.created());
  EXPECT_EQ(result.version(), "3.00c0ffee00c0ffee.1");
  EXPECT_FALSE(result.has_state());
  result = Do(R"({"key":"aw==","get":{}})");
  EXPECT_EQ(result.outcome(), v1::DONE);
  EXPECT_EQ(ValueOf(result.state()), "v");
  EXPECT_EQ(result.state().content_type(), "text/plain");
  EXPECT_EQ(result.state().version(), "3.00c0ffee00c0ffee.1");
  EXPECT_FALSE(result.state().has_expires_ms());
  EXPECT_EQ(Do(R"({"key_text":"k","delete":{}})").outcome(), v1::DONE);
  EXPECT_EQ(Do(R"({"key_text":"k","get":{}})").outcome(), v1::ABSENT);
  EXPECT_EQ(Do(R"({"key_text":"k","delete":{}})").outcome(), v1::ABSENT);
}

TEST_P(RequestStreamTest, ValuesThatAreNoTextAreBytesInBoth) {
  Do(R"({"key":"/w==","put":{"value":"AP8="}})");
  const v1::Result result = Do(R"({"key":"/w==","get":{}})");
  EXPECT_EQ(result.state().value(), std::string("\0\xff", 2));
}

TEST_P(RequestStreamTest, Increment) {
  EXPECT_EQ(ValueOf(Do(R"({"key_text":"n","increment":{}})").state()), "1");
  EXPECT_EQ(ValueOf(Do(R"({"key_text":"n","increment":{"by":"-5"}})").state()), "-4");
  Do(R"({"key_text":"t","put":{"value_text":"text"}})");
  const v1::Result result = Do(R"({"key_text":"t","increment":{}})");
  EXPECT_EQ(result.outcome(), v1::REJECTED);
  EXPECT_EQ(result.problem().type(), "wrong-value");
  EXPECT_EQ(result.problem().status(), 409u);
  EXPECT_EQ(result.problem().effect(), v1::Problem::NOT_APPLIED);
}

TEST_P(RequestStreamTest, AppendAndSwap) {
  EXPECT_TRUE(Do(R"({"key_text":"k","append":{"value_text":"ab"}})").created());
  EXPECT_FALSE(Do(R"({"key_text":"k","append":{"value_text":"c"}})").created());
  const v1::Result result = Do(R"({"key_text":"k","swap":{"value_text":"new"}})");
  EXPECT_EQ(result.outcome(), v1::DONE);
  EXPECT_EQ(ValueOf(result.previous()), "abc");
  EXPECT_NE(result.previous().version(), result.version());
  EXPECT_FALSE(Do(R"({"key_text":"other","swap":{"value_text":"new"}})").has_previous());
}

TEST_P(RequestStreamTest, DeadlinesComeAndGo) {
  Do(R"({"key_text":"k","put":{"value_text":"v","ttl_ms":"1000"}})");
  EXPECT_EQ(Do(R"({"key_text":"k","get":{}})").state().expires_ms(), 1'767'323'045'678 + 1000);
  EXPECT_EQ(Do(R"({"key_text":"k","set_deadline":{"ttl_ms":"5000"}})").outcome(), v1::DONE);
  EXPECT_EQ(Do(R"({"key_text":"k","get":{}})").state().expires_ms(), 1'767'323'045'678 + 5000);
  EXPECT_EQ(Do(R"({"key_text":"k","set_deadline":{}})").outcome(), v1::DONE);
  EXPECT_FALSE(Do(R"({"key_text":"k","get":{}})").state().has_expires_ms());
  EXPECT_EQ(Do(R"({"key_text":"absent","set_deadline":{}})").outcome(), v1::ABSENT);
}

TEST_P(RequestStreamTest, ConditionsOfEveryKind) {
  const auto put_if = [this](const std::string& condition) {
    return Do(R"({"key_text":"k","put":{"value_text":"v"},"conditions":[)" + condition + "]}").outcome();
  };
  EXPECT_EQ(put_if(R"({"present":true})"), v1::CONDITION_FAILED);
  EXPECT_EQ(put_if(R"({"absent":true})"), v1::DONE);
  EXPECT_EQ(put_if(R"({"absent":true})"), v1::CONDITION_FAILED);
  EXPECT_EQ(put_if(R"({"version_in":{"versions":["3.00c0ffee00c0ffee.9","3.00c0ffee00c0ffee.1"]}})"), v1::DONE);
  EXPECT_EQ(put_if(R"({"version_in":{"versions":["3.00c0ffee00c0ffee.1"]}})"), v1::CONDITION_FAILED);
  EXPECT_EQ(put_if(R"({"version_not_in":{"versions":["3.00c0ffee00c0ffee.2"]}})"), v1::CONDITION_FAILED);
  EXPECT_EQ(put_if(R"({"value_is_text":"w"})"), v1::CONDITION_FAILED);
  EXPECT_EQ(put_if(R"({"value_is":"dg=="},{"present":true})"), v1::DONE);
  const v1::Result failed = Do(R"({"key_text":"k","delete":{},"conditions":[{"absent":true}]})");
  EXPECT_EQ(failed.version(), "3.00c0ffee00c0ffee.3") << "the version that is there";
  EXPECT_FALSE(failed.has_problem());
}

TEST_P(RequestStreamTest, ConsistencyAndOperationIdsReachTheKeyspace) {
  Do(R"({"key_text":"k","get":{},"consistency":"ONE"})");
  EXPECT_EQ(keyspace.requests.back().consistency, quorum::Consistency::kOne);
  Do(R"({"key_text":"k","put":{"value_text":"v"},"operation_id":"00c0ffee00c0ffee-17"})");
  EXPECT_EQ(keyspace.requests.back().id, (kv::OperationId{0x00c0ffee00c0ffee, 17}));
  EXPECT_EQ(keyspace.requests.back().consistency, quorum::Consistency::kQuorum);
  Do(R"({"key_text":"k","put":{"value_text":"v"}})");
  EXPECT_EQ(keyspace.requests.back().id.client, options.start_nonce);
}

TEST_P(RequestStreamTest, WhatCanNotBeUnderstoodIsRefusedForItself) {
  const std::string long_key(4097, 'k');
  const std::pair<std::string, std::string> cases[] = {
      {R"({"get":{}})", "bad-body"},
      {R"({"key_text":"k"})", "bad-body"},
      {R"({"key_text":"","get":{}})", "bad-key"},
      {R"({"key_text":")" + long_key + R"(","get":{}})", "key-too-long"},
      {R"({"key_text":"k","put":{}})", "bad-body"},
      {R"({"key_text":"k","append":{}})", "bad-body"},
      {R"({"key_text":"k","put":{"value_text":"v","ttl_ms":"0"}})", "bad-body"},
      {R"({"key_text":"k","put":{"value_text":"v","content_type":"a\nb"}})", "bad-body"},
      {R"({"key_text":"k","get":{},"conditions":[{}]})", "bad-body"},
      {R"({"key_text":"k","get":{},"conditions":[{"absent":false}]})", "bad-body"},
      {R"({"key_text":"k","get":{},"conditions":[{"version_in":{"versions":["7"]}}]})", "bad-body"},
      {R"({"key_text":"k","get":{},"operation_id":"17"})", "bad-body"},
      {R"({"key_text":"k","get":{},"consistency":7})", "bad-body"},
  };
  for (const auto& [operation, type] : cases) {
    const v1::Result result = Do(operation);
    EXPECT_EQ(result.outcome(), v1::ERROR) << operation;
    EXPECT_EQ(result.problem().type(), type) << operation;
    EXPECT_EQ(result.problem().effect(), v1::Problem::NOT_APPLIED);
  }
  EXPECT_EQ(keyspace.submitted, 0u);
}

TEST_P(RequestStreamTest, ValuesBeyondTheLimitAreRefused) {
  options.max_value_bytes = 10;
  EXPECT_EQ(Do(R"({"key_text":"k","put":{"value_text":"0123456789a"}})").problem().type(), "value-too-large");
  EXPECT_EQ(Do(R"({"key_text":"k","put":{"value_text":"0123456789"}})").outcome(), v1::DONE);
}

TEST_P(RequestStreamTest, BatchesAnswerEachForItself) {
  Open();
  const v1::ServerFrame answer = socket->AskJson(
      R"({"id":7,"batch":{"operations":[{"key_text":"a","put":{"value_text":"1"}},{"key_text":"a","increment":{}},)"
      R"({"key_text":"","get":{}},{"key_text":"b","get":{}}]}})");
  ASSERT_TRUE(answer.has_batch());
  const auto& results = answer.batch().results();
  ASSERT_EQ(results.size(), 4);
  EXPECT_EQ(results[0].outcome(), v1::DONE);
  EXPECT_EQ(ValueOf(results[1].state()), "2");
  EXPECT_EQ(results[2].problem().type(), "bad-key");
  EXPECT_EQ(results[3].outcome(), v1::ABSENT);
  EXPECT_EQ(socket->AskJson(R"({"id":8,"batch":{}})").batch().results_size(), 0);
  const v1::ServerFrame refused = socket->AskJson(
      R"({"id":9,"batch":{"operations":[{"key_text":"a","put":{"value_text":"9"}},{"key_text":"b"}]}})");
  EXPECT_EQ(refused.result().problem().type(), "bad-body");
  EXPECT_EQ(ValueOf(Do(R"({"key_text":"a","get":{}})").state()), "2") << "nothing of a refused batch is applied";
}

TEST_P(RequestStreamTest, ScansPageByPage) {
  for (const char* key : {"p/a", "p/b", "p/c", "q"}) {
    Do(R"({"key_text":")" + std::string(key) + R"(","put":{"value_text":"v"}})");
  }
  const v1::Page first = socket->AskJson(R"({"id":50,"scan":{"prefix_text":"p/","limit":2}})").page();
  ASSERT_EQ(first.entries_size(), 2);
  EXPECT_EQ(GetParam() == Subprotocol::kJson ? first.entries(1).key_text() : first.entries(1).key(), "p/b");
  EXPECT_EQ(ValueOf(first.entries(0).state()), "v");
  ASSERT_FALSE(first.cursor().empty());
  v1::ClientFrame more = FrameOf(R"({"id":51,"scan":{"prefix_text":"p/","keys_only":true}})");
  more.mutable_scan()->set_cursor(first.cursor());
  const v1::Page second = socket->Ask(more).page();
  ASSERT_EQ(second.entries_size(), 1);
  EXPECT_EQ(second.entries(0).state().value_form_case(), v1::State::VALUE_FORM_NOT_SET);
  EXPECT_TRUE(second.cursor().empty());
  more.mutable_scan()->set_prefix_text("q");
  EXPECT_EQ(socket->Ask(more).result().problem().type(), "bad-body");
}

TEST_P(RequestStreamTest, Q1ManyAreUnderWayAndAnsweredAsTheyFinish) {
  Open();
  keyspace.hold = true;
  std::vector<std::string> keys;
  for (int id = 1; id <= 20; ++id) {
    socket->SendJson(R"({"id":)" + std::to_string(id) + R"(,"operation":{"key_text":"k","increment":{}}})");
  }
  EXPECT_EQ(keyspace.held_count(), 20u);
  keyspace.hold = false;
  socket->SendJson(R"({"id":99,"operation":{"key_text":"other","get":{}}})");
  auto frames = socket->TakeFrames();
  ASSERT_EQ(frames.size(), 1u) << "the last comes first";
  EXPECT_EQ(frames[0].id(), 99u);
  keyspace.ReleaseAll();
  EXPECT_GE(socket->wakes, 1);
  frames = socket->TakeFrames();
  ASSERT_EQ(frames.size(), 20u);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ValueOf(frames[i].result().state()), std::to_string(i + 1));
}

TEST_P(RequestStreamTest, ClosesForIdsThatAreMissingOrInUse) {
  Open();
  socket->SendJson(R"({"operation":{"key_text":"k","get":{}}})");
  EXPECT_EQ(socket->TakeClose().code, CloseCode::kPolicy);
  Open();
  keyspace.hold = true;
  socket->SendJson(R"({"id":3,"operation":{"key_text":"k","get":{}}})");
  socket->SendJson(R"({"id":3,"operation":{"key_text":"k","get":{}}})");
  EXPECT_EQ(socket->TakeClose().code, CloseCode::kPolicy);
}

TEST_P(RequestStreamTest, Q2ClosesBeyondTheBoundOfRequests) {
  options.web_socket.max_requests = 10;
  Open();
  keyspace.hold = true;
  for (int id = 1; id <= 11; ++id) {
    EXPECT_FALSE(socket->session->has_output());
    socket->SendJson(R"({"id":)" + std::to_string(id) + R"(,"operation":{"key_text":"k","delete":{}}})");
  }
  const CloseReason reason = socket->TakeClose();
  EXPECT_EQ(reason.code, CloseCode::kPolicy);
  EXPECT_NE(reason.text.find("--max_websocket_requests"), std::string::npos);
}

TEST_P(RequestStreamTest, Q3OnlySoManyReadsAreBegun) {
  options.max_value_bytes = 1000;
  options.web_socket.max_answer_bytes = 3000;
  Open();
  keyspace.hold = true;
  for (int id = 1; id <= 10; ++id) {
    socket->SendJson(R"({"id":)" + std::to_string(id) + R"(,"operation":{"key_text":"k","get":{}}})");
  }
  EXPECT_EQ(keyspace.held_count(), 3u);
  keyspace.ReleaseOne();
  EXPECT_EQ(keyspace.held_count(), 3u);
  for (int i = 0; i < 9; ++i) keyspace.ReleaseOne();
  EXPECT_EQ(socket->TakeFrames().size(), 10u);
}

TEST_P(RequestStreamTest, Q4SendsOnlyWhatThereIsCreditFor) {
  Do(R"({"key_text":"k","put":{"value_text":")" + std::string(500, 'v') + "\"}}");
  socket->SendJson(R"({"credit":{"bytes":"600"}})");
  for (int id = 10; id < 14; ++id) {
    socket->SendJson(R"({"id":)" + std::to_string(id) + R"(,"operation":{"key_text":"k","get":{}}})");
  }
  EXPECT_EQ(socket->TakeFrames().size(), GetParam() == Subprotocol::kJson ? 1u : 2u)
      << "one fits (or nearly two), and the last may be larger than what was left";
  socket->Advance(seconds(2));
  socket->SendJson(R"({"credit":{"bytes":"100000"}})");
  EXPECT_EQ(socket->TakeFrames().size(), GetParam() == Subprotocol::kJson ? 3u : 2u);
}

TEST_P(RequestStreamTest, Q4AnswersThatWaitForCreditEndTheConnectionInTheEnd) {
  options.web_socket.idle_timeout = seconds(10);
  Do(R"({"key_text":"k","put":{"value_text":"v"}})");
  keyspace.hold = true;
  socket->SendJson(R"({"credit":{"bytes":"1"}})");
  socket->SendJson(R"({"id":10,"operation":{"key_text":"k","get":{}}})");
  socket->SendJson(R"({"id":11,"operation":{"key_text":"k","get":{}}})");
  keyspace.ReleaseAll();
  EXPECT_EQ(socket->TakeFrames().size(), 1u);
  socket->Advance(seconds(9));
  EXPECT_FALSE(socket->session->has_output());
  socket->Advance(seconds(1));
  const CloseReason reason = socket->TakeClose();
  EXPECT_EQ(reason.code, CloseCode::kPolicy);
  EXPECT_NE(reason.text.find("credit"), std::string::npos);
}

TEST_P(RequestStreamTest, TimeRunsOutWithTheTruthAboutTheOutcome) {
  options.web_socket.request_timeout = seconds(3);
  options.web_socket.max_answer_bytes = 1;
  Open();
  keyspace.hold = true;
  socket->SendJson(R"({"id":1,"operation":{"key_text":"k","put":{"value_text":"v"}}})");
  socket->SendJson(R"({"id":2,"operation":{"key_text":"k","get":{}}})");
  socket->SendJson(R"({"id":3,"operation":{"key_text":"k","get":{}}})");  // Not begun: no room for its answer.
  socket->SendJson(R"({"id":4,"batch":{"operations":[{"key_text":"k","delete":{}}]}})");
  socket->Advance(seconds(3));
  const auto frames = socket->TakeFrames();
  ASSERT_EQ(frames.size(), 4u);
  EXPECT_EQ(frames[0].result().problem().effect(), v1::Problem::UNKNOWN);
  EXPECT_EQ(frames[0].result().problem().type(), "outcome-unknown");
  EXPECT_FALSE(frames[0].result().problem().operation_id().empty());
  EXPECT_EQ(frames[1].result().problem().effect(), v1::Problem::NOT_APPLIED);
  EXPECT_EQ(frames[2].result().problem().type(), "timed-out");
  EXPECT_EQ(frames[3].result().problem().type(), "timed-out") << "it was not begun";
  keyspace.ReleaseAll();
  EXPECT_FALSE(socket->session->has_output()) << "Q1: answered once";
  keyspace.hold = false;
  EXPECT_EQ(socket->AskJson(R"({"id":1,"operation":{"key_text":"k","get":{}}})").result().outcome(), v1::DONE)
      << "the id may be used again, and the write did take effect";
}

TEST_P(RequestStreamTest, ABatchThatRunsOutOfTimeTellsWhatItKnows) {
  options.web_socket.request_timeout = seconds(3);
  Open();
  keyspace.hold = true;
  socket->SendJson(
      R"({"id":4,"batch":{"operations":[{"key_text":"a","put":{"value_text":"v"}},{"key_text":"a","get":{}},)"
      R"({"key_text":"b","delete":{}}]}})");
  keyspace.ReleaseOne();
  socket->Advance(seconds(3));
  const auto frames = socket->TakeFrames();
  ASSERT_EQ(frames.size(), 1u);
  const auto& results = frames[0].batch().results();
  ASSERT_EQ(results.size(), 3);
  EXPECT_EQ(results[0].outcome(), v1::DONE);
  EXPECT_EQ(results[1].problem().effect(), v1::Problem::NOT_APPLIED);
  EXPECT_EQ(results[2].problem().effect(), v1::Problem::UNKNOWN);
  keyspace.ReleaseAll();
  EXPECT_FALSE(socket->session->has_output());
}

TEST_P(RequestStreamTest, ErrorsOfTheStorageSayWhetherTheWriteMayTakeEffect) {
  keyspace.failure = Status(Code::kUnknown, "sync failed");
  v1::Result result = Do(R"({"key_text":"k","put":{"value_text":"v"}})");
  EXPECT_EQ(result.problem().effect(), v1::Problem::UNKNOWN);
  EXPECT_EQ(Do(R"({"key_text":"k","get":{}})").problem().effect(), v1::Problem::NOT_APPLIED);
  keyspace.failure = Status(Code::kDiskFull, "full");
  result = Do(R"({"key_text":"k","put":{"value_text":"v"}})");
  EXPECT_EQ(result.problem().type(), "disk-full");
  EXPECT_EQ(result.problem().retry_after_ms(), 10'000u);
  EXPECT_EQ(socket->AskJson(R"({"id":90,"scan":{}})").result().problem().type(), "disk-full");
}

TEST_P(RequestStreamTest, TheNodesBoundOfRequestsHoldsHereToo) {
  options.max_inflight_requests = 1;
  Open();
  keyspace.hold = true;
  socket->SendJson(R"({"id":1,"operation":{"key_text":"k","get":{}}})");
  EXPECT_EQ(socket->AskJson(R"({"id":2,"operation":{"key_text":"k","get":{}}})").result().problem().type(),
            "too-many-requests");
  keyspace.ReleaseAll();
  EXPECT_EQ(socket->TakeFrames().size(), 1u);
}

// Members that an older node doesn't know must not be ignored: they might be conditions.
TEST(RequestStream, RefusesMembersThatItDoesNotKnow) {
  MemoryKeyspace keyspace;
  ApiHandler handler(keyspace, TestOptions());
  TestWebSocket socket(handler, Subprotocol::kProtobuf);
  v1::ClientFrame frame = FrameOf(R"({"id":1,"operation":{"key_text":"k","put":{"value_text":"v"},)"
                                  R"("conditions":[{"version_in":{"versions":["3.00c0ffee00c0ffee.1"]}}]}})");
  v1::Operation& operation = *frame.mutable_operation();
  for (google::protobuf::Message* message :
       {static_cast<google::protobuf::Message*>(&frame), static_cast<google::protobuf::Message*>(&operation),
        static_cast<google::protobuf::Message*>(operation.mutable_put()),
        static_cast<google::protobuf::Message*>(operation.mutable_conditions(0)),
        static_cast<google::protobuf::Message*>(operation.mutable_conditions(0)->mutable_version_in())}) {
    message->GetReflection()->MutableUnknownFields(message)->AddVarint(1023, 1);
    const v1::ServerFrame answer = socket.Ask(frame);
    EXPECT_EQ(answer.result().problem().type(), "bad-body") << frame.ShortDebugString();
    message->GetReflection()->MutableUnknownFields(message)->Clear();
  }
  EXPECT_EQ(keyspace.submitted, 0u);
}

}  // namespace
}  // namespace quoin::net
