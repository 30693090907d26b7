// Contradictions: what can be seen to be wrong with one key's history without any search, in n log n time. Versions
// make most violations as plain as that: two answers that can't both be true, which also says it best.
//
// Finding none proves nothing; a search decides then. Finding one proves a violation of the same model that the search
// steps through (tests compare the two). Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/linearizability/frontier.h"
#include "tests/linearizability/model.h"

namespace quoin::linearizability {

struct Contradiction {
  std::string why;            // A sentence about "the first" and "the second" of the calls.
  std::vector<CallId> calls;  // One or two.
};

std::optional<Contradiction> FindContradiction(const Values& values, const std::vector<Call>& calls);

}  // namespace quoin::linearizability
