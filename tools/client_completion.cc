#include "tools/client_completion.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "tools/client_command.h"
#include "tools/client_text.h"
#include "tools/client_words.h"

namespace quoin::tools {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

std::string InCaseOf(std::string name, std::string_view typed) {
  if (!typed.empty() && std::islower(static_cast<unsigned char>(typed.front())) != 0) {
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return name;
}

// Names that begin with what was typed, in the case in which it was typed.
void AddNames(const std::vector<std::string>& names, std::string_view typed, std::vector<std::string>* candidates) {
  for (const std::string& name : names) {
    const std::string candidate = InCaseOf(name, typed);
    if (candidate.starts_with(typed)) candidates->push_back(candidate);
  }
}

// At which word a command's keywords begin to make sense.
std::size_t KeywordPosition(Verb verb) {
  switch (verb) {
    case Verb::kSet:
      return 3;
    case Verb::kGet:
    case Verb::kWatch:
    case Verb::kDrain:
    case Verb::kRemoveNode:
    case Verb::kReplace:
    case Verb::kCancel:
      return 2;
    default:
      return 1;
  }
}

bool TakesKeyAt(const CommandInfo& info, std::size_t position) {
  return info.completes == Completes::kKeys || (info.completes == Completes::kOneKey && position == 1);
}

}  // namespace

std::string Completion::Common() const {
  if (candidates.empty()) return {};
  std::size_t length = candidates.front().size();
  for (const std::string& candidate : candidates) {
    const auto [mine, theirs] = std::ranges::mismatch(candidates.front(), candidate);
    length = std::min(length, static_cast<std::size_t>(mine - candidates.front().begin()));
  }
  // Never half a character.
  while (length > typed_bytes && !IsUtf8(std::string_view(candidates.front()).substr(0, length))) --length;
  return length <= typed_bytes ? std::string() : candidates.front().substr(typed_bytes, length - typed_bytes);
}

Completion Complete(std::string_view line, const KeySource& keys) {
  std::size_t begin = line.size();
  while (begin > 0 && !IsBlank(line[begin - 1])) --begin;
  const std::string_view typed = line.substr(begin);
  Completion completion{.typed_bytes = typed.size()};
  const Result<std::vector<Word>> words = SplitWords(line.substr(0, begin));
  if (!words.ok() || typed.find_first_of("\"'\\") != std::string_view::npos) return completion;

  std::vector<std::string>& candidates = completion.candidates;
  const std::size_t position = words->size();
  if (position == 0) {
    for (const CommandInfo& info : Commands()) AddNames(info.names, typed, &candidates);
  } else if (const CommandInfo* const info = FindCommand(words->front().text)) {
    if (info->completes == Completes::kCommand && position == 1) {
      for (const CommandInfo& other : Commands()) AddNames({other.names.front()}, typed, &candidates);
    }
    if (TakesKeyAt(*info, position)) {
      for (const std::string& key : keys(std::string(typed))) {
        // A key that needs quotes can't be reached by adding to what was typed without any, unless nothing was. And
        // what is offered goes to the terminal as it is.
        const std::string quoted = QuoteWord(key);
        if (SafeText(key, false) == key && quoted.starts_with(typed)) candidates.push_back(quoted);
      }
    }
    if (position >= KeywordPosition(info->verb)) AddNames(info->keywords, typed, &candidates);
  }
  std::ranges::sort(candidates);
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  return completion;
}

}  // namespace quoin::tools
