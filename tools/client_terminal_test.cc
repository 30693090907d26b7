// The client as a person meets it: on a terminal, which here is a pseudo-terminal that the test types into.
#include <glog/logging.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <future>
#include <map>
#include <sstream>
#include <string>

#include "tools/client_testing.h"

namespace quoin::tools {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kControlC = "\x03";
constexpr std::string_view kControlD = "\x04";
constexpr std::string_view kPrompt = "quoin> ";

// A running client, its screen, and its keyboard.
class Terminal {
 public:
  explicit Terminal(const std::map<std::string, std::string>& environment) {
    winsize size{.ws_row = 50, .ws_col = 200, .ws_xpixel = 0, .ws_ypixel = 0};
    child_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    PCHECK(child_ >= 0);
    if (child_ == 0) {
      ::setenv("TERM", "dumb", 1);
      for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
      ::execl("tools/client", "tools/client", nullptr);
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

  std::promise<void> silent_;  // Kept as soon as the one request that is never answered has arrived.

 private:
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
  ScriptedNode node_{{.frame = [this](const v1::ClientFrame& frame) { return keys_.React(frame); },
                      .http = [this](const ScriptedNode::HttpRequest& request) { return React(request); }}};
};

TEST_F(ClientTerminal, ASessionNamesTheNodeThatAnswers) {
  Terminal terminal(Environment());
  EXPECT_THAT(terminal.Until(kPrompt), HasSubstr("node 00c0ffee00c0ffee at 127.0.0.1:"));
  EXPECT_THAT(terminal.Run("SET username Alice"), HasSubstr("[OK] Stored 'username' on node 00c0ffee00c0ffee ("));
  const std::string get = terminal.Run("GET username");
  EXPECT_THAT(get, HasSubstr("\r\nAlice\r\nnode 00c0ffee00c0ffee, version 1.00c0ffee00c0ffee.1"));
  EXPECT_THAT(terminal.Run("PUT email garvit@example.com"), HasSubstr("[OK] Stored 'email'"));
  EXPECT_THAT(terminal.Run("DELETE email"), HasSubstr("[OK] Deleted 'email' on node"));
  EXPECT_THAT(terminal.Run("REMOVE email"), HasSubstr("[ABSENT] 'email' is not there"));
  EXPECT_THAT(get, Not(HasSubstr("\x1b"))) << "a dumb terminal gets no colours";
  terminal.Type("EXIT\n");
  EXPECT_EQ(terminal.Wait(), 0);
}

TEST_F(ClientTerminal, TabCompletesCommandsAndKeys) {
  Terminal terminal(Environment());
  terminal.Until(kPrompt);
  terminal.Run("SET username Alice");
  terminal.Type("ge\tus\t\n");
  terminal.Until("\r\nAlice\r\n");
  terminal.Until(kPrompt);
  terminal.Type(kControlD);
  EXPECT_EQ(terminal.Wait(), 0);
}

TEST_F(ClientTerminal, ControlCDropsTheLineAndControlDLeaves) {
  Terminal terminal(Environment());
  terminal.Until(kPrompt);
  terminal.Type("SET half a");
  terminal.Until("SET half a");
  terminal.Type(kControlC);
  terminal.Until(kPrompt);
  EXPECT_THAT(terminal.Run("GET half"), HasSubstr("[ABSENT] 'half' is not there"));
  terminal.Type(kControlD);
  EXPECT_EQ(terminal.Wait(), 0);
}

TEST_F(ClientTerminal, ControlCEndsAWaitAndAWriteIsThenUnknown) {
  std::future<void> arrived = silent_.get_future();
  Terminal terminal(Environment());
  terminal.Until(kPrompt);
  terminal.Type("SET silent v\n");
  arrived.wait();
  terminal.Type(kControlC);
  EXPECT_THAT(terminal.Until(kPrompt), HasSubstr("[UNKNOWN] 'silent' may or may not have been stored: "));
  EXPECT_THAT(terminal.Run("SET k v"), HasSubstr("[OK] Stored 'k'")) << "and the client goes on";
}

TEST_F(ClientTerminal, ControlCEndsAWatchAndNotTheSession) {
  Terminal terminal(Environment());
  terminal.Until(kPrompt);
  terminal.Run("SET k v");
  terminal.Type("WATCH k nothing*\n");
  EXPECT_THAT(terminal.Until("that was everything up to now"), HasSubstr("put      k = v"));
  terminal.Type(kControlC);
  terminal.Until(kPrompt);
  EXPECT_THAT(terminal.Run("SET k w"), HasSubstr("[OK] Stored 'k'")) << "and the client goes on";
}

TEST_F(ClientTerminal, ADrainIsShownAndControlCLeavesItGoing) {
  Terminal terminal(Environment());
  terminal.Until(kPrompt);
  EXPECT_THAT(terminal.Run("RING"), HasSubstr("A 00c0ffee00c0ffee"));
  terminal.Type("DRAIN 00c0ffee00c0ff03\n");
  terminal.Until("\r[####................] drain of node 00c0ffee00c0ff03: 2 of 9 partitions");
  terminal.Type(kControlC);
  const std::string ended = terminal.Until(kPrompt);
  EXPECT_THAT(ended, HasSubstr("[UNKNOWN] this client stops looking, but the cluster goes on (drain of node"));
  EXPECT_THAT(ended, HasSubstr("CANCEL 00c0ffee00c0ff03 ends it"));
  EXPECT_THAT(terminal.Run("SET k v"), HasSubstr("[OK] Stored 'k'")) << "and the client goes on";
}

TEST_F(ClientTerminal, HistoryIsPrivateAndSurvives) {
  {
    Terminal terminal(Environment());
    terminal.Until(kPrompt);
    terminal.Run("SET username Alice");
    terminal.Run(" SET secret hidden");
    terminal.Run("GET username");
    terminal.Type("EXIT\n");
    EXPECT_EQ(terminal.Wait(), 0);
  }
  struct stat state {};
  ASSERT_EQ(::stat(history_.c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777, 0600u);
  std::ostringstream text;
  text << std::ifstream(history_).rdbuf();
  EXPECT_EQ(text.str(), "SET username Alice\nGET username\nEXIT\n") << "a line that begins with a blank is not kept";

  Terminal terminal(Environment());
  terminal.Until(kPrompt);
  // Up twice: past EXIT to GET username.
  terminal.Type("\x10\x10\n");
  terminal.Until("\r\nAlice\r\n");
}

}  // namespace
}  // namespace quoin::tools
