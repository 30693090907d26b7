#include "tools/client_flags.h"

#include <gflags/gflags.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "tools/client_command.h"
#include "tools/flag_help.h"
#include "tools/flag_types.h"

namespace quoin::tools {
namespace {

// A comma list of host:port.
Result<std::vector<net::HttpEndpoint>> ParseServers(std::string_view text) {
  std::vector<net::HttpEndpoint> servers;
  for (const std::string& part : SplitList(text)) {
    const Result<net::HttpEndpoint> server = net::ParseHttpEndpoint(part);
    if (!server.ok()) return server.status();
    servers.push_back(*server);
  }
  if (servers.empty()) return net::ParseHttpEndpoint("").status();
  return servers;
}

bool ValidateServer(const char*, const std::string& value) {
  const auto servers = ParseServers(value);
  return servers.ok() || RejectFlag(servers.status().message() + "; several are separated by commas");
}

bool ValidateOutput(const char*, const std::string& value) {
  constexpr std::string_view kAllowed[] = {"auto", "human", "raw", "json"};
  return std::ranges::find(kAllowed, value) != std::end(kAllowed) ||
         RejectFlag("the value is auto, human, raw or json");
}

bool ValidateConsistency(const char*, const std::string& value) {
  constexpr std::string_view kAllowed[] = {"one", "quorum", "all"};
  return std::ranges::find(kAllowed, value) != std::end(kAllowed) || RejectFlag("the value is one, quorum or all");
}

constexpr const char* kSummary =
    "Asks a Quoin node, and tells what it answered.\n"
    "\n"
    "  client [flags]               reads commands: from a person, line by line, or from standard input\n"
    "  client [flags] COMMAND ...   runs one command; quoting is the shell's business then\n"
    "  client --stress-test ...     measures what a node can take: --stress-test --help, docs/bench.md\n";

constexpr const char* kEpilogue =
    "Exit codes (of several commands, the first failure's):\n"
    "  0 done  1 absent  2 bad usage  3 condition failed  4 outcome unknown: it may or may not have happened\n"
    "  5 unreachable  6 refused: certainly not applied  7 done, but the output could not be written\n"
    "\n"
    "Examples:\n"
    "  client SET username Alice\n"
    "  client GET username\n"
    "  client SET photo @cat.jpg && client --output=raw GET photo > copy.jpg\n"
    "  printf 'INCR visits\\nGET username\\n' | client\n";

}  // namespace
}  // namespace quoin::tools

DEFINE_string(server, "127.0.0.1:8080",
              "host:port of a node; of several, separated by commas, the first that can be reached");
DEFINE_validator(server, &quoin::tools::ValidateServer);
DEFINE_string(timeout, "5s", "how long an operation may take, sending it again included");
DEFINE_validator(timeout, &quoin::tools::ValidatePositiveDuration);
DEFINE_string(output, "auto",
              "human: for people; raw: values only; json: one object per command. auto is human on a terminal, "
              "and otherwise one value per line");
DEFINE_validator(output, &quoin::tools::ValidateOutput);
DEFINE_string(consistency, "quorum", "one, quorum or all: how many replicas have a say (docs/api.md)");
DEFINE_validator(consistency, &quoin::tools::ValidateConsistency);
DEFINE_bool(quiet, false, "only values and failures: no confirmations, nothing about absent keys");

namespace quoin::tools {

ClientFlags ParseClientFlags(int* argc, char*** argv, const std::vector<std::string>& foreign) {
  ProgramHelp program;
  program.summary = kSummary;
  program.groups = {{"Flags", {"server", "timeout", "output", "consistency", "quiet"}}};
  program.epilogue = "Commands:\n" + HelpOnCommands() + "\n" + kEpilogue;
  program.environment = {"server", "timeout", "output", "consistency", "quiet"};
  program.foreign = foreign;
  program.bad_usage_exit_code = static_cast<int>(ExitCode::kBadUsage);
  ParseFlags(program, argc, argv);

  ClientFlags flags;
  flags.servers = ParseServers(FLAGS_server).value();
  flags.timeout = DurationOf(FLAGS_timeout);
  if (FLAGS_output == "human") flags.output = Format::kHuman;
  if (FLAGS_output == "raw") flags.output = Format::kRaw;
  if (FLAGS_output == "json") flags.output = Format::kJson;
  if (FLAGS_consistency == "one") flags.consistency = client::Consistency::kOne;
  if (FLAGS_consistency == "all") flags.consistency = client::Consistency::kAll;
  flags.quiet = FLAGS_quiet;
  return flags;
}

}  // namespace quoin::tools
