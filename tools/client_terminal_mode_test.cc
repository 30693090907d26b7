// Whose the terminal is, and when: what is typed while a command runs, and how others find the terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <termios.h>

#include <string>
#include <thread>

#include "tools/client_terminal_testing.h"

namespace quoin::tools {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kControlZ = "\x1a";
constexpr std::string_view kShellPrompt = "shell> ";

// In a shell that leaves the terminal as programs leave it.
class ClientTerminalMode : public ClientTerminal {
 protected:
  Terminal StartShell() {
    auto environment = Environment();
    environment["PS1"] = kShellPrompt;
    return Terminal(environment, "/bin/sh", "-i");
  }
  void StartClient(Terminal& terminal) {
    terminal.Type("tools/client\n");
    terminal.Until(kPrompt);
  }
  // The prompt may be shown once more at any time, when the client goes on.
  static void ExpectGoesOn(Terminal& terminal) {
    terminal.Type("GET nothing\n");
    terminal.Until("[ABSENT] 'nothing' is not there");
    terminal.Until(kPrompt);
  }
  static void WaitForMode(const Terminal& terminal, tcflag_t mode) {
    while (terminal.Mode() != mode) std::this_thread::yield();
  }
  void RunHeldCommand(Terminal& terminal) {
    terminal.Type("SET held v\n");
    held_.get_future().wait();
  }
};

TEST_F(ClientTerminal, ALongLineThatIsTypedWhileACommandRunsComesWhole) {
  Terminal terminal(Environment());
  terminal.Until(kPrompt);
  terminal.Type("SET held x\r");
  held_.get_future().wait();
  const std::string value(6000, 'v');
  terminal.Type("SET b " + value + "\r");
  release_.set_value();
  terminal.Until("[OK] Stored 'held'");
  terminal.Until("[OK] Stored 'b'");
  EXPECT_EQ(Value("b").size(), value.size());
  EXPECT_EQ(Value("b"), value);
}

TEST_F(ClientTerminal, WhatIsTypedWhileACommandRunsIsShownOnceWithItsPrompt) {
  Terminal terminal(Environment());
  terminal.Until(kPrompt);
  terminal.Type("SET held x\n");
  held_.get_future().wait();
  terminal.Type("GET nothing\n");
  release_.set_value();
  EXPECT_THAT(terminal.Until(kPrompt), Not(HasSubstr("GET nothing")));
  terminal.Until("GET nothing");
  EXPECT_THAT(terminal.Until(kPrompt), Not(HasSubstr("GET nothing")));
}

TEST_F(ClientTerminalMode, IsAsItWasAfterTheEnd) {
  Terminal terminal = StartShell();
  terminal.Until(kShellPrompt);
  const tcflag_t mode = terminal.Mode();
  ASSERT_NE(mode & ICANON, 0u);
  for (const std::string_view end : {std::string_view("EXIT\n"), kControlD}) {
    StartClient(terminal);
    EXPECT_EQ(terminal.Mode() & ICANON, 0u);
    terminal.Type(end);
    terminal.Until(kShellPrompt);
    EXPECT_EQ(terminal.Mode(), mode) << end;
  }
}

TEST_F(ClientTerminalMode, IsAsItWasAfterASignalAtThePrompt) {
  Terminal terminal = StartShell();
  terminal.Until(kShellPrompt);
  const tcflag_t mode = terminal.Mode();
  for (const int signal : {SIGTERM, SIGHUP, SIGQUIT, SIGABRT}) {
    StartClient(terminal);
    terminal.Signal(signal);
    terminal.Until(kShellPrompt);
    EXPECT_EQ(terminal.Mode(), mode) << signal;
  }
}

TEST_F(ClientTerminalMode, IsAsItWasAfterASignalDuringACommand) {
  Terminal terminal = StartShell();
  terminal.Until(kShellPrompt);
  const tcflag_t mode = terminal.Mode();
  StartClient(terminal);
  RunHeldCommand(terminal);
  EXPECT_EQ(terminal.Mode() & (ICANON | ECHO | ISIG), tcflag_t{ISIG});
  terminal.Signal(SIGTERM);
  terminal.Until(kShellPrompt);
  EXPECT_EQ(terminal.Mode(), mode);
  release_.set_value();
}

TEST_F(ClientTerminalMode, IsTheShellsWhileTheClientIsStopped) {
  Terminal terminal = StartShell();
  terminal.Until(kShellPrompt);
  const tcflag_t mode = terminal.Mode();
  StartClient(terminal);
  for (int i = 0; i < 2; ++i) {
    terminal.Type(kControlZ);
    terminal.Until(kShellPrompt);
    EXPECT_EQ(terminal.Mode(), mode) << "at the prompt";
    terminal.Type("fg\n");
    terminal.Until(kPrompt);
    ExpectGoesOn(terminal);
  }
  RunHeldCommand(terminal);
  const tcflag_t during = terminal.Mode();
  terminal.Type(kControlZ);
  terminal.Until(kShellPrompt);
  EXPECT_EQ(terminal.Mode(), mode) << "during a command";
  terminal.Type("fg\n");
  terminal.Until("\ntools/client");
  WaitForMode(terminal, during);
  release_.set_value();
  terminal.Until("[OK] Stored 'held'");
  ExpectGoesOn(terminal);
  terminal.Type("EXIT\n");
  terminal.Until(kShellPrompt);
  EXPECT_EQ(terminal.Mode(), mode);
}

TEST_F(ClientTerminal, AProgramOfAWatchFindsTheTerminalAsItWas) {
  Terminal terminal(Environment());
  const tcflag_t mode = terminal.Mode();
  terminal.Until(kPrompt);
  terminal.Run("SET k v");
  // The program says so, and goes on until the terminal has a line for it.
  terminal.Type("WATCH k LIMIT 1 -- sh -c 'echo sta\"\"rted; read line </dev/tty; echo has $line'\n");
  terminal.Until("started");
  EXPECT_EQ(terminal.Mode(), mode);
  terminal.Type("hello\n");
  terminal.Until("has hello");
  terminal.Until(kPrompt);
  EXPECT_THAT(terminal.Run("GET k"), HasSubstr("\r\nv\r\n"));
}

}  // namespace
}  // namespace quoin::tools
