// tools:cluster, the very program, over scripted nodes: its commands, its ends, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <regex>

#include "tests/cluster/local_cluster_testing.h"

namespace quoin::tests {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// The process that the table gives for a node.
pid_t PidOf(const std::string& table_line) {
  std::smatch match;
  EXPECT_TRUE(std::regex_search(table_line, match, std::regex(" pid=([0-9]+) "))) << table_line;
  return match.empty() ? -1 : std::stoi(match[1]);
}

TEST_F(LocalClusterTest, AnswersEachCommandOfAPipeWithOneLine) {
  const Finished run = RunWith(
      "status\nkill n2\nstatus\n# a comment\n\nkill n2\nrestart n2\npause n3\npause n3\nstatus\nresume n3\nresume n3\n"
      "stop n1\nstart n1\nstart n1\nadd\nstatus\n");
  EXPECT_THAT(
      Answers(run.output),
      ElementsAre("ok n1=running n2=running n3=running", "ok n2 killed", "ok n1=running n2=down n3=running",
                  "error n2 is down (signal 9); `start n2` starts it", "ok n2 restarted", "ok n3 paused",
                  "error n3 is paused already", "ok n1=running n2=running n3=paused", "ok n3 resumed",
                  "error n3 is running, not paused", "ok n1 stopped", "ok n1 started", "error n1 is running already",
                  "ok n4 00c0ffee00c0ff04 on http://127.0.0.1:8083, peers 127.0.0.1:7083",
                  "ok n1=running n2=running n3=running n4=running"));
  EXPECT_EQ(run.exit.code, 1) << "a command failed";
  EXPECT_THAT(run.errors, HasSubstr("all nodes have stopped"));
}

TEST_F(LocalClusterTest, FirstNodeFoundsAndTheOthersJoinIt) {
  const Finished run = RunWith("add\nquit\nstatus\n", {"--nodes=2", "--", "--partitions=64"});
  EXPECT_EQ(run.exit.code, 0) << run.errors;
  EXPECT_EQ(Answers(run.output).size(), 1u) << "nothing after quit";
  EXPECT_THAT(LogOf("n1"), AllOf(Not(HasSubstr("--join")), HasSubstr("--partitions=64"), HasSubstr("got SIGTERM")));
  EXPECT_THAT(LogOf("n2"), AllOf(HasSubstr("--join=127.0.0.1:7080 "), HasSubstr("--partitions=64")));
  EXPECT_THAT(LogOf("n3"), HasSubstr("--join=127.0.0.1:7080,127.0.0.1:7081 "));
}

TEST_F(LocalClusterTest, TellsOfANodeThatEndsByItself) {
  ChildProcess cluster(Piped({"--nodes=1"}));
  cluster.ReadUntil("ready\n");
  {
    std::ofstream wait(data() / "n1" / "data" / "wait");
    wait << "fall\n";
  }
  // The answer comes once its end has been seen, whichever way the two events go.
  std::string state;
  while (state != "ok n1=down") {
    cluster.Type("status\n");
    state = cluster.ReadLine().value_or("no answer");
    ASSERT_THAT(state, testing::AnyOf("ok n1=down", "ok n1=running"));
  }
  cluster.EndInput();
  EXPECT_EQ(cluster.Wait().code, 1) << "no command did that";
  EXPECT_THAT(Errors(), AllOf(HasSubstr("n1 ended by itself (exit code 3)"), HasSubstr("\n  it falls\n")));
}

TEST_F(LocalClusterTest, TellsOfANodeThatFailsWhileItStops) {
  const Finished run = RunWith("quit\n", {"--nodes=2", "--", "--falls_in_stop"});
  EXPECT_EQ(run.exit.code, 1);
  EXPECT_THAT(run.errors, AllOf(HasSubstr("n1 failed while it stopped (exit code 3)"), HasSubstr("\n  got SIGTERM\n"),
                                HasSubstr("n2 failed while it stopped (exit code 3)")));
  EXPECT_THAT(run.errors, AllOf(HasSubstr("not all stopped cleanly"), Not(HasSubstr("all nodes have stopped"))));
}

TEST_F(LocalClusterTest, StopsAllOnASignalAndSaysSo) {
  for (const int signal : {SIGINT, SIGTERM}) {
    ChildProcess cluster(Piped());
    const pid_t node = PidOf(cluster.ReadLine().value_or(""));
    cluster.ReadUntil("ready\n");
    // A paused node is woken, or it could not stop.
    cluster.Type("pause n1\n");
    EXPECT_EQ(cluster.ReadLine(), "ok n1 paused");
    cluster.Signal(signal);
    EXPECT_EQ(cluster.Wait().code, 0) << Errors();
    EXPECT_EQ(kill(node, 0), -1);
    EXPECT_THAT(Errors(), HasSubstr("all nodes have stopped"));
    EXPECT_THAT(LogOf("n1"), HasSubstr("got SIGTERM"));
  }
}

TEST_F(LocalClusterTest, ASecondSignalDoesNotWaitForANodeThatHangs) {
  ChildProcess cluster(Piped({"--nodes=1", "--", "--stubborn"}));
  const pid_t node = PidOf(cluster.ReadLine().value_or(""));
  cluster.ReadUntil("ready\n");
  const auto start = std::chrono::steady_clock::now();
  cluster.Signal(SIGTERM);
  while (Errors().find("stopping") == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now() - start, kPatience);
  }
  cluster.Signal(SIGTERM);
  EXPECT_EQ(cluster.Wait().code, 1);
  EXPECT_EQ(kill(node, 0), -1);
  EXPECT_THAT(Errors(), HasSubstr("was killed"));
}

// Killed itself, it leaves no node behind for ever: the kernel tells them to stop.
TEST_F(LocalClusterTest, NodesStopWhenItIsKilled) {
  ChildProcess cluster(Piped({"--nodes=1"}));
  const pid_t node = PidOf(cluster.ReadLine().value_or(""));
  cluster.ReadUntil("ready\n");
  cluster.Signal(SIGKILL);
  cluster.Wait();
  const auto start = std::chrono::steady_clock::now();
  while (LogOf("n1").find("got SIGTERM") == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now() - start, kPatience) << node;
  }
}

TEST_F(LocalClusterTest, OnATerminalShowsATableAndPrompts) {
  ChildProcess cluster({.argv = Command({}), .environment = {}, .terminal = true, .stderr_file = {}});
  const std::string greeting = cluster.ReadUntil("cluster> ");
  EXPECT_THAT(greeting, AllOf(HasSubstr("for clients"), HasSubstr("http://127.0.0.1:8081"), HasSubstr("--server=")));
  cluster.Type("pause n2\r");
  EXPECT_THAT(cluster.ReadUntil("cluster> "), HasSubstr("n2 paused"));
  cluster.Type("status\r");
  EXPECT_THAT(cluster.ReadUntil("cluster> "), AllOf(HasSubstr("00c0ffee00c0ff02"), HasSubstr("paused")));
  cluster.Type("\x04");  // Ctrl-D
  EXPECT_THAT(cluster.ReadAll(), HasSubstr("all nodes have stopped"));
  EXPECT_EQ(cluster.Wait().code, 0);
}

TEST_F(LocalClusterTest, WithoutAnInputItRunsUntilItIsTold) {
  ChildProcess cluster({.argv = Command({}), .environment = {}, .stderr_file = folder_.path() / "errors"});
  cluster.ReadUntil("ready\n");
  cluster.Signal(SIGTERM);
  EXPECT_EQ(cluster.Wait().code, 0) << Errors();
}

TEST_F(LocalClusterTest, SaysWhatIsWrongAndWhatWouldBeRight) {
  const Finished refused = RunWith("", {"--", "--refuse"});
  EXPECT_EQ(refused.exit.code, 1);
  EXPECT_THAT(refused.errors, AllOf(HasSubstr("n1 did not start (exit code 1): can't start: another process listens on "
                                              "127.0.0.1:8080"),
                                    HasSubstr("--listen=127.0.0.1:0")));
  EXPECT_EQ(refused.output, "");
  const Finished crashed = RunWith("", {"--", "--fails_check"});
  EXPECT_THAT(crashed.errors, HasSubstr("n1 did not start (exit code 134): Check failed: it holds\n"));

  ASSERT_EQ(RunWith("quit\n").exit.code, 0);
  const Finished other_size = RunWith("", {"--nodes=5"});
  EXPECT_EQ(other_size.exit.code, 1);
  EXPECT_THAT(other_size.errors, AllOf(HasSubstr("has 3 nodes"), HasSubstr("leave --nodes out")));
  const Finished other_base = RunWith("", {"--listen=127.0.0.1:9000"});
  EXPECT_EQ(other_base.exit.code, 1);
  EXPECT_THAT(other_base.errors, AllOf(HasSubstr("--listen=127.0.0.1:8080"), HasSubstr("leave the flag out")));

  const Finished not_there = RunToEnd({Program(), "--node=/no/such/program"});
  EXPECT_EQ(not_there.exit.code, 1);
  EXPECT_THAT(not_there.errors, HasSubstr("there is no program /no/such/program"));

  WriteFile(folder_.path() / "cat.jpg", "a cat");
  const Finished not_ours = RunWith("", {"--data_dir=" + folder_.path().string()});
  EXPECT_EQ(not_ours.exit.code, 1);
  EXPECT_THAT(not_ours.errors, HasSubstr("no local cluster"));

  struct Case {
    std::vector<std::string> flags;
    std::string says;
  };
  for (const Case& wrong : std::vector<Case>{
           {{"--nodes=0"}, "1 to 64"},
           {{"--listen=nowhere"}, "IP"},
           {{"--", "--join=127.0.0.1:7080"}, "--join is not for the nodes"},
           {{"--", "--listen", "127.0.0.1:1"}, "--listen is not for the nodes"},
           {{"status"}, "'status' is none"},
       }) {
    const Finished finished = RunWith("", wrong.flags);
    EXPECT_EQ(finished.exit.code, 2) << wrong.says;
    EXPECT_THAT(finished.errors, HasSubstr(wrong.says));
  }
  const Finished commands = RunWith("kil n2\nkill\nkill n9\nadd n5\n");
  EXPECT_THAT(Answers(commands.output),
              ElementsAre("error there is no command 'kil'; did you mean `kill`?",
                          "error `kill` takes the name of one node, such as n1",
                          "error there is no node 'n9'; there are n1 n2 n3", "error `add` stands alone on its line"));
}

TEST_F(LocalClusterTest, LeavesNothingBehindUnlessItIsToldTo) {
  std::vector<std::string> argv = Command({});
  std::erase_if(argv, [](const std::string& word) { return word.starts_with("--data_dir"); });
  const std::string base = (folder_.path() / "base").string();
  std::filesystem::create_directory(base);
  EXPECT_EQ(RunToEnd(argv, "quit\n", {"TMPDIR=" + base}).exit.code, 0);
  EXPECT_TRUE(std::filesystem::is_empty(base));
  argv.push_back("--keep");
  const Finished kept = RunToEnd(argv, "quit\n", {"TMPDIR=" + base});
  EXPECT_FALSE(std::filesystem::is_empty(base));
  EXPECT_THAT(kept.errors, HasSubstr("data and logs are in " + base));
}

}  // namespace
}  // namespace quoin::tests
