#include "net/key_head.h"

#include <set>
#include <utility>

#include "base/text.h"
#include "kv/record.h"
#include "net/etag.h"
#include "net/idempotency_key.h"
#include "net/ttl.h"

namespace quoin::net {
namespace {

using quorum::Condition;

std::optional<ProblemReport> ReadConditions(const HttpHead& head, KeyHead* out) {
  if (head.Count(FieldName::kIfMatch) > 0) {
    auto tags = ParseEntityTags(head.FindAll(FieldName::kIfMatch), /*weak_comparison=*/false);
    if (!tags.has_value()) return ProblemReport{Problem::kBadHeader, "If-Match is '*' or a list of quoted versions"};
    // A list of which nothing can match stays a condition that fails.
    out->conditions.push_back(
        {tags->any ? Condition::Kind::kPresent : Condition::Kind::kVersionIn, std::move(tags->versions), {}});
  }
  if (head.Count(FieldName::kIfNoneMatch) > 0) {
    auto tags = ParseEntityTags(head.FindAll(FieldName::kIfNoneMatch), /*weak_comparison=*/true);
    if (!tags.has_value()) {
      return ProblemReport{Problem::kBadHeader, "If-None-Match is '*' or a list of quoted versions"};
    }
    if (tags->any || !tags->versions.empty()) {
      out->conditions.push_back(
          {tags->any ? Condition::Kind::kAbsent : Condition::Kind::kVersionNotIn, std::move(tags->versions), {}});
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<ProblemReport> ReadQuery(Method method, std::string_view text, KeyHead* out) {
  if (text.empty()) return std::nullopt;
  const auto query = ParseQuery(text);
  if (!query.has_value()) return ProblemReport{Problem::kBadParameter, "the query is not percent-encoded well"};
  std::set<std::string_view> seen;
  for (const auto& [name, value] : *query) {
    if (!seen.insert(name).second) return ProblemReport{Problem::kBadParameter, Printable(name) + " is given twice"};
    if (name == "consistency") {
      const auto consistency = ParseConsistency(value);
      if (!consistency.has_value()) {
        return ProblemReport{Problem::kBadParameter,
                             "consistency is one, quorum or all, not '" + Printable(value) + "'"};
      }
      out->consistency = *consistency;
    } else if (name == "ttl" && method == Method::kPut) {
      const auto ttl = ParseTtl(value);
      if (!ttl.ok()) return ProblemReport{Problem::kBadParameter, ttl.status().message()};
      out->ttl = *ttl;
    } else {
      return ProblemReport{Problem::kBadParameter, "there is no parameter '" + Printable(name) + "' for " +
                                                       std::string(MethodName(method)) + "; there is consistency" +
                                                       (method == Method::kPut ? " and ttl" : "")};
    }
  }
  return std::nullopt;
}

std::optional<quorum::Consistency> ParseConsistency(std::string_view text) {
  if (text == "one") return quorum::Consistency::kOne;
  if (text == "quorum") return quorum::Consistency::kQuorum;
  if (text == "all") return quorum::Consistency::kAll;
  return std::nullopt;
}

bool IsContentType(std::string_view text) {
  if (text.size() > kv::kMaxContentTypeBytes) return false;
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return true;
}

std::optional<ProblemReport> CheckKey(std::string_view key) {
  if (key.empty()) return ProblemReport{Problem::kBadKey, "a key has at least one byte"};
  if (key.size() > kv::kMaxKeyBytes) {
    return ProblemReport{Problem::kKeyTooLong, "the key has " + std::to_string(key.size()) +
                                                   " bytes; a key has at most " + std::to_string(kv::kMaxKeyBytes)};
  }
  return std::nullopt;
}

std::optional<ProblemReport> ReadKeyHead(const HttpHead& head, const Target& target, std::string_view encoded_key,
                                         KeyHead* out) {
  auto key = PercentDecode(encoded_key);
  if (!key.has_value()) {
    return ProblemReport{Problem::kBadKey, "a '%' in the path is not followed by two hexadecimal digits"};
  }
  if (auto problem = CheckKey(*key); problem.has_value()) return problem;
  out->key = *std::move(key);
  if (auto problem = ReadQuery(head.method(), target.query, out); problem.has_value()) return problem;
  if (auto problem = ReadConditions(head, out); problem.has_value()) return problem;
  if (auto problem = ReadSending(head, &out->id, &out->sending); problem.has_value()) return problem;
  if (head.method() == Method::kPut && head.Count(FieldName::kContentType) > 0) {
    const std::string_view type = *head.Find(FieldName::kContentType);
    if (!IsContentType(type)) {
      return ProblemReport{Problem::kBadHeader, "Content-Type has at most " + std::to_string(kv::kMaxContentTypeBytes) +
                                                    " characters, all of them printable ASCII"};
    }
    out->content_type = type;
  }
  return std::nullopt;
}

}  // namespace quoin::net
