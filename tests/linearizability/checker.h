// The checker: is a history of many clients on many keys linearizable, and if not, what shows it?
//
// Keys are independent (linearizability is local: a history is linearizable exactly when every key's part is), so each
// is decided for itself: by contradictions that versions make plain (contradiction.h), or by a search (search.h).
//
// Pure; any thread. Bounds: `search.max_steps` steps of the model per key; a key that would need more is undecided, and
// so is then the history, unless another key violates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/linearizability/history.h"
#include "tests/linearizability/key_check.h"

namespace quoin::linearizability {

struct CheckOptions : KeyCheckOptions {
  // What finding the smallest part of a violation may cost, in steps of the model. 0: don't.
  std::uint64_t max_shrink_steps = 20'000'000;
};

struct Violation {
  std::string key;
  std::string why;
  // Events of the key that can't be explained together (shrink.h), and those unknown outcomes that might have written
  // what they saw.
  History core;
  std::size_t left_out = 0;  // Unknown outcomes that were tried too and don't help.
};

struct CheckReport {
  Verdict verdict = Verdict::kLinearizable;
  std::size_t keys = 0;
  std::size_t operations = 0;
  std::uint64_t steps = 0;
  std::vector<Violation> violations;        // One per key, in the order of keys.
  std::vector<std::string> undecided_keys;  // In order.

  // For people: the verdict, and each violation with its timeline.
  std::string Text() const;
};

// REQUIRES: a known outcome has a completion that isn't before its invocation. Keys are absent, and were never written,
// before the first event.
CheckReport Check(const History& history, const CheckOptions& options);

}  // namespace quoin::linearizability
