#include "tests/linearizability/key_check.h"

#include <glog/logging.h>

#include "tests/linearizability/contradiction.h"
#include "tests/linearizability/history_text.h"
#include "tests/linearizability/told.h"

namespace quoin::linearizability {
namespace {

std::string StateText(const State& state, const Values& values) {
  std::string text = state.present ? "the value " + Quoted(values.Bytes(state.value)) : "absent";
  if (state.hidden > 0) {
    text += ", at a version above " + VersionText(state.floor) + " that nobody reported";
  } else if (state.floor != Version()) {
    text += ", at version " + VersionText(state.floor);
  }
  if (state.expires) text += ", expiring not before " + TimeText(state.expires_from);
  return text;
}

}  // namespace

KeyVerdict CheckKey(const History& history, const KeyCheckOptions& options) {
  Values values;
  const Model model(options.model, values);
  std::vector<Call> calls;
  std::vector<std::size_t> events;  // By call.
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (!IsKnown(history[i]) && !MayChange(history[i])) continue;
    calls.push_back(model.Prepare(history[i]));
    events.push_back(i);
  }
  KeyVerdict verdict;
  if (options.compare_answers) {
    if (const auto contradiction = FindContradiction(values, calls)) {
      verdict.verdict = Verdict::kViolation;
      verdict.why = contradiction->why;
      for (CallId call : contradiction->calls) verdict.events.push_back(events[call]);
      return verdict;
    }
    TellByVersions(&calls);
  }
  const SearchResult result = Search(model, values, calls, options.search);
  verdict.verdict = result.verdict;
  verdict.steps = result.steps;
  if (result.verdict == Verdict::kLinearizable) {
    CHECK(Explains(model, calls, result.order)) << "the search found an order that explains nothing";
  } else if (result.verdict == Verdict::kViolation) {
    verdict.why = "no order explains all answers; the one that gets furthest explains " +
                  std::to_string(result.explained) + ", leaves the key with " + StateText(result.stuck_at, values) +
                  ", and then none of these can come next:";
    for (CallId call : result.stuck) {
      verdict.why += "\n    " + EventText(history[events[call]]);
      verdict.events.push_back(events[call]);
    }
  }
  return verdict;
}

}  // namespace quoin::linearizability
