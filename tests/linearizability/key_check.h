// KeyCheck: the verdict on the history of one key, by contradictions first and a search otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/linearizability/history.h"
#include "tests/linearizability/model.h"
#include "tests/linearizability/search.h"

namespace quoin::linearizability {

struct KeyCheckOptions {
  ModelOptions model;
  SearchOptions search;
  // Whether to compare answers by their versions before searching (contradiction.h, told.h). Changes no verdict.
  bool compare_answers = true;
};

struct KeyVerdict {
  Verdict verdict = Verdict::kUndecided;
  std::uint64_t steps = 0;
  // kViolation: what is wrong, for people, and the events (indices into the history) that it speaks of.
  std::string why;
  std::vector<std::size_t> events;
};

// REQUIRES: all events are of one key; a known outcome has a completion that isn't before its invocation.
// An order that a search finds is always replayed before it is believed (Explains).
KeyVerdict CheckKey(const History& history, const KeyCheckOptions& options);

}  // namespace quoin::linearizability
