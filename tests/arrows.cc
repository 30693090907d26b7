#include "tests/arrows.h"

#include <map>
#include <regex>
#include <sstream>

namespace quoin::tests {
namespace {

using Packages = std::set<std::string>;

// Which packages' headers and targets a package may use. Everyone may use third_party; see kLibraryHomes for its parts.
const std::map<std::string, Packages>& AllowedPackages() {
  static const std::map<std::string, Packages> allowed = {
      {"base", {"base"}},
      {"kv", {"base", "kv"}},
      {"ring", {"base", "ring"}},
      {"quorum", {"base", "kv", "ring", "quorum"}},
      {"net", {"base", "kv", "ring", "quorum", "net"}},
      {"tools", {"base", "kv", "ring", "quorum", "net", "tools"}},
      {"tests", {"base", "kv", "ring", "quorum", "net", "tools", "tests", "docs"}},
      {"third_party", {"third_party"}},
  };
  return allowed;
}

// Libraries that have a home: who includes the headers, or names the target in //third_party, must live there.
struct Library {
  std::regex header;
  std::set<std::string> targets;
  Packages homes;
};
const std::vector<Library>& Libraries() {
  static const std::vector<Library> libraries = {
      {std::regex("boost/.*"), {"beast", "json"}, {"net", "tools", "tests", "third_party"}},
      {std::regex("rocksdb/.*"), {"rocksdb"}, {"kv", "tests"}},
      {std::regex("google/protobuf/.*"), {"protobuf"}, {"net", "tools", "tests"}},
      {std::regex("prometheus/.*"), {"prometheus"}, {"net", "tools", "tests"}},
      {std::regex("histedit\\.h|editline/.*"), {"edit"}, {"tools", "tests"}},
  };
  return libraries;
}

// ring and quorum are sans-I/O: they act only through their environment interface, so that one seed is one history.
const std::regex& ImpureHeader() {
  static const std::regex impure(
      "thread|mutex|shared_mutex|condition_variable|future|stop_token|semaphore|latch|barrier|random|ctime|time\\.h"
      "|fstream|filesystem|iostream|cstdio|stdio\\.h|unistd\\.h|fcntl\\.h|poll\\.h|netdb\\."
      "h"
      "|pthread\\.h|(sys|net|netinet|arpa)/.*");
  return impure;
}
const std::regex& ImpureCall() {
  static const std::regex impure(
      "::now\\s*\\(|\\bthis_thread\\b|\\brandom_device\\b|\\bs?rand\\s*\\(|\\btime\\s*\\(\\s*(nullptr|NULL|0)");
  return impure;
}
bool IsPure(const std::string& package) { return package == "ring" || package == "quorum"; }

// The two ways back up. tools:simulate is a front to the simulator, which is test code (and testonly, so that nothing
// else can use tools:simulate in turn). The stress test, tools/bench*, judges a store by the linearizability checker,
// which knows nothing of Quoin but base: it stands among the tests as the judge of everything above, and is a library
// that people may run (not testonly).
bool IsWayUp(std::string_view path, std::string_view as_written) {
  const bool build = path == "tools/BUILD.bazel";
  const bool simulator = build || path.starts_with("tools/simulate");
  const bool stress_test = build || path.starts_with("tools/bench");
  const std::size_t start = as_written.find("tests/");
  const std::string_view from_tests = start == std::string_view::npos ? "" : as_written.substr(start);
  return (simulator && from_tests.starts_with("tests/simulation")) ||
         ((simulator || stress_test) && from_tests.starts_with("tests/linearizability"));
}

bool EndsWith(std::string_view text, std::string_view end) { return text.ends_with(end); }

// Tests draw random workloads, benchmarks read clocks; the rules for pure code are not for them.
bool IsTestCode(std::string_view path) {
  return EndsWith(path, "_test.cc") || EndsWith(path, "_bench.cc") || EndsWith(path, "_fuzz.cc");
}

std::string FirstComponent(std::string_view path) { return std::string(path.substr(0, path.find('/'))); }

class Checker {
 public:
  Checker(std::string_view path, std::string_view text) : path_(path), text_(text), package_(FirstComponent(path)) {}

  std::vector<std::string> Run() && {
    if (!AllowedPackages().contains(package_)) {
      Complain(0, "package '" + package_ + "' is unknown to the arrows: say in tests/arrows.cc what it may use");
    } else if (EndsWith(path_, "BUILD.bazel")) {
      CheckBuildFile();
    } else {
      CheckCode();
    }
    return std::move(complaints_);
  }

 private:
  void Complain(int line, const std::string& what) {
    complaints_.push_back(std::string(path_) + (line > 0 ? ":" + std::to_string(line) : "") + ": " + what);
  }

  void CheckUse(int line, const std::string& used, const std::string& as_written) {
    if (!AllowedPackages().at(package_).contains(used) && !IsWayUp(path_, as_written)) {
      Complain(line, package_ + " may not use " + used + " (" + as_written + ")");
    }
  }

  void CheckCode() {
    static const std::regex quoted("\\s*#\\s*include\\s*\"([^\"]*)\".*");
    static const std::regex angled("\\s*#\\s*include\\s*<([^>]*)>.*");
    // Includes are read from the text as it is, since their quotes are literals to the blanking.
    std::istringstream lines{std::string(text_)};
    std::istringstream code_lines{BlankCommentsAndLiterals(text_)};
    std::string line, code;
    for (int number = 1; std::getline(lines, line) && std::getline(code_lines, code); ++number) {
      std::smatch match;
      if (code.find('#') != std::string::npos && std::regex_match(line, match, quoted)) {
        CheckQuotedInclude(number, match[1]);
      } else if (code.find('#') != std::string::npos && std::regex_match(line, match, angled)) {
        CheckAngledInclude(number, match[1]);
      }
      if (IsPure(package_) && !IsTestCode(path_) && std::regex_search(code, match, ImpureCall())) {
        Complain(number, package_ + " is sans-I/O and may not call " + match.str());
      }
    }
    if (EndsWith(path_, ".h") && text_.find("#pragma once") == std::string_view::npos) {
      Complain(0, "a header starts with #pragma once");
    }
  }

  void CheckQuotedInclude(int line, const std::string& header) {
    std::string used = FirstComponent(header);
    if (header.find('/') == std::string::npos || !AllowedPackages().contains(used)) {
      Complain(line, "\"" + header + "\" should be written from the root of the repository, or in <> for a library");
    } else {
      CheckUse(line, used, header);
    }
  }

  void CheckAngledInclude(int line, const std::string& header) {
    if (header.find('/') != std::string::npos && AllowedPackages().contains(FirstComponent(header)) &&
        !std::regex_match(header, ImpureHeader())) {
      Complain(line, "<" + header + "> is our own and is written in quotes");
    }
    for (const Library& library : Libraries()) {
      if (std::regex_match(header, library.header) && !library.homes.contains(package_)) {
        Complain(line, package_ + " may not use <" + header + ">");
      }
    }
    if (IsPure(package_) && !IsTestCode(path_) && std::regex_match(header, ImpureHeader())) {
      Complain(line, package_ + " is sans-I/O and may not use <" + header + ">");
    }
    // Its static initialisers and unsynchronised streams are for programs; libraries log.
    if (header == "iostream" && package_ != "tools" && package_ != "tests" && !IsTestCode(path_)) {
      Complain(line, "<iostream> is for programs; libraries use <ostream> or the log");
    }
  }

  void CheckBuildFile() {
    static const std::regex label("\"(@[a-z_]*)?//([^\":]*)(:[^\"]*)?\"");
    static const std::regex library("\"-l[^\"]*\"");
    std::istringstream lines{std::string(text_)};
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
      if (std::size_t start = line.find_first_not_of(" \t"); start != std::string::npos && line[start] == '#') continue;
      for (std::sregex_iterator it(line.begin(), line.end(), label), end; it != end; ++it) {
        CheckLabel(number, (*it)[1], (*it)[2], (*it)[3], it->str());
      }
      if (package_ != "third_party" && std::regex_search(line, library)) {
        Complain(number, "libraries are linked through //third_party only");
      }
    }
  }

  void CheckLabel(int line, const std::string& repository, const std::string& folder, const std::string& target,
                  const std::string& as_written) {
    // Who may see a target is no use of it, and points the other way.
    if (folder == "visibility" || target == ":__pkg__" || target == ":__subpackages__") return;
    if (!repository.empty()) {
      if (package_ != "third_party") Complain(line, "libraries come through //third_party only (" + as_written + ")");
      return;
    }
    std::string used = FirstComponent(folder);
    if (used.empty()) return;  // The root's configuration settings.
    if (used != "third_party") {
      CheckUse(line, used, as_written);
      return;
    }
    for (const Library& library : Libraries()) {
      if (!target.empty() && library.targets.contains(target.substr(1)) && !library.homes.contains(package_)) {
        Complain(line, package_ + " may not use " + as_written);
      }
    }
  }

  std::string_view path_;
  std::string_view text_;
  std::string package_;
  std::vector<std::string> complaints_;
};

}  // namespace

const std::set<std::string>& KnownPackages() {
  static const std::set<std::string> known = [] {
    std::set<std::string> names;
    for (const auto& [name, used] : AllowedPackages()) names.insert(name);
    return names;
  }();
  return known;
}

std::vector<std::string> CheckArrows(std::string_view path, std::string_view text) { return Checker(path, text).Run(); }

std::string BlankCommentsAndLiterals(std::string_view text) {
  enum class State { kCode, kLineComment, kBlockComment, kString, kCharacter };
  State state = State::kCode;
  std::string blanked(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    auto blank = [&](std::size_t at) {
      if (at < text.size() && text[at] != '\n') blanked[at] = ' ';
    };
    switch (state) {
      case State::kCode:
        if (c == '/' && next == '/') {
          state = State::kLineComment;
          blank(i);
        } else if (c == '/' && next == '*') {
          state = State::kBlockComment;
          blank(i);
          blank(++i);
        } else if (c == 'R' && next == '"') {
          // R"delimiter( ... )delimiter"
          const std::size_t open = text.find('(', i);
          if (open == std::string_view::npos) break;
          const std::string close = ")" + std::string(text.substr(i + 2, open - i - 2)) + "\"";
          const std::size_t end = std::min(text.size(), text.find(close, open));
          while (i < end) blank(i++);
          for (std::size_t k = 0; k < close.size(); ++k) blank(end + k);
          i = end + close.size() - 1;
        } else if (c == '"') {
          state = State::kString;
        } else if (c == '\'' && (i == 0 || !std::isalnum(static_cast<unsigned char>(text[i - 1])))) {
          state = State::kCharacter;  // And not the separator of 16'384.
        }
        break;
      case State::kLineComment:
        if (c == '\n') {
          state = State::kCode;
        } else {
          blank(i);
        }
        break;
      case State::kBlockComment:
        blank(i);
        if (c == '*' && next == '/') {
          blank(++i);
          state = State::kCode;
        }
        break;
      case State::kString:
      case State::kCharacter:
        if (c == '\\') {
          blank(i);
          blank(++i);
        } else if (c == (state == State::kString ? '"' : '\'') || c == '\n') {
          state = State::kCode;
        } else {
          blank(i);
        }
        break;
    }
  }
  return blanked;
}

}  // namespace quoin::tests
