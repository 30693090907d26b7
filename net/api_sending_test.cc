// How HTTP requests name their operation and how they were sent before (docs/api.md, "Sending again"), over a keyspace
// in memory.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "net/api_handler.h"
#include "net/http_testing.h"
#include "net/json_reader.h"
#include "net/json_testing.h"

namespace quoin::net {
namespace {

constexpr kv::Version kKnown{{3, NodeId{0x00c0ffee00c0ffee}}, 41};
const std::string kId = "Idempotency-Key: 00c0ffee00c0ffee-17\r\n";
const std::string kNamed = "Quoin-Ballot: 3.00c0ffee00c0ffee.41\r\n";
const std::string kJson = "Content-Type: application/json\r\n";

class SendingTest : public testing::Test {
 protected:
  static std::string Request(std::string_view method, std::string_view target, std::string_view body,
                             std::string_view fields) {
    std::string bytes =
        std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: node:8080\r\n" + std::string(fields);
    if (method != "PUT" && method != "POST") return bytes + "\r\n";
    return bytes + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }
  void Start() {
    connection.reset();  // Before the handler that it was made by.
    handler = std::make_unique<ApiHandler>(keyspace, options);
    connection = std::make_unique<TestConnection>(*handler, HttpLimits());
  }
  TestResponse Answer(const std::string& bytes, std::string_view method = "GET") {
    const auto responses = ParseResponses(bytes, method == "HEAD");
    EXPECT_TRUE(responses.has_value() && responses->size() == 1) << bytes;
    return responses.has_value() && responses->size() == 1 ? responses->front() : TestResponse();
  }
  TestResponse Ask(std::string_view method, std::string_view target, std::string_view body = {},
                   std::string_view fields = {}) {
    if (handler == nullptr) Start();
    return Answer(connection->Ask(Request(method, target, body, fields)), method);
  }
  static boost::json::object Json(const TestResponse& response) {
    auto value = ReadJson(response.body, 8);
    EXPECT_TRUE(value.ok() && value->is_object()) << value.status() << "\n" << response.body;
    return value.ok() && value->is_object() ? value->as_object() : boost::json::object();
  }
  static void ExpectProblem(const TestResponse& response, int status, const std::string& type,
                            const std::string& outcome) {
    EXPECT_EQ(response.status, status) << response.body;
    const auto problem = Json(response);
    EXPECT_EQ(Member(problem, "type"), "urn:quoin:problem:" + type) << response.body;
    EXPECT_EQ(Member(problem, "outcome"), outcome) << response.body;
  }

  MemoryKeyspace keyspace;
  ApiHandler::Options options = TestOptions();
  std::unique_ptr<ApiHandler> handler;
  std::unique_ptr<TestConnection> connection;
};

TEST_F(SendingTest, WritesWithoutAnIdAreFresh) {
  Ask("PUT", "/v1/kv/a", "x");
  EXPECT_TRUE(keyspace.sendings.back().fresh);
  EXPECT_EQ(keyspace.requests.back().id.client, options.start_nonce);
  Ask("POST", "/v1/kv/a", R"({"op": "append", "value": "x"})", kJson);
  EXPECT_TRUE(keyspace.sendings.back().fresh);
  Ask("POST", "/v1/batch", R"({"operations": [{"op": "delete", "key": "a"}]})", kJson);
  EXPECT_TRUE(keyspace.sendings.back().fresh);
}

TEST_F(SendingTest, IdsOfClientsReachTheKeyspace) {
  const auto expect_sent = [&](const kv::Version& known) {
    EXPECT_EQ(keyspace.requests.back().id, (kv::OperationId{0x00c0ffee00c0ffee, 17}));
    EXPECT_TRUE(keyspace.sendings.back().repeated);
    EXPECT_FALSE(keyspace.sendings.back().fresh);
    EXPECT_EQ(keyspace.sendings.back().known, known);
  };
  EXPECT_EQ(Ask("PUT", "/v1/kv/a", "1", kId).status, 201);
  expect_sent({});
  EXPECT_EQ(Ask("POST", "/v1/kv/a", R"({"op": "increment"})", kId + kNamed + kJson).status, 200);
  expect_sent(kKnown);
  EXPECT_EQ(Ask("DELETE", "/v1/kv/a", {}, kNamed + kId).status, 204);
  expect_sent(kKnown);
}

TEST_F(SendingTest, AllAnswersOfAKeyShowTheBallot) {
  EXPECT_EQ(Ask("PUT", "/v1/kv/a", "1").Field("quoin-ballot"), "") << "the keyspace shows none";
  keyspace.known = kKnown;
  const auto expect_shown = [&](int status, const TestResponse& response) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.Field("quoin-ballot"), "3.00c0ffee00c0ffee.41") << status;
  };
  expect_shown(204, Ask("PUT", "/v1/kv/a", "1"));
  const TestResponse got = Ask("GET", "/v1/kv/a");
  expect_shown(200, got);
  expect_shown(200, Ask("HEAD", "/v1/kv/a"));
  expect_shown(304, Ask("GET", "/v1/kv/a", {}, "If-None-Match: " + got.Field("etag") + "\r\n"));
  expect_shown(412, Ask("PUT", "/v1/kv/a", "1", "If-None-Match: *\r\n"));
  expect_shown(404, Ask("GET", "/v1/kv/b"));
  const TestResponse posted = Ask("POST", "/v1/kv/a", R"({"op": "increment"})", kJson);
  expect_shown(200, posted);
  EXPECT_EQ(Member(Json(posted), "ballot"), "3.00c0ffee00c0ffee.41");
  Ask("PUT", "/v1/kv/a", "text");
  expect_shown(409, Ask("POST", "/v1/kv/a", R"({"op": "increment"})", kJson));
  const auto batch = Json(Ask("POST", "/v1/batch", R"({"operations": [{"op": "get", "key": "b"}]})", kJson));
  EXPECT_EQ(Member(batch.at("results").as_array()[0].as_object(), "ballot"), "3.00c0ffee00c0ffee.41");
}

TEST_F(SendingTest, BadFieldsAreRefusedBeforeTheBody) {
  const auto expect_refused = [&](std::string_view method, std::string_view target, const std::string& fields) {
    Start();
    const std::string post = method == "POST" ? kJson : "";
    ExpectProblem(Ask(method, target, R"({"op": "get"})", fields + post), 400, "bad-header", "not-applied");
  };
  expect_refused("GET", "/v1/kv/a", kId);
  expect_refused("POST", "/v1/kv/a", kId);  // A get.
  expect_refused("PUT", "/v1/kv/a", kNamed);
  expect_refused("PUT", "/v1/kv/a", kId + kId);
  expect_refused("PUT", "/v1/kv/a", "Idempotency-Key:\r\n");
  expect_refused("PUT", "/v1/kv/a", "Idempotency-Key: " + std::string(256, 'k') + "\r\n");
  expect_refused("PUT", "/v1/kv/a", kId + "Quoin-Ballot: newest\r\n");
  expect_refused("POST", "/v1/batch", kId);
  expect_refused("POST", "/v1/batch", kNamed);
  Start();
  const TestResponse response = Answer(connection->Ask(
      "PUT /v1/kv/a HTTP/1.1\r\nHost: n\r\nExpect: 100-continue\r\nContent-Length: 5\r\n" + kNamed + "\r\n"));
  ExpectProblem(response, 400, "bad-header", "not-applied");
  EXPECT_EQ(keyspace.submitted, 0u);
}

TEST_F(SendingTest, OperationsOfABatchEachHaveTheirOwn) {
  keyspace.known = kKnown;
  keyspace.forgetful = true;
  const auto object = Json(Ask("POST", "/v1/batch", R"({"operations": [
      {"op": "put", "key": "a", "value": "1"},
      {"op": "put", "key": "b", "value": "1", "operation_id": "00c0ffee00c0ffee-1", "ballot": "3.00c0ffee00c0ffee.41"},
      {"op": "put", "key": "c", "value": "1", "operation_id": "00c0ffee00c0ffee-2"},
      {"op": "put", "key": "d", "value": "1", "operation_id": "00c0ffee00c0ffee-3", "repeated": true}]})",
                               kJson));
  const auto& results = object.at("results").as_array();
  ASSERT_EQ(results.size(), 4u);
  EXPECT_TRUE(keyspace.sendings[0].fresh);
  EXPECT_EQ(keyspace.sendings[1].known, kKnown);
  EXPECT_FALSE(keyspace.sendings[1].fresh || keyspace.sendings[1].repeated);
  EXPECT_EQ(keyspace.requests[2].id, (kv::OperationId{0x00c0ffee00c0ffee, 2}));
  EXPECT_TRUE(keyspace.sendings[3].repeated);
  const auto expect = [&](std::size_t i, std::string_view status, std::string_view outcome) {
    EXPECT_EQ(Member(results[i].as_object(), "status"), status) << i;
    EXPECT_EQ(Member(results[i].as_object(), "outcome"), outcome) << i;
    EXPECT_EQ(Member(results[i].as_object(), "ballot"), "3.00c0ffee00c0ffee.41") << i;
  };
  expect(0, "200", "done");
  expect(1, "200", "done");
  expect(2, "409", "not-applied");
  EXPECT_EQ(Member(results[2].as_object().at("problem").as_object(), "type"), "urn:quoin:problem:ballot-required");
  expect(3, "504", "unknown");
  EXPECT_EQ(Member(results[3].as_object().at("problem").as_object(), "operation_id"), "00c0ffee00c0ffee-3");
}

// It can't be told apart from the second sending of an operation that the key has forgotten. What helps is a ballot
// from before the first sending.
TEST_F(SendingTest, AForgetfulKeyMakesAnHttpRequestThatNamesNoBallotUnknown) {
  keyspace.known = kKnown;
  keyspace.forgetful = true;
  const std::string ballot = Ask("GET", "/v1/kv/a").Field("quoin-ballot");
  const TestResponse refused = Ask("PUT", "/v1/kv/a", "1", kId);
  ExpectProblem(refused, 504, "outcome-unknown", "unknown");
  EXPECT_EQ(refused.Field("quoin-operation-id"), "00c0ffee00c0ffee-17");
  EXPECT_EQ(Member(Json(refused), "detail"), "the key has forgotten operations");
  const std::string other_id = "Idempotency-Key: 00c0ffee00c0ffee-18\r\n";
  EXPECT_EQ(Ask("PUT", "/v1/kv/a", "1", other_id + "Quoin-Ballot: " + ballot + "\r\n").status, 201);
}

TEST_F(SendingTest, WhatARepeatedSendingIsRefusedForSaysNothingOfTheOthers) {
  options.max_inflight_requests = 1;
  keyspace.hold = true;
  Start();
  connection->Send(Request("GET", "/v1/kv/a", {}, {}));
  TestConnection other(*handler, HttpLimits());
  for (const std::string& request :
       {Request("PUT", "/v1/kv/a", "x", kId), Request("POST", "/v1/kv/a", R"({"op": "increment"})", kId + kJson)}) {
    const TestResponse response = Answer(other.Ask(request));
    ExpectProblem(response, 429, "too-many-requests", "unknown");
    EXPECT_EQ(response.Field("quoin-operation-id"), "00c0ffee00c0ffee-17");
    EXPECT_NE(response.Field("retry-after"), "");
  }
  ExpectProblem(Answer(other.Ask(Request("PUT", "/v1/kv/a", "x", {}))), 429, "too-many-requests", "not-applied");
  keyspace.ReleaseAll();
}

TEST_F(SendingTest, OutOfTimeTellsTheClientsOwnId) {
  keyspace.hold = true;
  Start();
  connection->Send(Request("PUT", "/v1/kv/a", "x", "Idempotency-Key: \"order 4711\"\r\n"));
  connection->Advance(std::chrono::milliseconds(5'000));
  const TestResponse response = Answer(connection->Take());
  ExpectProblem(response, 504, "outcome-unknown", "unknown");
  const std::string id = response.Field("quoin-operation-id");
  keyspace.hold = false;
  keyspace.ReleaseAll();
  Ask("PUT", "/v1/kv/a", "x", "Idempotency-Key: " + id + "\r\n");
  EXPECT_EQ(keyspace.requests[0].id, keyspace.requests[1].id);
}

TEST_F(SendingTest, ABatchOutOfTimeIsUnknownWhereItWasSentBefore) {
  options.max_value_bytes = options.max_batch_bytes = 1000;
  keyspace.hold = true;
  Start();
  // The second waits until the value of the first has come.
  connection->Send(Request("POST", "/v1/batch", R"({"operations": [{"op": "get", "key": "a"},
      {"op": "swap", "key": "a", "value": "x", "operation_id": "00c0ffee00c0ffee-1", "repeated": true},
      {"op": "swap", "key": "a", "value": "x", "operation_id": "00c0ffee00c0ffee-2"}]})",
                           kJson));
  EXPECT_EQ(keyspace.submitted, 1u);
  connection->Advance(std::chrono::milliseconds(5'000));
  const auto object = Json(Answer(connection->Take()));
  const auto& results = object.at("results").as_array();
  EXPECT_EQ(Member(results[0].as_object(), "outcome"), "not-applied");
  EXPECT_EQ(Member(results[1].as_object(), "outcome"), "unknown");
  const auto& problem = results[1].as_object().at("problem").as_object();
  EXPECT_EQ(Member(problem, "type"), "urn:quoin:problem:timed-out");
  EXPECT_EQ(Member(problem, "operation_id"), "00c0ffee00c0ffee-1");
  EXPECT_EQ(Member(results[2].as_object(), "outcome"), "not-applied");
  keyspace.ReleaseAll();
}

}  // namespace
}  // namespace quoin::net
