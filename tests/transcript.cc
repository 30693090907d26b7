#include "tests/transcript.h"

#include <cctype>
#include <functional>
#include <regex>
#include <sstream>

namespace quoin::tests {
namespace {

// Replaces every match of `pattern` by what `replacement` makes of it.
std::string ReplaceEach(const std::string& text, const std::regex& pattern,
                        const std::function<std::string(const std::smatch&)>& replacement) {
  std::string replaced;
  auto rest = text.cbegin();
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) {
    replaced.append(rest, (*it)[0].first);
    replaced += replacement(*it);
    rest = (*it)[0].second;
  }
  return replaced.append(rest, text.cend());
}

// The text between the first two backquotes.
std::string Backquoted(const std::string& line) {
  const std::size_t start = line.find('`');
  const std::size_t end = start == std::string::npos ? start : line.find('`', start + 1);
  return end == std::string::npos ? "" : line.substr(start + 1, end - start - 1);
}

std::vector<std::string> Words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

}  // namespace

std::string TrimOutput(std::string_view output) {
  std::string trimmed;
  for (std::size_t i = 0; i < output.size(); ++i) {
    if (output[i] == '\r' && (i + 1 == output.size() || output[i + 1] == '\n')) continue;
    trimmed += output[i];
  }
  while (trimmed.ends_with('\n')) trimmed.pop_back();
  return trimmed;
}

std::vector<TranscriptStep> ParseTranscript(std::string_view document) {
  using Kind = TranscriptStep::Kind;
  std::vector<TranscriptStep> steps;
  std::istringstream lines{std::string(document)};
  std::string line;
  bool in_console = false;
  bool in_command = false;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (in_console && line != "```") {
      if (line.starts_with("$ ")) {
        steps.push_back({.kind = Kind::kCommand, .line = number, .text = line.substr(2), .flags = {}, .output = {}});
        in_command = line.ends_with('\\');
      } else if (in_command) {
        steps.back().text += "\n" + line;
        in_command = line.ends_with('\\');
      } else if (steps.back().kind == Kind::kCommand) {
        steps.back().output += line + "\n";
      }
      continue;
    }
    if (steps.empty() || steps.back().kind != Kind::kText) {
      steps.push_back({.kind = Kind::kText, .line = number, .text = {}, .flags = {}, .output = {}});
    }
    steps.back().text += line + "\n";
    in_console = line == "```console";
    in_command = false;
    if (line.starts_with("Node: ")) {
      std::vector<std::string> flags = Words(Backquoted(line));
      if (flags == std::vector<std::string>{"defaults"}) flags.clear();
      steps.push_back({.kind = Kind::kNode, .line = number, .text = {}, .flags = std::move(flags), .output = {}});
    } else if (line.starts_with("Damage: ")) {
      steps.push_back({.kind = Kind::kDamage, .line = number, .text = Backquoted(line), .flags = {}, .output = {}});
    }
  }
  for (TranscriptStep& step : steps) {
    if (step.kind == Kind::kCommand) step.output = TrimOutput(step.output);
  }
  return steps;
}

std::string Placeholders::Numbered(const std::string& name, const std::string& found,
                                   std::map<std::string, int>* numbers) {
  const auto [it, is_new] = numbers->emplace(found, static_cast<int>(numbers->size()) + 1);
  const std::string number = std::to_string(it->second);
  if (is_new) {
    std::string variable = name;
    for (char& c : variable) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    variables_[variable + "_" + number] = found;
  }
  return "<" + name + " " + number + ">";
}

std::string Placeholders::PutInto(std::string_view output, std::string_view command) {
  static const std::regex version("\\b[0-9]+\\.[0-9a-f]{16}\\.[0-9]+\\b");
  static const std::regex ballot("(Quoin-Ballot: |\"ballot\": ?\")(([0-9]+\\.[0-9a-f]{16})(\\.[0-9]+)?)");
  static const std::regex request("(Quoin-Request-Id: |\"request_id\": ?\")([A-Za-z0-9._-]+)");
  static const std::regex operation("(Quoin-Operation-Id: |\"operation_id\": ?\")([A-Za-z0-9._-]+)");
  // A watch's: its format's number, the cluster's id, and more. That of a page is the same each time.
  static const std::regex cursor("(\\bid: |\"cursor\": ?\")(A[Q-Za-f][A-Za-z0-9_-]{20,})");
  static const std::regex cluster("(\"cluster(?:_id)?\": ?\")([0-9a-f]{16})");
  static const std::regex seconds("(\"uptime_s\": ?)([0-9.]+)");
  static const std::regex size("(\"size_bytes\": ?)([0-9]+)");
  static const std::regex time("\\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z");

  const auto behind_its_name = [](const std::string& placeholder) {
    return [placeholder](const std::smatch& match) { return match[1].str() + placeholder; };
  };
  std::string text = TrimOutput(output);
  // Before versions, which ballots with a sequence look like.
  text = ReplaceEach(text, ballot, [&](const std::smatch& match) {
    const std::string placeholder = Numbered("ballot", match[3].str(), &ballots_);
    variables_["BALLOT_" + std::to_string(ballots_.at(match[3].str()))] = match[2].str();
    return match[1].str() + placeholder;
  });
  text = ReplaceEach(text, version,
                     [&](const std::smatch& match) { return Numbered("version", match.str(), &versions_); });
  text = ReplaceEach(text, request, [&](const std::smatch& match) {
    const bool chosen = command.find("Quoin-Request-Id: " + match[2].str()) != std::string_view::npos;
    return match[1].str() + (chosen ? match[2].str() : "<request>");
  });
  text = ReplaceEach(text, operation, behind_its_name("<operation>"));
  text = ReplaceEach(text, cursor, [&](const std::smatch& match) {
    variables_["CURSOR"] = match[2].str();
    return match[1].str() + "<cursor>";
  });
  text = ReplaceEach(text, cluster, behind_its_name("<cluster>"));
  text = ReplaceEach(text, seconds, behind_its_name("<seconds>"));
  text = ReplaceEach(text, size, behind_its_name("<bytes>"));
  text = ReplaceEach(text, time, [](const std::smatch&) { return std::string("<time>"); });
  for (const auto& [literal, placeholder] : {std::pair(node_id_, "<node>"), std::pair(url_, "$NODE")}) {
    for (std::size_t at = 0; !literal.empty() && (at = text.find(literal, at)) != std::string::npos;) {
      text.replace(at, literal.size(), placeholder);
    }
  }
  static const std::regex body_with_placeholder("(^|\n)[{\\[][^\n]*(<[a-z]+( [0-9]+)?>|\\$NODE)");
  static const std::regex length("(Content-Length: )([0-9]+)");
  if (std::regex_search(text, body_with_placeholder)) text = ReplaceEach(text, length, behind_its_name("<length>"));
  return text;
}

}  // namespace quoin::tests
