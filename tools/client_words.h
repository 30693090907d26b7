// A typed line in its words, split as a shell does it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace quoin::tools {

struct Word {
  std::string text;
  bool quoted = false;  // Some of it stood in quotes or behind a backslash, so that "-" and "*" mean themselves.

  friend bool operator==(const Word&, const Word&) = default;
};

// Blanks separate words. '...' keeps everything as it is; "..." too, but for \" and \\ and \xNN (one byte, two
// hexadecimal digits); outside of quotes a backslash takes the next character as it is. Quoted parts and plain ones
// next to each other are one word. Errors: kInvalid, with a sentence for the person.
Result<std::vector<Word>> SplitWords(std::string_view line);

// The text as one word that SplitWords gives back, with as little quoting as possible: name, "two words", "\x00".
std::string QuoteWord(std::string_view text);

// Words that a shell has already split.
std::vector<Word> BareWords(const std::vector<std::string>& texts);

}  // namespace quoin::tools
