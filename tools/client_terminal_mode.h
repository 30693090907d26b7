// The terminal's mode while the client has a session on it. A terminal that gathers lines itself (canonical mode) keeps
// 4095 bytes of one and drops the rest, without a word. So it must not do so between prompts either, when someone may
// already type the next command. Whoever else meets the terminal must find it as the client did: the shell, however the
// client ends or stops, and programs that the client runs.
//
// Threads: one. A process has one terminal: at standard input.
#pragma once

namespace quoin::tools {

// Remembers the mode in which the terminal is found, and brings it back when a signal ends or stops the process. Back
// at work after a stop, the mode is what it was before, unless a line is being edited: then the editor sees to it.
// Signals that are ignored or caught already are left alone. REQUIRES: there is no other keeper.
class TerminalKeeper {
 public:
  TerminalKeeper();
  ~TerminalKeeper();
  TerminalKeeper(const TerminalKeeper&) = delete;
  TerminalKeeper& operator=(const TerminalKeeper&) = delete;

  void SetEditing(bool editing);
};

// As long as it lives, the terminal is as it was found, for another program. Does nothing where there is no keeper.
class LentTerminal {
 public:
  LentTerminal();
  ~LentTerminal();
  LentTerminal(const LentTerminal&) = delete;
  LentTerminal& operator=(const LentTerminal&) = delete;
};

}  // namespace quoin::tools
