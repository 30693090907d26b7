// Which pages may read a watch over HTTP: the node's own, unless --allowed_origins names others. A page of another
// origin gets an answer that its browser keeps from it (the Fetch standard, "CORS protocol").
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "net/api_handler.h"
#include "net/http_testing.h"
#include "net/watch_testing.h"

namespace quoin::net {
namespace {

class ApiWatchOriginTest : public testing::TestWithParam<const char*> {
 protected:
  // The head of what a page of this origin is answered, with the handler's `origins`.
  std::string HeadFor(const std::string& origins, const std::string& origin) {
    ApiHandler::Options options = TestOptions();
    options.watches = &source_;
    if (!origins.empty()) options.allowed_origins = *AllowedOrigins::Parse(origins);
    ApiHandler handler(keyspace_, std::move(options));
    TestConnection connection(handler, HttpLimits());
    std::string answer =
        connection.Ask("GET /v1/watch?key=a HTTP/1.1\r\nHost: node:8080\r\nAccept: " + std::string(GetParam()) +
                       "\r\nOrigin: " + origin + "\r\n\r\n");
    if (answer.empty()) {
      // A poll that waits is answered when the node stops.
      connection.session->Drain(connection.now);
      answer = connection.Take();
    }
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_NE(answer.find("Content-Type: " + std::string(GetParam())), std::string::npos) << answer;
    return answer.substr(0, answer.find("\r\n\r\n") + 2);
  }

  MemoryKeyspace keyspace_;
  FakeWatchSource source_;
};

TEST_P(ApiWatchOriginTest, IsReadByPagesOfTheNodeAloneByDefault) {
  for (const char* origin : {"https://app.example", "http://node:8080", "null"}) {
    SCOPED_TRACE(origin);
    EXPECT_EQ(HeadFor("", origin).find("Access-Control-"), std::string::npos);
  }
}

TEST_P(ApiWatchOriginTest, IsReadByPagesOfTheOriginsThatAreNamed) {
  const std::string named = "https://app.example,http://localhost:3000";
  const std::string head = HeadFor(named, "https://app.example");
  EXPECT_NE(head.find("\r\nAccess-Control-Allow-Origin: https://app.example\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("\r\nVary: Origin\r\n"), std::string::npos) << head;
  const std::string other = HeadFor(named, "https://evil.example");
  EXPECT_EQ(other.find("Access-Control-"), std::string::npos) << other;
  EXPECT_NE(other.find("\r\nVary: Origin\r\n"), std::string::npos) << other;
}

TEST_P(ApiWatchOriginTest, IsReadByAllPagesWithAStar) {
  EXPECT_NE(HeadFor("*", "https://anybody.example").find("\r\nAccess-Control-Allow-Origin: "), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Forms, ApiWatchOriginTest, testing::Values("text/event-stream", "application/json"));

}  // namespace
}  // namespace quoin::net
