#include "tools/cluster_log.h"

#include <algorithm>

namespace quoin::tools {
namespace {

constexpr std::size_t kToldLogLines = 5;
constexpr std::size_t kToldReportLines = 80;  // A race takes two stacks, and where the memory came from.
constexpr std::size_t kSearchedLogLines = 200;

// What stands behind glog's "E20240131 12:00:00.123456  1234 node.cc:224] ", which people need not see.
std::string Message(const std::string& log_line) {
  const std::size_t bracket = log_line.find("] ");
  const bool is_prefix =
      bracket != std::string::npos && bracket > 0 && std::string("IWEF").find(log_line[0]) != std::string::npos;
  return is_prefix ? log_line.substr(bracket + 2) : log_line;
}

// glog's "F20240131 ...", or a sanitizer's report; stack traces follow.
bool BeginsReport(const std::string& line) {
  return line.starts_with("F2") || line.starts_with("WARNING: ThreadSanitizer") ||
         line.find("ERROR: AddressSanitizer") != std::string::npos;
}

}  // namespace

std::vector<std::string> EndOfLog(const LocalNode& node) {
  std::vector<std::string> lines = node.LastLogLines(kSearchedLogLines);
  const auto report = std::ranges::find_if(lines, BeginsReport);
  if (report != lines.end()) {
    const std::size_t told = report->starts_with("F2") ? kToldLogLines : kToldReportLines;
    lines.erase(lines.begin(), report);
    lines.resize(std::min(lines.size(), told));
  } else if (lines.size() > kToldLogLines) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kToldLogLines));
  }
  return lines;
}

std::string LastWords(const LocalNode& node) {
  const std::vector<std::string> lines = EndOfLog(node);
  if (lines.empty()) return "it said nothing";
  return Message(BeginsReport(lines.front()) ? lines.front() : lines.back());
}

}  // namespace quoin::tools
