// What RFC 6455 asks of a server, and what this one promises besides (W1 to W3): without sockets, with its own clock.
#include "net/websocket_session.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/websocket_testing.h"

namespace quoin::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class WebSocketSessionTest : public testing::Test {
 protected:
  WebSocketSessionTest() {
    WebSocketLimits& limits = options.web_socket;
    limits.max_message_bytes = 4096;
    limits.idle_timeout = seconds(10);
    limits.body_timeout = seconds(5);
    limits.request_timeout = seconds(3);
    limits.ping_interval = seconds(20);
    limits.ping_timeout = seconds(4);
  }
  TestWebSocket& Open(Subprotocol subprotocol = Subprotocol::kJson) {
    socket.reset();  // Before the handler that it was made by.
    handler = std::make_unique<ApiHandler>(keyspace, options);
    socket = std::make_unique<TestWebSocket>(*handler, subprotocol);
    return *socket;
  }
  // Sends the bytes, and says with which code that closes the connection.
  int CodeAfter(const std::string& bytes, Subprotocol subprotocol = Subprotocol::kJson) {
    Open(subprotocol).SendRaw(bytes);
    const int code = static_cast<int>(socket->TakeClose().code);
    EXPECT_TRUE(socket->session->finished() || code == 1008 || code == 1007);
    return code;
  }

  MemoryKeyspace keyspace;
  ApiHandler::Options options = TestOptions();
  std::unique_ptr<ApiHandler> handler;
  std::unique_ptr<TestWebSocket> socket;
};

const std::string kGet = R"({"id":1,"operation":{"key_text":"k","get":{}}})";

TEST_F(WebSocketSessionTest, SaysHelloFirst) {
  Open();
  EXPECT_EQ(socket->hello.node(), "00c0ffee00c0ffee");
  EXPECT_EQ(socket->hello.max_message_bytes(), 4096u);
  EXPECT_EQ(socket->hello.max_requests(), 1024u);
  EXPECT_EQ(socket->hello.max_batch_operations(), 1000u);
}

TEST_F(WebSocketSessionTest, AnswersARequestInFragmentsAndInSingleBytes) {
  Open();
  std::string bytes = ClientBytes(Opcode::kText, kGet.substr(0, 10), {.fin = false}) +
                      ClientBytes(Opcode::kContinuation, kGet.substr(10));
  EXPECT_TRUE(socket->SendRaw(bytes, 1));
  const auto frames = socket->TakeFrames();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].result().outcome(), v1::ABSENT);
}

TEST_F(WebSocketSessionTest, AnswersAPingWithinAMessage) {
  Open();
  EXPECT_TRUE(socket->SendRaw(ClientBytes(Opcode::kText, kGet.substr(0, 10), {.fin = false}) +
                              ClientBytes(Opcode::kPing, "hello")));
  const auto frames = socket->Take();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].opcode, Opcode::kPong);
  EXPECT_EQ(frames[0].payload, "hello");
  EXPECT_TRUE(socket->SendRaw(ClientBytes(Opcode::kContinuation, kGet.substr(10))));
  EXPECT_EQ(socket->TakeFrames().size(), 1u);
}

TEST_F(WebSocketSessionTest, W3AnswersOnlyTheLastPingOfARead) {
  Open();
  std::string bytes;
  for (int i = 0; i < 50; ++i) bytes += ClientBytes(Opcode::kPing, std::to_string(i));
  EXPECT_TRUE(socket->SendRaw(bytes));
  const auto frames = socket->Take();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].payload, "49");
}

TEST_F(WebSocketSessionTest, W3EndsAFloodOfControlFrames) {
  for (const Opcode opcode : {Opcode::kPing, Opcode::kPong}) {
    Open();
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(socket->SendRaw(ClientBytes(opcode, "")));
    // What comes in another second is counted anew.
    socket->Advance(seconds(1));
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(socket->SendRaw(ClientBytes(opcode, "")));
    for (const ServerBytes& frame : socket->Take()) EXPECT_EQ(frame.opcode, Opcode::kPong);
    EXPECT_TRUE(socket->SendRaw(ClientBytes(opcode, "")));
    EXPECT_EQ(socket->TakeClose().code, CloseCode::kPolicy);
  }
}

TEST_F(WebSocketSessionTest, AnswersOfOneTickLeaveTogether) {
  Open();
  std::string bytes;
  for (int id = 1; id <= 50; ++id) {
    bytes +=
        ClientBytes(Opcode::kText, R"({"id":)" + std::to_string(id) + R"(,"operation":{"key_text":"k","get":{}}})");
  }
  EXPECT_TRUE(socket->SendRaw(bytes));
  std::vector<std::string_view> views;
  socket->session->CollectOutput(views, 64);
  ASSERT_EQ(views.size(), 1u);
  EXPECT_EQ(ParseServerBytes(views[0]).size(), 50u);
}

TEST_F(WebSocketSessionTest, AnswersThatComeLaterWakeTheConnectionAndLeaveTogether) {
  Open();
  keyspace.hold = true;
  for (int id = 1; id <= 50; ++id) {
    socket->SendJson(R"({"id":)" + std::to_string(id) + R"(,"operation":{"key_text":"k","get":{}}})");
  }
  EXPECT_EQ(socket->wakes, 0);
  keyspace.ReleaseAll();
  EXPECT_EQ(socket->wakes, 50);
  std::vector<std::string_view> views;
  socket->session->CollectOutput(views, 64);
  EXPECT_EQ(views.size(), 1u);
}

TEST_F(WebSocketSessionTest, PongsThatNobodyAskedForAreFine) {
  Open();
  EXPECT_TRUE(socket->SendRaw(ClientBytes(Opcode::kPong, "x")));
  EXPECT_TRUE(socket->Take().empty());
  EXPECT_TRUE(socket->session->wants_bytes());
}

TEST_F(WebSocketSessionTest, ClosesForFaultsWithTheCodeThatTheyHave) {
  EXPECT_EQ(CodeAfter(ClientBytes(Opcode::kText, kGet, {.reserved_bits = 4})), 1002);
  EXPECT_EQ(CodeAfter(ClientBytes(static_cast<Opcode>(3), "")), 1002);
  EXPECT_EQ(CodeAfter(ClientBytes(Opcode::kText, kGet, {.masked = false})), 1002);
  EXPECT_EQ(CodeAfter(ClientBytes(Opcode::kText, "{\"id\":1,\"\xff\":1}")), 1007);
  EXPECT_EQ(CodeAfter(ClientBytes(Opcode::kText, std::string(4097, ' '))), 1009);
}

TEST_F(WebSocketSessionTest, ClosesForMessagesThatAreNoFrames) {
  for (const char* text :
       {"", "{", "[]", "7", R"({"id":1,"id":2,"scan":{}})", R"({"id":1,"surprise":{}})",
        R"({"id":1,"operation":{"key_text":"k","key":"aw==","get":{}}})", R"({"id":1,"scan":{}} {})"}) {
    EXPECT_EQ(CodeAfter(ClientBytes(Opcode::kText, text)), 1007) << text;
  }
  EXPECT_EQ(CodeAfter(ClientBytes(Opcode::kBinary, "\x0a\xff"), Subprotocol::kProtobuf), 1007);
}

TEST_F(WebSocketSessionTest, ClosesForMessagesOfTheOtherKind) {
  EXPECT_EQ(CodeAfter(ClientBytes(Opcode::kBinary, kGet)), 1003);
  EXPECT_EQ(CodeAfter(ClientBytes(Opcode::kText, kGet), Subprotocol::kProtobuf), 1003);
}

TEST_F(WebSocketSessionTest, AnswersACloseInKindAndEnds) {
  EXPECT_EQ(CodeAfter(ClientBytes(Opcode::kClose, "\x03\xe8goodbye")), 1000);
  EXPECT_EQ(CodeAfter(ClientBytes(Opcode::kClose, "\x0f\xa0")), 4000);
  EXPECT_EQ(CodeAfter(ClientBytes(Opcode::kClose, "")), 1005);
  EXPECT_EQ(CodeAfter(ClientBytes(Opcode::kClose, "\x03\xed")), 1002) << "1005 may not be sent";
  EXPECT_EQ(CodeAfter(ClientBytes(Opcode::kClose, "\x03")), 1002);
  EXPECT_EQ(CodeAfter(ClientBytes(Opcode::kClose, "\x03\xe8\xff")), 1007);
}

TEST_F(WebSocketSessionTest, W1SaysNothingAfterAClose) {
  Open();
  keyspace.hold = true;
  EXPECT_TRUE(socket->SendRaw(ClientBytes(Opcode::kText, kGet) + ClientBytes(Opcode::kClose, "\x03\xe8") +
                              ClientBytes(Opcode::kPing, "x") + ClientBytes(Opcode::kText, kGet)));
  EXPECT_EQ(socket->TakeClose().code, CloseCode::kNormal);
  EXPECT_TRUE(socket->session->finished());
  keyspace.ReleaseAll();
  EXPECT_FALSE(socket->session->has_output());
  EXPECT_EQ(keyspace.submitted, 1u);
}

TEST_F(WebSocketSessionTest, PingsASilentClientAndClosesWhenThatIsNotAnswered) {
  Open();
  socket->Advance(milliseconds(19'999));
  EXPECT_FALSE(socket->session->has_output());
  socket->Advance(milliseconds(1));
  auto frames = socket->Take();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].opcode, Opcode::kPing);
  EXPECT_TRUE(socket->SendRaw(ClientBytes(Opcode::kPong, "")));
  socket->Advance(seconds(20));
  EXPECT_EQ(socket->Take().size(), 1u) << "the next ping";
  socket->Advance(milliseconds(3'999));
  EXPECT_FALSE(socket->session->has_output());
  socket->Advance(milliseconds(1));
  const CloseReason reason = socket->TakeClose();
  EXPECT_EQ(reason.code, CloseCode::kPolicy);
  EXPECT_NE(reason.text.find("--ping_timeout"), std::string::npos);
  // Half-open: no close frame comes back either.
  EXPECT_FALSE(socket->session->finished());
  socket->Advance(seconds(2));
  EXPECT_TRUE(socket->session->finished());
}

TEST_F(WebSocketSessionTest, ClosesWhenAMessageDoesNotBecomeWhole) {
  Open();
  EXPECT_TRUE(socket->SendRaw(ClientBytes(Opcode::kText, kGet, {.fin = false})));
  socket->Advance(seconds(3));
  EXPECT_TRUE(socket->SendRaw(ClientBytes(Opcode::kPong, "")));  // No progress.
  socket->Advance(seconds(2));
  EXPECT_NE(socket->TakeClose().text.find("--body_timeout"), std::string::npos);
}

TEST_F(WebSocketSessionTest, TheTimeInWhichNothingIsReadIsNotThatOfAMessage) {
  options.max_value_bytes = options.web_socket.max_message_bytes = 400'000;
  keyspace.max_value_bytes = 400'000;
  options.web_socket.max_answer_bytes = 1'000'000;
  Open();
  const std::string value(300'000, 'v');
  ASSERT_EQ(socket->AskJson(R"({"id":1,"operation":{"key_text":"k","put":{"value_text":")" + value + "\"}}}")
                .result()
                .outcome(),
            v1::DONE);
  keyspace.hold = true;
  socket->SendJson(R"({"id":2,"operation":{"key_text":"k","get":{}}})");
  const std::string next = R"({"id":3,"operation":{"key_text":"other","get":{}}})";
  EXPECT_TRUE(socket->SendRaw(ClientBytes(Opcode::kText, next.substr(0, 20), {.fin = false})));
  keyspace.ReleaseAll();
  EXPECT_FALSE(socket->session->wants_bytes()) << "more than enough waits for the client";
  socket->Advance(seconds(6));
  EXPECT_EQ(socket->TakeFrames().size(), 1u);
  EXPECT_TRUE(socket->session->wants_bytes());
  socket->Advance(milliseconds(1));
  keyspace.hold = false;
  EXPECT_TRUE(socket->SendRaw(ClientBytes(Opcode::kContinuation, next.substr(20))));
  EXPECT_EQ(socket->TakeFrames().size(), 1u);
}

TEST_F(WebSocketSessionTest, ACreditThatWaitsBehindRequestsThatRunOutOfTimeIsTaken) {
  options.web_socket.max_request_bytes = 100;
  Open();
  socket->SendJson(R"({"credit":{"bytes":"1"}})");
  socket->SendJson(kGet);
  EXPECT_EQ(socket->TakeFrames().size(), 1u) << "which takes all credit, and more";
  std::string bytes;
  for (int id = 2; id <= 4; ++id) {
    bytes +=
        ClientBytes(Opcode::kText, R"({"id":)" + std::to_string(id) + R"(,"operation":{"key_text":"k","get":{}}})");
  }
  socket->SendRaw(bytes + ClientBytes(Opcode::kText, R"({"credit":{"bytes":"100000"}})"));
  EXPECT_TRUE(socket->TakeFrames().empty());
  socket->Advance(seconds(3));
  EXPECT_FALSE(socket->TakeFrames().empty());
}

TEST_F(WebSocketSessionTest, W2AClientThatNeverReadsIsBoundedAndCutOff) {
  options.max_value_bytes = 100'000;
  keyspace.max_value_bytes = 100'000;
  options.web_socket.max_message_bytes = 200'000;
  options.web_socket.max_answer_bytes = 500'000;
  options.web_socket.max_requests = 1'000'000;
  Open();
  ASSERT_EQ(
      socket
          ->AskJson(R"({"id":1,"operation":{"key_text":"k","put":{"value_text":")" + std::string(90'000, 'v') + "\"}}}")
          .result()
          .outcome(),
      v1::DONE);
  const std::uint64_t before = keyspace.submitted;
  int sent = 0;
  for (; sent < 100'000; ++sent) {
    const std::string get = R"({"id":)" + std::to_string(sent + 10) + R"(,"operation":{"key_text":"k","get":{}}})";
    if (!socket->SendRaw(ClientBytes(Opcode::kText, get))) break;
  }
  EXPECT_LT(sent, 100'000) << "the session must stop reading";
  EXPECT_LE(keyspace.submitted - before, 9u) << "no more than the output's bound and the answers' bound are begun";
  socket->Advance(seconds(10));
  const auto frames = socket->Take();
  ASSERT_FALSE(frames.empty());
  ASSERT_EQ(frames.back().opcode, Opcode::kClose);
  const CloseReason reason = ReadClose(frames.back().payload);
  EXPECT_EQ(reason.code, CloseCode::kPolicy);
  EXPECT_NE(reason.text.find("--idle_timeout"), std::string::npos);
}

TEST_F(WebSocketSessionTest, W2AClientThatIsCutOffAndStillDoesNotReadIsForgotten) {
  Open();
  socket->SendJson(kGet);
  socket->Advance(seconds(10));
  EXPECT_TRUE(socket->session->has_output());
  EXPECT_FALSE(socket->session->finished());
  socket->Advance(seconds(2));
  EXPECT_TRUE(socket->session->finished());
  EXPECT_FALSE(socket->session->has_output());
}

TEST_F(WebSocketSessionTest, DrainAnswersWhatIsUnderWayAndThenGoesAway) {
  Open();
  keyspace.hold = true;
  socket->SendJson(kGet);
  socket->session->Drain(socket->now);
  EXPECT_FALSE(socket->session->has_output());
  socket->SendJson(R"({"id":2,"operation":{"key_text":"k","get":{}}})");
  auto frames = socket->TakeFrames();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].result().problem().type(), "stopping");
  EXPECT_EQ(frames[0].result().problem().effect(), v1::Problem::NOT_APPLIED);
  keyspace.ReleaseAll();
  EXPECT_EQ(socket->wakes, 1);
  const auto bytes = socket->Take();
  ASSERT_EQ(bytes.size(), 2u);
  EXPECT_EQ(bytes[0].opcode, Opcode::kText);
  EXPECT_EQ(ReadClose(bytes[1].payload).code, CloseCode::kGoingAway);
  EXPECT_FALSE(socket->session->finished());
  EXPECT_TRUE(socket->SendRaw(ClientBytes(Opcode::kClose, "\x03\xe9")));
  EXPECT_TRUE(socket->session->finished());
  EXPECT_FALSE(socket->session->has_output());
}

TEST_F(WebSocketSessionTest, DrainEndsAnIdleConnectionAtOnce) {
  Open().session->Drain(socket->now);
  EXPECT_EQ(socket->TakeClose().code, CloseCode::kGoingAway);
}

TEST_F(WebSocketSessionTest, TheEndOfTheInputIsTheEnd) {
  Open();
  keyspace.hold = true;
  socket->SendJson(kGet);
  socket->session->OnEndOfInput(socket->now);
  EXPECT_TRUE(socket->session->finished());
  keyspace.ReleaseAll();
  EXPECT_FALSE(socket->session->has_output());
}

// ---- The handshake, through the HTTP session ----

class HandshakeTest : public WebSocketSessionTest {
 protected:
  std::string Ask(const std::string& bytes) {
    http.reset();  // Before the handler that it was made by.
    handler = std::make_unique<ApiHandler>(keyspace, options);
    http = std::make_unique<TestConnection>(*handler, HttpLimits());
    return http->Ask(bytes);
  }
  static std::string With(const std::string& lines) {
    std::string bytes = HandshakeBytes(Subprotocol::kJson);
    return bytes.insert(bytes.size() - 2, lines);
  }
  std::unique_ptr<TestConnection> http;
};

TEST_F(HandshakeTest, FollowsTheRequestsBeforeItAndKeepsTheBytesBehindIt) {
  const std::string output = Ask("GET /v1/kv/absent HTTP/1.1\r\nHost: node\r\n\r\n" +
                                 HandshakeBytes(Subprotocol::kJson) + ClientBytes(Opcode::kText, kGet));
  EXPECT_LT(output.find("HTTP/1.1 404"), output.find("HTTP/1.1 101 Switching Protocols\r\n")) << output;
  EXPECT_TRUE(output.ends_with("\r\n\r\n"));
  EXPECT_EQ(output.find("Connection: close"), std::string::npos);
  const auto successor = http->session->TakeSuccessor(http->now, [] {});
  ASSERT_NE(successor, nullptr);
  std::vector<std::string_view> views;
  successor->CollectOutput(views, 10);
  std::string bytes;
  for (const std::string_view view : views) bytes += view;
  EXPECT_EQ(ParseServerBytes(bytes).size(), 2u) << "hello, and the answer";
  EXPECT_EQ(http->session->TakeSuccessor(http->now, [] {}), nullptr) << "only once";
}

TEST_F(HandshakeTest, WaitsForTheRequestsBeforeIt) {
  keyspace.hold = true;
  EXPECT_EQ(Ask("GET /v1/kv/absent HTTP/1.1\r\nHost: node\r\n\r\n" + HandshakeBytes(Subprotocol::kJson)), "");
  EXPECT_EQ(http->session->TakeSuccessor(http->now, [] {}), nullptr);
  keyspace.ReleaseAll();
  EXPECT_NE(http->Take().find("HTTP/1.1 101"), std::string::npos);
  EXPECT_NE(http->session->TakeSuccessor(http->now, [] {}), nullptr);
}

TEST_F(HandshakeTest, IsRefusedToPagesOfOtherOrigins) {
  EXPECT_TRUE(Ask(With("Origin: http://evil.example\r\n")).starts_with("HTTP/1.1 403 "));
  EXPECT_TRUE(Ask(With("Origin: null\r\n")).starts_with("HTTP/1.1 403 "));
  EXPECT_TRUE(Ask(With("Origin: http://node\r\n")).starts_with("HTTP/1.1 101 "));
  options.allowed_origins = *AllowedOrigins::Parse("https://app.example");
  EXPECT_TRUE(Ask(With("Origin: https://app.example\r\n")).starts_with("HTTP/1.1 101 "));
  EXPECT_TRUE(Ask(With("Origin: http://evil.example\r\n")).starts_with("HTTP/1.1 403 "));
}

// DNS rebinding: the page and the node have the same name, which is not the node's.
TEST_F(HandshakeTest, IsRefusedToPagesOfNamesThatAreNotTheNodes) {
  std::string rebound = With("Origin: http://evil.example:8080\r\n");
  rebound.replace(rebound.find("Host: node"), 10, "Host: evil.example:8080");
  EXPECT_TRUE(Ask(rebound).starts_with("HTTP/1.1 403 "));
  options.hosts = *KnownHosts::Parse("evil.example");
  EXPECT_TRUE(Ask(rebound).starts_with("HTTP/1.1 101 "));
}

TEST_F(HandshakeTest, SaysWhatWouldBeRight) {
  const std::string plain = Ask("GET /v1/ws HTTP/1.1\r\nHost: node\r\n\r\n");
  EXPECT_TRUE(plain.starts_with("HTTP/1.1 426 ")) << plain;
  EXPECT_NE(plain.find("\r\nUpgrade: websocket\r\n"), std::string::npos);
  EXPECT_NE(plain.find("\r\nSec-WebSocket-Version: 13\r\n"), std::string::npos);
  std::string unknown = HandshakeBytes(Subprotocol::kJson);
  unknown.replace(unknown.find("quoin.v1.json"), 13, "quoin.v9.json");
  const std::string answer = Ask(unknown);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << answer;
  EXPECT_NE(answer.find("quoin.v1.protobuf or quoin.v1.json"), std::string::npos);
}

TEST_F(HandshakeTest, CorsIsClosedUnlessOpened) {
  const std::string get = "GET /healthz HTTP/1.1\r\nHost: node\r\nOrigin: https://app.example\r\n\r\n";
  const std::string preflight =
      "OPTIONS /v1/kv/a HTTP/1.1\r\nHost: node\r\nOrigin: https://app.example\r\n"
      "Access-Control-Request-Method: PUT\r\n\r\n";
  options.status = [status = options.status()] {
    NodeStatus serving = status;
    serving.state = NodeStatus::State::kServing;
    return serving;
  };
  EXPECT_EQ(Ask(get).find("Access-Control"), std::string::npos);
  EXPECT_EQ(Ask(preflight).find("Access-Control"), std::string::npos);
  options.allowed_origins = *AllowedOrigins::Parse("https://app.example");
  EXPECT_NE(Ask(get).find("Access-Control-Allow-Origin: https://app.example\r\n"), std::string::npos);
  const std::string allowed = Ask(preflight);
  EXPECT_TRUE(allowed.starts_with("HTTP/1.1 204 ")) << allowed;
  EXPECT_NE(allowed.find("Access-Control-Allow-Methods: GET, HEAD, PUT, DELETE, POST\r\n"), std::string::npos);
}

}  // namespace
}  // namespace quoin::net
