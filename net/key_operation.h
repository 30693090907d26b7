// KeyOperation: one operation on one key as a client gave it, whichever protocol it came by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/problem.h"
#include "quorum/operation.h"

namespace quoin::net {

inline constexpr std::size_t kMaxBatchOperations = 1000;

// What the result of an operation carries besides its outcome.
struct ResultShape {
  bool value = false;     // The key's state.
  bool previous = false;  // The state before.
};

struct KeyOperation {
  std::string key;
  quorum::Operation operation;
  std::vector<quorum::Condition> conditions;
  ResultShape shape;
  std::optional<kv::OperationId> id;  // When the client gave one.
  // Fresh exactly without an id: the gate makes one for each sending.
  quorum::Sending sending = {.repeated = false, .known = {}, .fresh = true};
  // The operation is understood, and refused for itself alone: its key or its value is too large.
  std::optional<ProblemReport> refusal;
};

// What a client says about its own id for an operation, as texts that nobody has looked at yet.
struct ClientSending {
  std::optional<std::string_view> operation_id;  // "00c0ffee00c0ffee-17"
  std::optional<std::string_view> ballot;        // "3.00c0ffee00c0ffee.41"
  bool repeated = false;
  std::uint64_t finished_below = 0;
};
// Sets id and sending. kInvalid: what is wrong with it. REQUIRES: out->operation is set.
Status ReadClientSending(const ClientSending& given, KeyOperation* out);

// nullopt, or why the operation is refused for the size of what it would store.
std::optional<ProblemReport> CheckValueSize(const quorum::Operation& operation, std::size_t max_value_bytes);

}  // namespace quoin::net
