// ChildProcess: a real process of ours under test: its output, its end, and the certainty that it ends.
//
// Nothing here sleeps: a line, the end of the output and the end of the process are waited for as events, each with a
// limit that only a hang would reach.
// Invariants:
//   P1  a child never outlives its ChildProcess, nor the thread that started it (it is killed by its pid);
//   P2  a child is reaped exactly once.
// Threads: one, the one that constructed it. Files and pipes of the test are not inherited by the child.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace quoin::tests {

// How long anything may take that should take milliseconds: long enough for a busy machine under a sanitizer.
inline constexpr std::chrono::seconds kPatience{60};

// How a process ended: by itself with a code, or by a signal.
struct ExitStatus {
  std::optional<int> code;
  std::optional<int> signal;

  std::string ToString() const;
  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

class ChildProcess {
 public:
  struct Options {
    std::vector<std::string> argv;         // argv[0] is the program's path.
    std::vector<std::string> environment;  // "NAME=value", besides what this process has.
    // Its stdin, stdout and stderr are a terminal of 80 columns, which Type writes to and the reads below read from;
    // the two files are not used.
    bool terminal = false;
    std::filesystem::path stdin_file = "/dev/null";
    // Its stdin is a pipe that Type writes to and EndInput closes; stdin_file is not used.
    bool piped_stdin = false;
    std::filesystem::path stderr_file;  // Appended to.
    // Files that it may have open, without a way to raise that; as this process may when there is none.
    std::optional<std::uint64_t> descriptor_limit = {};
  };
  explicit ChildProcess(const Options& options);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }

  // The next line of stdout without its end; nullopt once the output has ended.
  std::optional<std::string> ReadLine();
  // The rest of stdout, until the child closes it.
  std::string ReadAll();

  // Reads until `text` has appeared; what stood before it and the text itself. Dies with what came instead when the
  // output ends first.
  std::string ReadUntil(const std::string& text);
  // As if typed on the keyboard, where "\r" is the Enter key, or into the pipe. REQUIRES: terminal or piped_stdin.
  void Type(const std::string& text);
  // The child reads the end of its input. REQUIRES: piped_stdin.
  void EndInput();

  // REQUIRES: not waited for yet.
  void Signal(int signal);
  // Waits until the child has ended. Dies with the command's name when that takes longer than kPatience.
  ExitStatus Wait();

 private:
  // Appends what stdout gives next to unread_; false at its end.
  bool ReadMore();

  std::string name_;
  pid_t pid_ = -1;
  int process_fd_ = -1;  // Becomes readable when the child ends.
  int stdout_fd_ = -1;   // The pipe, or our side of the terminal.
  int stdin_fd_ = -1;    // Where Type writes; with a terminal that is stdout_fd_, which closes it.
  const bool terminal_;
  std::string unread_;
  std::optional<ExitStatus> exit_;
};

// What a command that ran to its end has said.
struct Finished {
  ExitStatus exit;
  std::string output;
  std::string errors;
};
// Runs the command with `input` as its stdin.
Finished RunToEnd(std::vector<std::string> argv, const std::string& input = "",
                  std::vector<std::string> environment = {});

// A folder of its own for one test object, removed with it.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& name);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// The whole text of a file; empty when it can't be read.
std::string ReadFile(const std::filesystem::path& path);
void WriteFile(const std::filesystem::path& path, const std::string& text);

}  // namespace quoin::tests
