// tools:client: asks a Quoin node, for a person, a script or a pipe (docs/client.md).
#include <glog/logging.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "tools/bench_flags.h"
#include "tools/bench_main.h"
#include "tools/client_cluster_execute.h"
#include "tools/client_command.h"
#include "tools/client_execute.h"
#include "tools/client_flags.h"
#include "tools/client_interrupt.h"
#include "tools/client_link.h"
#include "tools/client_printer.h"
#include "tools/client_repl.h"
#include "tools/client_shell.h"
#include "tools/client_store.h"
#include "tools/client_text.h"
#include "tools/version.h"
#include "tools/working_directory.h"

namespace quoin::tools {
namespace {

// Completion and the greeting must not make a person wait.
constexpr std::chrono::milliseconds kCompletionTimeout{300};
constexpr std::chrono::milliseconds kGreetingTimeout{1000};
constexpr std::uint32_t kCompletionKeys = 100;

bool ColorsAreWelcome() {
  const char* const refused = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  return (refused == nullptr || *refused == '\0') && terminal != nullptr && *terminal != '\0' &&
         std::strcmp(terminal, "dumb") != 0;
}

// Line editing counts characters by the locale; keys and values are UTF-8 wherever the client runs.
void UseUtf8() {
  std::setlocale(LC_CTYPE, "");
  if (std::strcmp(::nl_langinfo(CODESET), "UTF-8") != 0) std::setlocale(LC_CTYPE, "C.UTF-8");
}

std::size_t TerminalColumns() {
  constexpr std::size_t kUsual = 80;
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

void Greet(Link& link, const Style& style) {
  const Result<net::HttpClientResponse> response = link.Do({.target = "/v1/status"}, kGreetingTimeout);
  const std::string node(response.ok() ? response->Field("Quoin-Node").value_or("") : "");
  std::cout << "Quoin " << kVersion << ", ";
  if (!node.empty()) {
    std::cout << "node " << SafeText(node, false) << " at " << link.server().ToString();
  } else {
    std::cout << "no node answers at " << link.server().ToString() << " yet";
  }
  std::cout << (style.color ? "\x1b[2m" : "") << "  (HELP lists the commands, Tab completes, EXIT leaves)"
            << (style.color ? "\x1b[0m" : "") << "\n"
            << std::flush;
}

Format ChooseFormat(const ClientFlags& flags, bool one_command, bool input_terminal, bool output_terminal) {
  if (!flags.output) return output_terminal && (one_command || input_terminal) ? Format::kHuman : Format::kLines;
  // Without newlines the values of several commands would run into each other.
  if (*flags.output == Format::kRaw && !one_command) return Format::kLines;
  return *flags.output;
}

bool Watches(const std::vector<std::string>& words) {
  const CommandInfo* const command = words.empty() ? nullptr : FindCommand(words.front());
  return command != nullptr && command->verb == Verb::kWatch;
}

// The ways to the nodes.
struct Ways {
  Store store;
  Link link;
};

[[noreturn]] void EndByInterrupt() {
  std::cout.flush();
  DieOfInterrupt();
}

// How many arguments stand behind the first "--"; nullopt: there is none.
std::optional<std::size_t> CountBehindDashes(const std::vector<std::string>& arguments) {
  const auto dashes = std::ranges::find(arguments, "--");
  if (dashes == arguments.end()) return std::nullopt;
  return static_cast<std::size_t>(arguments.end() - dashes) - 1;
}

ExitCode Run(Ways& ways, const ClientFlags& flags, const std::vector<std::string>& words) {
  const bool one_command = !words.empty();
  const bool input_terminal = ::isatty(STDIN_FILENO) == 1;
  const bool output_terminal = ::isatty(STDOUT_FILENO) == 1;
  const bool colors = ColorsAreWelcome();

  Style style;
  style.format = ChooseFormat(flags, one_command, input_terminal, output_terminal);
  style.terminal = output_terminal;
  style.color = output_terminal && colors;
  style.color_errors = ::isatty(STDERR_FILENO) == 1 && colors;
  style.quiet = flags.quiet;

  style.session = !one_command && input_terminal && output_terminal;
  style.columns = &TerminalColumns;

  Executor keys(ways.store, flags.consistency);
  ClusterExecutor cluster(ways.link, {.give_up = &Interrupted});
  const std::unique_ptr<Printer> printer = MakePrinter(style, std::cout, std::cerr);
  Shell shell(keys, cluster, *printer, style.format == Format::kHuman);

  if (one_command) {
    const ExitCode code = shell.RunWords(BareWords(words), /*stdin_is_free=*/true);
    if (Interrupted() && code == ExitCode::kDone && Watches(words)) EndByInterrupt();
    return code;
  }
  if (style.session) {
    if (!flags.quiet) Greet(ways.link, style);
    RunRepl(shell, {.history_path = HistoryPath(), .keys = [&](const std::string& prefix) {
                      return KeysWithPrefix(ways.store, prefix, kCompletionKeys, kCompletionTimeout);
                    }});
    return ExitCode::kDone;
  }
  const ExitCode code = shell.RunFilter(STDIN_FILENO, &Interrupted);
  if (Interrupted() && code == ExitCode::kDone) EndByInterrupt();
  return code;
}

ExitCode Run(const ClientFlags& flags, const std::vector<std::string>& words) {
  CatchInterrupts();
  // Never destroyed: that would wait for a slow name server, when all has been told and Ctrl-C is no longer looked at.
  // (What a static pointer leads to is no leak to a sanitizer.)
  static Ways* const ways =
      new Ways{.store = Store({.servers = flags.servers, .timeout = flags.timeout, .give_up = &Interrupted}),
               .link = Link({.servers = flags.servers, .timeout = flags.timeout, .give_up = &Interrupted})};
  const ExitCode code = Run(*ways, flags, words);
  ways->store.Close();
  return code;
}

}  // namespace
}  // namespace quoin::tools

int main(int argc, char** argv) {
  using quoin::tools::ExitCode;
  FLAGS_logtostderr = true;
  google::InitGoogleLogging(argv[0]);
  quoin::tools::UseUtf8();
  quoin::tools::EnterWorkingDirectory();
  std::ios::sync_with_stdio(false);
  if (quoin::bench::WantsStressTest(argc, argv)) return quoin::bench::Main(argc, argv);
  const auto behind = quoin::tools::CountBehindDashes(std::vector<std::string>(argv + 1, argv + argc));
  const quoin::tools::ClientFlags flags = quoin::tools::ParseClientFlags(&argc, &argv, quoin::bench::OwnFlagNames());
  std::vector<std::string> words(argv + 1, argv + argc);
  // The flags' parser takes the first "--" out, and for WATCH it means something.
  if (behind && *behind < words.size() && quoin::tools::Watches(words)) {
    words.insert(words.end() - static_cast<std::ptrdiff_t>(*behind), "--");
  }
  ExitCode code = quoin::tools::Run(flags, words);
  std::cout.flush();
  if (!std::cout) {
    std::cerr << "client: the output could not be written\n";
    if (code == ExitCode::kDone) code = ExitCode::kOutputLost;
  }
  return static_cast<int>(code);
}
