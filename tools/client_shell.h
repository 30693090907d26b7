// Shell: runs commands, one line or one list of words at a time, and remembers how they ended.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/client_cluster_execute.h"
#include "tools/client_execute.h"
#include "tools/client_printer.h"

namespace quoin::tools {

// A line of commands may hold a large value with every byte escaped, but not more.
inline constexpr std::size_t kMaxLineBytes = std::size_t{16} << 20;
// What SCAN shows a person who asked for no LIMIT.
inline constexpr std::uint64_t kHumanScanLimit = 100;

class Shell {
 public:
  // `keys` and `cluster` run the commands. They and the printer must outlive the shell. `human`: SCAN is for a person.
  Shell(Executor& keys, ClusterExecutor& cluster, Printer& printer, bool human)
      : keys_(keys), cluster_(cluster), printer_(printer), human_(human) {}

  // One command. `stdin_is_free`: the value "-" may read standard input.
  ExitCode RunWords(const std::vector<Word>& words, bool stdin_is_free);
  // One line of a terminal or a script. An empty one, and one that begins with '#', does nothing.
  ExitCode RunLine(std::string_view line);
  // All lines of `file` until its end, EXIT, or `stop`; it goes on after a failure. Returns the first failure's code.
  ExitCode RunFilter(int file, const std::function<bool()>& stop);

  // EXIT was given.
  bool exited() const { return exited_; }

 private:
  // The latest write whose outcome is unknown, with all that it takes to send it again.
  struct Unsettled {
    Command command;
    Executor::Values values;
  };

  // Puts the command's values in place. Otherwise: how the command ended, which has been printed.
  std::optional<ExitCode> ResolveValues(const Command& command, bool stdin_is_free, Executor::Values* values);
  ExitCode Run(Command command, Executor::Values values);

  Executor& keys_;
  ClusterExecutor& cluster_;
  Printer& printer_;
  std::optional<Unsettled> unsettled_;
  const bool human_;
  bool exited_ = false;
};

}  // namespace quoin::tools
