#include "tools/client_answer.h"

#include <gtest/gtest.h>

namespace quoin::tools {
namespace {

net::HttpClientResponse Response(unsigned status, std::string body = "", net::HttpFields fields = {}) {
  fields.emplace_back("Quoin-Node", "00c0ffee00c0ffee");
  return {.status = status, .fields = std::move(fields), .body = std::move(body)};
}
std::string Problem(const std::string& type, const std::string& outcome) {
  return R"({"type":"urn:quoin:problem:)" + type + R"(","title":"T","detail":"why","outcome":")" + outcome + "\"}";
}
ExitCode CodeOf(bool write, const net::HttpClientResponse& response) {
  return UnderstandResponse({.key = "k", .write = write}, response).exit_code;
}

TEST(UnderstandResponse, SuccessesCarryWhatTheHeadersSay) {
  const Answer answer = UnderstandResponse({.key = "k"}, Response(200, "v",
                                                                  {{"ETag", "\"3.00c0ffee00c0ffee.41\""},
                                                                   {"Content-Type", "text/plain"},
                                                                   {"Quoin-Expires", "2026-01-02T03:04:05.678Z"}}));
  EXPECT_EQ(answer.exit_code, ExitCode::kDone);
  EXPECT_EQ(answer.node, "00c0ffee00c0ffee");
  ASSERT_TRUE(answer.entry.has_value());
  EXPECT_EQ(answer.entry->version, "3.00c0ffee00c0ffee.41");
  EXPECT_EQ(answer.entry->content_type, "text/plain");
  EXPECT_EQ(answer.entry->expires, "2026-01-02T03:04:05.678Z");
}

TEST(UnderstandResponse, EachStatusHasItsExitCode) {
  EXPECT_EQ(CodeOf(true, Response(201)), ExitCode::kDone);
  EXPECT_EQ(CodeOf(true, Response(204)), ExitCode::kDone);
  EXPECT_EQ(CodeOf(false, Response(404, Problem("absent", "not-applied"))), ExitCode::kAbsent);
  EXPECT_EQ(CodeOf(true, Response(404, Problem("absent", "not-applied"))), ExitCode::kAbsent);
  EXPECT_EQ(CodeOf(false, Response(404, Problem("no-such-path", "not-applied"))), ExitCode::kRefused);
  EXPECT_EQ(CodeOf(true, Response(400, Problem("bad-parameter", "not-applied"))), ExitCode::kBadUsage);
  EXPECT_EQ(CodeOf(true, Response(409, Problem("wrong-value", "not-applied"))), ExitCode::kRefused);
  EXPECT_EQ(CodeOf(true, Response(412, Problem("condition-failed", "not-applied"))), ExitCode::kConditionFailed);
  EXPECT_EQ(CodeOf(true, Response(413, Problem("value-too-large", "not-applied"))), ExitCode::kRefused);
  EXPECT_EQ(CodeOf(true, Response(429, Problem("too-many-requests", "not-applied"))), ExitCode::kRefused);
  EXPECT_EQ(CodeOf(true, Response(503, Problem("disk-full", "not-applied"))), ExitCode::kRefused);
  EXPECT_EQ(CodeOf(true, Response(504, Problem("outcome-unknown", "unknown"))), ExitCode::kUnknown);
}

TEST(UnderstandResponse, AWriteWhoseOutcomeNobodyTellsIsUnknown) {
  EXPECT_EQ(CodeOf(true, Response(500)), ExitCode::kUnknown) << "no problem document";
  EXPECT_EQ(CodeOf(true, Response(503, "<html>")), ExitCode::kUnknown);
  EXPECT_EQ(CodeOf(true, Response(500, Problem("damaged", "not-applied"))), ExitCode::kRefused);
  EXPECT_EQ(CodeOf(false, Response(500)), ExitCode::kRefused) << "a read changes nothing";
  const net::HttpClientResponse stranger{.status = 200, .body = "hello"};
  EXPECT_EQ(CodeOf(true, stranger), ExitCode::kUnknown);
  EXPECT_EQ(CodeOf(false, stranger), ExitCode::kUnreachable);
}

TEST(UnderstandResponse, AHeadTellsAbsenceWithoutABody) {
  EXPECT_EQ(UnderstandResponse({.key = "k", .head_only = true}, Response(404)).exit_code, ExitCode::kAbsent);
  EXPECT_EQ(UnderstandResponse({.key = "k"}, Response(404)).exit_code, ExitCode::kRefused);
}

TEST(UnderstandResponse, AFailedConditionCarriesTheCurrentVersion) {
  const Answer answer = UnderstandResponse({.key = "k", .write = true}, Response(412, "", {{"ETag", "\"1.a.2\""}}));
  EXPECT_EQ(answer.exit_code, ExitCode::kConditionFailed);
  EXPECT_EQ(answer.entry->version, "1.a.2");
}

TEST(UnderstandFailure, OnlyWhatWasCertainlyNotSentIsUnreachableForAWrite) {
  const auto code = [](bool write, Code failure) {
    return UnderstandFailure({.key = "k", .write = write}, Status(failure, "why")).exit_code;
  };
  EXPECT_EQ(code(true, Code::kUnavailable), ExitCode::kUnreachable);
  EXPECT_EQ(code(true, Code::kUnknown), ExitCode::kUnknown);
  EXPECT_EQ(code(true, Code::kIo), ExitCode::kUnknown);
  EXPECT_EQ(code(false, Code::kUnknown), ExitCode::kUnreachable);
  EXPECT_EQ(code(true, Code::kInvalid), ExitCode::kBadUsage);
}

TEST(ParseResult, ReadsTextAndBase64) {
  std::optional<bool> created;
  const auto text = ParseResult(R"({"key":"visits","status":200,"outcome":"done","version":"3.a.42","value":"8",
      "content_type":"text/plain","expires":"2026-01-02T03:04:05.678Z","created":true,"new":[1]})",
                                &created);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(text->value, "8");
  EXPECT_EQ(text->version, "3.a.42");
  EXPECT_EQ(created, true);
  const auto binary = ParseResult(R"({"key_base64":"/w==","outcome":"done","value_base64":"AAE="})", &created);
  ASSERT_TRUE(binary.ok()) << binary.status();
  EXPECT_EQ(binary->key, "\xff");
  EXPECT_EQ(binary->value, std::string("\0\1", 2));
  EXPECT_EQ(created, false);
}

TEST(ParseResult, RefusesWhatIsNone) {
  for (const char* text :
       {"", "[]", "{}", "{\"key\":\"k\"}", "{\"key\":\"k\",\"outcome\":\"perhaps\"}", "{\"outcome\":\"done\"}",
        "{\"key_base64\":\"?\",\"outcome\":\"done\"}", "{\"key\":\"k\",\"outcome\":\"done\"} x"}) {
    EXPECT_FALSE(ParseResult(text, nullptr).ok()) << text;
  }
}

TEST(ParseBatch, KeepsTheOutcomeOfEach) {
  const auto results = ParseBatch(R"({"results":[
      {"key":"a","outcome":"done","value":"1"},
      {"key":"b","outcome":"absent"},
      {"key":"c","outcome":"not-applied","problem":{"title":"t","detail":"the disk does not answer"}}]})");
  ASSERT_TRUE(results.ok()) << results.status();
  ASSERT_EQ(results->size(), 3u);
  EXPECT_EQ((*results)[0].exit_code, ExitCode::kDone);
  EXPECT_EQ((*results)[1].exit_code, ExitCode::kAbsent);
  EXPECT_EQ((*results)[1].value, std::nullopt);
  EXPECT_EQ((*results)[2].exit_code, ExitCode::kRefused);
  EXPECT_EQ((*results)[2].problem, "the disk does not answer");
  EXPECT_FALSE(ParseBatch("{\"results\":[1]}").ok());
  EXPECT_FALSE(ParseBatch("{}").ok());
}

TEST(ParseList, ReadsEntriesAndCursor) {
  const auto page = ParseList(R"({"entries":[{"key":"a","version":"1.a.1","value":"x"}],"cursor":"YQ=="})");
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->entries.front().value, "x");
  EXPECT_EQ(page->cursor, "YQ==");
  EXPECT_EQ(ParseList(R"({"entries":[]})")->cursor, std::nullopt);
}

}  // namespace
}  // namespace quoin::tools
