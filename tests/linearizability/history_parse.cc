#include <cctype>
#include <optional>
#include <utility>

#include "base/text.h"
#include "tests/linearizability/history_text.h"
#include "tests/linearizability/text_words.h"

namespace quoin::linearizability {
namespace {

// Reads one line from left to right. Every reading function returns false, and remembers why, when the line is
// something else.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  Result<Event> Read() {
    Event event;
    if (!(ReadNumber(&event.client) && ReadKey(&event.key) && ReadInterval(&event) && ReadOperation(&event.operation) &&
          ReadAnswer(event.operation.action, &event.answer))) {
      return Status(Code::kInvalid, why_ + ", before \"" + Printable(rest_) + "\"");
    }
    if (!event.completed && event.answer.outcome != Outcome::kUnknown) {
      return Status(Code::kInvalid, "only an unknown outcome may have no completion");
    }
    if (event.completed && *event.completed < event.invoked) {
      return Status(Code::kInvalid, "completed before it was invoked");
    }
    return event;
  }

 private:
  bool Fail(std::string why) {
    if (why_.empty()) why_ = std::move(why);
    return false;
  }

  void SkipSpace() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  }

  bool Take(std::string_view literal) {
    if (!rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }

  template <typename Predicate>
  std::string_view TakeWhile(Predicate predicate) {
    std::size_t size = 0;
    while (size < rest_.size() && predicate(rest_[size])) ++size;
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  // The next word without eating it: up to a space.
  std::string_view PeekWord() {
    SkipSpace();
    return rest_.substr(0, rest_.find(' '));
  }

  // Eats the next word if it is this one.
  bool TakeWord(std::string_view word) { return PeekWord() == word && Take(word); }

  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }

  bool ReadNumber(std::uint64_t* number) {
    SkipSpace();
    const auto parsed = ParseUint64(TakeWhile(IsDigit));
    if (!parsed) return Fail("expected a number");
    *number = *parsed;
    return true;
  }

  bool ReadTime(Time* time) {
    const auto number = ParseInt64(TakeWhile([](char c) { return IsDigit(c) || c == '-'; }));
    const std::string_view name = TakeWhile([](char c) { return c >= 'a' && c <= 'z'; });
    for (const Unit& unit : kUnits) {
      std::int64_t count = 0;
      if (!number || unit.name != name || __builtin_mul_overflow(*number, unit.nanoseconds, &count)) continue;
      *time = Time(count);
      return true;
    }
    return Fail("expected a time such as 15ms");
  }

  bool ReadInterval(Event* event) {
    SkipSpace();
    if (!ReadTime(&event->invoked)) return false;
    if (!Take("..")) return Fail("expected ..");
    if (rest_.starts_with(' ')) return true;
    Time completed{0};
    if (!ReadTime(&completed)) return false;
    event->completed = completed;
    return true;
  }

  bool ReadQuoted(std::string* bytes) {
    if (!Take("\"")) return Fail("expected a quoted value");
    for (;;) {
      if (rest_.empty()) return Fail("a quote is not closed");
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (c != '\\') {
        bytes->push_back(c);
      } else if (Take("\\")) {
        bytes->push_back('\\');
      } else if (Take("\"")) {
        bytes->push_back('"');
      } else {
        const auto code = Take("x") ? ParseHex64(rest_.substr(0, 2)) : std::nullopt;
        if (!code || rest_.size() < 2) return Fail("expected \\xNN");
        bytes->push_back(static_cast<char>(*code));
        rest_.remove_prefix(2);
      }
    }
  }

  bool ReadValue(std::string* value) {
    SkipSpace();
    return ReadQuoted(value);
  }

  bool ReadKey(std::string* key) {
    SkipSpace();
    if (rest_.starts_with('"')) return ReadQuoted(key);
    *key = std::string(TakeWhile(IsPlain));
    return key->empty() ? Fail("expected a key") : true;
  }

  bool ReadVersion(Version* version) {
    if (!Take("@")) return Fail("expected a version such as @7");
    const std::string_view text =
        TakeWhile([](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == '.'; });
    const std::size_t first = text.find('.');
    if (first == std::string_view::npos) {
      const auto sequence = ParseUint64(text);
      if (!sequence) return Fail("expected a version such as @7");
      *version = {0, 0, *sequence};
      return true;
    }
    const std::size_t second = text.find('.', first + 1);
    if (second == std::string_view::npos) return Fail("expected a version such as @3.c0ffee.41");
    const auto round = ParseUint64(text.substr(0, first));
    const auto node = ParseHex64(text.substr(first + 1, second - first - 1));
    const auto sequence = ParseUint64(text.substr(second + 1));
    if (!round || !node || !sequence) return Fail("expected a version such as @3.c0ffee.41");
    *version = {*round, *node, *sequence};
    return true;
  }

  bool ReadVersions(std::vector<Version>* versions) {
    do {
      if (!ReadVersion(&versions->emplace_back())) return false;
    } while (Take(","));
    return true;
  }

  bool ReadOperation(Operation* operation) {
    if (TakeWord("get")) {
      operation->action = Action::kGet;
    } else if (TakeWord("put")) {
      operation->action = Action::kPut;
      if (!ReadValue(&operation->value)) return false;
    } else if (TakeWord("delete")) {
      operation->action = Action::kDelete;
    } else if (TakeWord("increment")) {
      operation->action = Action::kIncrement;
      const std::string_view word = PeekWord();
      const auto by = ParseInt64(word);
      if (!by) return Fail("expected what to increment by");
      operation->by = *by;
      rest_.remove_prefix(word.size());
    } else if (TakeWord("append")) {
      operation->action = Action::kAppend;
      if (!ReadValue(&operation->value)) return false;
    } else if (TakeWord("expire") || TakeWord("persist")) {
      operation->action = Action::kSetDeadline;
    } else if (TakeWord("swap")) {
      operation->action = Action::kSwap;
      if (!ReadValue(&operation->value)) return false;
    } else {
      return Fail("expected an action");
    }
    return ReadConditions(operation);
  }

  bool ReadConditions(Operation* operation) {
    while (!TakeWord("->")) {
      if (rest_.empty()) return Fail("expected ->");
      if (Take("ttl=")) {
        if (!ReadTime(&operation->ttl.emplace())) return false;
        continue;
      }
      Condition condition{};
      if (TakeWord("if-absent")) {
        condition.kind = Condition::Kind::kAbsent;
      } else if (TakeWord("if-present")) {
        condition.kind = Condition::Kind::kPresent;
      } else if (Take("if-version=")) {
        condition.kind = Condition::Kind::kVersionIn;
        if (!ReadVersions(&condition.versions)) return false;
      } else if (Take("if-not-version=")) {
        condition.kind = Condition::Kind::kVersionNotIn;
        if (!ReadVersions(&condition.versions)) return false;
      } else if (Take("if-value=")) {
        condition.kind = Condition::Kind::kValueIs;
        if (!ReadQuoted(&condition.value)) return false;
      } else {
        return Fail("expected a condition, ttl= or ->");
      }
      operation->conditions.push_back(std::move(condition));
    }
    return true;
  }

  bool ReadAnswer(Action action, Answer* answer) {
    bool known = false;
    for (const auto& [outcome, name] : kOutcomes) {
      if (known || !TakeWord(name)) continue;
      answer->outcome = outcome;
      known = true;
    }
    if (!known) return Fail("expected an outcome");
    std::optional<Seen>* about = &answer->state;
    const auto seen = [&about]() -> Seen& { return *about ? **about : about->emplace(); };
    while (!PeekWord().empty()) {
      if (TakeWord("created")) {
        answer->created = true;
      } else if (TakeWord("replaced")) {
        answer->created = false;
      } else if (TakeWord("previous")) {
        about = &answer->previous;
      } else if (TakeWord("absent")) {
        seen().present = false;
      } else if (TakeWord("present")) {
        seen().present = true;
      } else if (rest_.starts_with('@')) {
        if (!ReadVersion(&seen().version.emplace())) return false;
      } else if (!ReadQuoted(&seen().value.emplace())) {
        return false;
      }
    }
    // What a delete leaves behind is an absence, whose version may be told.
    if (action == Action::kDelete && answer->outcome == Outcome::kDone && answer->state) answer->state->present = false;
    return true;
  }

  std::string_view rest_;
  std::string why_;
};

}  // namespace

Result<Event> ParseEvent(std::string_view line) { return LineReader(line).Read(); }

Result<History> ParseHistory(std::string_view text) {
  History history;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    Result<Event> event = ParseEvent(line);
    if (!event.ok()) {
      return Status(Code::kInvalid, "line " + std::to_string(number) + ": " + event.status().message());
    }
    history.push_back(*std::move(event));
  }
  return history;
}

}  // namespace quoin::linearizability
