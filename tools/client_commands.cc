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
constexpr const char* kChangeHelp =
    "A node is named by its id, the first digits of that, or its address. The client\n"
    "shows how far it is, until it is done; Ctrl-C ends only that. NOWAIT shows nothing.\n";
constexpr const char* kWatchHelp =
    "A word that ends in * is a prefix. A key that ends in * itself is written in\n"
    "quotes, and on a command line with \\* at its end. First comes what is there now;\n"
    "with NEW only what happens from now on, with FROM what happened since a cursor,\n"
    "which JSON output shows. LIMIT ends it after so many changes. Behind -- stands a\n"
    "program: it is run for each change, with QUOIN_EVENT, QUOIN_KEY, QUOIN_VALUE and\n"
    "others in its environment and the value as its standard input.\n";
constexpr const char* kRingHelp =
    "Around the ring: each letter is the node that leads the partition there, ? when\n"
    "nobody is known to; in lower case while its replicas are being changed.\n";

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
      {Verb::kWatch,
       {"WATCH"},
       "key|prefix*... [NEW] [FROM cursor] [LIMIT n] [-- program argument...]",
       "shows what happens to keys, until Ctrl-C",
       kWatchHelp,
       {"NEW", "FROM", "LIMIT"},
       Completes::kKeys},
      {Verb::kResume,
       {"RESUME"},
       "[ticket command]",
       "settles a write whose outcome is unknown",
       "It sends the write again under the same id: it takes effect now if it has not yet,\n"
       "and never twice. Alone it is for this session's latest unknown outcome; otherwise\n"
       "it needs the ticket that was shown, and the command as it was given then.\n",
       {},
       Completes::kNothing},
      {Verb::kStatus, {"STATUS"}, "", "tells about the node that answers", "", {}, Completes::kNothing},
      {Verb::kNodes,
       {"NODES"},
       "",
       "lists the cluster's nodes and what is under way",
       "PARTITIONS are those that a node holds (+n: being copied to it), LEADS those that\n"
       "it leads.\n",
       {},
       Completes::kNothing},
      {Verb::kRing, {"RING"}, "", "shows who leads and holds what", kRingHelp, {}, Completes::kNothing},
      {Verb::kDrain,
       {"DRAIN"},
       "node [NOWAIT]",
       "moves everything away from a node, removes it",
       std::string("Nothing is lost, and the node serves until it is empty.\n") + kChangeHelp,
       {"NOWAIT"},
       Completes::kNothing},
      {Verb::kRemoveNode,
       {"REMOVE-NODE"},
       "node [NOWAIT]",
       "removes a node that is gone for good",
       std::string("What it held is copied from the other replicas.\n") + kChangeHelp,
       {"NOWAIT"},
       Completes::kNothing},
      {Verb::kReplace,
       {"REPLACE"},
       "node WITH node [NOWAIT]",
       "the same, and another one takes its place",
       std::string("Drains the first node if it is alive, and removes it if not. The second one is a\n"
                   "member that has room for the data.\n") +
           kChangeHelp,
       {"WITH", "NOWAIT"},
       Completes::kNothing},
      {Verb::kCancel,
       {"CANCEL"},
       "node [NOWAIT]",
       "ends a drain, a removal or a replacement",
       "The node is active again, and its data come back to it.\n",
       {"NOWAIT"},
       Completes::kNothing},
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
    case Verb::kWatch:
    case Verb::kResume:
    case Verb::kStatus:
    case Verb::kNodes:
    case Verb::kRing:
    case Verb::kDrain:
    case Verb::kRemoveNode:
    case Verb::kReplace:
    case Verb::kCancel:
    case Verb::kHelp:
    case Verb::kExit:
      return false;
  }
  LOG(FATAL) << "no such verb";
}

bool ChangesCluster(Verb verb) {
  return verb == Verb::kDrain || verb == Verb::kRemoveNode || verb == Verb::kReplace || verb == Verb::kCancel;
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
