// How failures are told. An unknown outcome is told as unknown, and what is certain as certain.
#include "tools/client_printer.h"
#include "tools/client_text.h"

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
      std::string text = QuotedKey(command.key) + " may or may not have been " + std::string(Participle(command.verb)) +
                         ": " + problem;
      if (!answer.operation_id.empty()) text += " (operation " + SafeText(answer.operation_id, false) + ")";
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

}  // namespace quoin::tools
