#include "tests/process/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

namespace quoin::tests {
namespace {

std::vector<std::string> Shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

class ChildProcessTest : public testing::Test {
 protected:
  ChildProcess::Options Options(const std::string& script) {
    return {.argv = Shell(script), .environment = {}, .stderr_file = folder_.path() / "stderr"};
  }
  TemporaryFolder folder_{"child"};
};

TEST_F(ChildProcessTest, GivesLinesAndThenTheEnd) {
  ChildProcess child(Options("echo one; printf 'two\n\nrest'"));
  EXPECT_EQ(child.ReadLine(), "one");
  EXPECT_EQ(child.ReadLine(), "two");
  EXPECT_EQ(child.ReadLine(), "");
  EXPECT_EQ(child.ReadAll(), "rest");
  EXPECT_EQ(child.ReadLine(), std::nullopt);
  EXPECT_EQ(child.Wait().code, 0);
}

TEST_F(ChildProcessTest, TellsAnExitCodeFromASignal) {
  ChildProcess exits(Options("exit 7"));
  EXPECT_EQ(exits.Wait(), (ExitStatus{.code = 7, .signal = std::nullopt}));
  ChildProcess waits(Options("echo ready; read line"));
  EXPECT_EQ(waits.Wait().code, 1) << "stdin is empty";
  ChildProcess killed(Options("echo ready; sleep 1000"));
  EXPECT_EQ(killed.ReadLine(), "ready");
  killed.Signal(SIGKILL);
  EXPECT_EQ(killed.Wait(), (ExitStatus{.code = std::nullopt, .signal = SIGKILL}));
}

TEST_F(ChildProcessTest, KillsTheChildThatItLeaves) {
  pid_t pid = 0;
  {
    ChildProcess child(Options("echo ready; exec sleep 1000"));
    EXPECT_EQ(child.ReadLine(), "ready");
    pid = child.pid();
    EXPECT_EQ(kill(pid, 0), 0);
  }
  EXPECT_EQ(kill(pid, 0), -1);
}

// A node that was started while its test had a connection would otherwise keep it open for ever.
TEST_F(ChildProcessTest, GivesTheChildNothingThatTheTestHasOpen) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);  // Not close-on-exec, as sockets of Asio aren't.
  ChildProcess child(Options("echo started; read line <&" + std::to_string(ends[0]) + " || echo closed"));
  EXPECT_EQ(child.ReadLine(), "started");
  EXPECT_EQ(child.ReadLine(), "closed");
  close(ends[0]);
  close(ends[1]);
}

TEST_F(ChildProcessTest, IsATerminalWhenAsked) {
  ChildProcess child({.argv = Shell("test -t 0 && test -t 1 && test -t 2 && read line && echo \"got $line\""),
                      .environment = {},
                      .terminal = true,
                      .stderr_file = {}});
  child.Type("hello\r");
  EXPECT_NE(child.ReadUntil("got hello").find("hello"), std::string::npos);
  EXPECT_EQ(child.ReadAll(), "\r\n");
  EXPECT_EQ(child.Wait().code, 0);
}

TEST_F(ChildProcessTest, ReadsFromAPipeUntilItsEnd) {
  ChildProcess::Options options = Options("while read line; do echo \"got $line\"; done; echo end");
  options.piped_stdin = true;
  ChildProcess child(options);
  child.Type("one\n");
  EXPECT_EQ(child.ReadLine(), "got one");
  child.Type("two\n");
  EXPECT_EQ(child.ReadLine(), "got two");
  child.EndInput();
  EXPECT_EQ(child.ReadAll(), "end\n");
  EXPECT_EQ(child.Wait().code, 0);
}

TEST(RunToEnd, GivesInputAndEnvironmentAndTakesBothOutputs) {
  const Finished finished = RunToEnd(Shell("cat; echo $QUOIN_X; echo oops >&2; exit 3"), "in\n", {"QUOIN_X=x"});
  EXPECT_EQ(finished.output, "in\nx\n");
  EXPECT_EQ(finished.errors, "oops\n");
  EXPECT_EQ(finished.exit.code, 3);
}

}  // namespace
}  // namespace quoin::tests
