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
