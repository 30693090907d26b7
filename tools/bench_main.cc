#include "tools/bench_main.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <string_view>
#include <vector>

#include "tools/bench_flags.h"
#include "tools/bench_report.h"
#include "tools/bench_run.h"

namespace quoin::bench {
namespace {

bool IsStressTest(std::string_view argument) {
  return argument == "--stress-test" || argument == "--stress_test" || argument == "-stress-test" ||
         argument == "-stress_test";
}

int Exit(ExitCode code) { return static_cast<int>(code); }

}  // namespace

bool WantsStressTest(int argc, char** argv) {
  // Behind "--" stand words, whatever they look like.
  char** const end =
      std::find_if(argv + 1, argv + argc, [](const char* word) { return std::string_view(word) == "--"; });
  return std::any_of(argv + 1, end, [](const char* argument) { return IsStressTest(argument); });
}

int Main(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  std::erase_if(arguments, [](const char* argument) { return IsStressTest(argument); });
  arguments.push_back(nullptr);
  argc = static_cast<int>(arguments.size()) - 1;
  argv = arguments.data();
  tools::ParseFlags(BenchHelp(), &argc, &argv);
  if (argc > 1) {
    std::cerr << "bench takes flags only, and '" << argv[1] << "' is none; see --help\n";
    return Exit(ExitCode::kBadUsage);
  }
  Result<BenchFlags> flags = ReadBenchFlags();
  if (!flags.ok()) {
    std::cerr << "bench: " << flags.status().message() << "\n";
    return Exit(ExitCode::kBadUsage);
  }
  if (::isatty(STDERR_FILENO) == 1) flags->run.live = &std::cerr;
  const Result<RunResult> result = RunPlan(flags->plan, flags->run);
  if (!result.ok()) {
    std::cerr << "bench: " << result.status().message() << "\n";
    return Exit(result.code() == Code::kInvalid ? ExitCode::kBadUsage : ExitCode::kUnreachable);
  }
  std::cout << (flags->json ? JsonReport(*result) + "\n" : TextReport(*result)) << std::flush;
  const ExitCode code = result->exit_code();
  if (!std::cout) {
    std::cerr << "bench: the report could not be written\n";
    if (code == ExitCode::kDone) return Exit(ExitCode::kOutputLost);
  }
  return Exit(code);
}

}  // namespace quoin::bench
