// The client's commands: their names, their help, and how a list of words becomes one. Pure: reads no file and sends
// nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tools/client_words.h"

namespace quoin::tools {

enum class Verb {
  kSet,
  kGet,
  kMultiGet,
  kDelete,
  kCompareAndSet,
  kIncrement,
  kAppend,
  kExpire,
  kPersist,
  kScan,
  kWatch,
  kResume,
  kStatus,
  kNodes,
  kRing,
  kDrain,
  kRemoveNode,
  kReplace,
  kCancel,
  kHelp,
  kExit,
};

// What completion may offer behind a command's name.
enum class Completes { kNothing, kOneKey, kKeys, kCommand };

struct CommandInfo {
  Verb verb;
  std::vector<std::string> names;  // The first is the one that help and JSON use (there in lower case).
  std::string usage;               // Behind the name: "key value [TTL time]".
  std::string summary;             // One line.
  std::string details;             // For HELP <command>; lines of at most 80 characters, may be empty.
  std::vector<std::string> keywords;
  Completes completes = Completes::kNothing;
};

// All commands in the order of HELP.
const std::vector<CommandInfo>& Commands();
const CommandInfo& InfoOf(Verb verb);
// The command of that name, in whatever case; nullptr when there is none.
const CommandInfo* FindCommand(std::string_view name);

struct Command {
  Verb verb = Verb::kHelp;
  std::string key;
  std::vector<std::string> keys;  // kMultiGet, kWatch: at least one, or a prefix.
  Word value;                     // kSet, kCompareAndSet, kAppend: as typed, "@file" not yet read.
  Word expected;                  // kCompareAndSet.
  std::optional<std::string> ttl;
  bool if_absent = false;
  std::optional<std::string> if_version;
  std::int64_t by = 1;
  bool metadata_only = false;          // kGet.
  std::string prefix;                  // kScan.
  std::vector<std::string> prefixes;   // kWatch.
  std::string cursor;                  // kWatch: as bytes; empty: from the state that is there now.
  bool changes_only = false;           // kWatch: without that state.
  std::vector<std::string> program;    // kWatch: what is run for each event, with its arguments; empty: nothing is.
  std::optional<std::uint64_t> limit;  // kScan, kWatch.
  bool keys_only = false;
  std::string topic;                  // kHelp: the command asked about, or empty.
  std::optional<std::string> ticket;  // A write on a key: it is resumed with this (client_ticket.h).
  std::string node;                   // The commands that change the cluster: as typed, in lower case.
  std::string replacement;            // kReplace: likewise.
  bool wait = true;                   // The same commands: until what was asked for is done.
};

// Whether the command can change a key.
bool IsWrite(Verb verb);
// Whether the command changes which nodes belong to the cluster, or what they hold.
bool ChangesCluster(Verb verb);

// RESUME with a ticket becomes the command behind it, with the ticket; alone it stays kResume. Errors: kInvalid; the
// message says what is wrong and how the command is used.
// REQUIRES: words is not empty.
Result<Command> ParseCommand(const std::vector<Word>& words);

// What HELP and HELP <command> show.
std::string HelpOnCommands();
std::string HelpOn(const CommandInfo& info);

}  // namespace quoin::tools
