// What a reply of the keyspace means for its HTTP client.
#pragma once

#include <optional>
#include <string_view>

#include "net/problem.h"
#include "quorum/operation.h"

namespace quoin::net {

// nullopt for a reply that is done. kUnavailable with not_by_this_copy is ballot-required.
std::optional<ProblemReport> ProblemOfReply(const quorum::Reply& reply, bool is_write, const kv::OperationId& id);

// The outcome's name in JSON results: "done", "absent", "condition-failed", "rejected", "not-applied", "unknown".
std::string_view OutcomeName(quorum::Outcome outcome, const std::optional<ProblemReport>& problem);

}  // namespace quoin::net
