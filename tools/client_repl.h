// The client as a person at a terminal meets it: a prompt, editing, history, completion.
//
// Threads: one. The history file is for its owner alone (mode 0600); a line that begins with a blank is not kept.
#pragma once

#include <string>

#include "tools/client_completion.h"
#include "tools/client_shell.h"

namespace quoin::tools {

struct ReplOptions {
  std::string history_path;  // Empty: no history is kept.
  KeySource keys;
};

// $QUOIN_HISTORY, or .quoin_history in the home folder; empty when there is neither, or $QUOIN_HISTORY is empty.
std::string HistoryPath();

// Reads and runs lines until EXIT or Ctrl-D. Ctrl-C drops the line, or ends the wait for a node.
// REQUIRES: standard input and output are a terminal, and interrupts are caught (tools/client_interrupt.h).
void RunRepl(Shell& shell, const ReplOptions& options);

}  // namespace quoin::tools
