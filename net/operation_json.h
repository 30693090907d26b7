// Operations and their results as JSON (docs/api.md, "Operations" and "Many keys").
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/key_operation.h"
#include "net/problem.h"
#include "quorum/keyspace.h"
#include "quorum/operation.h"

namespace quoin::net {

// The body of POST /v1/kv/{key}: an operation without a key or an id. kInvalid: what is wrong with the body.
Result<KeyOperation> ReadOperation(std::string_view body, std::size_t max_value_bytes);
// The body of POST /v1/batch.
Result<std::vector<KeyOperation>> ReadBatch(std::string_view body, std::size_t max_value_bytes);

// Appends the result object of one operation. `request_id` goes into its problem, if it has one.
void AppendResult(std::string_view key, const ResultShape& shape, const quorum::Reply& reply,
                  const std::optional<ProblemReport>& problem, std::string_view request_id, std::string* out);

// {"entries": [...], "cursor": "..."}
std::string ListJson(const quorum::ScanPage& page, bool keys_only);

}  // namespace quoin::net
