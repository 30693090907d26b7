// What a command's end looks like: for people, for pipes, and as JSON. Printers write to streams that they are given
// and know nothing else of the world.
//
// Invariants:
//   P1  what is data goes to `out`, what is about it (failures, what is absent) to `err`; JSON has one object per
//       command on `out`, failures included, and nothing on `err`;
//   P2  where `out` is a terminal no byte of a key or a value can control it; only Format::kRaw, which someone asked
//       for by name, writes values as they are. `err` is always safe.
#pragma once

#include <cstddef>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "net/client/watch.h"
#include "tools/client_answer.h"
#include "tools/client_command.h"

namespace quoin::tools {

enum class Format {
  kHuman,
  kLines,  // Values and nothing else, each with a newline behind it.
  kRaw,    // As kLines without the newline: exactly the bytes.
  kJson,
};

struct Style {
  Format format = Format::kLines;
  bool terminal = false;               // `out` is a terminal.
  bool color = false;                  // On `out`.
  bool color_errors = false;           // On `err`.
  bool quiet = false;                  // Only data and real failures: no confirmations, nothing about what is absent.
  bool session = false;                // A person is at the prompt, and can say RESUME.
  std::size_t (*columns)() = nullptr;  // Of the terminal, now. None: 80.
};

struct WatchedEvent {
  client::WatchEvent event;
  std::string cursor;  // From which a watch goes on behind it; empty: not known right here.
};

class Printer {
 public:
  virtual ~Printer() = default;

  // Some of what SCAN or MGET found. Any number of calls, then Done.
  virtual void Entries(const Command& command, const std::vector<Entry>& entries) = 0;
  // Some of what WATCH was told, in order. Any number of calls, then Done.
  virtual void Events(const Command& command, const std::vector<WatchedEvent>& events) = 0;
  // What happened to a command that goes on.
  virtual void Notice(const Command& command, const std::string& text) = 0;
  // How far a change of the cluster has come. Any number of calls, then Done.
  virtual void Progress(const ClusterAction& action) = 0;
  // The command has ended.
  virtual void Done(const Command& command, const Answer& answer) = 0;
  // The line was no command.
  virtual void Misused(const std::string& message) = 0;
  // HELP.
  virtual void Help(const std::string& text) = 0;
};

std::unique_ptr<Printer> MakePrinter(const Style& style, std::ostream& out, std::ostream& err);
std::unique_ptr<Printer> MakeJsonPrinter(std::ostream& out);

// "OK", "ABSENT", ...: what stands before a line for a person.
std::string_view TagOf(ExitCode code);
// What colours it on a terminal: green, yellow, red.
std::string_view ColorOf(ExitCode code);

// Sentence parts that both printers need.
// "'name' may or may not have been stored: no answer in time"; empty when the answer is kDone.
std::string FailureText(const Command& command, const Answer& answer);
// How an unknown outcome is settled; empty when nothing does. `session`: RESUME alone will do.
std::string ResumeText(const Answer& answer, bool session);

}  // namespace quoin::tools
