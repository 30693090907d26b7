#include "tools/client_shell.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "tools/client_testing.h"

namespace quoin::tools {
namespace {

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

  ScriptedKeys keys_;
  ScriptedNode node_{{.frame = [this](const v1::ClientFrame& frame) { return keys_.React(frame); }}};
  Store store_{{.servers = {{"127.0.0.1", node_.port()}}}};
  Link link_{{.servers = {{"127.0.0.1", node_.port()}}}};
  Executor executor_{store_, client::Consistency::kQuorum};
  ClusterExecutor cluster_{link_, {}};
  std::ostringstream out_;
  std::ostringstream err_;
  std::unique_ptr<Printer> printer_ = MakePrinter({.format = Format::kLines}, out_, err_);
  Shell shell_{executor_, cluster_, *printer_, false};
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

// Gives each operation so much time; those that get no answer wait for it.
class HastyShellTest : public ShellTest {
 protected:
  Store hasty_{{.servers = {{"127.0.0.1", node_.port()}}, .timeout = std::chrono::seconds(2)}};
  Executor hasty_executor_{hasty_, client::Consistency::kQuorum};
  Shell hasty_shell_{hasty_executor_, cluster_, *printer_, false};
};

TEST_F(HastyShellTest, AnUnknownOutcomeIsToldAsUnknownWithItsIdAndAWayOn) {
  EXPECT_EQ(hasty_shell_.RunLine("INCR silent"), ExitCode::kUnknown);
  ASSERT_FALSE(keys_.frames().empty());
  const std::string id = keys_.frames()[0].operation().operation_id();
  EXPECT_NE(err_.str().find("unknown: 'silent' may or may not have been changed: "), std::string::npos);
  EXPECT_NE(err_.str().find("(operation " + id + "); RESUME " + id), std::string::npos) << err_.str();
  EXPECT_EQ(hasty_shell_.RunLine("SET k w"), ExitCode::kDone) << "and the client goes on";

  const std::size_t before = keys_.frames().size();
  EXPECT_EQ(hasty_shell_.RunLine("RESUME"), ExitCode::kUnknown);
  EXPECT_EQ(keys_.frames().at(before).operation().operation_id(), id) << "RESUME is about the latest one";
  EXPECT_TRUE(keys_.frames().at(before).operation().repeated());
}

TEST_F(ShellTest, AWriteThatWasCutOffIsResumedByItself) {
  EXPECT_EQ(Filter("INCR lost\nINCR lost\nGET lost\n"), ExitCode::kDone);
  EXPECT_EQ(out_.str(), "1\n2\n2\n");
}

TEST_F(ShellTest, ResumeNeedsSomethingToResume) {
  EXPECT_EQ(Filter("RESUME\n"), ExitCode::kBadUsage);
  EXPECT_EQ(err_.str(),
            "bad-usage: No write of this session has an unknown outcome. For another's: RESUME ticket command.\n");
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
