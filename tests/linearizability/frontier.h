// Frontier: the calls that a search has not ordered yet, and which of them may come next.
//
// The known calls stand in a doubly linked list of invocations and completions in order of time, as in Wing and Gong's
// algorithm with Lowe's improvements ("Testing for linearizability", 2017): a call may come next if its invocation
// stands before the first completion that is left. At equal times invocations stand first: calls that only touch are
// concurrent. A second list holds the calls in the order of their version ceilings. Unknown outcomes are in neither:
// they never have to be ordered, and may be at any moment after their invocation.
//
// Invariant: Restore undoes the latest Lift that was not undone yet, so that both lists can be mended in place.
// One thread. Bounds: linear in the calls. `calls` must outlive the frontier.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tests/linearizability/model.h"
#include "tests/linearizability/version_bounds.h"

namespace quoin::linearizability {

// An index into the calls of one key.
using CallId = std::uint32_t;

class Frontier {
 public:
  // Without `order_by_version` no use is made of the version list.
  Frontier(const std::vector<Call>& calls, bool order_by_version);

  // Known calls that are not ordered yet.
  std::size_t remaining() const { return remaining_; }

  // Fills in the known calls that may come next, by time and by versions, and returns the moment by which the next one
  // takes effect: the first completion that is left. REQUIRES: remaining() > 0.
  Time Candidates(std::vector<CallId>* candidates) const;

  // As Candidates, by time alone.
  Time CandidatesByTime(std::vector<CallId>* candidates) const;

  // Whether the versions leave a way on from `state`, if `call` is ordered next and leads there.
  bool Admits(CallId call, const State& state) const;

  // Whether the call has the tightest version ceiling of all that are left.
  bool IsNextVersion(CallId call) const { return versions_.back().next == call; }

  // The call with the tightest version ceiling of all that are left but `call`.
  std::optional<CallId> NextVersionBut(CallId call) const;

  // Orders a known or unknown call next; and takes the latest Lift back.
  void Lift(CallId call);
  void Restore(CallId call);

  // All unknown outcomes in order of invocation, ordered ones included.
  const std::vector<CallId>& open_calls() const { return open_calls_; }
  bool IsLifted(CallId call) const { return lifted_[call]; }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  struct Link {
    std::uint32_t previous = kNone;
    std::uint32_t next = kNone;
  };

  static void Unlink(std::vector<Link>* links, std::uint32_t at);
  static void Relink(std::vector<Link>* links, std::uint32_t at);
  bool VersionsAllow(CallId call) const;

  const std::vector<Call>& calls_;
  std::size_t remaining_ = 0;
  std::vector<bool> lifted_;
  std::vector<CallId> open_calls_;

  // In both lists the last link is the head, which is never unlinked.
  std::vector<Link> times_;            // Call c: its invocation at 2c, its completion at 2c + 1.
  std::vector<Link> versions_;         // Call c: at c, if it has a ceiling.
  std::vector<VersionBounds> bounds_;  // By call.
};

}  // namespace quoin::linearizability
