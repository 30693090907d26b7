#include "net/problem.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <set>
#include <string>

#include "net/json_reader.h"
#include "net/json_testing.h"

namespace quoin::net {
namespace {

const kv::OperationId kId{0x00c0ffee00c0ffee, 17};

boost::json::object Parse(const std::string& text) {
  auto value = ReadJson(text, 2);
  EXPECT_TRUE(value.ok()) << value.status() << "\n" << text;
  return value.ok() ? value->as_object() : boost::json::object();
}

TEST(Problem, TypesAreDistinctAndSpeakTheirStatus) {
  std::set<std::string_view> types;
  for (const ProblemKind& kind : AllProblems()) {
    EXPECT_TRUE(types.insert(kind.type).second) << kind.type;
    EXPECT_GE(kind.status, 400);
    EXPECT_EQ(&KindOf(kind.problem), &kind);
    // Whoever is told to come back is told when.
    EXPECT_EQ(kind.retry_after_s > 0, kind.status == 429 || kind.status == 503) << kind.type;
  }
}

TEST(Problem, OnlyOutcomeUnknownIsUnknown) {
  for (const ProblemKind& kind : AllProblems()) {
    const auto object = Parse(ProblemJson({kind.problem, "d"}, "r"));
    EXPECT_EQ(Member(object, "outcome"), kind.status == 504 ? "unknown" : "not-applied") << kind.type;
    EXPECT_EQ(Member(object, "status"), std::to_string(kind.status));
    EXPECT_EQ(Member(object, "type"), "urn:quoin:problem:" + std::string(kind.type));
  }
}

TEST(Problem, OfOneOfSeveralSendingsLeavesTheOthersUnknown) {
  const ProblemReport refusal = {Problem::kTooManyRequests, "too many", "max_inflight_requests"};
  EXPECT_FALSE(IsUnknown(refusal));
  const ProblemReport report = WithEarlierSendings(refusal, kId);
  EXPECT_TRUE(IsUnknown(report));
  const auto object = Parse(ProblemJson(report, "r"));
  EXPECT_EQ(Member(object, "type"), "urn:quoin:problem:too-many-requests");
  EXPECT_EQ(Member(object, "status"), "429");
  EXPECT_EQ(Member(object, "outcome"), "unknown");
  EXPECT_EQ(Member(object, "operation_id"), "00c0ffee00c0ffee-17");
}

TEST(Problem, TellsAllMembersAndSurvivesAnyBytes) {
  const auto object = Parse(ProblemJson({Problem::kOutcomeUnknown, "a\"\\\n\x01\xff", "request_timeout", kId}, "r-1"));
  EXPECT_EQ(Member(object, "limit"), "request_timeout");
  EXPECT_EQ(Member(object, "operation_id"), "00c0ffee00c0ffee-17");
  EXPECT_EQ(Member(object, "request_id"), "r-1");
  EXPECT_NE(Member(object, "detail").find("\\xff"), std::string::npos);
}

TEST(Problem, OfAStatusKeepsCertainAndUnknownApart) {
  const auto problem_of = [](Code code, bool is_write) { return ProblemOf(Status(code, "m"), is_write, kId).problem; };
  EXPECT_EQ(problem_of(Code::kUnknown, true), Problem::kOutcomeUnknown);
  EXPECT_EQ(ProblemOf(Status(Code::kUnknown, "m"), true, kId).operation, kId);
  EXPECT_EQ(problem_of(Code::kUnknown, false), Problem::kTimedOut);
  EXPECT_EQ(problem_of(Code::kDiskFull, true), Problem::kDiskFull);
  EXPECT_EQ(problem_of(Code::kReadOnly, true), Problem::kReadOnly);
  EXPECT_EQ(problem_of(Code::kUnavailable, true), Problem::kStopping);
  EXPECT_EQ(problem_of(Code::kDamaged, false), Problem::kDamaged);
  EXPECT_EQ(problem_of(Code::kIo, false), Problem::kDiskError);
  EXPECT_EQ(KindOf(problem_of(Code::kInvalid, true)).status, 400);
}

}  // namespace
}  // namespace quoin::net
