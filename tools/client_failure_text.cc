// How failures are told. An unknown outcome is told as unknown, and what is certain as certain.
#include <glog/logging.h>

#include "tools/client_printer.h"
#include "tools/client_text.h"
#include "tools/client_ticket.h"

namespace quoin::tools {
namespace {

// "'name' ... been stored": what the command would have done.
std::string_view Participle(Verb verb) {
  switch (verb) {
    case Verb::kSet:
    case Verb::kCompareAndSet:
      return "stored";
    case Verb::kDelete:
      return "deleted";
    default:
      return "changed";
  }
}

std::string ConditionText(const Command& command, const Answer& answer) {
  const std::string version = answer.entry ? SafeText(answer.entry->version, false) : "";
  std::string text = QuotedKey(command.key) + " was not " + std::string(Participle(command.verb)) + ": ";
  if (version.empty()) return text + "it is not there";
  if (command.if_absent) return text + "it is there already, with version " + version;
  if (command.verb == Verb::kCompareAndSet) return text + "its value is another, of version " + version;
  return text + "its version is " + version;
}

}  // namespace

std::string_view TagOf(ExitCode code) {
  switch (code) {
    case ExitCode::kDone:
      return "OK";
    case ExitCode::kAbsent:
      return "ABSENT";
    case ExitCode::kBadUsage:
      return "USAGE";
    case ExitCode::kConditionFailed:
      return "CONDITION FAILED";
    case ExitCode::kUnknown:
      return "UNKNOWN";
    case ExitCode::kUnreachable:
      return "UNREACHABLE";
    case ExitCode::kRefused:
      return "REFUSED";
    case ExitCode::kOutputLost:
      return "OUTPUT LOST";
  }
  LOG(FATAL) << "no such exit code";
}

std::string_view ColorOf(ExitCode code) {
  switch (code) {
    case ExitCode::kDone:
      return "\x1b[32m";
    case ExitCode::kAbsent:
    case ExitCode::kConditionFailed:
    case ExitCode::kUnknown:
      return "\x1b[33m";
    default:
      return "\x1b[31m";
  }
}

std::string FailureText(const Command& command, const Answer& answer) {
  const bool write = IsWrite(command.verb);
  const std::string problem = SafeText(answer.problem, false);
  switch (answer.exit_code) {
    case ExitCode::kDone:
      return {};
    case ExitCode::kAbsent:
      if (command.verb == Verb::kMultiGet) return "not all keys are there";
      return QuotedKey(command.key) + " is not there";
    case ExitCode::kConditionFailed:
      return ConditionText(command, answer);
    case ExitCode::kUnknown: {
      if (!write) return problem;
      std::string text = QuotedKey(command.key) + " may or may not have been " + std::string(Participle(command.verb)) +
                         ": " + problem;
      if (const std::string& id = answer.ticket.operation_id; !id.empty()) {
        text += " (operation " + SafeText(id, false) + ")";
      }
      return text;
    }
    case ExitCode::kUnreachable:
    case ExitCode::kRefused:
      if (write) return QuotedKey(command.key) + " was not " + std::string(Participle(command.verb)) + ": " + problem;
      return problem;
    case ExitCode::kBadUsage:
    case ExitCode::kOutputLost:
      return problem;
  }
  LOG(FATAL) << "no such exit code";
}

std::string ResumeText(const Answer& answer, bool session) {
  if (answer.ticket.operation_id.empty()) return {};
  const std::string whole = "RESUME " + SafeText(TicketText(answer.ticket), false) + " and the command again";
  if (!session) return whole + " settle it, and never do it twice";
  return "RESUME settles it, and never does it twice; elsewhere, " + whole + " do";
}

}  // namespace quoin::tools
