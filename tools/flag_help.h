// Flags as a person meets them: a help text with our own flags only, a suggestion for a misspelt one, and a reason for
// a refused value. gflags still holds the flags (DEFINE_string and so on), this parses them:
//
//   --name=value, --name value, -name value; for booleans --name and --noname. Flags may stand anywhere; what is no
//   flag is a word, "-" and negative numbers too, and so is everything after "--".
//   --flagfile=path reads more flags, one per line, as --name=value or name=value; '#' begins a comment line. They
//   count as if they stood in the place of --flagfile, so a flag behind it wins.
//   --help, --helpfull (with the flags of the libraries), --version.
//
// Order of precedence: command line and flag files, then QUOIN_<NAME> for the flags that the program lists, then the
// defaults.
//
// Thread safety: none; call at the start of main.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace quoin::tools {

struct FlagGroup {
  std::string title;               // "Storage"
  std::vector<std::string> flags;  // In the order in which --help shows them.
};

// What a program says about itself, and how it wants its flags.
struct ProgramHelp {
  std::string summary;                   // First in --help: what the program is and how it is called.
  std::vector<FlagGroup> groups;         // Flags of tools/ that stand in no group come last, under "Other flags".
  std::string epilogue;                  // After the flags: commands, exit codes, examples.
  std::vector<std::string> environment;  // Flags that QUOIN_<NAME> sets as well.
  // Flags that are linked in for another of the programs that one binary is: neither shown nor taken.
  std::vector<std::string> foreign;
  // What flags that several programs share mean in this one, by name.
  std::map<std::string, std::string> described;
  int bad_usage_exit_code = 2;
};

struct ParsedFlags {
  enum class Action { kRun, kHelp, kHelpFull, kVersion };
  Action action = Action::kRun;
  std::vector<std::string> words;  // The arguments that are no flags.
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// Sets the flags. Errors: kInvalid, with a message of one or two sentences for the person; flags before the wrong one
// have been set then. `arguments` is without the program's name.
Result<ParsedFlags> TryParseFlags(const ProgramHelp& program, const std::vector<std::string>& arguments,
                                  const Environment& environment);

// The text of --help.
std::string HelpText(const ProgramHelp& program);

// As TryParseFlags with the process's own arguments and environment, and acts on the result: prints help or version
// and exits 0, or says what is wrong and exits with the program's code. Afterwards argv holds the program's name and
// the words.
void ParseFlags(const ProgramHelp& program, int* argc, char*** argv);
void ParseFlags(std::string_view program_summary, int* argc, char*** argv, int bad_usage_exit_code);

}  // namespace quoin::tools
