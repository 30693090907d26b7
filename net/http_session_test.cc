#include "net/http_session.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "net/http_handler.h"
#include "net/http_testing.h"

namespace quoin::net {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kGet = "GET /one HTTP/1.1\r\nHost: n\r\n\r\n";
constexpr std::string_view kPoll = "GET /poll HTTP/1.1\r\nHost: n\r\n\r\n";

// Keeps every request until the test answers it, or echoes at once.
class FakeHandler : public HttpHandler {
 public:
  struct Held {
    std::string target;
    std::string body;
    std::string request_id;
    Respond respond;
  };

  std::string_view node_line() const override { return "Quoin-Node: 1\r\n"; }
  std::string NewRequestId() override { return "made-" + std::to_string(++made_ids); }
  HeadVerdict CheckHead(const HttpHead& head, std::string_view request_id) override {
    HeadVerdict verdict;
    verdict.route = Route::kKey;
    verdict.max_body_bytes = 100;
    verdict.too_large = Problem::kValueTooLarge;
    verdict.limit_flag = "max_value_size";
    if (head.target() == "/poll") verdict.patience = std::chrono::minutes(5);
    if (head.target() == "/refuse") verdict.refusal = ProblemResponse({Problem::kNoSuchPath, {}}, request_id);
    return verdict;
  }
  OnTimeout Handle(HttpRequest request, Respond respond) override {
    Held one{std::string(request.head->target()), std::move(request.body), std::move(request.request_id),
             std::move(respond)};
    if (echo) {
      HttpResponse response = Text(one.target + "|" + one.body);
      one.respond(std::move(response));
      return nullptr;
    }
    held.push_back(std::move(one));
    return [] { return ProblemResponse({Problem::kTimedOut, "late"}, "x"); };
  }
  void OnAnswered(const AnsweredRequest& answered) override { statuses.push_back(answered.status); }
  void OnConnection(bool opened) override { connections += opened ? 1 : -1; }
  void OnTraffic(std::size_t received_bytes, std::size_t sent_bytes) override {
    received += received_bytes;
    sent += sent_bytes;
  }

  static HttpResponse Text(std::string body) {
    HttpResponse response;
    response.content_type = kTextType;
    response.body = std::move(body);
    return response;
  }

  bool echo = true;
  std::deque<Held> held;
  std::vector<int> statuses;
  int made_ids = 0;
  int connections = 0;
  std::size_t received = 0;
  std::size_t sent = 0;
};

class HttpSessionTest : public testing::Test {
 protected:
  static HttpLimits Limits() {
    HttpLimits limits;
    limits.max_header_bytes = 512;
    limits.max_pipelined = 3;
    return limits;
  }
  std::vector<TestResponse> Parse(const std::string& bytes) {
    const auto responses = ParseResponses(bytes);
    EXPECT_TRUE(responses.has_value()) << bytes;
    return responses.value_or(std::vector<TestResponse>{});
  }
  // Sends, and expects exactly one answer.
  TestResponse Ask(std::string_view bytes) {
    const auto responses = Parse(connection->Ask(bytes));
    EXPECT_EQ(responses.size(), 1u);
    return responses.empty() ? TestResponse{} : responses.front();
  }
  // On a connection of its own; the session must end with the answer.
  TestResponse AskAndClose(std::string_view bytes) {
    connection = std::make_unique<TestConnection>(handler, Limits());
    const TestResponse response = Ask(bytes);
    EXPECT_TRUE(connection->session->finished());
    EXPECT_EQ(response.Field("connection"), "close");
    return response;
  }
  static void ExpectProblem(const TestResponse& response, int status, std::string_view type) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.Field("content-type"), "application/problem+json");
    EXPECT_NE(response.body.find("urn:quoin:problem:" + std::string(type) + "\""), std::string::npos) << response.body;
  }

  FakeHandler handler;
  std::unique_ptr<TestConnection> connection = std::make_unique<TestConnection>(handler, Limits());
};

TEST_F(HttpSessionTest, AnswersLeaveInTheOrderOfTheRequestsHoweverTheyFinish) {
  handler.echo = false;
  ASSERT_TRUE(
      connection->Send("GET /a HTTP/1.1\r\nHost: n\r\n\r\nGET /b HTTP/1.1\r\nHost: n\r\n\r\n"
                       "GET /c HTTP/1.1\r\nHost: n\r\n\r\n"));
  ASSERT_EQ(handler.held.size(), 3u);
  handler.held[2].respond(FakeHandler::Text("c"));
  handler.held[1].respond(FakeHandler::Text("b"));
  EXPECT_FALSE(connection->session->has_output());
  EXPECT_EQ(connection->wakes, 0);
  handler.held[0].respond(FakeHandler::Text("a"));
  EXPECT_EQ(connection->wakes, 1);
  const auto responses = Parse(connection->Take());
  ASSERT_EQ(responses.size(), 3u);
  EXPECT_EQ(responses[0].body, "a");
  EXPECT_EQ(responses[1].body, "b");
  EXPECT_EQ(responses[2].body, "c");
}

TEST_F(HttpSessionTest, ByteByByteIsTheSameAsWhole) {
  const std::string stream =
      "PUT /p HTTP/1.1\r\nHost: n\r\nContent-Length: 5\r\n\r\nhelloPOST /q?x=1 HTTP/1.1\r\nHost: n\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;e=1\r\nde\r\n0\r\nT: v\r\n\r\n\r\nHEAD /r HTTP/1.1\r\nhost:n\r\n"
      "Quoin-Request-Id: mine\r\n\r\n";
  const std::string whole = connection->Ask(stream);
  for (std::size_t read_bytes = 1; read_bytes < 20; ++read_bytes) {
    FakeHandler other;
    TestConnection cut(other, Limits());
    ASSERT_TRUE(cut.Send(stream, read_bytes));
    EXPECT_EQ(cut.Take(), whole) << read_bytes;
  }
  EXPECT_NE(whole.find("/p|hello"), std::string::npos);
  EXPECT_NE(whole.find("/q?x=1|abcde"), std::string::npos);
  EXPECT_NE(whole.find("Quoin-Request-Id: mine\r\n"), std::string::npos);
}

TEST_F(HttpSessionTest, KeepsAliveUnlessAskedToClose) {
  EXPECT_EQ(Ask(kGet).Field("connection"), "");
  EXPECT_FALSE(connection->session->finished());
  EXPECT_EQ(Ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").Field("connection"), "keep-alive");
  EXPECT_FALSE(connection->session->finished());
  AskAndClose("GET / HTTP/1.1\r\nHost: n\r\nConnection: foo, CLOSE\r\n\r\n");
  AskAndClose("GET / HTTP/1.0\r\n\r\n");
}

TEST_F(HttpSessionTest, ParsesNothingAfterARequestThatCloses) {
  const auto responses =
      Parse(connection->Ask("GET /a HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n" + std::string(kGet)));
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_TRUE(connection->session->finished());
  EXPECT_FALSE(connection->session->wants_bytes());
}

TEST_F(HttpSessionTest, NothingIsAnsweredAfterAnAnswerThatCloses) {
  handler.echo = false;
  ASSERT_TRUE(connection->Send(std::string(kGet) + std::string(kGet)));
  HttpResponse last = FakeHandler::Text("last");
  last.close = true;
  handler.held[0].respond(std::move(last));
  handler.held[1].respond(FakeHandler::Text("never"));
  const auto responses = Parse(connection->Take());
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_EQ(responses[0].body, "last");
  EXPECT_EQ(responses[0].Field("connection"), "close");
  EXPECT_TRUE(connection->session->finished());
}

TEST_F(HttpSessionTest, HeadHasTheLengthAndNoBody) {
  const std::string bytes = connection->Ask("HEAD /abc HTTP/1.1\r\nHost: n\r\n\r\n");
  const auto responses = ParseResponses(bytes, /*to_head=*/true);
  ASSERT_TRUE(responses.has_value()) << bytes;
  ASSERT_EQ(responses->size(), 1u);
  EXPECT_EQ((*responses)[0].Field("content-length"), "5");
}

TEST_F(HttpSessionTest, SaysContinueOnlyWhenTheHeadIsAcceptable) {
  constexpr std::string_view kPut = "PUT /a HTTP/1.1\r\nHost: n\r\nExpect: 100-Continue\r\nContent-Length: ";
  EXPECT_EQ(connection->Ask(std::string(kPut) + "3\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(Ask("abc").body, "/a|abc");
  ExpectProblem(AskAndClose(std::string(kPut) + "101\r\n\r\n"), 413, "value-too-large");
  ExpectProblem(AskAndClose("PUT /refuse HTTP/1.1\r\nHost: n\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"),
                404, "no-such-path");
}

TEST_F(HttpSessionTest, ContinueWaitsForTheAnswersBeforeIt) {
  handler.echo = false;
  ASSERT_TRUE(connection->Send(std::string(kGet) +
                               "PUT /a HTTP/1.1\r\nHost: n\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"));
  EXPECT_FALSE(connection->session->has_output());
  handler.held[0].respond(FakeHandler::Text("first"));
  const std::string bytes = connection->Take();
  EXPECT_TRUE(bytes.ends_with("firstHTTP/1.1 100 Continue\r\n\r\n")) << bytes;
}

TEST_F(HttpSessionTest, RefusesOtherExpectations) {
  ExpectProblem(Ask("GET /a HTTP/1.1\r\nHost: n\r\nExpect: tea\r\n\r\n"), 417, "expectation-failed");
  EXPECT_FALSE(connection->session->finished());
}

TEST_F(HttpSessionTest, RefusesUpgrades) {
  ExpectProblem(AskAndClose("GET /a HTTP/1.1\r\nHost: n\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"), 501,
                "unsupported-encoding");
}

TEST_F(HttpSessionTest, AnswersARefusedSmallBodyAndGoesOn) {
  const auto responses = Parse(connection->Ask("PUT /refuse HTTP/1.1\r\nHost: n\r\nContent-Length: 500\r\n\r\n" +
                                               std::string(500, 'x') + std::string(kGet)));
  ASSERT_EQ(responses.size(), 2u);
  EXPECT_EQ(responses[0].status, 404);
  EXPECT_EQ(responses[1].body, "/one|");
}

TEST_F(HttpSessionTest, RefusesALargeBodyBeforeReadingIt) {
  const TestResponse response = AskAndClose("PUT /a HTTP/1.1\r\nHost: n\r\nContent-Length: 100000\r\n\r\n");
  ExpectProblem(response, 413, "value-too-large");
  EXPECT_NE(response.body.find("\"limit\": \"max_value_size\""), std::string::npos) << response.body;
}

TEST_F(HttpSessionTest, RefusesAChunkedBodyAsSoonAsItIsTooLarge) {
  const std::string head = "PUT /a HTTP/1.1\r\nHost: n\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(Ask(head + "64\r\n" + std::string(100, 'x') + "\r\n0\r\n\r\n").status, 200);
  ExpectProblem(AskAndClose(head + "65\r\n"), 413, "value-too-large");
  ExpectProblem(AskAndClose(head + "1\r\nx\r\n64\r\n"), 413, "value-too-large");
}

TEST_F(HttpSessionTest, RefusesALargeHead) {
  const std::string head = "GET /a HTTP/1.1\r\nHost: n\r\nX: ";
  const std::size_t room = 512 - head.size() - 4;
  EXPECT_EQ(Ask(head + std::string(room, 'y') + "\r\n\r\n").status, 200);
  ExpectProblem(AskAndClose(head + std::string(room + 1, 'y') + "\r\n\r\n"), 431, "header-too-large");
  ExpectProblem(AskAndClose(head + std::string(room + 4, 'y')), 431, "header-too-large");
}

TEST_F(HttpSessionTest, MalformedBytesCloseTheConnection) {
  for (const std::string_view bytes :
       {"GET / HTTP/1.1\n", "GET /\r\n", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01", "GET / HTTP/1.1\r\nHost : n\r\n"}) {
    ExpectProblem(AskAndClose(bytes), 400, "bad-request");
  }
  ExpectProblem(AskAndClose("GET / HTTP/2.0\r\n"), 505, "unsupported-version");
  ExpectProblem(AskAndClose("PUT / HTTP/1.1\r\nHost: n\r\nTransfer-Encoding: gzip\r\n\r\n"), 501,
                "unsupported-encoding");
}

TEST_F(HttpSessionTest, AMalformedRequestWaitsForTheAnswersBeforeIt) {
  handler.echo = false;
  ASSERT_TRUE(connection->Send(std::string(kGet) + "nonsense\r\n\r\n"));
  EXPECT_FALSE(connection->session->has_output());
  EXPECT_FALSE(connection->session->finished());
  handler.held[0].respond(FakeHandler::Text("first"));
  const auto responses = Parse(connection->Take());
  ASSERT_EQ(responses.size(), 2u);
  EXPECT_EQ(responses[0].body, "first");
  ExpectProblem(responses[1], 400, "bad-request");
  EXPECT_TRUE(connection->session->finished());
}

TEST_F(HttpSessionTest, RequestIdsAreCheckedBeforeTheyAreEchoed) {
  EXPECT_EQ(Ask("GET / HTTP/1.1\r\nHost: n\r\nQuoin-Request-Id: a.B-9_\r\n\r\n").Field("quoin-request-id"), "a.B-9_");
  EXPECT_EQ(Ask("GET / HTTP/1.1\r\nHost: n\r\n\r\n").Field("quoin-request-id"), "made-1");
  for (const std::string& bad : {std::string("a b"), std::string(65, 'x'), std::string("<x>"), std::string()}) {
    const TestResponse response = Ask("GET / HTTP/1.1\r\nHost: n\r\nQuoin-Request-Id: " + bad + "\r\n\r\n");
    ExpectProblem(response, 400, "bad-header");
    EXPECT_TRUE(response.Field("quoin-request-id").starts_with("made-"));
  }
}

TEST_F(HttpSessionTest, ReadsNoFurtherThanItsPipelineAllows) {
  handler.echo = false;
  std::string many;
  for (int i = 0; i < 5; ++i) many += kGet;
  ASSERT_TRUE(connection->Send(many));
  EXPECT_EQ(handler.held.size(), 3u);
  EXPECT_FALSE(connection->session->wants_bytes());
  handler.held[0].respond(FakeHandler::Text("x"));
  EXPECT_EQ(connection->wakes, 1);
  connection->Take();
  EXPECT_EQ(handler.held.size(), 4u);
  EXPECT_FALSE(connection->session->wants_bytes());
  handler.held[1].respond(FakeHandler::Text("x"));
  handler.held[2].respond(FakeHandler::Text("x"));
  handler.held[3].respond(FakeHandler::Text("x"));
  connection->Take();
  EXPECT_EQ(handler.held.size(), 5u);
  EXPECT_TRUE(connection->session->wants_bytes());
}

TEST_F(HttpSessionTest, BeginsNothingWhileMuchOutputWaits) {
  handler.echo = false;
  ASSERT_TRUE(connection->Send(kGet));
  handler.held[0].respond(FakeHandler::Text(std::string(1 << 20, 'x')));
  EXPECT_FALSE(connection->session->wants_bytes());
  EXPECT_EQ(Parse(connection->Take())[0].body.size(), 1u << 20);
  EXPECT_TRUE(connection->session->wants_bytes());
}

TEST_F(HttpSessionTest, SlowHeadsAndBodiesAreToldSo) {
  ASSERT_TRUE(connection->Send("GET / HT"));
  connection->Advance(milliseconds(9'999));
  ASSERT_TRUE(connection->Send("T"));
  EXPECT_FALSE(connection->session->has_output());
  connection->Advance(milliseconds(1));
  ExpectProblem(Parse(connection->Take()).at(0), 408, "too-slow");
  EXPECT_TRUE(connection->session->finished());

  connection = std::make_unique<TestConnection>(handler, Limits());
  ASSERT_TRUE(connection->Send("PUT / HTTP/1.1\r\nHost: n\r\nContent-Length: 2\r\n\r\na"));
  connection->Advance(milliseconds(29'999));
  EXPECT_FALSE(connection->session->has_output());
  connection->Advance(milliseconds(1));
  const auto responses = Parse(connection->Take());
  ASSERT_EQ(responses.size(), 1u);
  ExpectProblem(responses[0], 408, "too-slow");
  EXPECT_NE(responses[0].body.find("body_timeout"), std::string::npos);
  EXPECT_TRUE(connection->session->finished());
}

TEST_F(HttpSessionTest, IdleConnectionsEndWithoutAWord) {
  Ask(kGet);
  EXPECT_EQ(connection->session->deadline(), connection->now + milliseconds(75'000));
  connection->Advance(milliseconds(74'999));
  EXPECT_FALSE(connection->session->finished());
  connection->Advance(milliseconds(1));
  EXPECT_TRUE(connection->session->finished());
  EXPECT_FALSE(connection->session->has_output());
}

TEST_F(HttpSessionTest, APeerThatDoesNotTakeItsAnswersIsLeft) {
  ASSERT_TRUE(connection->Send(kGet));
  EXPECT_TRUE(connection->session->has_output());
  connection->Advance(milliseconds(75'000));
  EXPECT_TRUE(connection->session->finished());
  EXPECT_FALSE(connection->session->has_output());
}

TEST_F(HttpSessionTest, RequestsOutOfTimeAreAnsweredAndTheLateAnswerIsDropped) {
  handler.echo = false;
  ASSERT_TRUE(connection->Send(kGet));
  connection->Advance(milliseconds(1'000));
  ASSERT_TRUE(connection->Send(kGet));
  connection->Advance(milliseconds(3'999));
  EXPECT_FALSE(connection->session->has_output());
  connection->Advance(milliseconds(1));
  auto responses = Parse(connection->Take());
  ASSERT_EQ(responses.size(), 1u);
  ExpectProblem(responses[0], 503, "timed-out");
  handler.held[0].respond(FakeHandler::Text("too late"));
  EXPECT_FALSE(connection->session->has_output());
  handler.held[1].respond(FakeHandler::Text("in time"));
  responses = Parse(connection->Take());
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_EQ(responses[0].body, "in time");
  EXPECT_FALSE(connection->session->finished());
}

TEST_F(HttpSessionTest, WakesOnlyForAnswersThatComeLater) {
  Ask(kGet);
  EXPECT_EQ(connection->wakes, 0);
  handler.echo = false;
  ASSERT_TRUE(connection->Send(kGet));
  handler.held[0].respond(FakeHandler::Text("x"));
  EXPECT_EQ(connection->wakes, 1);
}

TEST_F(HttpSessionTest, AnswersAfterTheEndOfTheSessionAreDropped) {
  handler.echo = false;
  ASSERT_TRUE(connection->Send(kGet));
  connection->session.reset();
  handler.held[0].respond(FakeHandler::Text("x"));
  EXPECT_EQ(connection->wakes, 0);
  EXPECT_EQ(handler.connections, 0);
}

TEST_F(HttpSessionTest, EndOfInputLeavesWhatIsUnderWay) {
  handler.echo = false;
  ASSERT_TRUE(connection->Send(std::string(kGet) + "PUT / HTTP/1.1\r\nHost: n\r\nContent-Length: 9\r\n\r\nabc"));
  connection->session->OnEndOfInput(connection->now);
  EXPECT_FALSE(connection->session->finished());
  handler.held[0].respond(FakeHandler::Text("x"));
  const auto responses = Parse(connection->Take());
  ASSERT_EQ(responses.size(), 1u);
  EXPECT_EQ(responses[0].Field("connection"), "close");
  EXPECT_TRUE(connection->session->finished());
}

TEST_F(HttpSessionTest, RequestsThatWaitForTheirTurnSurviveTheEndOfInput) {
  handler.echo = false;
  std::string many;
  for (int i = 0; i < 4; ++i) many += kGet;
  ASSERT_TRUE(connection->Send(many));
  connection->session->OnEndOfInput(connection->now);
  for (std::size_t i = 0; i < 4; ++i) {
    ASSERT_GT(handler.held.size(), i);
    handler.held[i].respond(FakeHandler::Text("x"));
    EXPECT_EQ(Parse(connection->Take()).size(), 1u);
  }
  EXPECT_TRUE(connection->session->finished());
}

TEST_F(HttpSessionTest, APollThatBeginsAfterTheEndOfInputIsAnsweredAtOnce) {
  handler.echo = false;
  ASSERT_TRUE(connection->Send(std::string(kGet) + std::string(kGet) + std::string(kGet) + std::string(kPoll)));
  ASSERT_EQ(handler.held.size(), 3u);
  connection->session->OnEndOfInput(connection->now);
  for (std::size_t i = 0; i < 3; ++i) handler.held[i].respond(FakeHandler::Text("x"));
  EXPECT_EQ(Parse(connection->Take()).size(), 4u);
  EXPECT_EQ(handler.held.size(), 4u);
  EXPECT_TRUE(connection->session->finished());
}

TEST_F(HttpSessionTest, APollThatBeginsWhileDrainingIsAnsweredAtOnce) {
  handler.echo = false;
  ASSERT_TRUE(connection->Send(std::string(kGet) + std::string(kGet) + std::string(kGet) + std::string(kPoll)));
  connection->session->Drain(connection->now);
  for (std::size_t i = 0; i < 3; ++i) handler.held[i].respond(FakeHandler::Text("x"));
  EXPECT_EQ(Parse(connection->Take()).size(), 4u);
  EXPECT_TRUE(connection->session->finished());
}

TEST_F(HttpSessionTest, TheEndInSightEndsPatienceAndWhatHasComeIsStillRead) {
  handler.echo = false;
  ASSERT_TRUE(connection->Send(std::string(kPoll) + std::string(kGet)));
  connection->session->OnEndInSight(connection->now);
  EXPECT_EQ(Parse(connection->Take()).size(), 1u);
  ASSERT_TRUE(connection->Send(kPoll));
  handler.held[1].respond(FakeHandler::Text("x"));
  EXPECT_EQ(Parse(connection->Take()).size(), 2u);
  EXPECT_TRUE(connection->session->wants_bytes());
  connection->session->OnEndOfInput(connection->now);
  EXPECT_TRUE(connection->session->finished());
}

TEST_F(HttpSessionTest, DrainEndsIdleSessionsAtOnce) {
  connection->session->Drain(connection->now);
  EXPECT_TRUE(connection->session->finished());
  EXPECT_FALSE(connection->session->wants_bytes());
}

TEST_F(HttpSessionTest, DrainAnswersWhatHasBegunToArrive) {
  handler.echo = false;
  ASSERT_TRUE(connection->Send(std::string(kGet) + "PUT /b HTTP/1.1\r\nHost: n\r\nContent-Length: 3\r\n"));
  connection->session->Drain(connection->now);
  EXPECT_FALSE(connection->session->finished());
  EXPECT_TRUE(connection->session->wants_bytes());
  ASSERT_TRUE(connection->Send("\r\nabc" + std::string(kGet)));
  ASSERT_EQ(handler.held.size(), 3u);  // The third had begun when the second ended.
  for (auto& held : handler.held) held.respond(FakeHandler::Text(held.target));
  const auto responses = Parse(connection->Take());
  ASSERT_EQ(responses.size(), 3u);
  EXPECT_EQ(responses[0].Field("connection"), "");
  EXPECT_EQ(responses[2].Field("connection"), "close");
  EXPECT_TRUE(connection->session->finished());
}

TEST_F(HttpSessionTest, LargeValuesAreNotCopied) {
  handler.echo = false;
  ASSERT_TRUE(connection->Send(kGet));
  kv::Record record;
  record.value = std::string(100'000, 'v');
  HttpResponse response;
  response.record = std::make_shared<const kv::Record>(std::move(record));
  const char* const place = response.record->value.data();
  handler.held[0].respond(response);
  std::vector<std::string_view> views;
  connection->session->CollectOutput(views, 10);
  ASSERT_EQ(views.size(), 2u);
  EXPECT_EQ(views[1].data(), place);
}

TEST_F(HttpSessionTest, CountsWhatPasses) {
  const std::string output = connection->Ask(kGet);
  EXPECT_EQ(handler.received, kGet.size());
  EXPECT_EQ(handler.sent, output.size());
  EXPECT_EQ(handler.statuses, std::vector<int>{200});
  EXPECT_EQ(handler.connections, 1);
}

}  // namespace
}  // namespace quoin::net
