// What the head of a request for one key says: the key, the query, the conditions, which sending it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_message.h"
#include "net/problem.h"
#include "net/uri.h"
#include "quorum/operation.h"

namespace quoin::net {

struct KeyHead {
  std::string key;
  quorum::Consistency consistency = quorum::Consistency::kQuorum;
  std::optional<quorum::TimeToLive> ttl;
  std::vector<quorum::Condition> conditions;  // If-Match first.
  std::string content_type;                   // PUT only; empty when none was given.
  std::optional<kv::OperationId> id;          // When the client gave one.
  // Fresh exactly without an id: the gate makes one for each sending.
  quorum::Sending sending = {.repeated = false, .known = {}, .fresh = true};
};

// nullopt when all is well; otherwise why the request is refused.
std::optional<ProblemReport> ReadKeyHead(const HttpHead& head, const Target& target, std::string_view encoded_key,
                                         KeyHead* out);

// The query alone: consistency, and for PUT ttl.
std::optional<ProblemReport> ReadQuery(Method method, std::string_view query, KeyHead* out);

// Whether a key may be used: nullopt, or why not.
std::optional<ProblemReport> CheckKey(std::string_view key);

// Whether the bytes may be kept as a content type and come back in a header.
bool IsContentType(std::string_view text);

std::optional<quorum::Consistency> ParseConsistency(std::string_view text);

}  // namespace quoin::net
