// The client's end of a connection, without sockets: a scripted server's bytes in, the client's bytes out.
#include "net/client/session.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/text.h"
#include "net/sha1.h"

namespace quoin::client {
namespace {

using net::CloseCode;
using net::Opcode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Tokens = std::vector<Session::Token>;

std::string ServerMessage(const v1::ServerFrame& frame) {
  std::string bytes;
  const std::string payload = frame.SerializeAsString();
  net::AppendFrameHead(Opcode::kBinary, payload.size(), &bytes);
  return bytes + payload;
}

std::string HelloMessage(std::uint32_t max_requests = 1024, std::uint32_t max_message_bytes = 1 << 20) {
  v1::ServerFrame frame;
  frame.mutable_hello()->set_node("00c0ffee00c0ffee");
  frame.mutable_hello()->set_max_requests(max_requests);
  frame.mutable_hello()->set_max_message_bytes(max_message_bytes);
  return ServerMessage(frame);
}

std::string DoneMessage(std::uint32_t id, const std::string& value = "v") {
  v1::ServerFrame frame;
  frame.set_id(id);
  frame.mutable_result()->set_outcome(v1::DONE);
  frame.mutable_result()->mutable_state()->set_value(value);
  return ServerMessage(frame);
}

v1::ClientFrame GetFrame(const std::string& key) {
  v1::ClientFrame frame;
  frame.mutable_operation()->set_key(key);
  frame.mutable_operation()->mutable_get();
  return frame;
}

class SessionTest : public testing::Test, public Session::Receiver {
 protected:
  SessionTest() { Renew({}); }

  void Renew(SessionOptions options) {
    options.host = "127.0.0.1:8080";
    session_ = std::make_unique<Session>(options, random_, now_, *this);
  }

  void OnOpen(const v1::Hello& hello) override { node_ = hello.node(); }
  void OnAnswer(Session::Token token, v1::ServerFrame& answer) override {
    answers_.push_back(std::to_string(token) + ":" + answer.result().state().value());
    if (on_answer_) on_answer_();
  }

  std::string TakeOutput() {
    std::string output;
    session_->TakeOutput(&output);
    return output;
  }
  // What the client sent: "binary", "pong:...", "close:1002".
  std::vector<std::string> TakeEvents() {
    const std::string output = TakeOutput();
    std::vector<std::string> events;
    net::WebSocketDecoder decoder(1 << 20);
    std::string_view rest = output;
    for (;;) {
      const auto event = decoder.Next(&rest);
      EXPECT_NE(event, net::WebSocketDecoder::Event::kFault) << decoder.fault().text;
      if (event != net::WebSocketDecoder::Event::kMessage && event != net::WebSocketDecoder::Event::kControl) break;
      if (decoder.type() == Opcode::kBinary) {
        v1::ClientFrame frame;
        EXPECT_TRUE(frame.ParseFromString(std::string(decoder.payload())));
        sent_ids_.push_back(frame.id());
        events.push_back("request " + frame.operation().key());
      } else if (decoder.type() == Opcode::kClose) {
        events.push_back("close " + std::to_string(static_cast<int>(net::ReadClose(decoder.payload()).code)));
      } else {
        events.push_back((decoder.type() == Opcode::kPing ? "ping " : "pong ") + std::string(decoder.payload()));
      }
    }
    EXPECT_TRUE(rest.empty());
    return events;
  }

  void Feed(const std::string& bytes, std::size_t read_bytes = SIZE_MAX) {
    for (std::size_t at = 0; at < bytes.size(); at += std::min(read_bytes, bytes.size() - at)) {
      session_->OnBytes(std::string_view(bytes).substr(at, read_bytes), now_);
    }
  }

  // The answer that a server gives to the handshake that is in the output.
  std::string HandshakeAnswer(const std::string& protocol = "quoin.v1.protobuf") {
    const std::string request = TakeOutput();
    EXPECT_TRUE(request.starts_with("GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n")) << request;
    const std::string name = "Sec-WebSocket-Key: ";
    const std::size_t begin = request.find(name) + name.size();
    const std::string key = request.substr(begin, request.find("\r\n", begin) - begin);
    return "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nUpgrade: websocket\r\nsec-websocket-accept:   " +
           Base64Encode(net::Sha1(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) +
           "\r\nSec-WebSocket-Protocol: " + protocol + "\r\n\r\n";
  }
  void Open(const std::string& hello = HelloMessage()) {
    Feed(HandshakeAnswer() + hello);
    ASSERT_TRUE(session_->opened()) << session_->reason();
  }
  void Send(const std::string& key, Session::Token token) {
    v1::ClientFrame frame = GetFrame(key);
    session_->Send(frame, token, now_);
  }

  std::mt19937_64 random_{1};
  Time now_{std::chrono::hours(1)};
  std::unique_ptr<Session> session_;
  std::string node_;
  std::vector<std::string> answers_;
  std::vector<std::uint32_t> sent_ids_;
  std::function<void()> on_answer_;
};

TEST_F(SessionTest, OpensHoweverTheBytesAreCut) {
  for (const std::size_t read_bytes : {std::size_t{1}, std::size_t{2}, std::size_t{50}, std::size_t{100'000}}) {
    Renew({});
    node_.clear();
    EXPECT_EQ(session_->room(), 0u);
    Feed(HandshakeAnswer() + HelloMessage(7), read_bytes);
    EXPECT_EQ(node_, "00c0ffee00c0ffee");
    EXPECT_EQ(session_->room(), 7u);
    EXPECT_FALSE(session_->over());
  }
}

TEST_F(SessionTest, SaysWhyTheHandshakeFailed) {
  const auto reason_of = [&](const std::string& answer) {
    Renew({});
    TakeOutput();
    Feed(answer, 10);
    EXPECT_TRUE(session_->over());
    return session_->reason();
  };
  EXPECT_EQ(reason_of("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\n"),
            "the WebSocket was refused: HTTP/1.1 503 Service Unavailable");
  EXPECT_NE(reason_of("HTTP/1.1 403 Forbidden\r\n\r\n").find("--hosts"), std::string::npos);
  EXPECT_EQ(reason_of("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "who answers speaks no HTTP");
  EXPECT_EQ(reason_of("HTTP/1.1 101 Sure\r\nSec-WebSocket-Accept: bm8=\r\n\r\n"),
            "the answer to the handshake is no WebSocket server's (Sec-WebSocket-Accept)");
  EXPECT_EQ(reason_of("HTTP/1.1 200 OK\r\nX: " + std::string(kMaxHandshakeBytes, 'x')),
            "the answer to the handshake has no end");
  Renew({});
  Feed(HandshakeAnswer("chat"));
  EXPECT_EQ(session_->reason(), "the server does not speak quoin.v1.protobuf");
}

TEST_F(SessionTest, GivesEachAnswerToItsRequestInWhateverOrderS1) {
  Open();
  Send("a", 11);
  Send("b", 22);
  Send("c", 33);
  EXPECT_EQ(TakeEvents(), (std::vector<std::string>{"request a", "request b", "request c"}));
  ASSERT_EQ(sent_ids_.size(), 3u);
  Feed(DoneMessage(sent_ids_[2], "3") + DoneMessage(sent_ids_[0], "1"), 3);
  EXPECT_EQ(answers_, (std::vector<std::string>{"33:3", "11:1"}));
  EXPECT_EQ(session_->unanswered(), 1u);
  session_->OnEnd("reset");
  EXPECT_EQ(session_->TakeUnanswered(), Tokens{22});
}

TEST_F(SessionTest, GivesBackWhatHasNoAnswerInTheOrderInWhichItWasSentS1) {
  Open();
  for (Session::Token token = 1; token <= 4; ++token) Send("k", token);
  TakeEvents();
  Feed(DoneMessage(sent_ids_[1]));
  Send("k", 5);  // Takes the id that is free again.
  Feed(DoneMessage(sent_ids_[0]));
  session_->OnEnd("reset");
  EXPECT_EQ(session_->reason(), "reset");
  EXPECT_EQ(session_->TakeUnanswered(), (Tokens{3, 4, 5}));
}

TEST_F(SessionTest, KeepsToWhatTheHelloAllowsS2) {
  Open(HelloMessage(2, 100));
  EXPECT_EQ(session_->room(), 2u);
  Send("a", 1);
  Send("b", 2);
  EXPECT_EQ(session_->room(), 0u);
  TakeEvents();
  Feed(DoneMessage(sent_ids_[0]));
  EXPECT_EQ(session_->room(), 1u);
  EXPECT_TRUE(session_->Fits(100));
  EXPECT_FALSE(session_->Fits(101));
}

TEST_F(SessionTest, GathersWhatIsSentIntoOneOutput) {
  Open();
  for (int i = 0; i < 100; ++i) Send("key", 1);
  EXPECT_EQ(TakeEvents().size(), 100u);
  EXPECT_FALSE(session_->has_output());
}

TEST_F(SessionTest, MaySendFromWithinAnAnswer) {
  Open(HelloMessage(1));
  on_answer_ = [&] {
    if (answers_.size() < 3) Send("next", answers_.size());
  };
  Send("first", 0);
  for (int i = 0; i < 3; ++i) {
    TakeEvents();
    Feed(DoneMessage(sent_ids_.back()));
  }
  EXPECT_EQ(answers_, (std::vector<std::string>{"0:v", "1:v", "2:v"}));
}

TEST_F(SessionTest, StopsWhenItIsClosedFromWithinAnAnswerS3) {
  Open();
  Send("a", 1);
  Send("b", 2);
  TakeEvents();
  on_answer_ = [&] { session_->Close({CloseCode::kNormal, {}}); };
  Feed(DoneMessage(sent_ids_[0]) + DoneMessage(sent_ids_[1]));
  EXPECT_EQ(answers_.size(), 1u);
  EXPECT_EQ(session_->TakeUnanswered(), Tokens{2});
  EXPECT_EQ(TakeEvents(), std::vector<std::string>{"close 1000"});
}

TEST_F(SessionTest, ReportsWhyTheServerClosed) {
  Open();
  Send("a", 1);
  TakeEvents();
  std::string bytes;
  net::AppendClose({CloseCode::kGoingAway, "the node is stopping"}, &bytes);
  Feed(DoneMessage(sent_ids_[0]) + bytes + DoneMessage(99), 1);
  EXPECT_EQ(answers_.size(), 1u);
  EXPECT_TRUE(session_->over());
  EXPECT_EQ(session_->reason(), "the node closed the connection (1001): the node is stopping");
  EXPECT_EQ(TakeEvents(), std::vector<std::string>{"close 1001"});
}

TEST_F(SessionTest, RefusesWhatNoNodeSays) {
  const auto events_after = [&](const std::string& bytes, SessionOptions options = {}) {
    Renew(options);
    Open();
    Feed(bytes);
    EXPECT_TRUE(session_->over());
    EXPECT_TRUE(answers_.empty());
    return TakeEvents();
  };
  const auto message = [](Opcode opcode, const std::string& payload) {
    std::string bytes;
    net::AppendFrameHead(opcode, payload.size(), &bytes);
    return bytes + payload;
  };
  using Events = std::vector<std::string>;
  EXPECT_EQ(events_after("\xff\xff garbage"), Events{"close 1002"});
  EXPECT_EQ(events_after(message(Opcode::kBinary, "\xff")), Events{"close 1007"});
  EXPECT_EQ(events_after(message(Opcode::kText, "{}")), Events{"close 1003"});
  EXPECT_EQ(events_after(DoneMessage(1)), Events{"close 1008"});  // Nothing was asked.
  EXPECT_EQ(events_after(DoneMessage(0)), Events{"close 1008"});
  EXPECT_EQ(events_after(message(Opcode::kBinary, std::string(1001, 'x')), {.max_answer_bytes = 1000}),
            Events{"close 1009"});
  Renew({});
  Feed(HandshakeAnswer() + DoneMessage(1));
  EXPECT_EQ(session_->reason(), "what the server sends is not understood: the first message must be a hello");
  Renew({});
  Feed(HandshakeAnswer() + HelloMessage(0));
  EXPECT_TRUE(session_->over());
}

TEST_F(SessionTest, AnAnswerThatComesTwiceIsRefusedS1) {
  Open();
  Send("a", 1);
  TakeEvents();
  Feed(DoneMessage(sent_ids_[0]) + DoneMessage(sent_ids_[0]));
  EXPECT_EQ(answers_.size(), 1u);
  EXPECT_TRUE(session_->over());
}

TEST_F(SessionTest, AnswersPings) {
  Open();
  std::string bytes;
  net::AppendFrameHead(Opcode::kPing, 2, &bytes);
  Feed(bytes + "hi");
  EXPECT_EQ(TakeEvents(), std::vector<std::string>{"pong hi"});
}

TEST_F(SessionTest, PingsAServerThatOwesAnAnswerAndGivesUpASilentOne) {
  Renew({.ping_interval = seconds(5)});
  Open();
  EXPECT_EQ(session_->deadline(), Time::max());  // Nobody waits for anything.
  now_ += seconds(100);
  Send("a", 1);
  TakeEvents();
  EXPECT_EQ(session_->deadline(), now_ + seconds(5));
  now_ += seconds(5);
  session_->OnTime(now_);
  EXPECT_EQ(TakeEvents(), std::vector<std::string>{"ping "});
  std::string pong;
  net::AppendFrameHead(Opcode::kPong, 0, &pong);
  now_ += seconds(4);
  Feed(pong);
  now_ += seconds(5);
  session_->OnTime(now_);
  EXPECT_EQ(TakeEvents(), std::vector<std::string>{"ping "});
  now_ += seconds(5);
  EXPECT_FALSE(session_->over());
  session_->OnTime(now_);
  EXPECT_TRUE(session_->over());
  EXPECT_EQ(session_->reason(), "no sign of life for 10000 ms");
  EXPECT_EQ(session_->TakeUnanswered(), Tokens{1});
}

TEST_F(SessionTest, WaitsWhileTheServerTakesWhatStandsBeforeThePingS5) {
  Renew({.ping_interval = seconds(5)});
  Open();
  Send(std::string(100, 'k'), 1);
  std::uint64_t taken = 0;
  for (int i = 0; i < 10; ++i) {
    now_ += seconds(5);
    session_->OnTaken(++taken, now_);
    session_->OnTime(now_);
    ASSERT_FALSE(session_->over()) << i;
  }
  EXPECT_EQ(TakeEvents().size(), 2u) << "one request, one ping";
  // The ping has arrived; now the server owes the pong.
  now_ += seconds(5);
  session_->OnTaken(10'000, now_);
  session_->OnTime(now_);
  EXPECT_FALSE(session_->over());
  EXPECT_EQ(session_->deadline(), now_ + seconds(5));
  now_ += seconds(5);
  session_->OnTaken(10'000, now_);
  session_->OnTime(now_);
  EXPECT_TRUE(session_->over());
}

TEST_F(SessionTest, GivesUpAServerThatTakesNothingMoreS5) {
  Renew({.ping_interval = seconds(5)});
  Open();
  Send(std::string(100, 'k'), 1);
  for (int i = 0; i < 2; ++i) {
    now_ += seconds(5);
    session_->OnTaken(3, now_);
    session_->OnTime(now_);
  }
  EXPECT_TRUE(session_->over());
}

// Its kernel has room for many small requests.
TEST_F(SessionTest, GivesUpAServerThatHasThePingAndTakesRequestsButSaysNothingS5) {
  Renew({.ping_interval = seconds(5)});
  Open();
  std::uint64_t sent = TakeOutput().size();
  const auto send_and_arrive = [&] {
    Send("k", 1);
    sent += TakeOutput().size();
    session_->OnTaken(1000 + sent, now_);
  };
  send_and_arrive();
  now_ += seconds(5);
  session_->OnTime(now_);
  now_ += seconds(4);
  send_and_arrive();
  now_ += seconds(1);
  send_and_arrive();
  session_->OnTime(now_);
  EXPECT_TRUE(session_->over());
}

TEST_F(SessionTest, EndsWhenHalfOfAllAnswersAreMissingS4) {
  Open(HelloMessage(4));
  for (Session::Token token = 1; token <= 4; ++token) Send("k", token);
  TakeEvents();
  for (Session::Token token = 1; token <= 2; ++token) session_->GiveUpOn(token);
  session_->GiveUpOn(2);  // There is only one of that.
  EXPECT_FALSE(session_->over());
  Feed(DoneMessage(sent_ids_[0]));  // It was only late.
  session_->GiveUpOn(3);
  EXPECT_FALSE(session_->over());
  session_->GiveUpOn(4);
  EXPECT_TRUE(session_->over());
  EXPECT_EQ(session_->reason(), "the answers to 3 requests are missing");
  EXPECT_EQ(session_->TakeUnanswered(), (Tokens{2, 3, 4}));
}

TEST_F(SessionTest, DrawsAMaskForEachFrame) {
  Open();
  Send("same", 1);
  Send("same", 1);
  const std::string output = TakeOutput();
  ASSERT_EQ(output.size() % 2, 0u);
  EXPECT_NE(output.substr(2, 4), output.substr(output.size() / 2 + 2, 4));
}

std::string EventsMessage(std::uint32_t id) {
  v1::ServerFrame frame;
  frame.set_id(id);
  frame.mutable_events()->set_cursor("c");
  return ServerMessage(frame);
}

TEST_F(SessionTest, AWatchIsAnsweredAgainAndAgain) {
  Open();
  v1::ClientFrame watch;
  watch.mutable_watch()->add_targets()->set_key("k");
  session_->Grant(1000);
  session_->Send(watch, 7, now_);
  session_->OnBytes(EventsMessage(1) + EventsMessage(1), now_);
  EXPECT_EQ(answers_, (std::vector<std::string>{"7:", "7:"}));
  EXPECT_EQ(session_->unanswered(), 1u);
  EXPECT_EQ(session_->answer_bytes(), 2 * (EventsMessage(1).size() - 2));
  // Silence is noticed as with any request.
  EXPECT_EQ(session_->deadline(), now_ + SessionOptions().ping_interval);
  session_->OnBytes(DoneMessage(1), now_);
  EXPECT_EQ(session_->unanswered(), 0u);
  session_->OnBytes(EventsMessage(1), now_);
  EXPECT_TRUE(session_->over()) << "the watch has ended";
}

TEST_F(SessionTest, EventsForWhatIsNoWatchAreAFault) {
  Open();
  v1::ClientFrame get = GetFrame("k");
  session_->Send(get, 7, now_);
  session_->OnBytes(EventsMessage(1), now_);
  EXPECT_TRUE(session_->over());
  EXPECT_EQ(session_->TakeUnanswered(), (Tokens{7}));
}

}  // namespace
}  // namespace quoin::client
