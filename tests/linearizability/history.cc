#include "tests/linearizability/history.h"

namespace quoin::linearizability {

bool MayChange(const Event& event) {
  if (event.operation.action == Action::kGet) return false;
  return event.answer.outcome == Outcome::kDone || event.answer.outcome == Outcome::kUnknown;
}

bool IsKnown(const Event& event) {
  return event.answer.outcome != Outcome::kUnknown && event.answer.outcome != Outcome::kNotApplied;
}

Event WithoutAnswer(const Event& event) {
  Event open = event;
  open.completed.reset();
  open.answer = Answer();
  return open;
}

}  // namespace quoin::linearizability
