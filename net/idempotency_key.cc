#include "net/idempotency_key.h"

#include <xxhash.h>

#include <string>
#include <utility>

#include "base/text.h"
#include "net/ballot_text.h"

namespace quoin::net {
namespace {

Status Invalid(std::string why) { return Status(Code::kInvalid, "Idempotency-Key " + std::move(why)); }

// What a string of RFC 8941 stands for. REQUIRES: text.starts_with('"')
Result<std::string> Unquote(std::string_view text) {
  std::string plain;
  for (std::size_t i = 1; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"') {
      if (i + 1 == text.size()) return plain;
      return Invalid("has one quoted string, and nothing behind it");
    }
    if (c == '\\') {
      c = i + 1 < text.size() ? text[++i] : '\0';
      if (c != '"' && c != '\\') return Invalid("has a backslash in quotes before something else than '\"' and '\\'");
    }
    if (c < 0x20 || c > 0x7e) return Invalid("has printable ASCII between its quotes");
    plain.push_back(c);
  }
  return Invalid("begins with a quote that does not end");
}

}  // namespace

Result<kv::OperationId> OperationIdOf(std::string_view text) {
  std::string unquoted;
  if (text.starts_with('"')) {
    auto plain = Unquote(text);
    if (!plain.ok()) return plain.status();
    unquoted = *std::move(plain);
    text = unquoted;
  } else {
    for (const char c : text) {
      if (c < 0x21 || c > 0x7e) return Invalid("has visible ASCII only; spaces need quotes around it all");
    }
  }
  if (text.empty() || text.size() > kMaxIdempotencyKeyBytes) {
    return Invalid("has 1 to " + std::to_string(kMaxIdempotencyKeyBytes) + " characters, not " +
                   std::to_string(text.size()));
  }
  if (const auto id = ParseOperationId(text); id.has_value()) return *id;
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return kv::OperationId{hash.high64 == 0 ? 1 : hash.high64, hash.low64};  // A client is never 0.
}

std::optional<ProblemReport> ReadSending(const HttpHead& head, std::optional<kv::OperationId>* id,
                                         quorum::Sending* sending) {
  const std::size_t keys = head.Count(FieldName::kIdempotencyKey);
  const std::size_t ballots = head.Count(FieldName::kBallot);
  if (keys == 0 && ballots == 0) return std::nullopt;
  const auto refuse = [](std::string why) { return ProblemReport{Problem::kBadHeader, std::move(why)}; };
  if (head.method() == Method::kGet || head.method() == Method::kHead) {
    return refuse(std::string(keys > 0 ? "Idempotency-Key" : "Quoin-Ballot") +
                  " is for writes (PUT, POST, DELETE): a read may be sent as often as one likes without it");
  }
  if (keys > 1) return refuse("Idempotency-Key is given more than once: a request is one operation");
  if (ballots > 1) return refuse("Quoin-Ballot is given more than once");
  if (keys == 0) return refuse("Quoin-Ballot means something only beside an Idempotency-Key");
  const auto named = OperationIdOf(*head.Find(FieldName::kIdempotencyKey));
  if (!named.ok()) return refuse(named.status().message());
  quorum::Sending read = {.repeated = true, .known = {}, .fresh = false};
  if (ballots == 1) {
    const auto known = ParseBallot(*head.Find(FieldName::kBallot));
    if (!known.has_value()) {
      return refuse("Quoin-Ballot is what an answer's field of that name said, such as 3.00c0ffee00c0ffee.41");
    }
    read.known = *known;
  }
  *id = *named;
  *sending = read;
  return std::nullopt;
}

}  // namespace quoin::net
