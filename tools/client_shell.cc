#include "tools/client_shell.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "tools/client_ticket.h"
#include "tools/client_value.h"
#include "tools/client_watch.h"

namespace quoin::tools {
namespace {

// Lines of a file descriptor, whatever bytes they hold.
class LineReader {
 public:
  LineReader(int file, const std::function<bool()>& stop) : file_(file), stop_(stop) {}

  enum class Kind { kLine, kTooLong, kEnd, kError };

  // The next line without its newline. kTooLong: it had more than kMaxLineBytes and was skipped.
  Kind Next(std::string* line) {
    bool skipping = false;
    for (;;) {
      const std::size_t newline = buffer_.find('\n', searched_);
      if (newline != std::string::npos || (end_ && begin_ < buffer_.size())) {
        const std::size_t line_end = std::min(newline, buffer_.size());
        const bool too_long = skipping || line_end - begin_ > kMaxLineBytes;
        if (!too_long) line->assign(buffer_, begin_, line_end - begin_);
        begin_ = searched_ = std::min(line_end + 1, buffer_.size());
        return too_long ? Kind::kTooLong : Kind::kLine;
      }
      if (end_) return skipping ? Kind::kTooLong : Kind::kEnd;
      buffer_.erase(0, begin_);
      begin_ = 0;
      if (buffer_.size() > kMaxLineBytes) {
        skipping = true;
        buffer_.clear();
      }
      searched_ = buffer_.size();
      char chunk[65536];
      const ssize_t count = ::read(file_, chunk, sizeof chunk);
      if (count < 0 && errno == EINTR && !stop_()) continue;
      if (count < 0) return Kind::kError;
      if (count == 0) end_ = true;
      buffer_.append(chunk, static_cast<std::size_t>(count));
    }
  }

 private:
  const int file_;
  const std::function<bool()>& stop_;
  std::string buffer_;
  std::size_t begin_ = 0;     // Where the next line begins.
  std::size_t searched_ = 0;  // There is no newline between begin_ and here.
  bool end_ = false;
};

}  // namespace

ExitCode Shell::RunWords(const std::vector<Word>& words, bool stdin_is_free) {
  Result<Command> parsed = ParseCommand(words);
  if (!parsed.ok()) {
    printer_.Misused(parsed.status().message());
    return ExitCode::kBadUsage;
  }
  Command& command = *parsed;
  if (command.verb == Verb::kExit) {
    exited_ = true;
    return ExitCode::kDone;
  }
  if (command.verb == Verb::kHelp) {
    const CommandInfo* const topic = FindCommand(command.topic);
    printer_.Help(topic == nullptr ? HelpOnCommands() : HelpOn(*topic));
    return ExitCode::kDone;
  }
  if (command.verb == Verb::kResume) {
    if (!unsettled_) {
      printer_.Misused("No write of this session has an unknown outcome. For another's: RESUME ticket command.");
      return ExitCode::kBadUsage;
    }
    Unsettled again = *std::move(unsettled_);
    unsettled_.reset();
    return Run(std::move(again.command), std::move(again.values));
  }
  if (command.verb == Verb::kScan && !command.limit && human_) command.limit = kHumanScanLimit;
  Executor::Values values;
  if (const auto ended = ResolveValues(command, stdin_is_free, &values)) return *ended;
  return Run(std::move(command), std::move(values));
}

std::optional<ExitCode> Shell::ResolveValues(const Command& command, bool stdin_is_free, Executor::Values* values) {
  if (command.verb != Verb::kSet && command.verb != Verb::kAppend && command.verb != Verb::kCompareAndSet) {
    return std::nullopt;
  }
  for (const auto& [word, value] :
       {std::pair(&command.expected, &values->expected), {&command.value, &values->value}}) {
    Result<std::string> resolved = ResolveValue(*word, stdin_is_free);
    // Standard input can be read once.
    if (word->text == "-") stdin_is_free = false;
    if (resolved.ok()) {
      *value = std::move(*resolved);
      continue;
    }
    if (resolved.code() == Code::kInvalid) {
      printer_.Misused(resolved.status().message());
      return ExitCode::kBadUsage;
    }
    Answer refused;
    refused.exit_code = ExitCode::kRefused;
    refused.problem = resolved.status().message();
    printer_.Done(command, refused);
    return refused.exit_code;
  }
  return std::nullopt;
}

ExitCode Shell::Run(Command command, Executor::Values values) {
  if (command.verb == Verb::kWatch) {
    const Answer answer = RunWatch(keys_.store(), command, printer_);
    printer_.Done(command, answer);
    return answer.exit_code;
  }
  const Answer answer = ClusterExecutor::Knows(command.verb)
                            ? cluster_.Execute(command, [&](const ClusterAction& action) { printer_.Progress(action); })
                            : keys_.Execute(command, values, [&](const std::vector<Entry>& entries) {
                                printer_.Entries(command, entries);
                              });
  printer_.Done(command, answer);
  if (!answer.ticket.operation_id.empty()) {
    command.ticket = TicketText(answer.ticket);
    unsettled_ = Unsettled{std::move(command), std::move(values)};
  }
  return answer.exit_code;
}

ExitCode Shell::RunLine(std::string_view line) {
  const Result<std::vector<Word>> words = SplitWords(line);
  const bool comment = line.substr(std::min(line.find_first_not_of(" \t"), line.size())).starts_with('#');
  if (comment) return ExitCode::kDone;
  if (!words.ok()) {
    printer_.Misused(words.status().message());
    return ExitCode::kBadUsage;
  }
  if (words->empty()) return ExitCode::kDone;
  return RunWords(*words, /*stdin_is_free=*/false);
}

ExitCode Shell::RunFilter(int file, const std::function<bool()>& stop) {
  LineReader reader(file, stop);
  ExitCode first_failure = ExitCode::kDone;
  std::string line;
  while (!exited_ && !stop()) {
    ExitCode code = ExitCode::kDone;
    switch (reader.Next(&line)) {
      case LineReader::Kind::kLine:
        code = RunLine(line);
        break;
      case LineReader::Kind::kTooLong:
        printer_.Misused("The line is longer than " + HumanSize(kMaxLineBytes) +
                         "; a value that large comes from @file.");
        code = ExitCode::kBadUsage;
        break;
      case LineReader::Kind::kError:
        if (stop()) return first_failure;
        printer_.Misused(std::string("Standard input can't be read: ") + std::strerror(errno) + ".");
        return first_failure == ExitCode::kDone ? ExitCode::kBadUsage : first_failure;
      case LineReader::Kind::kEnd:
        return first_failure;
    }
    if (first_failure == ExitCode::kDone) first_failure = code;
  }
  return first_failure;
}

}  // namespace quoin::tools
