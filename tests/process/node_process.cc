#include "tests/process/node_process.h"

#include <glog/logging.h>
#include <signal.h>

#include <regex>

namespace quoin::tests {
namespace {

// The last lines of a log, for the message of a test that fails.
std::string Tail(const std::string& log) {
  constexpr std::size_t kTailBytes = 4000;
  return log.size() <= kTailBytes ? log : "..." + log.substr(log.size() - kTailBytes);
}

}  // namespace

std::string NodeProgram() { return std::filesystem::absolute("tools/node"); }
std::string ClientProgram() { return std::filesystem::absolute("tools/client"); }

NodeProcess::NodeProcess(std::vector<std::string> flags, std::optional<std::uint64_t> descriptor_limit)
    : flags_(std::move(flags)), descriptor_limit_(descriptor_limit) {
  Start();
}

NodeProcess::~NodeProcess() {
  if (running()) Kill9();
}

std::vector<std::string> NodeProcess::Arguments() const {
  std::vector<std::string> arguments = {"--listen=127.0.0.1:0", "--peer_listen=127.0.0.1:0",
                                        "--data_dir=" + data_dir().string()};
  arguments.insert(arguments.end(), flags_.begin(), flags_.end());
  return arguments;
}

void NodeProcess::Start() {
  CHECK(!running());
  std::vector<std::string> argv = Arguments();
  argv.insert(argv.begin(), NodeProgram());
  child_ = std::make_unique<ChildProcess>(ChildProcess::Options{.argv = argv,
                                                                .environment = {},
                                                                .stdin_file = "/dev/null",
                                                                .stderr_file = folder_.path() / "log",
                                                                .descriptor_limit = descriptor_limit_});
  static const std::regex listening("quoin node ([0-9a-f]{16}) is listening on http://127\\.0\\.0\\.1:([0-9]+)");
  std::smatch match;
  std::string line;
  while (true) {
    std::optional<std::string> next = child_->ReadLine();
    if (!next)
      LOG(FATAL) << "the node ended (" << child_->Wait().ToString() << ") before it listened:\n" << Tail(Log());
    line = *std::move(next);
    if (std::regex_search(line, match, listening)) break;
  }
  CHECK(node_id_.empty() || node_id_ == match[1].str()) << "the data directory has become another node";
  node_id_ = match[1];
  port_ = static_cast<std::uint16_t>(std::stoi(match[2]));
}

void NodeProcess::Kill9() {
  Signal(SIGKILL);
  const ExitStatus exit = Wait();
  CHECK(exit.signal == SIGKILL) << "the node had ended by itself before it was killed: " << exit.ToString() << "\n"
                                << Tail(Log());
}

ExitStatus NodeProcess::Terminate() {
  Signal(SIGTERM);
  return Wait();
}

void NodeProcess::Signal(int signal) {
  CHECK(running());
  child_->Signal(signal);
}

ExitStatus NodeProcess::Wait() {
  CHECK(running());
  const ExitStatus exit = child_->Wait();
  child_ = nullptr;
  return exit;
}

Finished RunNode(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {NodeProgram()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return RunToEnd(argv);
}

}  // namespace quoin::tests
