#include "tools/flag_help.h"

#include <gflags/gflags.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>
#include <utility>

#include "tools/flag_types.h"
#include "tools/suggest.h"
#include "tools/version.h"

namespace quoin::tools {
namespace {

using gflags::CommandLineFlagInfo;

// A flag file may name others, but not forever.
constexpr int kMaxFlagFileDepth = 8;
constexpr std::size_t kHelpColumn = 28;
constexpr std::size_t kHelpWidth = 100;

std::vector<CommandLineFlagInfo> AllFlags() {
  std::vector<CommandLineFlagInfo> flags;
  gflags::GetAllFlags(&flags);
  return flags;
}

// Flags are ours when a file under tools/ defines them; the others belong to glog and gflags.
bool IsOurs(const CommandLineFlagInfo& flag) {
  return flag.filename.starts_with("tools/") || flag.filename.find("/tools/") != std::string::npos;
}

std::string WhatTypeAllows(const std::string& type) {
  if (type == "bool") return "the value is true or false";
  if (type == "string") return "the value is not allowed";
  if (type == "double") return "the value is a number";
  if (type.starts_with("u")) return "the value is a whole number from 0";
  return "the value is a whole number";
}

Status Wrong(std::string message) { return Status(Code::kInvalid, std::move(message)); }

// One value for one flag. `shown` is how the person wrote it: "--timeout=abc", "QUOIN_TIMEOUT=abc".
Status Set(const CommandLineFlagInfo& flag, const std::string& value, const std::string& shown) {
  TakeFlagRejection();
  if (!gflags::SetCommandLineOption(flag.name.c_str(), value.c_str()).empty()) return Status::Ok();
  std::string reason = TakeFlagRejection();
  if (reason.empty()) reason = WhatTypeAllows(flag.type);
  return Wrong(shown + ": " + reason + ".");
}

std::string Trim(const std::string& line) {
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

// A flag as it was written, taken apart.
struct Written {
  std::string name;
  std::optional<std::string> value;
};

Written TakeApart(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return {text, std::nullopt};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

bool IsForeign(const ProgramHelp& program, const std::string& name) {
  return std::ranges::find(program.foreign, name) != program.foreign.end();
}

Status UnknownFlag(const ProgramHelp& program, const std::string& name) {
  std::vector<std::string> names = {"help", "helpfull", "version", "flagfile"};
  for (const CommandLineFlagInfo& flag : AllFlags()) {
    if (IsOurs(flag) && !IsForeign(program, flag.name)) names.push_back(flag.name);
  }
  std::string message = "There is no flag --" + name + ".";
  if (const auto nearest = Nearest(name, names)) {
    message += " Did you mean --" + *nearest + "?";
  } else {
    message += " --help lists the flags.";
  }
  return Wrong(message);
}

class Parser {
 public:
  explicit Parser(const ProgramHelp& program) : program_(program) {}

  Status Parse(const std::vector<std::string>& arguments) { return TakeAll(arguments); }
  // The flags that were given, here or in a flag file.
  const std::set<std::string>& given() const { return given_; }
  ParsedFlags TakeParsed() { return std::move(parsed_); }

 private:
  Status TakeAll(const std::vector<std::string>& arguments) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const std::string& argument = arguments[i];
      if (argument == "--") {
        parsed_.words.insert(parsed_.words.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                             arguments.end());
        break;
      }
      const bool number =
          argument.size() > 1 && (std::isdigit(static_cast<unsigned char>(argument[1])) != 0 || argument[1] == '.');
      if (argument.size() < 2 || argument[0] != '-' || number) {
        parsed_.words.push_back(argument);
        continue;
      }
      Written written = TakeApart(argument.substr(argument[1] == '-' ? 2 : 1));
      const bool has_next = i + 1 < arguments.size();
      bool took_next = false;
      QUOIN_RETURN_IF_ERROR(TakeFlag(written, has_next ? &arguments[i + 1] : nullptr, &took_next));
      if (took_next) ++i;
    }
    return Status::Ok();
  }

  bool Find(const std::string& name, CommandLineFlagInfo* flag) const {
    return !IsForeign(program_, name) && gflags::GetCommandLineFlagInfo(name.c_str(), flag);
  }

  // `next` is the argument behind the flag, which is its value when the flag needs one and brings none.
  Status TakeFlag(Written written, const std::string* next, bool* took_next) {
    if (written.name == "help" || written.name == "h") return Act(ParsedFlags::Action::kHelp);
    if (written.name == "helpfull") return Act(ParsedFlags::Action::kHelpFull);
    if (written.name == "version") return Act(ParsedFlags::Action::kVersion);

    CommandLineFlagInfo flag;
    if (!Find(written.name, &flag)) {
      const bool negated = written.name.starts_with("no") && Find(written.name.substr(2), &flag) &&
                           flag.type == "bool" && !written.value;
      if (!negated) return UnknownFlag(program_, written.name);
      given_.insert(flag.name);
      return Set(flag, "false", "--" + written.name);
    }
    if (!written.value && flag.type == "bool") written.value = "true";
    if (!written.value) {
      if (next == nullptr) return Wrong("--" + written.name + " needs a value: --" + written.name + "=...");
      written.value = *next;
      *took_next = true;
    }
    if (written.name == "flagfile") return TakeFile(*written.value);
    given_.insert(flag.name);
    return Set(flag, *written.value, "--" + written.name + "=" + *written.value);
  }

  Status TakeFile(const std::string& path) {
    if (depth_ == kMaxFlagFileDepth) return Wrong("--flagfile=" + path + ": flag files name each other too deeply.");
    std::ifstream file(path);
    if (!file) return Wrong("--flagfile=" + path + ": the file can't be read.");
    ++depth_;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
      line = Trim(line);
      if (line.empty() || line[0] == '#') continue;
      bool took_next = false;
      const Status status =
          TakeFlag(TakeApart(line.substr(std::min(line.find_first_not_of('-'), line.size()))), nullptr, &took_next);
      if (!status.ok()) return Wrong(path + ", line " + std::to_string(number) + ": " + status.message());
    }
    --depth_;
    return Status::Ok();
  }

  // The first of --help and --version counts; later arguments are still checked.
  Status Act(ParsedFlags::Action action) {
    if (parsed_.action == ParsedFlags::Action::kRun) parsed_.action = action;
    return Status::Ok();
  }

  const ProgramHelp& program_;
  ParsedFlags parsed_;
  std::set<std::string> given_;
  int depth_ = 0;
};

std::string EnvironmentName(const std::string& flag) {
  std::string name = "QUOIN_";
  for (const char c : flag) name.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  return name;
}

// gflags tells 0.99 with all the digits that it hasn't got.
std::string ShownDefault(const CommandLineFlagInfo& flag) {
  if (flag.type != "double") return flag.default_value;
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, std::strtod(flag.default_value.c_str(), nullptr));
  return std::string(text, end.ptr);
}

// "  --timeout=5s              how long ..., wrapped under itself"
std::string DescribeFlag(const CommandLineFlagInfo& flag) {
  std::string text = "  --" + flag.name;
  if (flag.type == "bool") {
    if (flag.default_value == "true") text += "=true";
  } else {
    text += "=" + (flag.default_value.empty() ? std::string("...") : ShownDefault(flag));
  }
  const std::string indent(kHelpColumn, ' ');
  if (text.size() + 2 > kHelpColumn) {
    text += "\n" + indent;
  } else {
    text.append(kHelpColumn - text.size(), ' ');
  }
  std::size_t column = kHelpColumn;
  std::size_t begin = 0;
  const std::string& description = flag.description;
  while (begin < description.size()) {
    const std::size_t end = std::min(description.find(' ', begin), description.size());
    if (column + (end - begin) > kHelpWidth && column > kHelpColumn) {
      text.back() = '\n';
      text += indent;
      column = kHelpColumn;
    }
    text.append(description, begin, end - begin).push_back(' ');
    column += end - begin + 1;
    begin = end + 1;
  }
  text.back() = '\n';
  return text;
}

}  // namespace

Result<ParsedFlags> TryParseFlags(const ProgramHelp& program, const std::vector<std::string>& arguments,
                                  const Environment& environment) {
  Parser parser(program);
  QUOIN_RETURN_IF_ERROR(parser.Parse(arguments));
  ParsedFlags parsed = parser.TakeParsed();
  // Whoever asks for help gets it, whatever the environment holds.
  if (parsed.action != ParsedFlags::Action::kRun) return parsed;
  for (const std::string& name : program.environment) {
    if (parser.given().contains(name)) continue;
    const std::string variable = EnvironmentName(name);
    const std::optional<std::string> value = environment(variable);
    if (!value || value->empty()) continue;
    CommandLineFlagInfo flag;
    CHECK(gflags::GetCommandLineFlagInfo(name.c_str(), &flag)) << "the environment is for a flag that isn't: " << name;
    QUOIN_RETURN_IF_ERROR(Set(flag, *value, variable + "=" + *value));
  }
  return parsed;
}

std::string HelpText(const ProgramHelp& program) {
  std::string text = program.summary;
  if (!text.ends_with('\n')) text += '\n';

  std::vector<FlagGroup> groups = program.groups;
  std::set<std::string> grouped;
  for (const FlagGroup& group : groups) grouped.insert(group.flags.begin(), group.flags.end());
  FlagGroup others{groups.empty() ? "Flags" : "Other flags", {}};
  for (const CommandLineFlagInfo& flag : AllFlags()) {
    if (IsOurs(flag) && !grouped.contains(flag.name) && !IsForeign(program, flag.name))
      others.flags.push_back(flag.name);
  }
  groups.push_back(std::move(others));

  for (const FlagGroup& group : groups) {
    if (group.flags.empty()) continue;
    text += "\n" + group.title + ":\n";
    for (const std::string& name : group.flags) {
      CommandLineFlagInfo flag;
      CHECK(gflags::GetCommandLineFlagInfo(name.c_str(), &flag)) << "help names a flag that isn't: " << name;
      const auto described = program.described.find(name);
      if (described != program.described.end()) flag.description = described->second;
      text += DescribeFlag(flag);
    }
  }
  text += "\n  --flagfile=path           reads more flags, one --name=value per line\n";
  text += "  --help, --version         --helpfull lists the flags of the libraries (logging), too\n";
  if (!program.environment.empty()) {
    text += "  From the environment, unless the flag is given:\n   ";
    std::size_t column = 3;
    for (const std::string& name : program.environment) {
      const std::string variable = EnvironmentName(name);
      if (column + 1 + variable.size() > kHelpWidth) {
        text += "\n   ";
        column = 3;
      }
      text += " " + variable;
      column += 1 + variable.size();
    }
    text += "\n";
  }
  if (!program.epilogue.empty()) {
    text += "\n" + program.epilogue;
    if (!text.ends_with('\n')) text += '\n';
  }
  return text;
}

void ParseFlags(const ProgramHelp& program, int* argc, char*** argv) {
  const std::vector<std::string> arguments(*argv + 1, *argv + *argc);
  const Result<ParsedFlags> parsed =
      TryParseFlags(program, arguments, [](const std::string& name) -> std::optional<std::string> {
        const char* const value = std::getenv(name.c_str());
        if (value == nullptr) return std::nullopt;
        return value;
      });
  const std::string program_name = std::string((*argv)[0]);
  const std::string short_name = program_name.substr(program_name.rfind('/') + 1);
  if (!parsed.ok()) {
    std::cerr << short_name << ": " << parsed.status().message() << "\n";
    std::exit(program.bad_usage_exit_code);
  }
  switch (parsed->action) {
    case ParsedFlags::Action::kHelp:
      std::cout << HelpText(program) << std::flush;
      std::exit(0);
    case ParsedFlags::Action::kHelpFull:
      gflags::SetUsageMessage(program.summary);
      gflags::ShowUsageWithFlags(program_name.c_str());
      std::exit(0);
    case ParsedFlags::Action::kVersion:
      std::cout << "quoin " << short_name << " " << kVersion << "\n" << std::flush;
      std::exit(0);
    case ParsedFlags::Action::kRun:
      break;
  }
  // argv must live as long as the process.
  static std::vector<std::string> kept;
  static std::vector<char*> pointers;
  kept = parsed->words;
  pointers = {(*argv)[0]};
  for (std::string& word : kept) pointers.push_back(word.data());
  *argc = static_cast<int>(pointers.size());
  pointers.push_back(nullptr);
  *argv = pointers.data();
}

void ParseFlags(std::string_view program_summary, int* argc, char*** argv, int bad_usage_exit_code) {
  ProgramHelp program;
  program.summary = std::string(program_summary);
  program.bad_usage_exit_code = bad_usage_exit_code;
  ParseFlags(program, argc, argv);
}

}  // namespace quoin::tools
