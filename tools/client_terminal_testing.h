// A running client on a pseudo-terminal that the test types into, and the node that it talks to.
#pragma once

#include <glog/logging.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <future>
#include <map>
#include <string>
#include <string_view>

#include "tools/client_testing.h"

namespace quoin::tools {

inline constexpr std::string_view kControlC = "\x03";
inline constexpr std::string_view kControlD = "\x04";
inline constexpr std::string_view kPrompt = "quoin> ";

// A running client (or another program), its screen, and its keyboard.
class Terminal {
 public:
  explicit Terminal(const std::map<std::string, std::string>& environment, const char* program = "tools/client",
                    const char* argument = nullptr) {
    winsize size{.ws_row = 50, .ws_col = 200, .ws_xpixel = 0, .ws_ypixel = 0};
    child_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    PCHECK(child_ >= 0);
    if (child_ == 0) {
      ::setenv("TERM", "dumb", 1);
      for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
      ::execl(program, program, argument, nullptr);
      ::_exit(127);
    }
  }
  ~Terminal() {
    if (child_ > 0) ::kill(child_, SIGKILL);
    Wait();
    ::close(terminal_);
  }

  void Type(std::string_view keys) {
    PCHECK(::write(terminal_, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
  }

  // Waits until the screen has shown `text` since the last call, and gives all that it showed up to there.
  std::string Until(std::string_view text) {
    std::size_t found = 0;
    while ((found = screen_.find(text)) == std::string::npos) {
      if (!ReadMore()) {
        ADD_FAILURE() << "the screen never showed '" << text << "', but:\n" << screen_;
        return screen_;
      }
    }
    const std::string shown = screen_.substr(0, found + text.size());
    screen_.erase(0, found + text.size());
    return shown;
  }

  // Types a command and gives what it showed, up to the next prompt.
  std::string Run(std::string_view line) {
    Type(std::string(line) + "\n");
    return Until(kPrompt);
  }

  // Local modes (ICANON, ECHO, ...).
  tcflag_t Mode() const {
    termios mode{};
    PCHECK(::tcgetattr(terminal_, &mode) == 0);
    return mode.c_lflag;
  }
  // To the programs that have the terminal now.
  void Signal(int signal) const { PCHECK(::kill(-::tcgetpgrp(terminal_), signal) == 0); }

  // Waits for the end and gives the exit code.
  int Wait() {
    if (child_ <= 0) return -1;
    while (ReadMore()) {
    }
    if (!ended_) ::kill(child_, SIGKILL);
    int status = 0;
    PCHECK(::waitpid(child_, &status, 0) == child_);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  // Not when the client has ended, or has shown nothing for so long that it never will.
  bool ReadMore() {
    constexpr int kPatienceMs = 20'000;
    pollfd ready{.fd = terminal_, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, kPatienceMs) != 1) return false;
    char bytes[4096];
    const ssize_t count = ::read(terminal_, bytes, sizeof bytes);
    ended_ = count <= 0;
    if (!ended_) screen_.append(bytes, static_cast<std::size_t>(count));
    return !ended_;
  }

  int terminal_ = -1;
  bool ended_ = false;
  pid_t child_ = -1;
  std::string screen_;  // What was shown and not yet waited for.
};

class ClientTerminal : public testing::Test {
 protected:
  void SetUp() override { ::unlink(history_.c_str()); }

  std::map<std::string, std::string> Environment() const {
    return {{"QUOIN_SERVER", node_.address()}, {"QUOIN_HISTORY", history_}, {"QUOIN_TIMEOUT", "20s"}};
  }

  const std::string history_ =
      testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".history";

  std::string Value(const std::string& key) const { return keys_.Value(key); }

  std::promise<void> silent_;  // Kept as soon as the one request that is never answered has arrived.
  // A request for the key "held" is answered only once the test says so.
  std::promise<void> held_;
  std::promise<void> release_;

 private:
  ScriptedNode::Reaction ReactToFrame(const v1::ClientFrame& frame) {
    if (frame.has_operation() && frame.operation().key() == "held") {
      held_.set_value();
      release_.get_future().wait();
    }
    return keys_.React(frame);
  }

  // A cluster of one, and of one node more that drains once it is asked to and never gets done.
  ScriptedNode::HttpReply React(const ScriptedNode::HttpRequest& request) {
    if (request.method == "POST") drains_ = true;
    if (request.target == "/v1/cluster/ring") {
      return {.body = R"({"epoch": 4, "partitions": [{"phase": "stable", "leader": "00c0ffee00c0ffee"}]})"};
    }
    const std::string action = R"({"action": "drain", "state": "running", "node": "00c0ffee00c0ff03",)"
                               R"("since": "2026-01-02T03:04:05.678Z", "partitions": {"done": 2, "total": 9}})";
    return {.body = R"({"joined": true, "nodes": [{"node": "00c0ffee00c0ffee", "state": "active", "heard": true},)"
                    R"({"node": "00c0ffee00c0ff03", "state": "active", "heard": true}], "actions": [)" +
                    (drains_ ? action : "") + "]}"};
  }

  bool drains_ = false;  // Belongs to the node's scripts.
  ScriptedKeys keys_{[this] { silent_.set_value(); }};
  ScriptedNode node_{{.frame = [this](const v1::ClientFrame& frame) { return ReactToFrame(frame); },
                      .http = [this](const ScriptedNode::HttpRequest& request) { return React(request); }}};
};

}  // namespace quoin::tools
