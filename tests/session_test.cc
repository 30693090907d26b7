// The terminal client against a real node: sessions typed as people type them, into a pipe and on a terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/process/node_process.h"

namespace quoin::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class SessionTest : public testing::Test {
 protected:
  std::vector<std::string> Environment() const {
    return {"QUOIN_SERVER=" + node_.address(), "QUOIN_HISTORY=" + (folder_.path() / "history").string(), "NO_COLOR=1",
            "TERM=xterm"};
  }
  // The client as a plain filter.
  Finished Pipe(const std::string& input, const std::vector<std::string>& arguments = {}) const {
    std::vector<std::string> argv = {ClientProgram()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return RunToEnd(argv, input, Environment());
  }
  ChildProcess Terminal() const {
    return ChildProcess({.argv = {ClientProgram()}, .environment = Environment(), .terminal = true, .stderr_file = {}});
  }
  // Types a line at the prompt; what the client shows until it prompts again.
  std::string Enter(ChildProcess& terminal, const std::string& line) {
    terminal.Type(line + "\r");
    return terminal.ReadUntil(kPrompt);
  }

  const std::string kPrompt = "quoin> ";
  NodeProcess node_;
  TemporaryFolder folder_{"session"};
};

TEST_F(SessionTest, SetAndGetThroughAPipePrintTheBareValue) {
  const Finished finished = Pipe("SET username Alice\nGET username\n");
  EXPECT_EQ(finished.output, "Alice\n");
  EXPECT_EQ(finished.errors, "");
  EXPECT_EQ(finished.exit.code, 0);
}

TEST_F(SessionTest, PutGetDeleteThroughAPipe) {
  const Finished finished =
      Pipe("PUT name Garvit\nPUT email garvit@example.com\nGET name\nDELETE email\nEXIT\nGET name\n");
  EXPECT_EQ(finished.output, "Garvit\n") << "nothing after EXIT";
  EXPECT_EQ(finished.exit.code, 0);
  // The key is gone, and that is told by the exit code.
  EXPECT_EQ(Pipe("", {"GET", "email"}).exit.code, 1);
  EXPECT_EQ(Pipe("", {"GET", "name"}).output, "Garvit\n");
}

TEST_F(SessionTest, RemoveThroughAPipe) {
  const Finished finished = Pipe("PUT mykey myvalue\nGET mykey\nREMOVE mykey\nGET mykey\n");
  EXPECT_EQ(finished.output, "myvalue\n");
  EXPECT_EQ(finished.exit.code, 1);
}

TEST_F(SessionTest, HumanOutputNamesTheNodeThatAnswered) {
  const Finished finished = Pipe("SET username Alice\nGET username\n", {"--output=human"});
  EXPECT_THAT(finished.output, HasSubstr("[OK] Stored 'username' on node " + node_.node_id()));
  // After the value, the node again.
  const std::size_t value = finished.output.find("\nAlice\n");
  ASSERT_NE(value, std::string::npos) << finished.output;
  EXPECT_NE(finished.output.find(node_.node_id(), value), std::string::npos) << finished.output;
}

TEST_F(SessionTest, OnATerminalNamesTheNodeThatAnswered) {
  const std::string on_node = " on node " + node_.node_id();
  ChildProcess terminal = Terminal();
  terminal.ReadUntil(kPrompt);
  EXPECT_THAT(Enter(terminal, "SET username Alice"), HasSubstr("[OK] Stored 'username'" + on_node));
  EXPECT_THAT(Enter(terminal, "GET username"), AllOf(HasSubstr("\nAlice\r\n"), HasSubstr(node_.node_id())));
  EXPECT_THAT(Enter(terminal, "PUT name Garvit"), HasSubstr("[OK] Stored 'name'" + on_node));
  EXPECT_THAT(Enter(terminal, "PUT email garvit@example.com"), HasSubstr("[OK] Stored 'email'" + on_node));
  EXPECT_THAT(Enter(terminal, "GET name"), AllOf(HasSubstr("\nGarvit\r\n"), HasSubstr(node_.node_id())));
  EXPECT_THAT(Enter(terminal, "DELETE email"), AllOf(HasSubstr("[OK]"), HasSubstr("'email'" + on_node)));
  EXPECT_THAT(Enter(terminal, "PUT mykey myvalue"), HasSubstr("[OK] Stored 'mykey'" + on_node));
  EXPECT_THAT(Enter(terminal, "GET mykey"), HasSubstr("\nmyvalue\r\n"));
  EXPECT_THAT(Enter(terminal, "REMOVE mykey"), AllOf(HasSubstr("[OK]"), HasSubstr("'mykey'" + on_node)));
  EXPECT_THAT(Enter(terminal, "GET mykey"), HasSubstr("[ABSENT]"));
  terminal.Type("EXIT\r");
  terminal.ReadAll();
  // A person who leaves has not failed, whatever was absent before.
  EXPECT_EQ(terminal.Wait().code, 0);
}

TEST_F(SessionTest, OnATerminalRemembersTheSessionBefore) {
  {
    ChildProcess terminal = Terminal();
    terminal.ReadUntil(kPrompt);
    Enter(terminal, "SET username Alice");
    terminal.Type("\x04");  // Ctrl-D leaves too.
    terminal.ReadAll();
    EXPECT_EQ(terminal.Wait().code, 0);
  }
  EXPECT_THAT(ReadFile(folder_.path() / "history"), HasSubstr("username"));
  ChildProcess terminal = Terminal();
  terminal.ReadUntil(kPrompt);
  terminal.Type("\x1b[A\r");  // The arrow up.
  EXPECT_THAT(terminal.ReadUntil(kPrompt), HasSubstr("[OK] Stored 'username'"));
}

TEST_F(SessionTest, ANodeThatIsNotThereIsUnreachable) {
  node_.Kill9();
  const Finished finished = Pipe("", {"GET", "username"});
  EXPECT_EQ(finished.exit.code, 5) << finished.errors;
  EXPECT_THAT(finished.errors, HasSubstr(node_.address()));
}

}  // namespace
}  // namespace quoin::tests
