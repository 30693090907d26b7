// Shell: runs commands, one line or one list of words at a time, and remembers how they ended.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/client_execute.h"
#include "tools/client_printer.h"

namespace quoin::tools {

// A line of commands may hold a large value with every byte escaped, but not more.
inline constexpr std::size_t kMaxLineBytes = std::size_t{16} << 20;
// What SCAN shows a person who asked for no LIMIT.
inline constexpr std::uint64_t kHumanScanLimit = 100;

class Shell {
 public:
  // The executor and the printer must outlive the shell. `human`: SCAN is for a person.
  Shell(Executor& executor, Printer& printer, bool human) : executor_(executor), printer_(printer), human_(human) {}

  // One command. `stdin_is_free`: the value "-" may read standard input.
  ExitCode RunWords(const std::vector<Word>& words, bool stdin_is_free);
  // One line of a terminal or a script. An empty one, and one that begins with '#', does nothing.
  ExitCode RunLine(std::string_view line);
  // All lines of `file` until its end, EXIT, or `stop`; it goes on after a failure. Returns the first failure's code.
  ExitCode RunFilter(int file, const std::function<bool()>& stop);

  // EXIT was given.
  bool exited() const { return exited_; }

 private:
  Executor& executor_;
  Printer& printer_;
  const bool human_;
  bool exited_ = false;
};

}  // namespace quoin::tools
