#include "tests/linearizability/shrink.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

namespace quoin::linearizability {
namespace {

// What one check costs besides its steps, in steps: so that checks that need no search are counted too.
constexpr std::uint64_t kCostPerEvent = 4;

class Shrinker {
 public:
  Shrinker(const KeyCheckOptions& options, std::uint64_t max_steps) : options_(options), left_steps_(max_steps) {
    // A part that is hard to decide is not worth all that is left.
    options_.search.max_steps = std::min(options_.search.max_steps, max_steps / 8);
  }

  Shrunk Run(const History& history, KeyVerdict verdict) && {
    best_.history = history;
    best_.verdict = std::move(verdict);
    CutToShortestPrefix();
    // What the verdict names is often all that is needed.
    KeepOnly(best_.verdict.events);
    for (std::size_t chunk = std::max<std::size_t>(1, best_.history.size() / 2);; chunk /= 2) {
      const bool removed = RemoveChunks(chunk);
      if (exhausted()) break;
      if (chunk > 1) continue;
      if (!removed) {
        best_.complete = true;
        break;
      }
      chunk = 2;  // Once more with single events: one may have become needless through another.
    }
    return std::move(best_);
  }

 private:
  bool exhausted() const { return left_steps_ == 0; }

  // Takes the history as the new best if it still fails.
  bool Try(History history) {
    if (exhausted()) return false;
    KeyVerdict verdict = CheckKey(history, options_);
    left_steps_ -= std::min(left_steps_, verdict.steps + kCostPerEvent * history.size() + 1);
    if (verdict.verdict != Verdict::kViolation) return false;
    best_.history = std::move(history);
    best_.verdict = std::move(verdict);
    return true;
  }

  void CutToShortestPrefix() {
    std::vector<Time> moments;
    for (const Event& event : best_.history) {
      if (IsKnown(event)) moments.push_back(*event.completed);
    }
    std::sort(moments.begin(), moments.end());
    const History whole = best_.history;
    // A prefix of one that can be explained can be explained too, so bisection finds the shortest that can't.
    std::size_t low = 0;
    std::size_t high = moments.size();
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (Try(CutAt(whole, moments[middle]))) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
  }

  static bool Changes(const Event& event) { return MayChange(event) && IsKnown(event); }

  // The best history without the known events of `gone`: left out, or without their answers.
  History Without(const std::vector<bool>& gone) const {
    History rest;
    for (std::size_t i = 0; i < best_.history.size(); ++i) {
      const Event& event = best_.history[i];
      if (!gone[i] || !IsKnown(event)) {
        rest.push_back(event);
      } else if (Changes(event)) {
        rest.push_back(WithoutAnswer(event));
      }
    }
    return rest;
  }

  void KeepOnly(const std::vector<std::size_t>& events) {
    std::vector<bool> gone(best_.history.size(), true);
    for (std::size_t event : events) gone[event] = false;
    Try(Without(gone));
  }

  // Removes what it can of the known events, `chunk` of them at a time. Whether it could any.
  bool RemoveChunks(std::size_t chunk) {
    bool removed = false;
    // From the end, so that what has still to be tried keeps its place.
    std::size_t end = best_.history.size();
    while (end > 0 && !exhausted()) {
      std::vector<bool> gone(best_.history.size(), false);
      std::size_t begin = end;
      for (std::size_t taken = 0; begin > 0 && taken < chunk; --begin) {
        gone[begin - 1] = IsKnown(best_.history[begin - 1]);
        taken += gone[begin - 1] ? 1 : 0;
      }
      if (std::find(gone.begin(), gone.end(), true) == gone.end()) break;
      removed = Try(Without(gone)) || removed;
      end = begin;
    }
    return removed;
  }

  KeyCheckOptions options_;
  std::uint64_t left_steps_;
  Shrunk best_;
};

}  // namespace

History CutAt(const History& history, Time moment) {
  History prefix;
  for (const Event& event : history) {
    if (event.invoked > moment) continue;
    if (!IsKnown(event) || *event.completed <= moment) {
      prefix.push_back(event);
    } else if (MayChange(event)) {
      prefix.push_back(WithoutAnswer(event));
    }
  }
  return prefix;
}

Shrunk Shrink(const History& history, KeyVerdict verdict, const KeyCheckOptions& options, std::uint64_t max_steps) {
  CHECK(verdict.verdict == Verdict::kViolation);
  return Shrinker(options, max_steps).Run(history, std::move(verdict));
}

}  // namespace quoin::linearizability
