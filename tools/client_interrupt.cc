#include "tools/client_interrupt.h"

#include <signal.h>
#include <unistd.h>

namespace quoin::tools {
namespace {

volatile sig_atomic_t interrupted = 0;

void Mark(int) { interrupted = 1; }

void Handle(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;  // Without SA_RESTART: a read that waits for a person must wake.
  ::sigaction(SIGINT, &action, nullptr);
}

}  // namespace

void CatchInterrupts() { Handle(&Mark); }
bool Interrupted() { return interrupted != 0; }
void ForgetInterrupt() { interrupted = 0; }

void DieOfInterrupt() {
  Handle(SIG_DFL);
  ::raise(SIGINT);
  ::_exit(130);  // SIGINT is blocked; say the same by the number that shells use.
}

}  // namespace quoin::tools
