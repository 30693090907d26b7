// What one connection may cost at most, however much it asks at once (invariants H4 and H5 of net/http_session.h): the
// node's own handler, over a keyspace in memory.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/api_handler.h"
#include "net/http_session.h"
#include "net/http_testing.h"

namespace quoin::net {
namespace {

constexpr std::string_view kHost = " HTTP/1.1\r\nHost: n\r\n\r\n";

std::string Repeated(std::string_view request, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes.append(request).append(kHost);
  return bytes;
}

class CountingHandler : public ApiHandler {
 public:
  using ApiHandler::ApiHandler;
  void OnAnswered(const AnsweredRequest& request) override {
    ++answered;
    ApiHandler::OnAnswered(request);
  }

  int answered = 0;
};

class HttpSessionBoundsTest : public testing::Test {
 protected:
  std::unique_ptr<TestConnection> Connect() { return std::make_unique<TestConnection>(*handler, HttpLimits()); }
  void Put(const std::string& key, std::size_t size_bytes) {
    const auto writer = Connect();
    writer->Ask("PUT /v1/kv/" + key + " HTTP/1.1\r\nHost: n\r\nContent-Length: " + std::to_string(size_bytes) +
                "\r\n\r\n" + std::string(size_bytes, 'v'));
    handler->answered = 0;
    keyspace.submitted = 0;
  }

  MemoryKeyspace keyspace;
  std::unique_ptr<CountingHandler> handler = std::make_unique<CountingHandler>(keyspace, TestOptions());
  std::unique_ptr<TestConnection> connection = Connect();
};

TEST_F(HttpSessionBoundsTest, PagesUnderWayAreNoMoreThanTheirLargestFitInto) {
  keyspace.hold = true;
  connection->Send(Repeated("GET /v1/kv?limit=1000", 64));
  connection->Take();
  EXPECT_EQ(keyspace.held_count(), 4u);
  EXPECT_FALSE(connection->session->wants_bytes());
  keyspace.hold = false;
  keyspace.ReleaseAll();
  connection->Take();
  EXPECT_EQ(handler->answered, 64);
  EXPECT_TRUE(connection->session->wants_bytes());
}

TEST_F(HttpSessionBoundsTest, GetsOfAnySizeFillThePipeline) {
  keyspace.hold = true;
  connection->Send(Repeated("GET /v1/kv/k", 64));
  connection->Take();
  EXPECT_EQ(keyspace.held_count(), 64u);
}

TEST_F(HttpSessionBoundsTest, AnswersBehindOneThatIsNotThereYetCountAsWhatTheyAre) {
  Put("large", 1 << 20);
  keyspace.hold = true;
  ASSERT_TRUE(connection->Send(Repeated("GET /v1/kv/first", 1)));
  keyspace.hold = false;
  ASSERT_TRUE(connection->Send(Repeated("GET /v1/kv/large", 63)));
  connection->Take();
  EXPECT_EQ(keyspace.submitted, 1u + 8u);
  keyspace.ReleaseAll();
  connection->Take();
  EXPECT_EQ(handler->answered, 64);
}

TEST_F(HttpSessionBoundsTest, AnAnswerThatIsLargerThanAllRoomHasItToItself) {
  const std::string batch = "POST /v1/batch HTTP/1.1\r\nHost: n\r\nContent-Type: application/json\r\n";
  const std::string body = R"({"operations": [{"op": "get", "key": "a"}]})";
  keyspace.hold = true;
  std::string bytes = Repeated("GET /v1/kv/k", 1);
  for (int i = 0; i < 2; ++i) bytes += batch + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  ASSERT_TRUE(connection->Send(bytes));
  for (int begun = 1; begun <= 3; ++begun) {
    connection->Take();
    ASSERT_EQ(keyspace.held_count(), 1u) << begun;
    keyspace.ReleaseOne();
    EXPECT_TRUE(connection->session->has_output());
  }
  connection->Take();
  EXPECT_EQ(handler->answered, 3);
}

TEST_F(HttpSessionBoundsTest, ARequestThatWaitsForRoomKeepsItsId) {
  keyspace.hold = true;
  connection->Send(Repeated("GET /v1/kv?limit=1", 6));
  std::string output;
  for (int i = 0; i < 6; ++i) {
    keyspace.ReleaseOne();
    output += connection->Take();
  }
  const auto responses = ParseResponses(output);
  ASSERT_TRUE(responses.has_value());
  ASSERT_EQ(responses->size(), 6u);
  EXPECT_EQ(responses->back().Field("quoin-request-id"), "55667788-6");
}

TEST_F(HttpSessionBoundsTest, WithMuchWaitingOnTheNodeEachConnectionHasOneAnswerAtATime) {
  ApiHandler::Options options = TestOptions();
  options.max_value_bytes = keyspace.max_value_bytes = 64 << 20;
  connection.reset();
  handler = std::make_unique<CountingHandler>(keyspace, options);
  connection = Connect();
  Put("huge", 60 << 20);
  std::vector<std::unique_ptr<TestConnection>> deaf;  // One value, that all of them share.
  for (int i = 0; i < 5; ++i) {
    deaf.push_back(Connect());
    ASSERT_TRUE(deaf.back()->Send(Repeated("GET /v1/kv/huge", 1)));
  }
  keyspace.hold = true;
  ASSERT_TRUE(connection->Send(Repeated("GET /v1/kv/k", 10)));
  EXPECT_EQ(keyspace.held_count(), 1u);
  deaf.pop_back();
  keyspace.ReleaseOne();
  connection->Take();
  EXPECT_GT(keyspace.held_count(), 1u);
}

TEST_F(HttpSessionBoundsTest, ATurnBeginsAFewRequestsOfABurst) {
  ASSERT_TRUE(connection->Send(Repeated("HEAD /healthz", 1000)));
  EXPECT_EQ(handler->answered, 64);
  const auto responses = ParseResponses(connection->Take(), /*to_head=*/true);
  ASSERT_TRUE(responses.has_value());
  ASSERT_EQ(responses->size(), 1000u);
  for (std::size_t i = 1; i < responses->size(); ++i) {
    EXPECT_EQ((*responses)[i].Field("quoin-request-id"), "55667788-" + std::to_string(i + 1));
  }
  EXPECT_TRUE(connection->session->wants_bytes());
}

TEST_F(HttpSessionBoundsTest, ATurnEndsWithMuchThatWasMadeAndIsNotSent) {
  Put("large", 200'000);
  ASSERT_TRUE(connection->Send(Repeated("HEAD /v1/kv/large", 30)));
  EXPECT_EQ(handler->answered, 2);
  const auto responses = ParseResponses(connection->Take(), /*to_head=*/true);
  ASSERT_TRUE(responses.has_value());
  EXPECT_EQ(responses->size(), 30u);
}

TEST_F(HttpSessionBoundsTest, WhatWaitsForItsTurnSurvivesTheEndOfInput) {
  ASSERT_TRUE(connection->Send(Repeated("HEAD /healthz", 100)));
  connection->session->OnEndOfInput(connection->now);
  EXPECT_FALSE(connection->session->finished());
  connection->Take();
  EXPECT_EQ(handler->answered, 100);
  EXPECT_TRUE(connection->session->finished());
}

}  // namespace
}  // namespace quoin::net
