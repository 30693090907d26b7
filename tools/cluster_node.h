// LocalNode: one node of a local cluster as a process: started, watched, signalled, reaped.
//
// Invariants:
//   1. The child is reaped exactly once, and its pid is never signalled after that.
//   2. The child does not outlive the thread that started it by more than its own clean stop: the kernel sends it
//      SIGTERM when that thread ends.
//   3. A Ctrl-C at the terminal does not reach the child: it has a process group of its own.
// Threads: one, the one that constructed it. Nothing here waits: whoever owns it polls fds() and calls OnReady().
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace quoin::tools {

class LocalNode {
 public:
  enum class State {
    kDown,      // No process: never started, or ended.
    kStarting,  // Has not said yet where it listens.
    kRunning,
    kPaused,  // SIGSTOP.
  };

  LocalNode(std::string name, std::filesystem::path log);
  // Kills the process when there still is one, and waits for its end.
  ~LocalNode();
  LocalNode(const LocalNode&) = delete;
  LocalNode& operator=(const LocalNode&) = delete;

  // Starts argv[0], a path, with stderr appended to the log. kUnavailable: the system has no room for a process. That
  // the program can't be run shows as exit code 127. REQUIRES: state() == kDown.
  Status Start(const std::vector<std::string>& argv);

  // REQUIRES: state() != kDown.
  void Kill();       // kill -9
  void Terminate();  // SIGTERM; wakes a paused one, which could not act on it.
  void Pause();      // SIGSTOP
  void Resume();

  // Descriptors to poll for input while the node is not down: [0] is its end, [1] its stdout (-1 once that is closed).
  struct Descriptors {
    int end = -1;
    int output = -1;
  };
  Descriptors fds() const { return {end_fd_, output_fd_}; }
  // To be called when one of them is readable: takes what is there, without waiting. True when the node has ended.
  bool OnReady();

  const std::string& name() const { return name_; }
  const std::filesystem::path& log() const { return log_; }
  State state() const { return state_; }
  pid_t pid() const { return pid_; }
  // What it said last; kept while it is down. Empty before it said so.
  const std::string& id() const { return id_; }            // 16 hexadecimal digits.
  const std::string& address() const { return address_; }  // For clients, host:port.
  const std::string& peer_address() const { return peer_address_; }
  // How it came to be down: "exit code 1", "signal 9"; empty before its first end.
  const std::string& ending() const { return ending_; }
  // The last lines of the log that the newest process wrote, without empty ones.
  std::vector<std::string> LastLogLines(std::size_t most) const;

 private:
  void Send(int signal);
  void ReadOutput();
  void OnLine(const std::string& line);

  const std::string name_;
  const std::filesystem::path log_;
  State state_ = State::kDown;
  pid_t pid_ = -1;
  int end_fd_ = -1;
  int output_fd_ = -1;
  std::string unread_;
  std::uintmax_t log_start_ = 0;  // Size of the log when the newest process started.
  std::string id_, address_, peer_address_, ending_;
};

}  // namespace quoin::tools
