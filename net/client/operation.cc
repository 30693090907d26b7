#include "net/client/operation.h"

#include <glog/logging.h>

namespace quoin::client {

Operation Operation::Make(Action action, std::string key, std::string value) {
  Operation operation;
  operation.action = action;
  operation.key = std::move(key);
  operation.value = std::move(value);
  return operation;
}

Operation Operation::Increment(std::string key, std::int64_t by) {
  Operation operation = Make(Action::kIncrement, std::move(key));
  operation.by = by;
  return operation;
}

Operation Operation::Expire(std::string key, std::chrono::milliseconds ttl) {
  Operation operation = Make(Action::kSetDeadline, std::move(key));
  operation.ttl = ttl;
  return operation;
}

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDone:
      return "done";
    case Outcome::kAbsent:
      return "absent";
    case Outcome::kConditionFailed:
      return "condition-failed";
    case Outcome::kRejected:
      return "rejected";
    case Outcome::kNotApplied:
      return "not-applied";
    case Outcome::kUnknown:
      return "unknown";
  }
  LOG(FATAL) << "no such outcome: " << static_cast<int>(outcome);
}

const std::string& Answer::value() const {
  CHECK(state.has_value()) << "there is no value: the outcome is " << OutcomeName(outcome);
  return state->value;
}

std::string ToString(const Answer& answer) {
  std::string text(OutcomeName(answer.outcome));
  if (!answer.problem.type.empty()) text += ": " + answer.problem.type;
  if (!answer.problem.detail.empty()) text += ": " + answer.problem.detail;
  if (!answer.ticket.operation_id.empty()) text += " (operation " + answer.ticket.operation_id + ")";
  return text;
}

}  // namespace quoin::client
