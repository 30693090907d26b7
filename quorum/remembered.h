// What a record remembers of the operations that made it, so that a repeated request gets its first result in a later
// leadership, too (design section 4.6).
//
// A remembered result has at most kv::kMaxResultBytes, so it holds the outcome and the version, and the value where
// that is the answer (the sum of an increment). What it can't hold is told as unknown, or left out where the answer
// stands without it (docs/protocol.md, decision 13).
//
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "kv/record.h"
#include "kv/version.h"
#include "quorum/operation.h"

namespace quoin::quorum {

// By client: its ids with lower numbers are finished (Sending::finished_below).
using FinishedIds = std::map<std::uint64_t, std::uint64_t>;

// Adds the id with its result to the record, which is about to be proposed under `version`. Of each client's finished
// ids only the highest is kept, without its result: it stands for all of the client's up to it. What drops out because
// there are too many raises `forgot` to its own version.
void Remember(const Request& request, const Reply& reply, const kv::Version& version, const FinishedIds& finished,
              kv::Record* record);

// The first result of the request, if the record remembers it; certainly not applied by this copy, if it remembers that
// the id is finished.
std::optional<Reply> FindRemembered(const Request& request, const kv::RecordPtr& newest);

// Whether a repeated request that isn't remembered has certainly not been applied: nothing above the lowest version
// that any of its copies named has been forgotten. `forgot`: the record's, or the purge floor of a missing key.
inline bool CertainlyNotApplied(const kv::Version& forgot, const kv::Version& lowest) { return forgot <= lowest; }

}  // namespace quoin::quorum
