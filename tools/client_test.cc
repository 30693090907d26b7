// The client's binary as a shell meets it: arguments, environment, standard streams, exit codes.
#include <fcntl.h>
#include <glog/logging.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "net/scripted_server.h"
#include "tools/client_testing.h"

namespace quoin::tools {
namespace {

using net::RefusingPort;
using testing::HasSubstr;
using testing::StartsWith;

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// Runs the client to its end, with files as its standard streams.
Ran RunClient(std::vector<std::string> arguments, const std::string& input = "",
              const std::map<std::string, std::string>& environment = {}, const char* out_path = nullptr) {
  const std::string folder = testing::TempDir();
  const std::string in = folder + "/in", out = out_path != nullptr ? out_path : folder + "/out", err = folder + "/err";
  std::ofstream(in, std::ios::binary) << input;
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, in.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&files, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);

  arguments.insert(arguments.begin(), "tools/client");
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  std::vector<char*> argv, env;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  for (std::string& variable : variables) env.push_back(variable.data());
  argv.push_back(nullptr);
  env.push_back(nullptr);

  pid_t child = 0;
  PCHECK(::posix_spawn(&child, "tools/client", &files, nullptr, argv.data(), env.data()) == 0);
  posix_spawn_file_actions_destroy(&files);
  int status = 0;
  PCHECK(::waitpid(child, &status, 0) == child);
  EXPECT_TRUE(WIFEXITED(status));
  return {WEXITSTATUS(status), out_path != nullptr ? "" : ReadFile(out), ReadFile(err)};
}

// Remembers what was put, over all connections.
class Node {
 public:
  std::string flag() const { return "--server=" + server_.address(); }
  std::string address() const { return server_.address(); }

 private:
  ScriptedKeys keys_;
  ScriptedNode server_{{.frame = [this](const v1::ClientFrame& frame) { return keys_.React(frame); }}};
};

TEST(Client, OneCommandPrintsTheBareValueToAPipe) {
  Node node;
  const Ran set = RunClient({node.flag(), "SET", "username", "Alice"});
  EXPECT_EQ(set.code, 0) << set.err;
  EXPECT_EQ(set.out + set.err, "");
  const Ran get = RunClient({"GET", "username", node.flag()});
  EXPECT_EQ(get.code, 0);
  EXPECT_EQ(get.out, "Alice\n");
  EXPECT_EQ(RunClient({node.flag(), "--output=raw", "GET", "username"}).out, "Alice") << "exactly the bytes";
}

TEST(Client, TheEnvironmentSetsFlagsAndAFlagWins) {
  Node node;
  RefusingPort refusing;
  EXPECT_EQ(RunClient({"SET", "k", "v"}, "", {{"QUOIN_SERVER", node.address()}}).code, 0);
  const Ran json = RunClient({"GET", "k"}, "", {{"QUOIN_SERVER", node.address()}, {"QUOIN_OUTPUT", "json"}});
  EXPECT_THAT(json.out, StartsWith(R"({"command":"get","key":"k","outcome":"done","status":200,"value":"v")"));
  EXPECT_EQ(RunClient({node.flag(), "GET", "k"}, "", {{"QUOIN_SERVER", refusing.address()}}).out, "v\n");
  const Ran wrong = RunClient({"GET", "k"}, "", {{"QUOIN_TIMEOUT", "soon"}});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("QUOIN_TIMEOUT=soon: the value is a time"));
}

TEST(Client, HumanOutputNamesTheNode) {
  Node node;
  const Ran set = RunClient({node.flag(), "--output=human", "SET", "username", "Alice"});
  EXPECT_THAT(set.out, StartsWith("[OK] Stored 'username' on node 00c0ffee00c0ffee ("));
  const Ran get = RunClient({node.flag(), "--output=human", "GET", "username"});
  EXPECT_THAT(get.out, StartsWith("Alice\nnode 00c0ffee00c0ffee, version 1.00c0ffee00c0ffee.1, text/plain"));
}

TEST(Client, WatchRunsWhatStandsBehindDashes) {
  Node node;
  EXPECT_EQ(RunClient({node.flag(), "SET", "k", "v"}).code, 0);
  const Ran shown = RunClient({"watch", "k", "LIMIT", "1", node.flag()});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_EQ(shown.out, "put\tk\tv\n");
  // Flags of the program are its own.
  const std::vector<std::string> program = {"sh", "-c", "echo $QUOIN_EVENT $1", "--", "--flag"};
  for (std::vector<std::string> arguments : {std::vector<std::string>{node.flag(), "watch", "k", "LIMIT", "1", "--"},
                                             {node.flag(), "--", "watch", "k", "LIMIT", "1", "--"}}) {
    arguments.insert(arguments.end(), program.begin(), program.end());
    const Ran ran = RunClient(arguments, "", {{"PATH", "/usr/bin:/bin"}});
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out, "put --flag\n");
  }
  EXPECT_EQ(RunClient({node.flag(), "watch", "k", "--"}).code, 2);
  EXPECT_EQ(RunClient({node.flag(), "watch", "k", "--", "/no/such/program"}).code, 2);
}

TEST(Client, AFilterRunsEveryLine) {
  Node node;
  const Ran filter = RunClient({node.flag()}, "PUT name Garvit\nGET name\nGET email\nEXIT\nGET name\n");
  EXPECT_EQ(filter.code, 1);
  EXPECT_EQ(filter.out, "Garvit\n");
  EXPECT_EQ(filter.err, "absent: 'email' is not there\n");
  EXPECT_EQ(RunClient({node.flag(), "--output=raw"}, "GET name\nGET name\n").out, "Garvit\nGarvit\n")
      << "values of several commands stay apart";
}

TEST(Client, ValuesComeFromStandardInputAndFiles) {
  Node node;
  const std::string bytes("a\0b\n", 4);
  EXPECT_EQ(RunClient({node.flag(), "SET", "k", "-"}, bytes).code, 0);
  EXPECT_EQ(RunClient({node.flag(), "--output=raw", "GET", "k"}).out, bytes);
  std::ofstream(testing::TempDir() + "/value.txt") << "from a file";
  // As `bazel run` starts it: elsewhere, with the folder of the person in the environment.
  EXPECT_EQ(
      RunClient({node.flag(), "SET", "k", "@value.txt"}, "", {{"BUILD_WORKING_DIRECTORY", testing::TempDir()}}).code,
      0);
  EXPECT_EQ(RunClient({node.flag(), "--output=raw", "GET", "k"}).out, "from a file");
}

TEST(Client, EveryEndHasItsExitCode) {
  Node node;
  RefusingPort refusing;
  EXPECT_EQ(RunClient({node.flag(), "SET", "k", "v"}).code, 0);
  EXPECT_EQ(RunClient({node.flag(), "GET", "nothing"}).code, 1);
  EXPECT_EQ(RunClient({node.flag(), "GET"}).code, 2);
  EXPECT_EQ(RunClient({node.flag(), "GTE", "k"}).code, 2);
  EXPECT_EQ(RunClient({node.flag(), "SET", "k", "w", "IF-ABSENT"}).code, 3);
  // Long enough for the request to leave, however busy the machine is.
  EXPECT_EQ(RunClient({node.flag(), "--timeout=2s", "SET", "silent", "v"}).code, 4);
  EXPECT_EQ(RunClient({node.flag(), "--timeout=50ms", "GET", "silent"}).code, 5);
  EXPECT_EQ(RunClient({"--server=" + refusing.address(), "SET", "k", "v"}).code, 5);
  EXPECT_EQ(RunClient({node.flag(), "GET", "k"}, "", {}, "/dev/full").code, 7);
}

TEST(Client, WrongFlagsAreExplained) {
  const Ran unknown = RunClient({"--sever=x", "GET", "k"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_EQ(unknown.err, "client: There is no flag --sever. Did you mean --server?\n");
  EXPECT_THAT(RunClient({"--output=xml", "GET", "k"}).err, HasSubstr("the value is auto, human, raw or json"));
  EXPECT_THAT(RunClient({"--server=here", "GET", "k"}).err, HasSubstr("'here' is no host:port"));
  EXPECT_THAT(RunClient({"--consistency=most", "GET", "k"}).err, HasSubstr("one, quorum or all"));
}

TEST(Client, HelpListsFlagsCommandsAndExitCodes) {
  const Ran help = RunClient({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* part : {"--server=127.0.0.1:8080", "SET|PUT key value", "Exit codes", "4 outcome unknown"}) {
    EXPECT_THAT(help.out, HasSubstr(part));
  }
  EXPECT_EQ(help.out.find("logtostderr"), std::string::npos);
  EXPECT_LT(std::ranges::count(help.out, '\n'), 60) << "short enough to read";
  EXPECT_THAT(RunClient({"--version"}).out, StartsWith("quoin client "));
}

}  // namespace
}  // namespace quoin::tools
