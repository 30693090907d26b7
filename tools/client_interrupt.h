// Ctrl-C: a command that waits stops waiting; what it did is then told as unknown, if it may have done anything.
#pragma once

namespace quoin::tools {

// From now on SIGINT no longer ends the process, but sets a mark and wakes what waits in a system call.
void CatchInterrupts();
bool Interrupted();
void ForgetInterrupt();
// Ends the process the way SIGINT does where nobody catches it, so that a calling shell sees it.
[[noreturn]] void DieOfInterrupt();

}  // namespace quoin::tools
