#include "tools/client_terminal_mode.h"

#include <glog/logging.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace quoin::tools {
namespace {

constexpr std::array kDeaths = {SIGHUP, SIGQUIT, SIGTERM, SIGABRT};

// What handlers of signals look at. Written only while none is set up.
bool kept = false;
termios found;
termios before_lending;
volatile sig_atomic_t being_edited = 0;

// In the background the terminal is someone else's, and the kernel would stop whoever touches it.
void Set(const termios& mode) {
  if (::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) ::tcsetattr(STDIN_FILENO, TCSANOW, &mode);
}

void Handle(int signal, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigaction(signal, &action, nullptr);
}

bool IsDefault(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && (action.sa_flags & SA_SIGINFO) == 0 &&
         action.sa_handler == SIG_DFL;
}

// Set up for one time: what it raises comes once it has returned, and ends the process.
void OnDeath(int signal) {
  Set(found);
  ::raise(signal);
}

void OnStop(int signal) {
  const int error = errno;
  termios before{};
  const bool known = ::tcgetattr(STDIN_FILENO, &before) == 0;
  Set(found);
  Handle(signal, SIG_DFL, 0);
  sigset_t mine, outer;
  ::sigemptyset(&mine);
  ::sigaddset(&mine, signal);
  ::sigprocmask(SIG_UNBLOCK, &mine, &outer);
  ::raise(signal);  // The process stops here, and goes on here.
  ::sigprocmask(SIG_SETMASK, &outer, nullptr);
  Handle(signal, &OnStop, SA_RESTART);
  if (known && being_edited == 0) Set(before);
  errno = error;
}

}  // namespace

TerminalKeeper::TerminalKeeper() {
  CHECK(!kept);
  if (::tcgetattr(STDIN_FILENO, &found) != 0) return;
  kept = true;
  for (const int signal : kDeaths) {
    if (IsDefault(signal)) Handle(signal, &OnDeath, SA_RESETHAND);
  }
  if (IsDefault(SIGTSTP)) Handle(SIGTSTP, &OnStop, SA_RESTART);
}

TerminalKeeper::~TerminalKeeper() {
  const auto forget = [](int signal, void (*handler)(int)) {
    struct sigaction action {};
    if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == handler) Handle(signal, SIG_DFL, 0);
  };
  for (const int signal : kDeaths) forget(signal, &OnDeath);
  forget(SIGTSTP, &OnStop);
  kept = false;
}

void TerminalKeeper::SetEditing(bool editing) { being_edited = editing ? 1 : 0; }

LentTerminal::LentTerminal() {
  if (kept && ::tcgetattr(STDIN_FILENO, &before_lending) == 0) Set(found);
}

LentTerminal::~LentTerminal() {
  if (kept) Set(before_lending);
}

}  // namespace quoin::tools
