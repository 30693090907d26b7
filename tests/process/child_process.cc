#include "tests/process/child_process.h"

#include <fcntl.h>
#include <glog/logging.h>
#include <linux/close_range.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <utility>

namespace quoin::tests {
namespace {

// Whether the descriptor became readable (or ended) within kPatience.
bool WaitReadable(int fd) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd entry{fd, POLLIN, 0};
    const int ready = poll(&entry, 1, static_cast<int>(left));
    if (ready > 0) return true;
    PCHECK(ready == 0 || errno == EINTR) << "poll";
  }
}

// The child's side of its three descriptors; -1 where there is none of its own.
struct Ends {
  int in = -1;
  int out = -1;
  int error = -1;
};

Ends OpenFiles(const ChildProcess::Options& options, int* our_side, int* our_input) {
  int pipe_fds[2];
  PCHECK(pipe2(pipe_fds, O_CLOEXEC) == 0);
  *our_side = pipe_fds[0];
  Ends ends;
  ends.out = pipe_fds[1];
  if (options.piped_stdin) {
    PCHECK(pipe2(pipe_fds, O_CLOEXEC) == 0);
    ends.in = pipe_fds[0];
    *our_input = pipe_fds[1];
  } else {
    ends.in = open(options.stdin_file.c_str(), O_RDONLY | O_CLOEXEC);
    PCHECK(ends.in >= 0) << options.stdin_file;
  }
  ends.error = open(options.stderr_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  PCHECK(ends.error >= 0) << options.stderr_file;
  return ends;
}

Ends OpenTerminal(int* our_side) {
  const winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  Ends ends;
  PCHECK(openpty(our_side, &ends.in, nullptr, nullptr, &size) == 0);
  PCHECK(fcntl(*our_side, F_SETFD, FD_CLOEXEC) == 0);
  return ends;
}

}  // namespace

std::string ExitStatus::ToString() const {
  if (code) return "exit code " + std::to_string(*code);
  if (signal) return "signal " + std::to_string(*signal);
  return "still running";
}

ChildProcess::ChildProcess(const Options& options) : name_(options.argv.at(0)), terminal_(options.terminal) {
  CHECK(!options.terminal || !options.piped_stdin) << "one or the other";
  Ends child = options.terminal ? OpenTerminal(&stdout_fd_) : OpenFiles(options, &stdout_fd_, &stdin_fd_);
  if (options.terminal) stdin_fd_ = stdout_fd_;

  // Everything that allocates happens before the fork: other threads may hold the allocator's locks at that moment.
  std::vector<char*> argv;
  for (const std::string& argument : options.argv) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::vector<std::string> added = options.environment;
  std::vector<char*> environment;
  for (std::string& entry : added) environment.push_back(entry.data());  // First, so that they win.
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view inherited(*entry);
    const std::string_view name = inherited.substr(0, inherited.find('=') + 1);
    bool replaced = false;
    for (const std::string& own : added) replaced = replaced || own.starts_with(name);
    if (!replaced) environment.push_back(*entry);
  }
  environment.push_back(nullptr);

  const pid_t parent = getpid();
  pid_ = fork();
  PCHECK(pid_ >= 0) << "fork";
  if (pid_ == 0) {
    // P1 when the test is killed; and it may have been killed before the request was in place.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(126);
    if (terminal_ && login_tty(child.in) != 0) _exit(126);
    if (!terminal_ && (dup2(child.in, 0) < 0 || dup2(child.out, 1) < 0 || dup2(child.error, 2) < 0)) _exit(126);
    // Not all that a test has open is close-on-exec: Asio's sockets are not, and a child that held one would keep the
    // connection open that the test has closed.
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) _exit(126);
    if (options.descriptor_limit) {
      const rlimit limit{*options.descriptor_limit, *options.descriptor_limit};
      if (setrlimit(RLIMIT_NOFILE, &limit) != 0) _exit(126);
    }
    execve(argv[0], argv.data(), environment.data());
    _exit(127);
  }
  for (int fd : {child.in, child.out, child.error}) {
    if (fd >= 0) close(fd);
  }
  process_fd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  PCHECK(process_fd_ >= 0) << "pidfd_open";
}

ChildProcess::~ChildProcess() {
  if (!exit_) {
    Signal(SIGKILL);
    Wait();
  }
  close(process_fd_);
  if (stdin_fd_ >= 0 && !terminal_) close(stdin_fd_);
  close(stdout_fd_);
}

bool ChildProcess::ReadMore() {
  CHECK(WaitReadable(stdout_fd_)) << name_ << " neither wrote anything nor ended";
  char buffer[4096];
  const ssize_t count = read(stdout_fd_, buffer, sizeof buffer);
  // A terminal whose last process has ended says EIO where a pipe says 0.
  if (count < 0 && errno == EIO && terminal_) return false;
  PCHECK(count >= 0 || errno == EINTR) << "read";
  if (count > 0) unread_.append(buffer, static_cast<std::size_t>(count));
  return count != 0;
}

std::optional<std::string> ChildProcess::ReadLine() {
  while (true) {
    if (const std::size_t end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    if (!ReadMore()) return std::nullopt;
  }
}

std::string ChildProcess::ReadAll() {
  while (ReadMore()) {
  }
  return std::exchange(unread_, {});
}

std::string ChildProcess::ReadUntil(const std::string& text) {
  std::size_t found = 0;
  while ((found = unread_.find(text)) == std::string::npos) {
    if (!ReadMore()) LOG(FATAL) << name_ << " ended without '" << text << "', after: " << unread_;
  }
  std::string read = unread_.substr(0, found + text.size());
  unread_.erase(0, read.size());
  return read;
}

void ChildProcess::Type(const std::string& text) {
  CHECK_GE(stdin_fd_, 0) << name_ << " has neither a terminal nor a pipe to read from, or its input has ended";
  PCHECK(write(stdin_fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

void ChildProcess::EndInput() {
  CHECK(!terminal_ && stdin_fd_ >= 0) << name_;
  close(std::exchange(stdin_fd_, -1));
}

void ChildProcess::Signal(int signal) {
  CHECK(!exit_) << name_ << " has been waited for: its pid may be another's by now";
  PCHECK(kill(pid_, signal) == 0);
}

ExitStatus ChildProcess::Wait() {
  if (exit_) return *exit_;
  CHECK(WaitReadable(process_fd_)) << name_ << " does not end";
  int status = 0;
  PCHECK(waitpid(pid_, &status, 0) == pid_);
  exit_.emplace();
  if (WIFEXITED(status)) exit_->code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) exit_->signal = WTERMSIG(status);
  return *exit_;
}

Finished RunToEnd(std::vector<std::string> argv, const std::string& input, std::vector<std::string> environment) {
  TemporaryFolder folder("run");
  WriteFile(folder.path() / "stdin", input);
  ChildProcess child({.argv = std::move(argv),
                      .environment = std::move(environment),
                      .stdin_file = folder.path() / "stdin",
                      .stderr_file = folder.path() / "stderr"});
  Finished finished;
  finished.output = child.ReadAll();
  finished.exit = child.Wait();
  finished.errors = ReadFile(folder.path() / "stderr");
  return finished;
}

TemporaryFolder::TemporaryFolder(const std::string& name) {
  const char* base = getenv("TEST_TMPDIR");
  std::string pattern = std::string(base != nullptr ? base : "/tmp") + "/" + name + ".XXXXXX";
  PCHECK(mkdtemp(pattern.data()) != nullptr) << pattern;
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;  // Bazel clears its folder anyway.
  std::filesystem::remove_all(path_, ignored);
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ostringstream text;
  std::ifstream file(path, std::ios::binary);
  text << file.rdbuf();
  return text.str();
}

void WriteFile(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  CHECK(file) << path;
}

}  // namespace quoin::tests
