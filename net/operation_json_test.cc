#include "net/operation_json.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <memory>
#include <string>

#include "net/json_reader.h"
#include "net/json_testing.h"
#include "net/outcome.h"

namespace quoin::net {
namespace {

using namespace std::chrono_literals;

KeyOperation Read(std::string_view body) {
  auto operation = ReadOperation(body, 100);
  EXPECT_TRUE(operation.ok()) << operation.status() << "\n" << body;
  return operation.ok() ? *std::move(operation) : KeyOperation();
}

boost::json::object ResultOf(std::string_view key, const ResultShape& shape, const quorum::Reply& reply) {
  std::string text;
  AppendResult(key, shape, reply, ProblemOfReply(reply, true, {1, 2}), "r", &text);
  auto value = ReadJson(text, 4);
  EXPECT_TRUE(value.ok()) << value.status() << "\n" << text;
  return value.ok() ? value->as_object() : boost::json::object();
}

kv::RecordPtr RecordOf(std::string value) {
  kv::Record record;
  record.value = std::move(value);
  record.changed = {{3, NodeId{1}}, 4};
  record.content_type = "text/plain";
  record.deadline = kv::WallTime(1'767'323'045'678ms);
  return std::make_shared<const kv::Record>(std::move(record));
}

TEST(KeyOperation, ReadsEveryOperation) {
  EXPECT_TRUE(std::holds_alternative<quorum::Get>(Read(R"({"op": "get"})").operation));
  EXPECT_TRUE(std::holds_alternative<quorum::Delete>(Read(R"({"op": "delete"})").operation));

  const auto put = Read(R"({"op": "put", "value": "a\u00e4", "content_type": "t", "ttl": 1.5})");
  EXPECT_EQ(std::get<quorum::Put>(put.operation).value, "a\xc3\xa4");
  EXPECT_EQ(std::get<quorum::Put>(put.operation).content_type, "t");
  EXPECT_EQ(std::get<quorum::Put>(put.operation).ttl, 1500ms);

  const auto cas = Read(R"({"op": "cas", "value_base64": "/w==", "expected": "x", "ttl": "2m"})");
  EXPECT_EQ(std::get<quorum::Put>(cas.operation).value, "\xff");
  EXPECT_EQ(std::get<quorum::Put>(cas.operation).ttl, 2min);
  ASSERT_EQ(cas.conditions.size(), 1u);
  EXPECT_EQ(cas.conditions[0].kind, quorum::Condition::Kind::kValueIs);
  EXPECT_EQ(cas.conditions[0].value, "x");

  EXPECT_EQ(std::get<quorum::Increment>(Read(R"({"op": "increment"})").operation).by, 1);
  EXPECT_EQ(std::get<quorum::Increment>(Read(R"({"op": "increment", "by": -7})").operation).by, -7);
  EXPECT_EQ(std::get<quorum::Append>(Read(R"({"op": "append", "value": "x"})").operation).bytes, "x");
  EXPECT_EQ(std::get<quorum::SetDeadline>(Read(R"({"op": "expire", "ttl": 90})").operation).ttl, 90s);
  EXPECT_EQ(std::get<quorum::SetDeadline>(Read(R"({"op": "persist"})").operation).ttl, std::nullopt);
  EXPECT_EQ(std::get<quorum::Swap>(Read(R"({"op": "swap", "value": ""})").operation).put.value, "");
}

TEST(KeyOperation, ReadsConditions) {
  const auto operation =
      Read(R"({"op": "get", "if_version": "3.00c0ffee00c0ffee.41", "if_absent": true, "if_present": true})");
  ASSERT_EQ(operation.conditions.size(), 3u);
  EXPECT_EQ(operation.conditions[0].versions.at(0).sequence, 41u);
  EXPECT_EQ(operation.conditions[1].kind, quorum::Condition::Kind::kAbsent);
  EXPECT_EQ(operation.conditions[2].kind, quorum::Condition::Kind::kPresent);
  EXPECT_TRUE(Read(R"({"op": "get", "if_absent": false})").conditions.empty());
}

TEST(KeyOperation, RefusesWhatItDoesNotUnderstandWhole) {
  for (const std::string_view body : {
           "",
           "{",
           "[]",
           "null",
           R"({})",
           R"({"op": 1})",
           R"({"op": "fly"})",
           R"({"op": "get"} x)",
           R"({"op": "get", "op": "get"})",
           R"({"op": "get", "x": 1})",
           R"({"op": "get", "value": "x"})",
           R"({"op": "get", "key": "x"})",
           R"({"op": "put"})",
           R"({"op": "put", "value": 1})",
           R"({"op": "put", "value": "a", "value_base64": "YQ=="})",
           R"({"op": "put", "value_base64": "Y"})",
           R"({"op": "put", "value": "a", "ttl": 0})",
           R"({"op": "put", "value": "a", "ttl": true})",
           R"({"op": "put", "value": "a", "content_type": "a\r\nb"})",
           R"({"op": "cas", "value": "a"})",
           R"({"op": "increment", "by": 1.0})",
           R"({"op": "increment", "by": 9223372036854775808})",
           R"({"op": "increment", "by": "1"})",
           R"({"op": "expire"})",
           R"({"op": "persist", "ttl": 1})",
           R"({"op": "get", "if_version": "x"})",
           R"({"op": "get", "if_absent": 1})",
           R"({"op": "put", "value": "\ud800"})",
           "{\"op\": \"put\", \"value\": \"\xff\"}",
           R"([[[[[[1]]]]]])",
           R"({"op": "get",})",
           R"({"op": 'get'})",
       }) {
    const auto operation = ReadOperation(body, 100);
    EXPECT_FALSE(operation.ok()) << body;
    EXPECT_EQ(operation.code(), Code::kInvalid);
    EXPECT_FALSE(operation.status().message().empty());
  }
}

TEST(KeyOperation, LargeValuesAreRefusedAlone) {
  const std::string large(101, 'x');
  const auto operation = Read(R"({"op": "swap", "value": ")" + large + "\"}");
  ASSERT_TRUE(operation.refusal.has_value());
  EXPECT_EQ(operation.refusal->problem, Problem::kValueTooLarge);
  EXPECT_FALSE(Read(R"({"op": "swap", "value": ")" + large.substr(1) + "\"}").refusal.has_value());
}

TEST(BatchJson, NamesTheOperationThatItDoesNotUnderstand) {
  const auto batch = ReadBatch(R"({"operations": [{"op": "get", "key": "a"}, {"op": "get"}]})", 100);
  ASSERT_FALSE(batch.ok());
  EXPECT_NE(batch.status().message().find("operation 1"), std::string::npos) << batch.status();
}

TEST(BatchJson, BadKeysAreRefusedAlone) {
  const auto batch = ReadBatch(R"({"operations": [{"op": "get", "key": ""}, {"op": "get", "key_base64": "/w=="},
      {"op": "get", "key": ")" + std::string(4097, 'k') +
                                   "\"}]}",
                               100);
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ((*batch)[0].refusal->problem, Problem::kBadKey);
  EXPECT_FALSE((*batch)[1].refusal.has_value());
  EXPECT_EQ((*batch)[1].key, "\xff");
  EXPECT_EQ((*batch)[2].refusal->problem, Problem::kKeyTooLong);
}

TEST(BatchJson, IsBounded) {
  std::string body = R"({"operations": [{"op": "get", "key": "a"})";
  for (std::size_t i = 1; i < kMaxBatchOperations; ++i) body += R"(,{"op": "get", "key": "a"})";
  EXPECT_EQ(ReadBatch(body + "]}", 100)->size(), kMaxBatchOperations);
  EXPECT_FALSE(ReadBatch(body + R"(,{"op": "get", "key": "a"}]})", 100).ok());
}

TEST(BatchJson, OperationsMayNameThemselves) {
  const auto batch = ReadBatch(R"({"operations": [{"op": "delete", "key": "a"},
      {"op": "delete", "key": "a", "operation_id": "00c0ffee00c0ffee-17"},
      {"op": "delete", "key": "a", "operation_id": "00c0ffee00c0ffee-17", "ballot": "3.00c0ffee00c0ffee.41",
       "repeated": true}]})",
                               100);
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ((*batch)[0].id, std::nullopt);
  EXPECT_TRUE((*batch)[0].sending.fresh);
  EXPECT_EQ((*batch)[1].id, (kv::OperationId{0x00c0ffee00c0ffee, 17}));
  EXPECT_FALSE((*batch)[1].sending.fresh || (*batch)[1].sending.repeated);
  EXPECT_EQ((*batch)[2].sending.known, (kv::Version{{3, NodeId{0x00c0ffee00c0ffee}}, 41}));
  EXPECT_TRUE((*batch)[2].sending.repeated);
}

TEST(BatchJson, RefusesNamesThatMakeNoSense) {
  for (const std::string_view members :
       {R"("op": "delete", "ballot": "3.00c0ffee00c0ffee.41")", R"("op": "delete", "repeated": true)",
        R"("op": "delete", "operation_id": "")", R"("op": "delete", "operation_id": "17")",
        R"("op": "delete", "operation_id": 17)",
        R"("op": "delete", "operation_id": "00c0ffee00c0ffee-17", "ballot": "")",
        R"("op": "delete", "operation_id": "00c0ffee00c0ffee-17", "repeated": "yes")",
        R"("op": "get", "operation_id": "00c0ffee00c0ffee-17")"}) {
    const auto batch = ReadBatch(R"({"operations": [{"key": "a", )" + std::string(members) + "}]}", 100);
    EXPECT_FALSE(batch.ok()) << members;
  }
  const auto alone = ReadOperation(R"({"op": "delete", "operation_id": "00c0ffee00c0ffee-17"})", 100);
  ASSERT_FALSE(alone.ok());
  EXPECT_NE(alone.status().message().find("Idempotency-Key"), std::string::npos) << alone.status();
}

TEST(ResultJson, TellsTheBallotOfAnyOutcome) {
  quorum::Reply reply;
  EXPECT_FALSE(ResultOf("k", {}, reply).contains("ballot"));
  reply.known = {{3, NodeId{0x00c0ffee00c0ffee}}, 41};
  EXPECT_EQ(Member(ResultOf("k", {}, reply), "ballot"), "3.00c0ffee00c0ffee.41");
  reply.outcome = quorum::Outcome::kError;
  reply.status = Status(Code::kUnavailable, "forgotten");
  EXPECT_EQ(Member(ResultOf("k", {}, reply).at("problem").as_object(), "type"), "urn:quoin:problem:stopping");
  reply.not_by_this_copy = true;
  const auto result = ResultOf("k", {}, reply);
  EXPECT_EQ(Member(result, "ballot"), "3.00c0ffee00c0ffee.41");
  EXPECT_EQ(Member(result, "status"), "409");
  EXPECT_EQ(Member(result, "outcome"), "not-applied");
  EXPECT_EQ(Member(result.at("problem").as_object(), "type"), "urn:quoin:problem:ballot-required");
}

TEST(ResultJson, TellsValuesOnlyWhereTheyBelong) {
  quorum::Reply reply;
  reply.record = RecordOf("v");
  reply.changed = reply.record->changed;
  reply.created = true;
  auto result = ResultOf("k", {.value = true}, reply);
  EXPECT_EQ(Member(result, "key"), "k");
  EXPECT_EQ(Member(result, "status"), "200");
  EXPECT_EQ(Member(result, "outcome"), "done");
  EXPECT_EQ(Member(result, "version"), "3.0000000000000001.4");
  EXPECT_EQ(Member(result, "value"), "v");
  EXPECT_EQ(Member(result, "content_type"), "text/plain");
  EXPECT_EQ(Member(result, "expires"), "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(Member(result, "created"), "true");
  EXPECT_FALSE(result.contains("previous"));
  EXPECT_FALSE(result.contains("problem"));
  result = ResultOf("k", {}, reply);
  EXPECT_FALSE(result.contains("value"));
  EXPECT_EQ(Member(result, "version"), "3.0000000000000001.4");
}

TEST(ResultJson, BytesThatAreNoTextAreBase64) {
  quorum::Reply reply;
  reply.record = RecordOf("\xff");
  const auto result = ResultOf("\xfe", {.value = true}, reply);
  EXPECT_EQ(Member(result, "key_base64"), "/g==");
  EXPECT_EQ(Member(result, "value_base64"), "/w==");
  EXPECT_FALSE(result.contains("key") || result.contains("value"));
}

TEST(ResultJson, SwapTellsWhatWasThere) {
  quorum::Reply reply;
  reply.record = RecordOf("new");
  EXPECT_TRUE(ResultOf("k", {.previous = true}, reply).at("previous").is_null());
  reply.previous = RecordOf("old");
  const auto result = ResultOf("k", {.previous = true}, reply);
  EXPECT_EQ(Member(result.at("previous").as_object(), "value"), "old");
  EXPECT_FALSE(result.contains("value"));
}

TEST(ResultJson, FailuresCarryTheirProblem) {
  quorum::Reply reply;
  const auto expect = [&](quorum::Outcome outcome, Status status, std::string_view name, int code,
                          std::string_view type) {
    reply.outcome = outcome;
    reply.status = std::move(status);
    const auto result = ResultOf("k", {.value = true}, reply);
    EXPECT_EQ(Member(result, "outcome"), name);
    EXPECT_EQ(Member(result, "status"), std::to_string(code));
    EXPECT_EQ(Member(result.at("problem").as_object(), "type"), "urn:quoin:problem:" + std::string(type));
  };
  expect(quorum::Outcome::kAbsent, {}, "absent", 404, "absent");
  expect(quorum::Outcome::kConditionFailed, {}, "condition-failed", 412, "condition-failed");
  expect(quorum::Outcome::kRejected, Status(Code::kInvalid, "m"), "rejected", 409, "wrong-value");
  expect(quorum::Outcome::kError, Status(Code::kDiskFull, "m"), "not-applied", 503, "disk-full");
  expect(quorum::Outcome::kError, Status(Code::kUnknown, "m"), "unknown", 504, "outcome-unknown");
}

}  // namespace
}  // namespace quoin::net
