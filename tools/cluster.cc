// tools:cluster: a whole cluster on this machine, to try it, to script it, and to hurt it.
#include <gflags/gflags.h>
#include <glog/logging.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "net/address.h"
#include "tools/cluster_console.h"
#include "tools/cluster_folder.h"
#include "tools/cluster_layout.h"
#include "tools/cluster_local.h"
#include "tools/cluster_node_flags.h"
#include "tools/flag_help.h"
#include "tools/flag_types.h"
#include "tools/version.h"
#include "tools/working_directory.h"

namespace quoin::tools {
namespace {

bool ValidateNodes(const char*, std::uint32_t value) {
  return (value >= 1 && value <= kMaxLocalNodes) ||
         RejectFlag("the value is a number of nodes, 1 to " + std::to_string(kMaxLocalNodes));
}

bool ValidateBase(const char*, const std::string& value) {
  const auto parsed = net::ParseAddress(value);
  return parsed.ok() || RejectFlag(parsed.status().message());
}

}  // namespace
}  // namespace quoin::tools

namespace tools = quoin::tools;

DEFINE_uint32(nodes, 3, "how many nodes; those of --data_dir when it holds a cluster already");
DEFINE_validator(nodes, &tools::ValidateNodes);
DEFINE_string(listen, "127.0.0.1:8080",
              "the first node's address for clients; each next node has the next port. Port 0: free ones");
DEFINE_validator(listen, &tools::ValidateBase);
DEFINE_string(peer_listen, "127.0.0.1:7080", "the first node's address for other nodes, in the same way");
DEFINE_validator(peer_listen, &tools::ValidateBase);
DEFINE_string(data_dir, "", "folder for data and logs, which stays; empty: a temporary one, removed in the end");
DEFINE_bool(keep, false, "leave the temporary folder there");
DEFINE_string(node, "", "the program to run as node; empty: tools:node beside this program");

namespace quoin::tools {
namespace {

constexpr char kSummary[] =
    "A Quoin cluster on this machine: starts nodes, and kills, pauses and restarts them by name.\n"
    "\n"
    "  bazel run //tools:cluster -- --nodes=3               on http://127.0.0.1:8080, 8081 and 8082\n"
    "  bazel run //tools:cluster -- --data_dir=my-cluster   keeps what it stores\n"
    "  bazel run //tools:cluster -- -- --partitions=64      what stands behind -- are flags for the nodes\n";
constexpr char kEpilogue[] =
    "It reads commands while it runs: status, kill n2, pause n2, resume n2, stop n2, start n2, restart n2, add, quit.\n"
    "From a pipe or a file it answers each with one line, `ok ...` or `error ...`, and stops at the end of the input.\n"
    "Ctrl-C and SIGTERM finish what is in flight and stop all nodes.\n"
    "Exit codes: 0 stopped as told, 2 bad usage, 1 anything else: it could not start, a node ended by itself or did "
    "not\n"
    "stop cleanly, or a command from a pipe or a file failed. What commands do to nodes counts as told.";

enum ExitCode { kDone = 0, kFailed = 1, kBadUsage = 2 };

ProgramHelp Help() {
  ProgramHelp help;
  help.summary = kSummary;
  help.groups = {{"Cluster", {"nodes", "listen", "peer_listen"}}, {"Files", {"data_dir", "keep", "node"}}};
  help.epilogue = kEpilogue;
  help.bad_usage_exit_code = kBadUsage;
  return help;
}

template <typename T>
std::optional<T> Given(const char* flag, const T& value) {
  if (gflags::GetCommandLineFlagInfoOrDie(flag).is_default) return std::nullopt;
  return value;
}

Result<std::string> NodeProgram() {
  std::error_code error;
  std::filesystem::path program = FLAGS_node;
  if (program.empty()) program = std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "node";
  program = std::filesystem::absolute(program, error);
  if (::access(program.c_str(), X_OK) == 0 && !std::filesystem::is_directory(program, error)) return program.string();
  return Status(Code::kInvalid,
                "there is no program " + program.string() +
                    (FLAGS_node.empty() ? "; `bazel build //tools:node` makes it, or name one with --node"
                                        : "; --node is the path of tools:node"));
}

// Whether the end of the standard input means that nobody is there any more. /dev/null never had anybody.
bool InputEndStops() {
  struct stat state {};
  if (::fstat(STDIN_FILENO, &state) != 0) return false;
  return ::isatty(STDIN_FILENO) == 1 || S_ISFIFO(state.st_mode) || S_ISREG(state.st_mode) || S_ISSOCK(state.st_mode);
}

// Only a cluster that is still to be made can be given other ports.
Status WithPortAdvice(const Status& status) {
  if (status.message().find("another process listens on") == std::string::npos) return status;
  return Status(status.code(),
                status.message() + ". Port 0 (--listen=127.0.0.1:0 --peer_listen=127.0.0.1:0) takes free ones");
}

class Run {
 public:
  explicit Run(int signal_fd) : signal_fd_(signal_fd), terminal_(::isatty(STDIN_FILENO) == 1) {}

  Status Start(const std::vector<std::string>& flags) {
    const auto program = NodeProgram();
    if (!program.ok()) return program.status();
    if (Status status = folder_.Open(FLAGS_data_dir, FLAGS_keep); !status.ok()) return status;
    const auto kept = ReadLayout(folder_.path());
    if (!kept.ok()) return kept.status();
    const LayoutWish wish{Given("nodes", std::size_t{FLAGS_nodes}), Given("listen", FLAGS_listen),
                          Given("peer_listen", FLAGS_peer_listen)};
    auto layout = ChooseLayout(*kept, wish, {FLAGS_listen, FLAGS_peer_listen, {}}, FLAGS_nodes);
    if (!layout.ok()) return layout.status();
    if (Status status = WriteLayout(folder_.path(), *layout); !status.ok()) return status;

    LocalCluster::Options options;
    options.folder = folder_.path();
    options.program = *program;
    options.flags = flags;
    options.interrupt_fd = signal_fd_;
    options.tell = [this](const std::string& text) { Tell(text); };
    cluster_.emplace(std::move(options), *std::move(layout));
    console_.emplace(ConsoleOptions(), &*cluster_);
    if (Status status = cluster_->StartAll(); !status.ok()) {
      if (*kept) return status;
      undoes_ = !FLAGS_data_dir.empty();  // A temporary folder goes by itself, or was to be kept.
      return WithPortAdvice(status);
    }
    return WriteLayout(folder_.path(), cluster_->layout());
  }

  void Greet() {
    Say(console_->Table());
    if (!terminal_) return Say("ready\n");
    Say("\nTalk to any of them, for example: bazel run //tools:client -- --server=" +
        cluster_->nodes().front()->address() + "\n`help` lists what can be done to them; Ctrl-C stops them.\n");
    Prompt();
  }

  // Until somebody wants it to end.
  void Serve() {
    bool listening = true;
    while (!console_->wants_to_quit()) {
      const bool input = cluster_->Poll(listening ? STDIN_FILENO : -1, std::chrono::hours(1));
      if (TakeSignal()) return;
      if (input && !ReadInput()) {
        if (InputEndStops()) return;
        listening = false;
      }
    }
  }

  // Whether all ended as they should.
  bool Stop() {
    const auto up = [](const auto& node) { return node->state() != LocalNode::State::kDown; };
    if (!cluster_ || std::ranges::none_of(cluster_->nodes(), up)) return true;
    if (terminal_) Say("\n");
    prompts_ = false;
    std::fprintf(stderr, "stopping the nodes\n");
    const bool clean = cluster_->StopAll();
    std::fprintf(stderr, clean ? "all nodes have stopped\n" : "no node runs any more, but not all stopped cleanly\n");
    if (folder_.stays() && !undoes_) std::fprintf(stderr, "data and logs are in %s\n", folder_.path().c_str());
    return clean;
  }

  // A first start that failed must not decide where the next one is to listen. REQUIRES: all have been stopped.
  void UndoFirstStart() {
    if (!undoes_) return;
    cluster_->RemoveMadeFolders();
    RemoveLayout(folder_.path());
    std::fprintf(stderr, "what was made in %s has been removed again\n", folder_.path().c_str());
  }

  // At a terminal people see which commands failed, and go on.
  bool failed() const {
    return (!terminal_ && console_ && console_->failed()) || (cluster_ && cluster_->node_failed());
  }
  // Takes a signal that has come; whether there was one.
  bool TakeSignal() const {
    signalfd_siginfo info;
    return ::read(signal_fd_, &info, sizeof info) == sizeof info;
  }

 private:
  ClusterConsole::Options ConsoleOptions() {
    ClusterConsole::Options options;
    options.style = terminal_ ? ClusterConsole::Style::kPeople : ClusterConsole::Style::kPrograms;
    options.keep = [this](const ClusterLayout& layout) { return WriteLayout(folder_.path(), layout); };
    return options;
  }

  // False at the end of the input.
  bool ReadInput() {
    char buffer[4096];
    const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    // A last line without its end is one, too.
    if (count <= 0 && !unread_.empty()) unread_ += '\n';
    if (count > 0) unread_.append(buffer, static_cast<std::size_t>(count));
    std::size_t end = 0;
    while (!console_->wants_to_quit() && (end = unread_.find('\n')) != std::string::npos) {
      const std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      Say(console_->Execute(line));
      if (!console_->wants_to_quit()) Prompt();
    }
    return count > 0;
  }

  void Say(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }
  void Prompt() {
    if (prompts_) Say("cluster> ");
  }
  void Tell(const std::string& text) {
    std::fprintf(stderr, "%s%s\n", prompts_ ? "\n" : "", text.c_str());
    Prompt();
  }

  const int signal_fd_;
  const bool terminal_;
  bool prompts_ = terminal_;
  bool undoes_ = false;  // See UndoFirstStart.
  ClusterFolder folder_;
  std::optional<LocalCluster> cluster_;
  std::optional<ClusterConsole> console_;
  std::string unread_;
};

int RunCluster(const std::vector<std::string>& flags) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  CHECK_EQ(::sigprocmask(SIG_BLOCK, &signals, nullptr), 0);
  // Whoever reads our answers may go away; the nodes are to be stopped cleanly all the same.
  ::signal(SIGPIPE, SIG_IGN);
  const int signal_fd = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  PCHECK(signal_fd >= 0) << "signalfd";

  Run run(signal_fd);
  const Status started = run.Start(flags);
  if (!started.ok()) {
    std::fprintf(stderr, "cluster: %s\n", started.message().c_str());
    run.TakeSignal();  // Only another one hurries the stop.
    run.Stop();
    run.UndoFirstStart();
    return kFailed;
  }
  run.Greet();
  run.Serve();
  const bool clean = run.Stop();
  return clean && !run.failed() ? kDone : kFailed;
}

}  // namespace
}  // namespace quoin::tools

int main(int argc, char** argv) {
  quoin::tools::EnterWorkingDirectory();
  FLAGS_logtostderr = true;
  google::SetVersionString(std::string(quoin::tools::kVersion));
  quoin::tools::ParseFlags(quoin::tools::Help(), &argc, &argv);
  google::InitGoogleLogging(argv[0]);
  const auto flags = quoin::tools::NodeFlags(argc, argv);
  if (!flags.ok()) {
    std::fprintf(stderr, "cluster: %s\n", flags.status().message().c_str());
    return quoin::tools::kBadUsage;
  }
  return quoin::tools::RunCluster(*flags);
}
