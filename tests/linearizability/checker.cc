#include "tests/linearizability/checker.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "tests/linearizability/history_text.h"
#include "tests/linearizability/shrink.h"
#include "tests/linearizability/timeline.h"

namespace quoin::linearizability {
namespace {

// The values that the known events were shown or asked for.
std::set<std::string> ValuesSeen(const History& history) {
  std::set<std::string> values;
  const auto add = [&values](const std::optional<Seen>& seen) {
    if (seen && seen->value) values.insert(*seen->value);
  };
  for (const Event& event : history) {
    if (!IsKnown(event)) continue;
    add(event.answer.state);
    add(event.answer.previous);
    for (const Condition& condition : event.operation.conditions) values.insert(condition.value);
  }
  return values;
}

// Whether an unknown outcome is worth showing beside events that saw `values`.
bool MightHaveWritten(const Event& event, const std::set<std::string>& values) {
  switch (event.operation.action) {
    case Action::kPut:
    case Action::kSwap:
      return values.contains(event.operation.value);
    case Action::kAppend:
      return std::any_of(values.begin(), values.end(),
                         [&](const std::string& value) { return value.ends_with(event.operation.value); });
    case Action::kIncrement:
    case Action::kDelete:
    case Action::kSetDeadline:
      return true;
    case Action::kGet:
      return false;
  }
  return true;
}

Violation Describe(const std::string& key, const History& history, KeyVerdict verdict, const CheckOptions& options) {
  Violation violation;
  violation.key = key;
  History core = history;
  if (options.max_shrink_steps > 0) {
    Shrunk shrunk = Shrink(history, std::move(verdict), options, options.max_shrink_steps);
    core = std::move(shrunk.history);
    verdict = std::move(shrunk.verdict);
  }
  violation.why = std::move(verdict.why);
  const std::set<std::string> values = ValuesSeen(core);
  for (Event& event : core) {
    if (IsKnown(event) || MightHaveWritten(event, values)) {
      violation.core.push_back(std::move(event));
    } else {
      ++violation.left_out;
    }
  }
  return violation;
}

}  // namespace

CheckReport Check(const History& history, const CheckOptions& options) {
  std::map<std::string, History> by_key;
  for (const Event& event : history) by_key[event.key].push_back(event);
  CheckReport report;
  report.keys = by_key.size();
  report.operations = history.size();
  for (const auto& [key, events] : by_key) {
    KeyVerdict verdict = CheckKey(events, options);
    report.steps += verdict.steps;
    if (verdict.verdict == Verdict::kUndecided) {
      report.undecided_keys.push_back(key);
    } else if (verdict.verdict == Verdict::kViolation) {
      report.violations.push_back(Describe(key, events, std::move(verdict), options));
    }
  }
  if (!report.violations.empty()) {
    report.verdict = Verdict::kViolation;
  } else if (!report.undecided_keys.empty()) {
    report.verdict = Verdict::kUndecided;
  }
  return report;
}

std::string CheckReport::Text() const {
  std::string text;
  for (const Violation& violation : violations) {
    text += "key " + Quoted(violation.key) + " is not linearizable: " + violation.why + "\n" + Timeline(violation.core);
    if (violation.left_out > 0) {
      text += "  " + std::to_string(violation.left_out) +
              " more operations, whose outcomes may be taken for unknown here, don't help\n";
    }
  }
  for (const std::string& key : undecided_keys) {
    text += "key " + Quoted(key) + " is undecided: its search was given up; allow more steps\n";
  }
  const std::string size = std::to_string(operations) + " operations on " + std::to_string(keys) + " keys";
  switch (verdict) {
    case Verdict::kLinearizable:
      return text + size + ": linearizable\n";
    case Verdict::kViolation:
      return text + size + ": NOT linearizable, by " + std::to_string(violations.size()) + " keys\n";
    case Verdict::kUndecided:
      return text + size + ": undecided, for " + std::to_string(undecided_keys.size()) + " keys\n";
  }
  return text;
}

}  // namespace quoin::linearizability
