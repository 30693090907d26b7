// The table of commands and the help made from it.
#include <algorithm>
#include <cctype>

#include "tools/client_command.h"

namespace quoin::tools {
namespace {

constexpr std::size_t kSummaryColumn = 46;

constexpr const char* kValueHelp =
    "A value @path is read from that file, @@x is the value @x. As the only command\n"
    "on a command line, - reads the value from standard input.\n";
constexpr const char* kTtlHelp = "A time is a number of seconds, or has a unit: 500ms, 90s, 15m, 12h, 7d.\n";

std::vector<CommandInfo> MakeCommands() {
  return {
      {Verb::kSet,
       {"SET", "PUT"},
       "key value [TTL time] [IF-ABSENT | IF-VERSION version]",
       "stores a value",
       std::string(kValueHelp) + kTtlHelp +
           "IF-ABSENT stores only if the key is not there; IF-VERSION only if the key still\n"
           "has that version, which GET shows.\n",
       {"TTL", "IF-ABSENT", "IF-VERSION"},
       Completes::kOneKey},
      {Verb::kGet,
       {"GET"},
       "key [META]",
       "shows a value",
       "With META: version, type, size and expiry instead of the value.\n",
       {"META"},
       Completes::kOneKey},
      {Verb::kMultiGet, {"MGET"}, "key...", "shows the values of several keys", "", {}, Completes::kKeys},
      {Verb::kDelete, {"DELETE", "REMOVE", "DEL"}, "key", "removes a key", "", {}, Completes::kOneKey},
      {Verb::kCompareAndSet,
       {"CAS"},
       "key expected new",
       "stores a value if the current one is as expected",
       kValueHelp,
       {},
       Completes::kOneKey},
      {Verb::kIncrement,
       {"INCR"},
       "key [by]",
       "adds to a whole number and shows the sum",
       "An absent key counts as 0; by is 1 unless given, and may be negative.\n",
       {},
       Completes::kOneKey},
      {Verb::kAppend,
       {"APPEND"},
       "key value",
       "adds to the end of a value",
       std::string("An absent key counts as empty.\n") + kValueHelp,
       {},
       Completes::kOneKey},
      {Verb::kExpire, {"EXPIRE"}, "key time", "gives a key a time to live", kTtlHelp, {}, Completes::kOneKey},
      {Verb::kPersist, {"PERSIST"}, "key", "takes a key's time to live away", "", {}, Completes::kOneKey},
      {Verb::kScan,
       {"SCAN"},
       "[prefix[*]] [LIMIT n] [KEYS]",
       "lists keys in order, with their values",
       "On a terminal it stops after 100 keys unless LIMIT says otherwise. KEYS leaves the\n"
       "values out. A prefix that ends in * itself is written in quotes.\n",
       {"LIMIT", "KEYS"},
       Completes::kOneKey},
      {Verb::kStatus, {"STATUS"}, "", "tells about the node that answers", "", {}, Completes::kNothing},
      {Verb::kHelp, {"HELP"}, "[command]", "lists the commands, or explains one", "", {}, Completes::kCommand},
      {Verb::kExit, {"EXIT", "QUIT"}, "", "leaves (so does Ctrl-D)", "", {}, Completes::kNothing},
  };
}

// "SET|PUT key value ..."
std::string UsageOf(const CommandInfo& info) {
  std::string text = info.names.front();
  for (std::size_t i = 1; i < info.names.size(); ++i) text += "|" + info.names[i];
  return info.usage.empty() ? text : text + " " + info.usage;
}

}  // namespace

const std::vector<CommandInfo>& Commands() {
  static const std::vector<CommandInfo> commands = MakeCommands();
  return commands;
}

const CommandInfo& InfoOf(Verb verb) {
  for (const CommandInfo& info : Commands()) {
    if (info.verb == verb) return info;
  }
  LOG(FATAL) << "a verb without a command";
}

const CommandInfo* FindCommand(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const CommandInfo& info : Commands()) {
    if (std::ranges::find(info.names, upper) != info.names.end()) return &info;
  }
  return nullptr;
}

bool IsWrite(Verb verb) {
  switch (verb) {
    case Verb::kSet:
    case Verb::kDelete:
    case Verb::kCompareAndSet:
    case Verb::kIncrement:
    case Verb::kAppend:
    case Verb::kExpire:
    case Verb::kPersist:
      return true;
    case Verb::kGet:
    case Verb::kMultiGet:
    case Verb::kScan:
    case Verb::kStatus:
    case Verb::kHelp:
    case Verb::kExit:
      return false;
  }
  LOG(FATAL) << "no such verb";
}

std::string HelpOnCommands() {
  std::string text;
  for (const CommandInfo& info : Commands()) {
    std::string line = "  " + UsageOf(info);
    if (line.size() + 2 > kSummaryColumn) {
      line += "\n" + std::string(kSummaryColumn, ' ');
    } else {
      line.append(kSummaryColumn - line.size(), ' ');
    }
    text += line + info.summary + "\n";
  }
  text +=
      "\nCommands may be in lower case. Quote as in a shell: \"two words\", 'two words';\n"
      "\\xNN inside double quotes is one byte. HELP <command> says more.\n";
  return text;
}

std::string HelpOn(const CommandInfo& info) {
  std::string text = UsageOf(info) + "\n  " + info.summary + "\n";
  std::size_t begin = 0;
  while (begin < info.details.size()) {
    const std::size_t end = info.details.find('\n', begin) + 1;
    text += "  " + info.details.substr(begin, end - begin);
    begin = end;
  }
  return text;
}

}  // namespace quoin::tools
