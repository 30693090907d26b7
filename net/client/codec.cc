#include "net/client/codec.h"

#include <glog/logging.h>

#include <chrono>
#include <utility>

#include "base/text.h"

namespace quoin::client {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kTooManyRequests = 429;
constexpr std::uint32_t kUnavailable = 503;

void FillPut(const Operation& operation, v1::Put* out) {
  out->set_value(operation.value);
  out->set_content_type(operation.content_type);
  if (operation.ttl) out->set_ttl_ms(static_cast<std::uint64_t>(operation.ttl->count()));
}

void FillCondition(const Condition& condition, v1::Condition* out) {
  switch (condition.kind) {
    case Condition::Kind::kAbsent:
      return out->set_absent(true);
    case Condition::Kind::kPresent:
      return out->set_present(true);
    case Condition::Kind::kVersionIn:
    case Condition::Kind::kVersionNotIn: {
      v1::Versions* const versions =
          condition.kind == Condition::Kind::kVersionIn ? out->mutable_version_in() : out->mutable_version_not_in();
      for (const std::string& version : condition.versions) versions->add_versions(version);
      return;
    }
    case Condition::Kind::kValueIs:
      return out->set_value_is(condition.value);
  }
}

}  // namespace

State TakeState(v1::State& state) {
  State taken;
  taken.value = std::move(state.has_value_text() ? *state.mutable_value_text() : *state.mutable_value());
  taken.content_type = std::move(*state.mutable_content_type());
  taken.version = std::move(*state.mutable_version());
  if (state.has_expires_ms()) {
    taken.expires = std::chrono::system_clock::time_point(milliseconds(state.expires_ms()));
  }
  return taken;
}

Problem TakeProblem(v1::Problem& problem) {
  return {std::move(*problem.mutable_type()), std::move(*problem.mutable_detail()), std::move(*problem.mutable_limit()),
          problem.status(), milliseconds(problem.retry_after_ms())};
}

std::optional<std::string> FindUnsendable(const Operation& operation) {
  if (!IsUtf8(operation.content_type)) return "the content type is printable ASCII, like text/plain";
  if (operation.ttl && operation.ttl->count() < 1) return "a time to live is at least 1 ms";
  for (const Condition& condition : operation.conditions) {
    for (const std::string& version : condition.versions) {
      if (!IsUtf8(version)) return "a version is a text like 3.00c0ffee00c0ffee.41";
    }
  }
  return std::nullopt;
}

std::optional<std::string> FindUnsendable(const PageRequest& request) {
  if (request.limit > kMaxPageEntries) return "a page has 1 to " + std::to_string(kMaxPageEntries) + " entries";
  return std::nullopt;
}

void FillOperation(const Operation& operation, Consistency consistency, const SendingFields& sending,
                   v1::Operation* out) {
  out->set_key(operation.key);
  switch (operation.action) {
    case Operation::Action::kGet:
      out->mutable_get();
      break;
    case Operation::Action::kPut:
      FillPut(operation, out->mutable_put());
      break;
    case Operation::Action::kDelete:
      out->mutable_delete_();
      break;
    case Operation::Action::kIncrement:
      out->mutable_increment()->set_by(operation.by);
      break;
    case Operation::Action::kAppend:
      out->mutable_append()->set_value(operation.value);
      break;
    case Operation::Action::kSetDeadline: {
      v1::SetDeadline* const deadline = out->mutable_set_deadline();
      if (operation.ttl) deadline->set_ttl_ms(static_cast<std::uint64_t>(operation.ttl->count()));
      break;
    }
    case Operation::Action::kGetAndSet:
      FillPut(operation, out->mutable_swap());
      break;
  }
  for (const Condition& condition : operation.conditions) FillCondition(condition, out->add_conditions());
  out->set_consistency(consistency == Consistency::kOne   ? v1::ONE
                       : consistency == Consistency::kAll ? v1::ALL
                                                          : v1::QUORUM);
  if (sending.operation_id.empty()) return;
  out->set_operation_id(sending.operation_id.data(), sending.operation_id.size());
  out->set_ballot(sending.ballot.data(), sending.ballot.size());
  out->set_repeated(sending.repeated);
  out->set_finished_below(sending.finished_below);
}

void FillScan(const PageRequest& request, v1::Scan* out) {
  out->set_prefix(request.prefix);
  out->set_limit(request.limit);
  out->set_cursor(request.cursor);
  out->set_keys_only(request.keys_only);
}

Answer TakeAnswer(const Operation& operation, v1::ServerFrame& frame) {
  Answer answer;
  const auto refuse = [&](std::string detail) {
    answer.outcome = operation.is_write() ? Outcome::kUnknown : Outcome::kNotApplied;
    answer.problem = {"bad-answer", std::move(detail), {}, 0, milliseconds(0)};
  };
  if (!frame.has_result()) {
    refuse("the answer to an operation is no result");
    return answer;
  }
  v1::Result& result = *frame.mutable_result();
  answer.version = std::move(*result.mutable_version());
  answer.created = result.created();
  if (result.has_state()) answer.state = TakeState(*result.mutable_state());
  if (result.has_previous()) answer.previous = TakeState(*result.mutable_previous());
  if (result.has_problem()) answer.problem = TakeProblem(*result.mutable_problem());
  switch (result.outcome()) {
    case v1::DONE:
      answer.outcome = Outcome::kDone;
      if ((operation.action == Operation::Action::kGet || operation.action == Operation::Action::kIncrement) &&
          !answer.state) {
        refuse("the answer has no state");
      }
      return answer;
    case v1::ABSENT:
      answer.outcome = Outcome::kAbsent;
      return answer;
    case v1::CONDITION_FAILED:
      answer.outcome = Outcome::kConditionFailed;
      return answer;
    case v1::REJECTED:
      answer.outcome = Outcome::kRejected;
      return answer;
    case v1::ERROR:
      // A read can't leave anything unknown.
      answer.outcome = operation.is_write() && result.problem().effect() == v1::Problem::UNKNOWN ? Outcome::kUnknown
                                                                                                 : Outcome::kNotApplied;
      return answer;
    default:
      refuse("the answer has an outcome that is not known");
      return answer;
  }
}

PageAnswer TakePage(v1::ServerFrame& frame) {
  PageAnswer answer;
  if (frame.has_page()) {
    answer.outcome = Outcome::kDone;
    v1::Page& page = *frame.mutable_page();
    answer.cursor = std::move(*page.mutable_cursor());
    answer.entries.reserve(static_cast<std::size_t>(page.entries_size()));
    for (v1::Entry& entry : *page.mutable_entries()) {
      answer.entries.push_back({std::move(entry.has_key_text() ? *entry.mutable_key_text() : *entry.mutable_key()),
                                TakeState(*entry.mutable_state())});
    }
  } else if (frame.has_result() && frame.result().has_problem()) {
    answer.problem = TakeProblem(*frame.mutable_result()->mutable_problem());
  } else {
    answer.problem = {"bad-answer", "the answer to a scan is no page", {}, 0, milliseconds(0)};
  }
  return answer;
}

bool IsRetryable(const Problem& problem) {
  return problem.status == kTooManyRequests || problem.status == kUnavailable || problem.retry_after.count() > 0;
}

bool IsBallotRequired(const Problem& problem) { return problem.type == "ballot-required"; }

}  // namespace quoin::client
