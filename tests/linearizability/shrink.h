// Shrink: the smallest part of a history that still can't be explained, for people to look at.
//
// Every step keeps the meaning: a history that could be explained before could be explained after it, so what is left
// is never a violation that the whole did not have. Allowed are cutting the history off at a moment (what was not
// completed by then has an unknown outcome), leaving out an operation that changed nothing, and forgetting the answer
// of one that did. Leaving out a write is not: the rest might need it.
#pragma once

#include <cstdint>

#include "tests/linearizability/history.h"
#include "tests/linearizability/key_check.h"

namespace quoin::linearizability {

struct Shrunk {
  History history;     // Fails as well. Known events are all needed, if `complete`; unknown outcomes may not be.
  KeyVerdict verdict;  // On that history.
  bool complete = false;
};

// REQUIRES: `verdict` is what CheckKey says of the history: kViolation. Gives up shrinking further after about
// `max_steps` steps of the model.
Shrunk Shrink(const History& history, KeyVerdict verdict, const KeyCheckOptions& options, std::uint64_t max_steps);

// The history as it was known at a moment.
History CutAt(const History& history, Time moment);

}  // namespace quoin::linearizability
