#include "tools/cluster_node.h"

#include <fcntl.h>
#include <glog/logging.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace quoin::tools {
namespace {

constexpr std::size_t kMaxLineBytes = 64 << 10;  // A node says two short lines; more of one is dropped.
constexpr std::uintmax_t kTailBytes = 16 << 10;

Status SystemError(const std::string& what) { return Status(Code::kUnavailable, what + ": " + std::strerror(errno)); }

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void RunChild(char* const* argv, pid_t parent, int input, int output, int errors) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(126);  // It ended before the request was in place.
  setpgid(0, 0);
  if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(errors, 2) < 0) _exit(126);
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv(argv[0], argv);
  constexpr char kText[] = "can't be executed\n";
  [[maybe_unused]] const ssize_t written = write(2, kText, sizeof kText - 1);
  _exit(127);
}

void CloseIfOpen(int* fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

}  // namespace

LocalNode::LocalNode(std::string name, std::filesystem::path log) : name_(std::move(name)), log_(std::move(log)) {}

LocalNode::~LocalNode() {
  if (state_ == State::kDown) return;
  Kill();
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  CloseIfOpen(&end_fd_);
  CloseIfOpen(&output_fd_);
}

Status LocalNode::Start(const std::vector<std::string>& argv) {
  CHECK(state_ == State::kDown) << name_;
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);

  int errors = open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (errors < 0) return SystemError(log_.string());
  std::error_code no_size;
  log_start_ = std::filesystem::file_size(log_, no_size);
  if (no_size) log_start_ = 0;
  int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  int pipe_fds[2] = {-1, -1};
  const bool opened = input >= 0 && pipe2(pipe_fds, O_CLOEXEC) == 0;
  const pid_t parent = getpid();
  const pid_t pid = opened ? fork() : -1;
  if (pid == 0) RunChild(words.data(), parent, input, pipe_fds[1], errors);
  const Status failure = pid < 0 ? SystemError("can't start a process for " + name_) : Status::Ok();
  CloseIfOpen(&errors);
  CloseIfOpen(&input);
  CloseIfOpen(&pipe_fds[1]);
  if (pid < 0) {
    CloseIfOpen(&pipe_fds[0]);
    return failure;
  }
  pid_ = pid;
  output_fd_ = pipe_fds[0];
  PCHECK(fcntl(output_fd_, F_SETFL, O_NONBLOCK) == 0);
  end_fd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));  // Close-on-exec by definition.
  PCHECK(end_fd_ >= 0) << "pidfd_open";
  unread_.clear();
  address_.clear();
  peer_address_.clear();
  state_ = State::kStarting;
  return Status::Ok();
}

void LocalNode::Send(int signal) {
  CHECK(state_ != State::kDown) << name_;
  PCHECK(kill(pid_, signal) == 0);  // It may have ended, but it has not been reaped.
}

void LocalNode::Kill() { Send(SIGKILL); }

void LocalNode::Terminate() {
  Send(SIGTERM);
  if (state_ == State::kPaused) Resume();
}

void LocalNode::Pause() {
  Send(SIGSTOP);
  state_ = State::kPaused;
}

void LocalNode::Resume() {
  Send(SIGCONT);
  if (state_ == State::kPaused) state_ = peer_address_.empty() ? State::kStarting : State::kRunning;
}

bool LocalNode::OnReady() {
  CHECK(state_ != State::kDown) << name_;
  ReadOutput();
  int status = 0;
  const pid_t ended = waitpid(pid_, &status, WNOHANG);
  PCHECK(ended >= 0) << "waitpid";
  if (ended == 0) return false;
  ReadOutput();  // What it wrote between the read above and its end.
  ending_ = WIFEXITED(status) ? "exit code " + std::to_string(WEXITSTATUS(status))
                              : "signal " + std::to_string(WTERMSIG(status));
  state_ = State::kDown;
  CloseIfOpen(&end_fd_);
  CloseIfOpen(&output_fd_);
  return true;
}

void LocalNode::ReadOutput() {
  char buffer[4096];
  while (output_fd_ >= 0) {
    const ssize_t count = read(output_fd_, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count <= 0) {
      CloseIfOpen(&output_fd_);
      break;
    }
    unread_.append(buffer, static_cast<std::size_t>(count));
    std::size_t end = 0;
    while ((end = unread_.find('\n')) != std::string::npos) {
      OnLine(unread_.substr(0, end));
      unread_.erase(0, end + 1);
    }
    if (unread_.size() > kMaxLineBytes) unread_.clear();
  }
}

// "quoin node 00c0ffee00c0ffee is listening on http://127.0.0.1:8080", and then "quoin node ... takes peers on
// HOST:PORT".
void LocalNode::OnLine(const std::string& line) {
  constexpr std::string_view kStart = "quoin node ", kClients = " is listening on http://", kPeers = " takes peers on ";
  constexpr std::size_t kIdDigits = 16;
  if (!line.starts_with(kStart) || line.size() < kStart.size() + kIdDigits) return;
  const std::string_view rest = std::string_view(line).substr(kStart.size() + kIdDigits);
  if (rest.starts_with(kClients)) {
    id_ = line.substr(kStart.size(), kIdDigits);
    address_ = rest.substr(kClients.size());
  } else if (rest.starts_with(kPeers)) {
    peer_address_ = rest.substr(kPeers.size());
  }
  if (state_ == State::kStarting && !address_.empty() && !peer_address_.empty()) state_ = State::kRunning;
}

std::vector<std::string> LocalNode::LastLogLines(std::size_t most) const {
  std::ifstream file(log_, std::ios::binary);
  file.seekg(0, std::ios::end);
  const auto size = static_cast<std::uintmax_t>(std::max<std::streamoff>(0, file.tellg()));
  const std::uintmax_t from = std::max(log_start_, size > kTailBytes ? size - kTailBytes : 0);
  file.seekg(static_cast<std::streamoff>(from));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  if (lines.size() > most) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(most));
  return lines;
}

}  // namespace quoin::tools
