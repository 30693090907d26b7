#include "tests/documents.h"

#include <cctype>
#include <functional>
#include <regex>
#include <sstream>

namespace quoin::tests {
namespace {

// Calls `visit(number, line)` for every line outside of ``` fences.
void ForEachProseLine(std::string_view markdown, const std::function<void(int, const std::string&)>& visit) {
  std::istringstream lines{std::string(markdown)};
  std::string line;
  bool fenced = false;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (line.starts_with("```")) {
      fenced = !fenced;
    } else if (!fenced) {
      visit(number, line);
    }
  }
}

}  // namespace

std::vector<Link> MarkdownLinks(std::string_view markdown) {
  static const std::regex code("`[^`]*`");
  static const std::regex link("\\]\\(([^)\\s]+)\\)");
  std::vector<Link> links;
  ForEachProseLine(markdown, [&](int number, const std::string& line) {
    const std::string prose = std::regex_replace(line, code, "code");
    for (std::sregex_iterator it(prose.begin(), prose.end(), link), end; it != end; ++it) {
      links.push_back({number, (*it)[1]});
    }
  });
  return links;
}

std::set<std::string> MarkdownAnchors(std::string_view markdown) {
  std::set<std::string> anchors;
  ForEachProseLine(markdown, [&](int, const std::string& line) {
    const std::size_t start = line.find_first_not_of('#');
    if (start == 0 || start == std::string::npos || line[start] != ' ') return;
    std::string anchor;
    for (unsigned char c : line.substr(start + 1)) {
      if (std::isalnum(c) || c == '-' || c == '_' || c >= 0x80) {
        anchor += static_cast<char>(std::tolower(c));
      } else if (c == ' ') {
        anchor += '-';
      }
    }
    anchors.insert(anchor);
  });
  return anchors;
}

std::vector<int> LinesWithMachinePaths(std::string_view text) {
  // Written in halves, so that this file passes too. A path inside another one ("a/root/b") is none of a machine.
  static const std::regex machine_path(std::string("(^|[^A-Za-z0-9_.*/-])/(wo") + "rk|ro" + "ot|ho" + "me|Us" +
                                       "ers)/[A-Za-z0-9_.]");
  std::vector<int> found;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (std::regex_search(line, machine_path)) found.push_back(number);
  }
  return found;
}

}  // namespace quoin::tests
