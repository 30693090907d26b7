// The fields by which an HTTP request says which operation it is, however often it is sent (docs/api.md, "Sending
// again"): Idempotency-Key (draft-ietf-httpapi-idempotency-key-header) and Quoin-Ballot.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "kv/record.h"
#include "net/http_message.h"
#include "net/problem.h"
#include "quorum/operation.h"

namespace quoin::net {

inline constexpr std::size_t kMaxIdempotencyKeyBytes = 255;

// The operation id that the field's value stands for. A value of the form "00c0ffee00c0ffee-17" is the id itself; any
// other 1 to 255 visible characters of ASCII are hashed to one (XXH3, 128 bits), which is the same on every node. The
// value may stand in quotes, as a string of RFC 8941, section 3.3.3 (which may hold spaces), and means the same there.
// kInvalid says what is wrong.
Result<kv::OperationId> OperationIdOf(std::string_view idempotency_key);

// Reads both fields of a request for one key. Without them, *id and *sending stay as they are. With them, it counts as
// repeated from the first: nothing in a request shows whether it is the first. nullopt, or why it is refused.
std::optional<ProblemReport> ReadSending(const HttpHead& head, std::optional<kv::OperationId>* id,
                                         quorum::Sending* sending);

}  // namespace quoin::net
