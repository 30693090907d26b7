#include "tools/client_command.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "tools/client_command_watch.h"
#include "tools/client_ticket.h"
#include "tools/suggest.h"

namespace quoin::tools {
namespace {

Status Wrong(std::string message) { return Status(Code::kInvalid, std::move(message)); }

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

// What is no command, told to a person who meant one.
Status UnknownCommand(const std::string& name) {
  std::vector<std::string> names;
  for (const CommandInfo& info : Commands()) names.insert(names.end(), info.names.begin(), info.names.end());
  std::string message = "There is no command " + Printable(name) + ".";
  if (const auto nearest = Nearest(name, names)) {
    message += " Did you mean " + *nearest + "?";
  } else {
    message += " HELP lists the commands.";
  }
  return Wrong(message);
}

// A number, with a fraction if need be, and a unit if need be; the node has the last word.
bool LooksLikeTtl(std::string_view text) {
  const std::size_t length = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::string_view unit = text.substr(length);
  constexpr std::string_view kUnits[] = {"", "ms", "s", "m", "h", "d"};
  return length > 0 && text.front() != '.' && std::ranges::find(kUnits, unit) != std::end(kUnits);
}

// Takes a command's words one by one.
class Parser {
 public:
  Parser(const CommandInfo& info, const std::vector<Word>& words) : info_(info), words_(words) {}

  Result<Command> Parse() {
    command_.verb = info_.verb;
    QUOIN_RETURN_IF_ERROR(TakeArguments());
    if (next_ < words_.size()) {
      return Misused("has no use for '" + Printable(words_[next_].text) + "'" +
                     (info_.verb == Verb::kSet ? " (a value with blanks is written in quotes)" : ""));
    }
    return std::move(command_);
  }

 private:
  Status TakeArguments() {
    switch (info_.verb) {
      case Verb::kSet:
        QUOIN_RETURN_IF_ERROR(TakeKey());
        QUOIN_RETURN_IF_ERROR(TakeValue("a value", &command_.value));
        return TakeSetOptions();
      case Verb::kGet:
        QUOIN_RETURN_IF_ERROR(TakeKey());
        command_.metadata_only = TakeKeyword("META");
        return Status::Ok();
      case Verb::kMultiGet:
        do {
          QUOIN_RETURN_IF_ERROR(TakeKey());
          command_.keys.push_back(command_.key);
        } while (next_ < words_.size());
        return Status::Ok();
      case Verb::kDelete:
      case Verb::kPersist:
        return TakeKey();
      case Verb::kCompareAndSet:
        QUOIN_RETURN_IF_ERROR(TakeKey());
        QUOIN_RETURN_IF_ERROR(TakeValue("the value expected to be there", &command_.expected));
        return TakeValue("the new value", &command_.value);
      case Verb::kIncrement:
        QUOIN_RETURN_IF_ERROR(TakeKey());
        return TakeStep();
      case Verb::kAppend:
        QUOIN_RETURN_IF_ERROR(TakeKey());
        return TakeValue("a value", &command_.value);
      case Verb::kExpire:
        QUOIN_RETURN_IF_ERROR(TakeKey());
        return TakeTtl();
      case Verb::kScan:
        return TakeScanOptions();
      case Verb::kWatch: {
        const auto fault = TakeWatch(words_, &next_, &command_);
        return fault ? Misused(*fault) : Status::Ok();
      }
      case Verb::kHelp:
        return TakeTopic();
      case Verb::kResume:
        return TakeResumed();
      case Verb::kDrain:
      case Verb::kRemoveNode:
      case Verb::kReplace:
      case Verb::kCancel:
        return TakeChange();
      case Verb::kStatus:
      case Verb::kNodes:
      case Verb::kRing:
      case Verb::kExit:
        return Status::Ok();
    }
    LOG(FATAL) << "no such verb";
  }

  // "GET needs a key. Usage: GET key [META]"
  Status Misused(const std::string& what) const {
    return Wrong(info_.names.front() + " " + what + ". Usage: " + info_.names.front() +
                 (info_.usage.empty() ? "" : " " + info_.usage));
  }

  const Word* TakeWord() { return next_ < words_.size() ? &words_[next_++] : nullptr; }

  bool TakeKeyword(std::string_view keyword) {
    if (next_ == words_.size() || words_[next_].quoted || Upper(words_[next_].text) != keyword) return false;
    ++next_;
    return true;
  }

  Status TakeKey() {
    const Word* const word = TakeWord();
    if (word == nullptr) return Misused("needs a key");
    if (word->text.empty()) return Misused("needs a key of at least one byte");
    command_.key = word->text;
    return Status::Ok();
  }

  Status TakeValue(const std::string& what, Word* value) {
    const Word* const word = TakeWord();
    if (word == nullptr) return Misused("needs " + what + " (an empty one is written \"\")");
    *value = *word;
    return Status::Ok();
  }

  Status TakeTtl() {
    const Word* const word = TakeWord();
    if (word == nullptr) return Misused("needs a time, like 90s");
    if (!LooksLikeTtl(word->text)) {
      return Misused("does not understand the time '" + Printable(word->text) +
                     "': it is a number of seconds, or has a unit, like 500ms, 90s, 15m, 12h or 7d");
    }
    command_.ttl = word->text;
    return Status::Ok();
  }

  Status TakeSetOptions() {
    for (;;) {
      if (TakeKeyword("TTL")) {
        if (command_.ttl) return Misused("takes one TTL");
        QUOIN_RETURN_IF_ERROR(TakeTtl());
      } else if (TakeKeyword("IF-ABSENT")) {
        command_.if_absent = true;
      } else if (TakeKeyword("IF-VERSION")) {
        const Word* const word = TakeWord();
        // The same text as GET shows, also with the quotes that it has as an ETag.
        std::string version = word == nullptr ? "" : word->text;
        if (version.size() > 2 && version.front() == '"' && version.back() == '"') {
          version = version.substr(1, version.size() - 2);
        }
        if (version.empty() || version.find_first_not_of("0123456789abcdef.") != std::string::npos) {
          return Misused("needs a version behind IF-VERSION, as GET shows it, like 3.00c0ffee00c0ffee.41");
        }
        command_.if_version = version;
      } else {
        break;
      }
    }
    if (command_.if_absent && command_.if_version) return Misused("takes IF-ABSENT or IF-VERSION, not both");
    return Status::Ok();
  }

  Status TakeStep() {
    const Word* const word = TakeWord();
    if (word == nullptr) return Status::Ok();
    std::string_view text = word->text;
    if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
    const auto by = ParseInt64(text);
    if (!by) return Misused("adds a whole number of 64 bits, not '" + Printable(word->text) + "'");
    command_.by = *by;
    return Status::Ok();
  }

  Status TakeScanOptions() {
    bool has_prefix = false;
    while (next_ < words_.size()) {
      if (TakeKeyword("LIMIT")) {
        const Word* const word = TakeWord();
        const auto limit = word == nullptr ? std::nullopt : ParseUint64(word->text);
        if (!limit || *limit == 0) return Misused("needs a whole number from 1 behind LIMIT");
        command_.limit = *limit;
      } else if (TakeKeyword("KEYS")) {
        command_.keys_only = true;
      } else if (!has_prefix) {
        const Word& word = *TakeWord();
        command_.prefix = word.text;
        if (!word.quoted && command_.prefix.ends_with('*')) command_.prefix.pop_back();
        has_prefix = true;
      } else {
        return Status::Ok();  // One word too many; Parse says so.
      }
    }
    return Status::Ok();
  }

  Status TakeResumed() {
    const Word* const word = TakeWord();
    if (word == nullptr) return Status::Ok();  // The latest unknown outcome of this session.
    if (!ParseTicket(word->text)) {
      return Misused("needs a ticket as an unknown outcome shows it, like 00c0ffee00c0ffee-17@3.00c0ffee00c0ffee");
    }
    if (next_ == words_.size()) return Misused("needs the command that the ticket was for, as it was given then");
    Result<Command> resumed = ParseCommand({words_.begin() + static_cast<std::ptrdiff_t>(next_), words_.end()});
    if (!resumed.ok()) return resumed.status();
    if (!IsWrite(resumed->verb)) return Misused("is for commands that write");
    next_ = words_.size();
    command_ = *std::move(resumed);
    command_.ticket = word->text;
    return Status::Ok();
  }

  Status TakeNode(std::string* node) {
    const Word* const word = TakeWord();
    if (word == nullptr || word->text.empty()) {
      return Misused("needs a node: its id as NODES shows it, the first digits of that, or its address");
    }
    *node = word->text;
    for (char& c : *node) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return Status::Ok();
  }

  Status TakeChange() {
    QUOIN_RETURN_IF_ERROR(TakeNode(&command_.node));
    if (info_.verb == Verb::kReplace) {
      if (!TakeKeyword("WITH")) return Misused("needs WITH and the node that takes the place");
      QUOIN_RETURN_IF_ERROR(TakeNode(&command_.replacement));
    }
    command_.wait = !TakeKeyword("NOWAIT");
    return Status::Ok();
  }

  Status TakeTopic() {
    const Word* const word = TakeWord();
    if (word == nullptr) return Status::Ok();
    const CommandInfo* const info = FindCommand(word->text);
    if (info == nullptr) return UnknownCommand(word->text);
    command_.topic = info->names.front();
    return Status::Ok();
  }

  const CommandInfo& info_;
  const std::vector<Word>& words_;
  std::size_t next_ = 1;
  Command command_;
};

}  // namespace

Result<Command> ParseCommand(const std::vector<Word>& words) {
  CHECK(!words.empty());
  const CommandInfo* const info = FindCommand(words.front().text);
  if (info == nullptr) return UnknownCommand(words.front().text);
  return Parser(*info, words).Parse();
}

}  // namespace quoin::tools
