// Search: whether the operations of one key can be put into an order that explains every answer and agrees with time.
//
// The algorithm is Wing and Gong's with Lowe's memoisation (see frontier.h), as a loop over a stack of its own. What is
// done beyond it loses no order that matters (docs/checker.md has the arguments):
//   S1  a call that may come next and changes nothing comes next, without an alternative;
//   S2  a call that reports a version comes only after all that must precede it by their versions;
//   S3  unknown outcomes take effect only where need.h finds a use for them, and of equal ones the earliest first;
//   S4  an order in which some unknown outcome had an effect that nobody needed is left, since the same order without
//       that outcome is tried too;
//   S5  where which unknown outcomes have been used up makes too many positions, the search is run as if they could
//   take
//       effect again and again. That finds every order that the exact search would, and more; so if it finds none,
//       there is none, and if what it finds repeats nothing, it is an order. Otherwise the exact search goes on.
//
// Pure; any thread. Bounds: gives up, with the verdict kUndecided, after `max_steps` steps of the model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/linearizability/frontier.h"
#include "tests/linearizability/model.h"

namespace quoin::linearizability {

enum class Verdict {
  kLinearizable,
  kViolation,
  kUndecided,  // Not known. Never to be taken for kLinearizable.
};

struct SearchOptions {
  std::uint64_t max_steps = 50'000'000;
  // S2, S3 with S4, and S5 can be left out, so that tests can show that they change no verdict.
  bool order_by_version = true;
  bool skip_useless_unknowns = true;
  bool try_reuse = true;
};

struct SearchResult {
  Verdict verdict = Verdict::kUndecided;
  // kLinearizable: the order, with the unknown outcomes that took effect in it.
  std::vector<CallId> order;
  std::uint64_t steps = 0;
  // kViolation: how far the order that explains the most calls got, and the calls of which none could follow.
  std::size_t explained = 0;
  State stuck_at;
  std::vector<CallId> stuck;
};

// `values` are those that the calls were prepared with.
SearchResult Search(const Model& model, Values& values, const std::vector<Call>& calls, const SearchOptions& options);

// Whether `order` is what a search may return for kLinearizable, checked step by step: every known call once, unknown
// ones at most once, none before one that was completed before it was invoked, and every answer explained.
bool Explains(const Model& model, const std::vector<Call>& calls, const std::vector<CallId>& order);

}  // namespace quoin::linearizability
