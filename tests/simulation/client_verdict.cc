#include "tests/simulation/client_verdict.h"

#include <string>
#include <utility>

#include "tests/linearizability/checker.h"

namespace quoin::simulation {

ClientVerdict Judge(const linearizability::History& history, const VerdictOptions& options) {
  linearizability::CheckOptions check;
  check.model.clock_uncertainty = options.clock_uncertainty;
  if (options.max_value_bytes > 0) check.model.max_value_bytes = options.max_value_bytes;
  check.search.max_steps = options.max_steps;
  check.max_shrink_steps = options.max_shrink_steps;
  linearizability::CheckReport report = linearizability::Check(history, check);

  ClientVerdict verdict;
  verdict.operations = report.operations;
  verdict.keys = report.keys;
  verdict.steps = report.steps;
  verdict.undecided_keys = std::move(report.undecided_keys);
  // One by one, so that each text names its key and shows its own timeline.
  for (linearizability::Violation& violation : report.violations) {
    linearizability::CheckReport one;
    one.verdict = linearizability::Verdict::kViolation;
    one.violations.push_back(std::move(violation));
    std::string text = "I5: " + one.Text();
    text.erase(text.rfind('\n', text.size() - 2) + 1);  // The last line counts what is in `verdict` already.
    verdict.violations.push_back(std::move(text));
  }
  return verdict;
}

}  // namespace quoin::simulation
