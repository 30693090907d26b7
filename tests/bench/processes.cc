#include "tests/bench/processes.h"

#include <glog/logging.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace quoin::bench {
namespace {

// The number behind "name:" in a file of such lines.
std::uint64_t Line(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1));
  }
  LOG(FATAL) << path << " has no '" << name << "' that may be read";
}

// Fields 14 and 15 of /proc/PID/stat.
double CpuSeconds(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  CHECK(std::getline(file, line)) << "there is no " << path;
  std::istringstream fields(line.substr(line.rfind(')') + 1));  // The name before it may hold spaces.
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0, system = 0;
  CHECK(fields >> user >> system) << line;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

ProcessUse UseOf(const std::vector<std::uint32_t>& pids) {
  ProcessUse use;
  for (const std::uint32_t pid : pids) {
    const std::string folder = "/proc/" + std::to_string(pid) + "/";
    use.cpu_seconds += CpuSeconds(folder + "stat");
    use.written_bytes += Line(folder + "io", "write_bytes");
    use.resident_bytes += Line(folder + "status", "VmRSS") * 1024;
  }
  return use;
}

double OwnCpuSeconds() {
  rusage usage{};
  PCHECK(::getrusage(RUSAGE_SELF, &usage) == 0);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace quoin::bench
