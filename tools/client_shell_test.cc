#include "tools/client_shell.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <sstream>

#include "net/scripted_server.h"

namespace quoin::tools {
namespace {

using net::ScriptedConnection;
using net::ScriptedServer;

constexpr std::string_view kNode = "Quoin-Node: 00c0ffee00c0ffee\r\n";

// As much of a node as these tests need: PUT and GET of one key at a time, and keys that make trouble.
void ServeKeys(ScriptedConnection& connection) {
  std::map<std::string, std::string> values;
  while (const auto request = connection.Receive()) {
    if (request->target == "/v1/kv/cut") return;  // Taken, and never answered.
    const auto found = values.find(request->target);
    if (request->method == "PUT" && request->target == "/v1/kv/full") {
      connection.Answer(503, kNode,
                        R"({"type":"urn:quoin:problem:disk-full","detail":"full","outcome":"not-applied"})");
    } else if (request->method == "PUT") {
      values[request->target] = request->body;
      connection.Answer(204, kNode, "");
    } else if (found != values.end()) {
      connection.Answer(200, kNode, found->second);
    } else {
      connection.Answer(404, kNode, R"({"type":"urn:quoin:problem:absent","outcome":"not-applied"})");
    }
  }
}

class ShellTest : public testing::Test {
 protected:
  ExitCode Filter(const std::string& input) {
    const std::string path = testing::TempDir() + "/input";
    std::ofstream(path, std::ios::binary) << input;
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    EXPECT_GE(file, 0);
    const ExitCode code = shell_.RunFilter(file, [] { return false; });
    ::close(file);
    return code;
  }

  ScriptedServer node_{&ServeKeys};
  Link link_{{.servers = {{"127.0.0.1", node_.port()}}}};
  Executor executor_{link_, ""};
  std::ostringstream out_;
  std::ostringstream err_;
  std::unique_ptr<Printer> printer_ = MakePrinter({.format = Format::kLines}, out_, err_);
  Shell shell_{executor_, *printer_, false};
};

TEST_F(ShellTest, AFilterPrintsBareValues) {
  EXPECT_EQ(Filter("SET username Alice\nGET username\n# a comment's quote\n\n  put name 'Garvit B'\nGET name"),
            ExitCode::kDone);
  EXPECT_EQ(out_.str(), "Alice\nGarvit B\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ShellTest, AFilterGoesOnAfterAFailureAndKeepsTheFirstCode) {
  EXPECT_EQ(Filter("GET nothing\nSET full x\nGTE k\nSET k v\nGET k\n"), ExitCode::kAbsent);
  EXPECT_EQ(out_.str(), "v\n");
  EXPECT_EQ(err_.str(),
            "absent: 'nothing' is not there\n"
            "refused: 'full' was not stored: full\n"
            "bad-usage: There is no command GTE. Did you mean GET?\n");
}

TEST_F(ShellTest, AnUnknownOutcomeIsToldAsUnknown) {
  EXPECT_EQ(Filter("SET k v\nSET cut x\nSET k w\nGET k\n"), ExitCode::kUnknown);
  EXPECT_NE(err_.str().find("unknown: 'cut' may or may not have been stored: "), std::string::npos);
  EXPECT_EQ(out_.str(), "w\n") << "and the client goes on, on a new connection";
}

TEST_F(ShellTest, ExitEndsAFilter) {
  EXPECT_EQ(Filter("SET k v\r\nexit\r\nGET k\r\n"), ExitCode::kDone);
  EXPECT_TRUE(shell_.exited());
  EXPECT_EQ(out_.str(), "");
}

TEST_F(ShellTest, ValuesOfAnyBytesGoBothWays) {
  EXPECT_EQ(Filter("SET k \"\\x00\\xff\\x0a\"\nGET k\n"), ExitCode::kDone);
  EXPECT_EQ(out_.str(), std::string("\0\xff\n\n", 4));
}

TEST_F(ShellTest, ValuesComeFromFiles) {
  const std::string path = testing::TempDir() + "/value file";
  std::ofstream(path, std::ios::binary) << std::string("a\0b\n", 4);
  EXPECT_EQ(Filter("SET k '@" + path + "'\nGET k\nSET k @@home\nGET k\nSET k '-'\nGET k\n"), ExitCode::kDone);
  EXPECT_EQ(out_.str(), std::string("a\0b\n\n", 5) + "@home\n-\n");
  EXPECT_EQ(Filter("SET k @/nowhere/at/all\n"), ExitCode::kBadUsage);
  EXPECT_NE(err_.str().find("/nowhere/at/all can't be read: No such file or directory"), std::string::npos);
  EXPECT_EQ(Filter("SET k @\n"), ExitCode::kBadUsage);
}

TEST_F(ShellTest, AFileTooLargeForAnyNodeIsRefusedUnread) {
  const std::string path = testing::TempDir() + "/huge";
  std::ofstream(path).flush();
  ASSERT_EQ(::truncate(path.c_str(), off_t{65} << 20), 0);
  EXPECT_EQ(Filter("SET k @" + path + "\n"), ExitCode::kRefused);
  EXPECT_NE(err_.str().find("larger than 64 MiB"), std::string::npos);
}

TEST_F(ShellTest, ABareDashIsAnErrorWhereStandardInputHoldsTheCommands) {
  EXPECT_EQ(Filter("SET k -\n"), ExitCode::kBadUsage);
  EXPECT_NE(err_.str().find("holds the commands here"), std::string::npos);
}

TEST_F(ShellTest, LinesMayBeLongButNotEndless) {
  const std::string value(1 << 20, 'x');
  EXPECT_EQ(Filter("SET k " + value + "\nGET k\n"), ExitCode::kDone);
  EXPECT_EQ(out_.str(), value + "\n");
  EXPECT_EQ(Filter("SET k " + std::string(kMaxLineBytes, 'x') + "\nGET nothing\nSET k " +
                   std::string(2 * kMaxLineBytes, 'x')),
            ExitCode::kBadUsage);
  EXPECT_NE(err_.str().find("longer than 16 MiB"), std::string::npos);
  EXPECT_NE(err_.str().find("'nothing' is not there"), std::string::npos) << "the line behind it counts";
}

TEST_F(ShellTest, HelpNeedsNoNode) {
  EXPECT_EQ(Filter("HELP\nHELP put\n"), ExitCode::kDone);
  EXPECT_NE(out_.str().find("SET|PUT key value"), std::string::npos);
  EXPECT_EQ(Filter("HELP nonsense\n"), ExitCode::kBadUsage);
}

TEST_F(ShellTest, WordsThatDoNotEndAreBadUsage) {
  EXPECT_EQ(Filter("SET k 'v\n"), ExitCode::kBadUsage);
  EXPECT_NE(err_.str().find("' is missing"), std::string::npos);
}

}  // namespace
}  // namespace quoin::tools
