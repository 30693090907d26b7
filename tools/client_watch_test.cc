// WATCH, against a node that tells what is there and nothing more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "net/scripted_server.h"
#include "tools/client_shell.h"
#include "tools/client_testing.h"

namespace quoin::tools {
namespace {

using testing::HasSubstr;

class ClientWatchTest : public testing::Test {
 protected:
  ClientWatchTest() {
    keys_.Put("room/1", "hello");
    keys_.Put("room/2", "bye");
    keys_.Put("title", "T");
    keys_.Put("a*", "star");
  }
  ExitCode Run(const std::string& line, Format format = Format::kLines) {
    out_.str("");
    err_.str("");
    const auto printer = MakePrinter({.format = format}, out_, err_);
    Shell shell(executor_, cluster_, *printer, false);
    return shell.RunLine(line);
  }

  ScriptedKeys keys_;
  ScriptedNode node_{{.frame = [this](const v1::ClientFrame& frame) { return keys_.React(frame); }}};
  bool give_up_ = false;
  Store store_{{.servers = {{"127.0.0.1", node_.port()}}, .give_up = [this] { return give_up_; }}};
  Link link_{{.servers = {{"127.0.0.1", node_.port()}}}};
  Executor executor_{store_, client::Consistency::kQuorum};
  ClusterExecutor cluster_{link_, {}};
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(ClientWatchTest, PrintsOneLinePerEventToAPipe) {
  EXPECT_EQ(Run("WATCH title room/* LIMIT 3"), ExitCode::kDone) << err_.str();
  EXPECT_EQ(out_.str(), "put\troom/1\thello\nput\troom/2\tbye\nput\ttitle\tT\n");
  EXPECT_EQ(err_.str(), "");
  EXPECT_EQ(Run("WATCH 'a*' LIMIT 1"), ExitCode::kDone);
  EXPECT_EQ(out_.str(), "put\ta*\tstar\n");
}

TEST_F(ClientWatchTest, ShowsPeopleAndJsonMore) {
  EXPECT_EQ(Run("WATCH title LIMIT 1", Format::kHuman), ExitCode::kDone);
  EXPECT_EQ(out_.str(), "put      title = T  (1.00c0ffee00c0ffee.1)\n");
  EXPECT_EQ(Run("WATCH title LIMIT 1", Format::kJson), ExitCode::kDone);
  EXPECT_THAT(out_.str(), HasSubstr(R"({"command":"watch","event":"put","key":"title","value":"T",)"
                                    R"("version":"1.00c0ffee00c0ffee.1","content_type":"text/plain"})"));
  EXPECT_THAT(out_.str(), HasSubstr(R"({"command":"watch","outcome":"done",)"));
}

TEST_F(ClientWatchTest, GoesOnUntilSomeoneGivesUp) {
  // The answer that comes with a cursor is the last; giving up then ends it, well.
  class Watcher : public std::stringbuf {
   public:
    explicit Watcher(bool* seen) : seen_(seen) {}
    int sync() override {
      if (str().find("synced") != std::string::npos) *seen_ = true;
      return 0;
    }

   private:
    bool* seen_;
  } buffer(&give_up_);
  std::ostream out(&buffer);
  const auto printer = MakePrinter({.format = Format::kJson}, out, err_);
  Shell shell(executor_, cluster_, *printer, false);
  EXPECT_EQ(shell.RunLine("WATCH title"), ExitCode::kDone);
  EXPECT_THAT(buffer.str(), HasSubstr(R"({"command":"watch","event":"synced","cursor":"aGVyZQ=="})"));
  give_up_ = false;
  EXPECT_EQ(Run("GET title"), ExitCode::kDone) << "and the client goes on";
}

TEST_F(ClientWatchTest, RunsAProgramForEachChange) {
  const std::string path = testing::TempDir() + "/told";
  std::ofstream(path, std::ios::trunc).flush();
  const std::string program =
      R"script(sh -c 'echo "$QUOIN_EVENT $QUOIN_KEY $QUOIN_VALUE $(cat)" >> "$0"' )script" + path;
  EXPECT_EQ(Run("WATCH room/* LIMIT 2 -- " + program), ExitCode::kDone) << err_.str();
  std::ostringstream told;
  told << std::ifstream(path).rdbuf();
  EXPECT_EQ(told.str(), "put room/1 hello hello\nput room/2 bye bye\n");
  EXPECT_EQ(out_.str() + err_.str(), "");
}

TEST_F(ClientWatchTest, TellsOfProgramsThatFail) {
  EXPECT_EQ(Run("WATCH title LIMIT 1 -- sh -c 'exit 3'"), ExitCode::kDone);
  EXPECT_EQ(err_.str(), "sh ended with code 3 for: put      title = T\n");
  EXPECT_EQ(Run("WATCH title -- /no/such/program"), ExitCode::kBadUsage);
  EXPECT_EQ(err_.str(), "bad-usage: /no/such/program can't be started: No such file or directory\n");
}

TEST_F(ClientWatchTest, ARefusalIsTold) {
  EXPECT_EQ(Run("WATCH title FROM cmVmdXNlZA=="), ExitCode::kRefused);
  EXPECT_EQ(err_.str(), "refused: bad-cursor: it is of another cluster\n");
}

TEST_F(ClientWatchTest, ANodeThatCanNotBeReachedIsTold) {
  const net::RefusingPort nobody;
  Store store{
      {.servers = {net::ParseHttpEndpoint(nobody.address()).value()}, .timeout = std::chrono::seconds(2)}};
  Executor executor(store, client::Consistency::kQuorum);
  const auto printer = MakePrinter({.format = Format::kLines}, out_, err_);
  Shell shell(executor, cluster_, *printer, false);
  EXPECT_EQ(shell.RunLine("WATCH title"), ExitCode::kUnreachable);
  EXPECT_THAT(err_.str(), HasSubstr("unreachable: no server took the watch within 2000 ms: " + nobody.address()));
}

}  // namespace
}  // namespace quoin::tools
