#include "tools/client_answer.h"

#include <glog/logging.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstdio>
#include <ctime>
#include <utility>

namespace quoin::tools {
namespace {

namespace json = boost::json;

// The problem document of an answer; empty when it has none.
json::object ProblemOf(const net::HttpClientResponse& response) {
  json::error_code error;
  json::value value = json::parse(json::string_view(response.body.data(), response.body.size()), error);
  return error || !value.is_object() ? json::object() : std::move(value.as_object());
}

// The member's text; empty when it isn't there.
std::string Text(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_string()) return {};
  return {value->as_string().data(), value->as_string().size()};
}

std::string Field(const net::HttpClientResponse& response, std::string_view name) {
  return std::string(response.Field(name).value_or(std::string_view()));
}

// RFC 3339, in UTC with milliseconds, as Quoin-Expires has it.
std::string TimeText(std::chrono::system_clock::time_point time) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const std::int64_t fraction = ((ms % 1000) + 1000) % 1000;
  const auto seconds = static_cast<std::time_t>((ms - fraction) / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, static_cast<int>(fraction));
  return text;
}

void TakeState(client::State state, Entry* entry) {
  entry->value = std::move(state.value);
  entry->version = std::move(state.version);
  entry->content_type = std::move(state.content_type);
  if (state.expires) entry->expires = TimeText(*state.expires);
}

// Of an operation that was not done, and certainly won't be.
ExitCode CodeOf(const client::Problem& problem) {
  if (problem.type == "bad-operation" || problem.status == 400) return ExitCode::kBadUsage;
  // What no node has said: there was none, it was too slow, or what answered is none.
  if (problem.status == 0 && problem.type != "body-too-large") return ExitCode::kUnreachable;
  return ExitCode::kRefused;
}

ExitCode CodeOf(client::Outcome outcome, const client::Problem& problem) {
  switch (outcome) {
    case client::Outcome::kDone:
      return ExitCode::kDone;
    case client::Outcome::kAbsent:
      return ExitCode::kAbsent;
    case client::Outcome::kConditionFailed:
      return ExitCode::kConditionFailed;
    case client::Outcome::kRejected:
      return ExitCode::kRefused;
    case client::Outcome::kNotApplied:
      return CodeOf(problem);
    case client::Outcome::kUnknown:
      return ExitCode::kUnknown;
  }
  LOG(FATAL) << "no such outcome: " << static_cast<int>(outcome);
}

std::string TextOf(const client::Problem& problem) {
  if (problem.type == "closed") return "interrupted before the answer came";
  return problem.detail.empty() ? problem.type : problem.detail;
}

unsigned StatusOf(const client::Operation& operation, const client::Answer& answer) {
  using Action = client::Operation::Action;
  switch (answer.outcome) {
    case client::Outcome::kDone:
      if (operation.action == Action::kPut) return answer.created ? 201 : 204;
      return operation.action == Action::kDelete ? 204 : 200;
    case client::Outcome::kAbsent:
      return 404;
    case client::Outcome::kConditionFailed:
      return 412;
    case client::Outcome::kRejected:
      return 409;
    case client::Outcome::kNotApplied:
    case client::Outcome::kUnknown:
      return answer.problem.status;
  }
  LOG(FATAL) << "no such outcome: " << static_cast<int>(answer.outcome);
}

}  // namespace

std::string_view OutcomeName(ExitCode code) {
  switch (code) {
    case ExitCode::kDone:
      return "done";
    case ExitCode::kAbsent:
      return "absent";
    case ExitCode::kBadUsage:
      return "bad-usage";
    case ExitCode::kConditionFailed:
      return "condition-failed";
    case ExitCode::kUnknown:
      return "unknown";
    case ExitCode::kUnreachable:
      return "unreachable";
    case ExitCode::kRefused:
      return "refused";
    case ExitCode::kOutputLost:
      return "output-lost";
  }
  LOG(FATAL) << "no such exit code";
}

Answer UnderstandAnswer(const client::Operation& operation, client::Answer answer) {
  Answer told;
  told.exit_code = CodeOf(answer.outcome, answer.problem);
  told.status = StatusOf(operation, answer);
  told.reached = answer.problem.type != "unreachable";
  if (answer.responder != nullptr) told.node = answer.responder->node;
  if (told.exit_code != ExitCode::kDone) told.problem = TextOf(answer.problem);
  if (answer.outcome == client::Outcome::kUnknown) told.ticket = std::move(answer.ticket);
  if (answer.done() && operation.is_write()) told.created = answer.created;
  if (answer.done() || answer.outcome == client::Outcome::kConditionFailed) {
    Entry entry{.key = operation.key, .version = std::move(answer.version)};
    if (answer.state) TakeState(std::move(*answer.state), &entry);
    told.entry = std::move(entry);
  }
  return told;
}

Entry UnderstandEntry(const std::string& key, client::Answer answer) {
  Entry entry{.key = key, .exit_code = CodeOf(answer.outcome, answer.problem)};
  if (answer.done() && answer.state) TakeState(std::move(*answer.state), &entry);
  if (entry.exit_code != ExitCode::kDone && entry.exit_code != ExitCode::kAbsent) {
    entry.problem = TextOf(answer.problem);
  }
  return entry;
}

Answer UnderstandPage(const client::PageAnswer& page) {
  Answer told;
  told.exit_code = CodeOf(page.outcome, page.problem);
  told.status = page.done() ? 200 : page.problem.status;
  told.reached = page.problem.type != "unreachable";
  if (page.responder != nullptr) told.node = page.responder->node;
  if (told.exit_code != ExitCode::kDone) told.problem = TextOf(page.problem);
  return told;
}

Entry EntryOf(client::Entry entry, bool keys_only) {
  Entry told{.key = std::move(entry.key)};
  TakeState(std::move(entry.state), &told);
  if (keys_only) told.value.reset();
  return told;
}

Answer UnderstandResponse(bool write, const net::HttpClientResponse& response) {
  Answer answer;
  answer.status = response.status;
  answer.node = Field(response, "Quoin-Node");
  answer.request_id = Field(response, "Quoin-Request-Id");
  if (answer.node.empty()) {
    // Something between us and the node, or no node at all: nobody knows what it did with a wish.
    answer.exit_code = write ? ExitCode::kUnknown : ExitCode::kUnreachable;
    answer.problem = "what answered (status " + std::to_string(response.status) + ") is no Quoin node";
    return answer;
  }
  if (response.status / 100 == 2) return answer;

  const json::object problem = ProblemOf(response);
  answer.problem = Text(problem, "detail");
  if (answer.problem.empty()) answer.problem = Text(problem, "title");
  if (answer.problem.empty()) answer.problem = "the node answered with status " + std::to_string(response.status);
  const std::string outcome = Text(problem, "outcome");
  if (write && (outcome == "unknown" || (outcome != "not-applied" && response.status >= 500))) {
    answer.exit_code = ExitCode::kUnknown;
  } else {
    answer.exit_code = response.status == 400 ? ExitCode::kBadUsage : ExitCode::kRefused;
  }
  return answer;
}

Answer UnderstandFailure(bool write, const Status& failure) {
  CHECK(!failure.ok());
  Answer answer;
  answer.problem = failure.message();
  answer.reached = failure.code() != Code::kUnavailable;
  if (failure.code() == Code::kInvalid) {
    answer.exit_code = ExitCode::kBadUsage;
  } else if (write && failure.code() != Code::kUnavailable) {
    answer.exit_code = ExitCode::kUnknown;
  } else {
    answer.exit_code = ExitCode::kUnreachable;
  }
  return answer;
}

}  // namespace quoin::tools
