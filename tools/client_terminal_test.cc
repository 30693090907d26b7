// The client as a person meets it: on a terminal, which here is a pseudo-terminal that the test types into.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <future>
#include <sstream>
#include <string>

#include "tools/client_terminal_testing.h"

namespace quoin::tools {
namespace {

using testing::HasSubstr;
using testing::Not;

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
