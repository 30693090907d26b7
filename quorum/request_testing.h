// Short ways to make requests in tests, and to say what was answered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "quorum/operation.h"

namespace quoin::quorum {

inline Request RequestOf(std::string key, Operation operation, std::uint64_t id = 0) {
  Request request;
  request.key = std::move(key);
  request.operation = std::move(operation);
  if (id != 0) request.id = {.client = 9, .number = id};
  return request;
}
inline Request PutOf(std::string key, std::string value, std::uint64_t id = 0) {
  return RequestOf(std::move(key), Put{.value = std::move(value), .content_type = {}, .ttl = {}}, id);
}
inline Request GetOf(std::string key) { return RequestOf(std::move(key), Get{}); }
inline Request DeleteOf(std::string key, std::uint64_t id = 0) { return RequestOf(std::move(key), Delete{}, id); }
inline Request IncrementOf(std::string key, std::uint64_t id = 0) { return RequestOf(std::move(key), Increment{}, id); }

// "Alice", "absent", "outcome unknown", ...; "nothing" before the answer.
inline std::string Told(const std::optional<Reply>& reply) {
  if (!reply) return "nothing";
  switch (reply->outcome) {
    case Outcome::kDone:
      return reply->record != nullptr ? reply->record->value : "done";
    case Outcome::kAbsent:
      return "absent";
    case Outcome::kConditionFailed:
      return "condition failed";
    case Outcome::kRejected:
      return "rejected";
    case Outcome::kError:
      return std::string(CodeName(reply->status.code()));
  }
  return "?";
}

}  // namespace quoin::quorum
