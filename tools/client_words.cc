#include "tools/client_words.h"

#include "base/text.h"

namespace quoin::tools {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v' || c == '\f'; }

Status Wrong(std::string message) { return Status(Code::kInvalid, std::move(message)); }

class Splitter {
 public:
  explicit Splitter(std::string_view line) : rest_(line) {}

  Result<std::vector<Word>> Split() {
    while (!rest_.empty()) {
      const char c = Take();
      if (IsBlank(c)) {
        EndWord();
      } else if (c == '\'') {
        QUOIN_RETURN_IF_ERROR(TakeSingleQuoted());
      } else if (c == '"') {
        QUOIN_RETURN_IF_ERROR(TakeDoubleQuoted());
      } else if (c == '\\') {
        if (rest_.empty()) return Wrong("The line ends in a backslash with nothing behind it.");
        Add(Take());
        word_.quoted = true;
      } else {
        Add(c);
      }
    }
    EndWord();
    return std::move(words_);
  }

 private:
  char Take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  void Add(char c) {
    word_.text.push_back(c);
    in_word_ = true;
  }

  void BeginQuoted() {
    in_word_ = true;  // '' is a word, if an empty one.
    word_.quoted = true;
  }

  void EndWord() {
    if (in_word_) words_.push_back(std::move(word_));
    word_ = {};
    in_word_ = false;
  }

  Status TakeSingleQuoted() {
    BeginQuoted();
    const std::size_t end = rest_.find('\'');
    if (end == std::string_view::npos) return Wrong("A ' is missing at the end.");
    word_.text.append(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return Status::Ok();
  }

  Status TakeDoubleQuoted() {
    BeginQuoted();
    while (!rest_.empty()) {
      const char c = Take();
      if (c == '"') return Status::Ok();
      if (c != '\\' || rest_.empty()) {
        Add(c);
        continue;
      }
      const char escaped = Take();
      if (escaped == 'x') {
        const std::string_view digits = rest_.substr(0, 2);
        const auto byte = digits.size() == 2 ? ParseHex64(digits) : std::nullopt;
        if (!byte)
          return Wrong("\\x needs two hexadecimal digits behind it, like \\x0a; \\\\x is a backslash and an x.");
        Add(static_cast<char>(*byte));
        rest_.remove_prefix(2);
        continue;
      }
      if (escaped != '"' && escaped != '\\') Add('\\');
      Add(escaped);
    }
    return Wrong("A \" is missing at the end.");
  }

  std::string_view rest_;
  std::vector<Word> words_;
  Word word_;
  bool in_word_ = false;
};

bool NeedsQuotes(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= ' ' || byte == 0x7f || c == '"' || c == '\'' || c == '\\';
}

}  // namespace

Result<std::vector<Word>> SplitWords(std::string_view line) { return Splitter(line).Split(); }

std::string QuoteWord(std::string_view text) {
  const bool utf8 = IsUtf8(text);
  bool plain = utf8 && !text.empty() && text != "-" && text.front() != '#' && text.back() != '*';
  for (const char c : text) plain = plain && !NeedsQuotes(c);
  if (plain) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted.push_back('\\');
      quoted.push_back(c);
    } else if (byte < ' ' || byte == 0x7f || (byte >= 0x80 && !utf8)) {
      quoted += "\\x" + Hex64(byte).substr(14);
    } else {
      quoted.push_back(c);
    }
  }
  return quoted + "\"";
}

std::vector<Word> BareWords(const std::vector<std::string>& texts) {
  std::vector<Word> words;
  for (const std::string& text : texts) words.push_back({text, false});
  return words;
}

}  // namespace quoin::tools
