// From what clients of the protocol ask and are told (quorum/operation.h) to what the checker reads
// (tests/linearizability/history.h).
//
// Pure. An answer is translated into what it *says*, never into more: a reply may come from what a record remembers of
// an earlier copy of the request (quorum/remembered.h; docs/protocol.md, decision 13), and nobody outside can tell
// whether it did. So a missing record means "absent" only where the outcome says the same.
#pragma once

#include "kv/version.h"
#include "quorum/operation.h"
#include "ring/monotonic_time.h"
#include "tests/linearizability/history.h"

namespace quoin::simulation {

linearizability::Version ToVersion(const kv::Version& version);
linearizability::Time ToTime(ring::MonotonicTime time);

linearizability::Operation ToOperation(const quorum::Request& request);

// `reply` answers `request`. Code::kUnknown is unknown; every other error is taken at its word: not applied (I10).
linearizability::Answer ToAnswer(const quorum::Request& request, const quorum::Reply& reply);

// Whether the request promises linearizability, and so belongs into a history. A read `one` may be stale, a write `one`
// may be lost.
bool BelongsIntoHistory(const quorum::Request& request);

}  // namespace quoin::simulation
