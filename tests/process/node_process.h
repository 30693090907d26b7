// NodeProcess: a real node, the very binary that people run, with a data directory and ports of its own.
//
// The constructor and Start come back once the node has said where it listens. A node that doesn't come up ends the
// test with the end of the node's log. Threads: one, the one that constructed it; url() and port() may be read by
// others between Start and the node's end. Lifetime: the data directory stays from the constructor to the destructor,
// through any number of kills and restarts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/process/child_process.h"

namespace quoin::tests {

// The programs under test, in this test's runfiles (a test names them in its `data`).
std::string NodeProgram();
std::string ClientProgram();

class NodeProcess {
 public:
  // `flags` stand after those that make it a test's node: free ports on the loopback, its own data directory.
  // `descriptor_limit`: see ChildProcess::Options.
  explicit NodeProcess(std::vector<std::string> flags = {}, std::optional<std::uint64_t> descriptor_limit = {});
  // Kills the node when it still runs.
  ~NodeProcess();

  // Starts the node again on the same data directory, on new ports. REQUIRES: it doesn't run.
  void Start();
  // kill -9, and waits until the process is gone. REQUIRES: it runs.
  void Kill9();
  // SIGTERM, and how the node ended. REQUIRES: it runs.
  ExitStatus Terminate();
  // Sends the signal only. REQUIRES: it runs.
  void Signal(int signal);
  // Waits for a node that was told to end by Signal. REQUIRES: it runs.
  ExitStatus Wait();

  bool running() const { return child_ != nullptr; }
  // Of the start before this one, while the node doesn't run.
  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url() const { return "http://" + address(); }
  // 16 hexadecimal digits.
  const std::string& node_id() const { return node_id_; }
  std::filesystem::path data_dir() const { return folder_.path() / "data"; }
  // All that the node has written to stderr, over all its starts.
  std::string Log() const { return ReadFile(folder_.path() / "log"); }
  // The node's command line, without the program: for starting another on the same data directory.
  std::vector<std::string> Arguments() const;

 private:
  std::vector<std::string> flags_;
  const std::optional<std::uint64_t> descriptor_limit_;
  TemporaryFolder folder_{"node"};
  std::unique_ptr<ChildProcess> child_;
  std::uint16_t port_ = 0;
  std::string node_id_;
};

// Runs a node that is expected to end by itself: what it said, and its exit code.
Finished RunNode(const std::vector<std::string>& arguments);

}  // namespace quoin::tests
