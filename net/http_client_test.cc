#include "net/http_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>

#include "net/scripted_server.h"

namespace quoin::net {
namespace {

using namespace std::chrono_literals;

// Long enough that only a hang reaches it.
HttpClient::Time Soon() { return std::chrono::steady_clock::now() + 20s; }
// Short, for answers that never come.
HttpClient::Time AtOnce() { return std::chrono::steady_clock::now() + 50ms; }

HttpEndpoint At(std::uint16_t port) { return {"127.0.0.1", port}; }

HttpClientRequest Put(std::string body) { return {.method = "PUT", .target = "/v1/kv/k", .body = std::move(body)}; }

TEST(HttpClient, KeepsTheConnection) {
  ScriptedServer server([](ScriptedConnection& connection) {
    while (const auto request = connection.Receive()) {
      connection.Answer(200, "Quoin-Node: 1\r\n", request->method + " " + request->target + " " + request->body);
    }
  });
  HttpClient client(At(server.port()));
  const auto first = client.Do({.target = "/a"}, Soon());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->status, 200u);
  EXPECT_EQ(first->body, "GET /a ");
  EXPECT_EQ(first->Field("quoin-node"), "1");
  EXPECT_EQ(first->Field("absent"), std::nullopt);
  const auto second = client.Do(Put("value"), Soon());
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->body, "PUT /v1/kv/k value");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, SendsWhatTheServerNeeds) {
  std::promise<std::map<std::string, std::string>> received;
  ScriptedServer server([&](ScriptedConnection& connection) {
    received.set_value(connection.Receive()->fields);
    connection.Answer(204, "", "");
  });
  HttpClient client(At(server.port()), {.user_agent = "quoin-test/1"});
  ASSERT_TRUE(client.Do({.method = "PUT", .target = "/", .fields = {{"If-Match", "\"1\""}}}, Soon()).ok());
  auto fields = received.get_future().get();
  EXPECT_EQ(fields["host"], server.address());
  EXPECT_EQ(fields["user-agent"], "quoin-test/1");
  EXPECT_EQ(fields["if-match"], "\"1\"");
  EXPECT_EQ(fields["content-length"], "0");
}

TEST(HttpClient, ReadsChunkedAndCloseDelimitedAndHeadAnswers) {
  ScriptedServer server([](ScriptedConnection& connection) {
    while (const auto request = connection.Receive()) {
      if (request->target == "/chunked") {
        connection.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n");
      } else if (request->method == "HEAD") {
        connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
      } else {
        connection.Send("HTTP/1.0 200 OK\r\n\r\nto the end");
        return;
      }
    }
  });
  HttpClient client(At(server.port()));
  EXPECT_EQ(client.Do({.target = "/chunked"}, Soon())->body, "abcde");
  const auto head = client.Do({.method = "HEAD"}, Soon());
  EXPECT_EQ(head->body, "");
  EXPECT_EQ(head->Field("content-length"), "1000");
  EXPECT_EQ(client.Do({}, Soon())->body, "to the end");
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(client.Do({.target = "/chunked"}, Soon())->body, "abcde");
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, SkipsInterimAnswers) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.Receive();
    connection.Send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    connection.Answer(201, "", "");
    connection.Receive();
    for (int i = 0; i < 100; ++i) connection.Send("HTTP/1.1 100 Continue\r\n\r\n");
    connection.WaitForEnd();
  });
  HttpClient client(At(server.port()));
  EXPECT_EQ(client.Do(Put("v"), Soon())->status, 201u);
  EXPECT_EQ(client.Do(Put("v"), Soon()).code(), Code::kUnknown) << "interim answers without end";
}

TEST(HttpClient, ReopensAKeptConnectionThatHasBeenClosed) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.Receive();
    connection.Answer(200, "", "");
    // The orderly end arrives before or after the client looks; the second case is the test below.
  });
  HttpClient client(At(server.port()));
  for (int i = 1; i <= 5; ++i) {
    ASSERT_TRUE(client.Do({.target = "/"}, Soon()).ok());
  }
  EXPECT_EQ(server.connections(), 5);
}

TEST(HttpClient, SendsAReadOnceMoreButNeverAWrite) {
  std::atomic<int> requests = 0;
  ScriptedServer server([&](ScriptedConnection& connection) {
    connection.Receive();
    ++requests;
    connection.Answer(200, "", "");
    connection.Receive();  // On the kept connection: taken, and never answered.
    ++requests;
  });
  HttpClient client(At(server.port()));
  ASSERT_TRUE(client.Do({}, Soon()).ok());
  ASSERT_TRUE(client.Do({}, Soon()).ok()) << "the read went to a new connection";
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(client.Do(Put("v"), Soon()).code(), Code::kUnknown);
  EXPECT_EQ(server.connections(), 2) << "the write was not sent again";
  ASSERT_TRUE(client.Do({}, Soon()).ok()) << "and the client goes on";
  EXPECT_EQ(requests, 5);
}

TEST(HttpClient, ANewConnectionThatEndsWithoutAnswerIsUnknown) {
  ScriptedServer server([](ScriptedConnection& connection) { connection.Receive(); });
  HttpClient client(At(server.port()));
  const auto write = client.Do(Put("v"), Soon());
  EXPECT_EQ(write.code(), Code::kUnknown);
  EXPECT_NE(write.status().message().find("ended without an answer"), std::string::npos);
  EXPECT_EQ(client.Do({}, Soon()).code(), Code::kUnknown);
}

TEST(HttpClient, AResetAfterTheRequestIsUnknown) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.Receive();
    connection.Reset();
  });
  HttpClient client(At(server.port()));
  EXPECT_EQ(client.Do(Put("v"), Soon()).code(), Code::kUnknown);
}

TEST(HttpClient, AnAnswerThatDoesNotComeEndsAtTheDeadlineAsUnknown) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.Receive();
    connection.Answer(200, "", "");
    connection.WaitForEnd();
  });
  HttpClient client(At(server.port()));
  ASSERT_TRUE(client.Do({}, Soon()).ok());  // So that the connection is there.
  const auto begin = std::chrono::steady_clock::now();
  const auto write = client.Do(Put("v"), AtOnce());
  EXPECT_EQ(write.code(), Code::kUnknown);
  EXPECT_NE(write.status().message().find("in time"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST(HttpClient, AnAnswerThatStopsInTheMiddleIsUnknown) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.Receive();
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  });
  HttpClient client(At(server.port()));
  EXPECT_EQ(client.Do(Put("v"), Soon()).code(), Code::kUnknown);
}

TEST(HttpClient, ARequestThatCanNotAllBeSentIsCertainlyNotApplied) {
  std::promise<void> over;
  const std::shared_future<void> is_over = over.get_future().share();
  // Reads nothing, and far more than the socket's buffers hold can't leave.
  ScriptedServer server([&](ScriptedConnection&) { is_over.wait(); });
  HttpClient client(At(server.port()));
  const auto stuck = client.Do(Put(std::string(std::size_t{64} << 20, 'x')), AtOnce());
  over.set_value();
  EXPECT_EQ(stuck.code(), Code::kUnavailable);
  EXPECT_EQ(client.Do(Put("v"), std::chrono::steady_clock::now() - 1s).code(), Code::kUnavailable);
}

TEST(HttpClient, TakesAnAnswerThatComesBeforeTheBodyIsSent) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.ReceiveHead();
    connection.Answer(413, "Connection: close\r\n", "too large");
    connection.WaitForEnd();
  });
  HttpClient client(At(server.port()));
  const auto refused = client.Do(Put(std::string(std::size_t{32} << 20, 'x')), Soon());
  ASSERT_TRUE(refused.ok()) << refused.status();
  EXPECT_EQ(refused->status, 413u);
  EXPECT_EQ(refused->body, "too large");
}

TEST(HttpClient, GarbageAndHugeHeadsAreUnknown) {
  int connection_number = 0;
  ScriptedServer server([&](ScriptedConnection& connection) {
    connection.Receive();
    if (++connection_number == 1) {
      connection.Send("220 this is a mail server\r\n\r\n");
    } else {
      connection.Send("HTTP/1.1 200 OK\r\nX: " + std::string(HttpClient::kMaxHeadBytes, 'x') + "\r\n\r\n");
    }
    connection.WaitForEnd();
  });
  HttpClient client(At(server.port()));
  EXPECT_EQ(client.Do(Put("v"), Soon()).code(), Code::kUnknown);
  EXPECT_EQ(client.Do(Put("v"), Soon()).code(), Code::kUnknown);
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpClient, AnAnswerAboveTheBodyLimitIsNotTaken) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.Receive();
    connection.Answer(200, "", std::string(2000, 'x'));
    connection.WaitForEnd();
  });
  HttpClient client(At(server.port()), {.max_body_bytes = 1000});
  EXPECT_EQ(client.Do({}, Soon()).code(), Code::kUnknown);
}

TEST(HttpClient, ARefusedPortIsUnreachable) {
  RefusingPort port;
  HttpClient client(At(port.port()));
  const auto refused = client.Do(Put("v"), Soon());
  EXPECT_EQ(refused.code(), Code::kUnavailable);
  EXPECT_NE(refused.status().message().find(port.address()), std::string::npos);
  EXPECT_NE(refused.status().message().find("refused"), std::string::npos);
}

TEST(HttpClient, ResolvesNames) {
  ScriptedServer server([](ScriptedConnection& connection) {
    connection.Receive();
    connection.Answer(200, "", "here");
  });
  HttpClient client({"localhost", server.port()});
  const auto found = client.Do({}, Soon());
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->body, "here");
}

TEST(HttpClient, EndsWhenTheCallerGivesUp) {
  std::atomic<bool> asked = false;
  ScriptedServer server([&](ScriptedConnection& connection) {
    connection.Receive();
    asked = true;
    connection.WaitForEnd();
  });
  HttpClient client(At(server.port()), {.give_up = [&] { return asked.load(); }});
  EXPECT_EQ(client.Do(Put("v"), HttpClient::Time::max()).code(), Code::kUnknown);
}

TEST(HttpClient, RefusesToWriteWhatIsNotHttp) {
  RefusingPort port;
  HttpClient client(At(port.port()));
  EXPECT_EQ(client.Do({.target = "/a b"}, Soon()).code(), Code::kInvalid);
  EXPECT_EQ(client.Do({.target = "/a\r\nX: y"}, Soon()).code(), Code::kInvalid);
  EXPECT_EQ(client.Do({.method = ""}, Soon()).code(), Code::kInvalid);
  EXPECT_EQ(client.Do({.fields = {{"A", "b\r\nC: d"}}}, Soon()).code(), Code::kInvalid);
  EXPECT_EQ(client.Do({.fields = {{"A:", "b"}}}, Soon()).code(), Code::kInvalid);
}

TEST(ParseHttpEndpoint, TakesWhatPeopleWriteAndCopy) {
  EXPECT_EQ(*ParseHttpEndpoint("127.0.0.1:8080"), (HttpEndpoint{"127.0.0.1", 8080}));
  EXPECT_EQ(*ParseHttpEndpoint("http://127.0.0.1:8080/"), (HttpEndpoint{"127.0.0.1", 8080}));
  EXPECT_EQ(*ParseHttpEndpoint("http://node-1.example:80"), (HttpEndpoint{"node-1.example", 80}));
  EXPECT_EQ(*ParseHttpEndpoint("[::1]:65535"), (HttpEndpoint{"::1", 65535}));
  EXPECT_EQ(ParseHttpEndpoint("[::1]:65535")->ToString(), "[::1]:65535");
}

TEST(ParseHttpEndpoint, RefusesTheRestAndSaysWhatIsAllowed) {
  for (const char* text : {"", "localhost", ":8080", "a:", "a:0", "a:65536", "a:-1", "::1:80", "a b:80", "a:80/x",
                           "https://a:80", "a:b:80", "[::1:80", "u@a:80", "a:80,b:80"}) {
    const auto parsed = ParseHttpEndpoint(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_NE(parsed.status().message().find("127.0.0.1:8080"), std::string::npos);
  }
}

}  // namespace
}  // namespace quoin::net
