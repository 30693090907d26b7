#include "tests/simulation/result_text.h"

#include <sstream>

#include "base/text.h"

namespace quoin::simulation {
namespace {

struct Group {
  std::string_view name;
  Counts::ByName Counts::*counts;
};
constexpr Group kGroups[] = {
    {"fault", &Counts::faults}, {"message", &Counts::messages}, {"outcome", &Counts::outcomes},
    {"probe", &Counts::probes}, {"total", &Counts::totals},
};

// Texts have several lines.
std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\n') {
      escaped += "\\n";
    } else if (c == '\\') {
      escaped += "\\\\";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string Unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      plain += text[++i] == 'n' ? '\n' : text[i];
    } else {
      plain += text[i];
    }
  }
  return plain;
}

}  // namespace

std::string ResultText(const SimulationResult& result) {
  std::ostringstream text;
  for (const std::string& failure : result.failures) text << "failure " << Escape(failure) << '\n';
  for (const std::string& key : result.undecided) text << "undecided " << Escape(key) << '\n';
  text << "hash " << Hex64(result.trace_hash) << '\n' << "operations " << result.operations << '\n';
  for (const Group& group : kGroups) {
    for (const auto& [name, count] : result.counts.*group.counts) {
      text << group.name << ' ' << count << ' ' << name << '\n';
    }
  }
  return text.str();
}

void ReadResultLine(std::string_view line, SimulationResult* result) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return;
  const std::string_view word = line.substr(0, space);
  const std::string_view value = line.substr(space + 1);
  if (word == "failure") result->failures.push_back(Unescape(value));
  if (word == "undecided") result->undecided.push_back(Unescape(value));
  if (word == "hash") result->trace_hash = ParseHex64(value).value_or(0);
  if (word == "operations") result->operations = ParseUint64(value).value_or(0);
  for (const Group& group : kGroups) {
    if (word != group.name) continue;
    const std::size_t name = value.find(' ');
    if (name == std::string_view::npos) continue;
    const auto count = ParseUint64(value.substr(0, name));
    if (count) (result->counts.*group.counts)[std::string(value.substr(name + 1))] = *count;
  }
}

}  // namespace quoin::simulation
