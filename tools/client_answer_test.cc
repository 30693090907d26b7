#include "tools/client_answer.h"

#include <gtest/gtest.h>

namespace quoin::tools {
namespace {

using client::Operation;
using client::Outcome;

const auto kResponder = std::make_shared<const client::Responder>(client::Responder{"a:1", "00c0ffee00c0ffee"});

client::Answer Ended(Outcome outcome, client::Problem problem = {}) {
  client::Answer answer;
  answer.outcome = outcome;
  answer.problem = std::move(problem);
  answer.responder = kResponder;
  return answer;
}
client::Problem Because(std::string type, std::uint32_t status = 0) {
  return {.type = std::move(type), .detail = "why", .status = status};
}
ExitCode CodeOf(const Operation& operation, const client::Answer& answer) {
  return UnderstandAnswer(operation, answer).exit_code;
}

TEST(UnderstandAnswer, AReadCarriesAllThatIsKnown) {
  client::Answer read = Ended(Outcome::kDone);
  read.version = "3.00c0ffee00c0ffee.41";
  const std::chrono::system_clock::time_point expires(std::chrono::milliseconds(1'767'323'045'678));
  read.state = client::State{"v", "text/plain", read.version, expires};
  const Answer answer = UnderstandAnswer(Operation::Get("k"), read);
  EXPECT_EQ(answer.exit_code, ExitCode::kDone);
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.node, "00c0ffee00c0ffee");
  ASSERT_TRUE(answer.entry.has_value());
  EXPECT_EQ(answer.entry->key, "k");
  EXPECT_EQ(answer.entry->value, "v");
  EXPECT_EQ(answer.entry->version, "3.00c0ffee00c0ffee.41");
  EXPECT_EQ(answer.entry->content_type, "text/plain");
  EXPECT_EQ(answer.entry->expires, "2026-01-02T03:04:05.678Z");
}

TEST(UnderstandAnswer, WritesSayWhetherTheKeyWasThere) {
  client::Answer written = Ended(Outcome::kDone);
  written.created = true;
  EXPECT_EQ(UnderstandAnswer(Operation::Put("k", "v"), written).created, true);
  EXPECT_EQ(UnderstandAnswer(Operation::Put("k", "v"), written).status, 201u);
  written.created = false;
  EXPECT_EQ(UnderstandAnswer(Operation::Put("k", "v"), written).created, false);
  EXPECT_EQ(UnderstandAnswer(Operation::Put("k", "v"), written).status, 204u);
  EXPECT_EQ(UnderstandAnswer(Operation::Get("k"), written).created, std::nullopt);
}

TEST(UnderstandAnswer, EachOutcomeHasItsExitCode) {
  const Operation put = Operation::Put("k", "v"), get = Operation::Get("k");
  EXPECT_EQ(CodeOf(get, Ended(Outcome::kAbsent)), ExitCode::kAbsent);
  EXPECT_EQ(CodeOf(put, Ended(Outcome::kConditionFailed)), ExitCode::kConditionFailed);
  EXPECT_EQ(CodeOf(put, Ended(Outcome::kRejected, Because("wrong-value", 409))), ExitCode::kRefused);
  EXPECT_EQ(CodeOf(put, Ended(Outcome::kNotApplied, Because("value-too-large", 413))), ExitCode::kRefused);
  EXPECT_EQ(CodeOf(put, Ended(Outcome::kNotApplied, Because("disk-full", 503))), ExitCode::kRefused);
  EXPECT_EQ(CodeOf(put, Ended(Outcome::kNotApplied, Because("body-too-large"))), ExitCode::kRefused);
  EXPECT_EQ(CodeOf(put, Ended(Outcome::kNotApplied, Because("bad-key", 400))), ExitCode::kBadUsage);
  EXPECT_EQ(CodeOf(put, Ended(Outcome::kNotApplied, Because("bad-operation"))), ExitCode::kBadUsage);
  for (const char* type : {"unreachable", "timed-out", "connection-lost", "closed", "bad-answer"}) {
    EXPECT_EQ(CodeOf(get, Ended(Outcome::kNotApplied, Because(type))), ExitCode::kUnreachable) << type;
  }
  EXPECT_EQ(CodeOf(put, Ended(Outcome::kUnknown, Because("timed-out"))), ExitCode::kUnknown);
  EXPECT_EQ(CodeOf(put, Ended(Outcome::kUnknown, Because("outcome-unknown", 504))), ExitCode::kUnknown);
}

TEST(UnderstandAnswer, OnlyAServerThatCanNotBeReachedWasNotReached) {
  const auto reached = [](const char* type) {
    return UnderstandAnswer(Operation::Get("k"), Ended(Outcome::kNotApplied, Because(type))).reached;
  };
  EXPECT_FALSE(reached("unreachable"));
  EXPECT_TRUE(reached("timed-out"));
}

TEST(UnderstandAnswer, AnUnknownOutcomeKeepsItsTicket) {
  client::Answer unknown = Ended(Outcome::kUnknown, Because("timed-out"));
  unknown.ticket = {"00c0ffee00c0ffee-17", "3.00c0ffee00c0ffee"};
  const Answer answer = UnderstandAnswer(Operation::Increment("k"), unknown);
  EXPECT_EQ(answer.ticket.operation_id, "00c0ffee00c0ffee-17");
  EXPECT_EQ(answer.ticket.ballot, "3.00c0ffee00c0ffee");
  EXPECT_EQ(answer.problem, "why");
}

TEST(UnderstandAnswer, AFailedConditionCarriesTheCurrentVersion) {
  client::Answer failed = Ended(Outcome::kConditionFailed);
  failed.version = "1.a.2";
  EXPECT_EQ(UnderstandAnswer(Operation::Put("k", "v"), failed).entry->version, "1.a.2");
}

TEST(UnderstandEntry, EachKeyHasItsOwnEnd) {
  client::Answer read = Ended(Outcome::kDone);
  read.state = client::State{"v", "", "1.a.1", {}};
  EXPECT_EQ(UnderstandEntry("k", read).value, "v");
  EXPECT_EQ(UnderstandEntry("k", Ended(Outcome::kAbsent)).exit_code, ExitCode::kAbsent);
  const Entry refused = UnderstandEntry("k", Ended(Outcome::kNotApplied, Because("disk-error", 500)));
  EXPECT_EQ(refused.exit_code, ExitCode::kRefused);
  EXPECT_EQ(refused.problem, "why");
}

net::HttpClientResponse Response(unsigned status, std::string body = "") {
  return {.status = status, .fields = {{"Quoin-Node", "00c0ffee00c0ffee"}}, .body = std::move(body)};
}
std::string Problem(const std::string& type, const std::string& outcome) {
  return R"({"type":"urn:quoin:problem:)" + type + R"(","title":"T","detail":"why","outcome":")" + outcome + "\"}";
}
ExitCode CodeOf(bool write, const net::HttpClientResponse& response) {
  return UnderstandResponse(write, response).exit_code;
}

TEST(UnderstandResponse, EachStatusHasItsExitCode) {
  EXPECT_EQ(CodeOf(false, Response(200)), ExitCode::kDone);
  EXPECT_EQ(CodeOf(true, Response(202)), ExitCode::kDone);
  EXPECT_EQ(CodeOf(false, Response(404, Problem("no-such-path", "not-applied"))), ExitCode::kRefused);
  EXPECT_EQ(CodeOf(true, Response(400, Problem("bad-parameter", "not-applied"))), ExitCode::kBadUsage);
  EXPECT_EQ(CodeOf(true, Response(409, Problem("membership-refused", "not-applied"))), ExitCode::kRefused);
  EXPECT_EQ(CodeOf(true, Response(503, Problem("not-joined", "not-applied"))), ExitCode::kRefused);
  EXPECT_EQ(UnderstandResponse(true, Response(503, Problem("not-joined", "not-applied"))).problem, "why");
}

TEST(UnderstandResponse, AWishWhoseOutcomeNobodyTellsIsUnknown) {
  EXPECT_EQ(CodeOf(true, Response(500)), ExitCode::kUnknown) << "no problem document";
  EXPECT_EQ(CodeOf(true, Response(503, "<html>")), ExitCode::kUnknown);
  EXPECT_EQ(CodeOf(true, Response(503, Problem("stopping", "unknown"))), ExitCode::kUnknown);
  EXPECT_EQ(CodeOf(false, Response(500)), ExitCode::kRefused) << "a read changes nothing";
  const net::HttpClientResponse stranger{.status = 200, .body = "hello"};
  EXPECT_EQ(CodeOf(true, stranger), ExitCode::kUnknown);
  EXPECT_EQ(CodeOf(false, stranger), ExitCode::kUnreachable);
}

TEST(UnderstandFailure, OnlyWhatWasCertainlyNotSentIsUnreachableForAWish) {
  const auto code = [](bool write, Code failure) { return UnderstandFailure(write, Status(failure, "why")).exit_code; };
  EXPECT_EQ(code(true, Code::kUnavailable), ExitCode::kUnreachable);
  EXPECT_EQ(code(true, Code::kUnknown), ExitCode::kUnknown);
  EXPECT_EQ(code(true, Code::kIo), ExitCode::kUnknown);
  EXPECT_EQ(code(false, Code::kUnknown), ExitCode::kUnreachable);
  EXPECT_EQ(code(true, Code::kInvalid), ExitCode::kBadUsage);
}

}  // namespace
}  // namespace quoin::tools
