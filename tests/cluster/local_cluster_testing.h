// tools:cluster, the very program, over scripted nodes (scripted_node.sh), in a folder of the test's own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tests/process/child_process.h"

namespace quoin::tests {

inline std::string Program() { return std::filesystem::absolute("tools/cluster"); }

class LocalClusterTest : public testing::Test {
 protected:
  std::vector<std::string> Command(const std::vector<std::string>& flags) const {
    std::vector<std::string> argv = {Program(),
                                     "--node=" + std::filesystem::absolute("tests/cluster/scripted_node.sh").string(),
                                     "--data_dir=" + data().string()};
    argv.insert(argv.end(), flags.begin(), flags.end());
    return argv;
  }
  Finished RunWith(const std::string& input, const std::vector<std::string>& flags = {}) const {
    return RunToEnd(Command(flags), input);
  }
  ChildProcess::Options Piped(const std::vector<std::string>& flags = {}) const {
    return {.argv = Command(flags), .environment = {}, .piped_stdin = true, .stderr_file = folder_.path() / "errors"};
  }
  std::filesystem::path data() const { return folder_.path() / "data"; }
  std::string LogOf(const std::string& name) const { return ReadFile(data() / name / "log"); }
  std::string Errors() const { return ReadFile(folder_.path() / "errors"); }

  TemporaryFolder folder_{"local_cluster"};
};

// The lines after "ready": one for each command.
inline std::vector<std::string> Answers(const std::string& output) {
  std::vector<std::string> lines;
  std::istringstream all(output);
  bool ready = false;
  for (std::string line; std::getline(all, line);) {
    if (ready) lines.push_back(line);
    ready = ready || line == "ready";
  }
  return lines;
}

}  // namespace quoin::tests
