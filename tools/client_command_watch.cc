#include "tools/client_command_watch.h"

#include <cctype>
#include <string_view>

#include "base/text.h"

namespace quoin::tools {
namespace {

using Fault = std::optional<std::string>;

class WatchWords {
 public:
  WatchWords(const std::vector<Word>& words, std::size_t* next, Command* command)
      : words_(words), next_(*next), command_(*command) {}

  Fault Take() {
    // The first word is a key or a prefix whatever it says, and so is each that is quoted.
    for (const std::size_t first = next_; next_ < words_.size() && !Is("--"); ++next_) {
      if (next_ > first && (Is("NEW") || Is("FROM") || Is("LIMIT"))) break;
      if (Fault fault = TakeTarget(words_[next_])) return fault;
    }
    if (command_.keys.empty() && command_.prefixes.empty()) return "needs a key, or a prefix with a * behind it";
    if (Fault fault = TakeOptions()) return fault;
    return TakeProgram();
  }

 private:
  bool Is(std::string_view keyword) const {
    if (next_ == words_.size() || words_[next_].quoted) return false;
    std::string upper = words_[next_].text;
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return upper == keyword;
  }
  const std::string* TakeWord() { return next_ < words_.size() ? &words_[next_++].text : nullptr; }

  Fault TakeTarget(const Word& word) {
    std::string text = word.text;
    const bool star = !word.quoted && text.ends_with('*');
    if (star) text.pop_back();
    if (star && !text.ends_with('\\')) {
      command_.prefixes.push_back(std::move(text));
      return std::nullopt;
    }
    if (star) text.back() = '*';  // Words that a shell has split know no quotes.
    if (text.empty()) return "needs keys of at least one byte (* is every key)";
    command_.keys.push_back(std::move(text));
    return std::nullopt;
  }

  Fault TakeOptions() {
    for (;;) {
      if (Is("NEW")) {
        ++next_;
        command_.changes_only = true;
      } else if (Is("FROM")) {
        ++next_;
        const std::string* const word = TakeWord();
        const auto cursor = word == nullptr ? std::nullopt : Base64Decode(*word);
        if (!cursor || cursor->empty()) return "needs a cursor behind FROM, as WATCH shows it in JSON (base64)";
        command_.cursor = *cursor;
      } else if (Is("LIMIT")) {
        ++next_;
        const std::string* const word = TakeWord();
        const auto limit = word == nullptr ? std::nullopt : ParseUint64(*word);
        if (!limit || *limit == 0) return "needs a whole number from 1 behind LIMIT";
        command_.limit = *limit;
      } else {
        break;
      }
    }
    if (command_.changes_only && !command_.cursor.empty()) return "takes NEW or FROM, not both";
    return std::nullopt;
  }

  Fault TakeProgram() {
    if (!Is("--")) return std::nullopt;  // The end, or a word too many.
    for (++next_; next_ < words_.size(); ++next_) command_.program.push_back(words_[next_].text);
    if (command_.program.empty()) return "needs a program behind --";
    return std::nullopt;
  }

  const std::vector<Word>& words_;
  std::size_t& next_;
  Command& command_;
};

}  // namespace

std::optional<std::string> TakeWatch(const std::vector<Word>& words, std::size_t* next, Command* command) {
  return WatchWords(words, next, command).Take();
}

}  // namespace quoin::tools
