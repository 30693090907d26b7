#include "net/idempotency_key.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quoin::net {
namespace {

kv::OperationId IdOf(std::string_view text) {
  const auto id = OperationIdOf(text);
  EXPECT_TRUE(id.ok()) << text << ": " << id.status();
  return id.ok() ? *id : kv::OperationId{};
}

TEST(IdempotencyKey, InTheFormOfAnOperationIdIsThatId) {
  const kv::OperationId id{0x00c0ffee00c0ffee, 17};
  EXPECT_EQ(IdOf("00c0ffee00c0ffee-17"), id);
  EXPECT_EQ(IdOf("\"00c0ffee00c0ffee-17\""), id);
  // What an answer told as Quoin-Operation-Id names the same operation.
  EXPECT_EQ(IdOf(FormatOperationId(IdOf("order-4711"))), IdOf("order-4711"));
}

// Nodes of different builds must agree, so the hash may not change.
TEST(IdempotencyKey, OfAnyOtherFormIsHashedToTheSameIdForEver) {
  const kv::OperationId id = IdOf("8e03978e-40d5-43e8-bc93-6f85c9b9d1f1");
  EXPECT_EQ(FormatOperationId(id), "8351d067bcbc33f0-17379934670686070693");
  EXPECT_EQ(IdOf("\"8e03978e-40d5-43e8-bc93-6f85c9b9d1f1\""), id);
  EXPECT_NE(IdOf("8e03978e-40d5-43e8-bc93-6f85c9b9d1f2"), id);
  // Zero is no client: not that id, but a key like any other.
  EXPECT_NE(IdOf("0000000000000000-17").client, 0u);
}

TEST(IdempotencyKey, InQuotesIsAString) {
  EXPECT_EQ(IdOf(R"("a\"b\\c")"), IdOf(R"(a"b\c)"));
  EXPECT_NE(IdOf(R"("two words")"), IdOf(R"("twowords")"));
}

TEST(IdempotencyKey, HasItsBounds) {
  EXPECT_NE(IdOf("a"), IdOf("b"));
  IdOf(std::string(255, 'k'));
  IdOf("\"" + std::string(255, 'k') + "\"");
  for (const std::string& text :
       {std::string(), std::string("\"\""), std::string(256, 'k'), "\"" + std::string(256, 'k') + "\"",
        std::string("two words"), std::string("a, b"), std::string("\"a\", \"b\""), std::string("\"a\";p=1"),
        std::string("\"a"), std::string("\""), std::string("\"\\"), std::string(R"("\a")"), std::string("\"\t\""),
        std::string("\"a\\\""), std::string("\xc3\xa4"), std::string("\"\xc3\xa4\""), std::string("a\x7f")}) {
    const auto id = OperationIdOf(text);
    EXPECT_FALSE(id.ok()) << text;
    EXPECT_EQ(id.code(), Code::kInvalid);
    EXPECT_TRUE(id.status().message().starts_with("Idempotency-Key ")) << id.status();
  }
}

// The head of one request with fields that tests give.
struct Asked {
  Asked(Method method, std::initializer_list<std::pair<FieldName, std::string_view>> fields) {
    std::vector<HttpHead::Span> places;
    for (const auto& [name, value] : fields) {
      places.push_back({static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(value.size())});
      bytes.append(value);
    }
    head.SetRequestLine(method, {}, {}, 1);
    head.SetBytes(bytes.data());
    auto place = places.begin();
    for (const auto& field : fields) head.AddField(field.first, {}, *place++);
    problem = ReadSending(head, &id, &sending);
  }

  std::string bytes;
  HttpHead head;
  std::optional<kv::OperationId> id;
  quorum::Sending sending = {.repeated = false, .known = {}, .fresh = true};
  std::optional<ProblemReport> problem;
};

TEST(Sending, WithoutItsFieldsStaysAsItIs) {
  const Asked asked(Method::kPut, {});
  EXPECT_EQ(asked.problem, std::nullopt);
  EXPECT_EQ(asked.id, std::nullopt);
  EXPECT_TRUE(asked.sending.fresh);
}

TEST(Sending, CountsAsRepeatedFromTheFirst) {
  for (const Method method : {Method::kPut, Method::kPost, Method::kDelete}) {
    const Asked asked(method, {{FieldName::kIdempotencyKey, "00c0ffee00c0ffee-17"}});
    EXPECT_EQ(asked.problem, std::nullopt);
    EXPECT_EQ(asked.id, (kv::OperationId{0x00c0ffee00c0ffee, 17}));
    EXPECT_TRUE(asked.sending.repeated);
    EXPECT_FALSE(asked.sending.fresh);
    EXPECT_EQ(asked.sending.known, kv::Version{});
  }
  const kv::Ballot ballot{3, NodeId{0x00c0ffee00c0ffee}};
  for (const auto& [text, known] : {std::pair("3.00c0ffee00c0ffee.41", kv::Version{ballot, 41}),
                                    std::pair("3.00c0ffee00c0ffee", kv::Version{ballot, 0})}) {
    const Asked asked(Method::kPut, {{FieldName::kBallot, text}, {FieldName::kIdempotencyKey, "00c0ffee00c0ffee-17"}});
    EXPECT_EQ(asked.sending.known, known);
  }
}

TEST(Sending, IsRefusedWhereItMakesNoSense) {
  const std::string_view key = "00c0ffee00c0ffee-17";
  const std::string_view ballot = "3.00c0ffee00c0ffee";
  for (const Asked& asked :
       {Asked(Method::kGet, {{FieldName::kIdempotencyKey, key}}),
        Asked(Method::kHead, {{FieldName::kIdempotencyKey, key}}), Asked(Method::kGet, {{FieldName::kBallot, ballot}}),
        Asked(Method::kPut, {{FieldName::kBallot, ballot}}), Asked(Method::kPut, {{FieldName::kIdempotencyKey, ""}}),
        Asked(Method::kPut, {{FieldName::kIdempotencyKey, key}, {FieldName::kIdempotencyKey, key}}),
        Asked(Method::kPut,
              {{FieldName::kIdempotencyKey, key}, {FieldName::kBallot, ballot}, {FieldName::kBallot, ballot}}),
        Asked(Method::kPut, {{FieldName::kIdempotencyKey, key}, {FieldName::kBallot, "latest"}}),
        Asked(Method::kPut, {{FieldName::kIdempotencyKey, key}, {FieldName::kBallot, ""}})}) {
    ASSERT_TRUE(asked.problem.has_value());
    EXPECT_EQ(asked.problem->problem, Problem::kBadHeader);
    EXPECT_FALSE(asked.problem->detail.empty());
    EXPECT_EQ(asked.id, std::nullopt);
    EXPECT_TRUE(asked.sending.fresh);
  }
}

}  // namespace
}  // namespace quoin::net
