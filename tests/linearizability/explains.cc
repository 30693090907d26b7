// Explains(): deliberately naive, since it is what stands between a mistake in the search and a false "all is well".
#include <algorithm>
#include <utility>

#include "tests/linearizability/search.h"

namespace quoin::linearizability {

bool Explains(const Model& model, const std::vector<Call>& calls, const std::vector<CallId>& order) {
  std::vector<int> times_ordered(calls.size(), 0);
  for (CallId call : order) {
    if (call >= calls.size() || ++times_ordered[call] > 1) return false;
  }
  for (CallId call = 0; call < calls.size(); ++call) {
    if (!calls[call].open() && times_ordered[call] == 0) return false;
  }
  // By when each call of the order takes effect: the first completion from it on.
  std::vector<Time> latest(order.size());
  Time first_completion = Time::max();
  for (std::size_t i = order.size(); i-- > 0;) {
    first_completion = std::min(first_completion, calls[order[i]].completed);
    latest[i] = first_completion;
  }
  std::vector<State> states = {State()};
  Time earliest = Time::min();
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Call& call = calls[order[i]];
    earliest = std::max(earliest, call.invoked);
    if (latest[i] < earliest) return false;
    std::vector<State> next;
    for (const State& state : states) model.Step(state, call, {earliest, latest[i]}, &next);
    states.clear();
    for (State& state : next) {
      if (std::find(states.begin(), states.end(), state) == states.end()) states.push_back(std::move(state));
    }
    if (states.empty()) return false;
  }
  return true;
}

}  // namespace quoin::linearizability
