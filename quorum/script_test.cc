// Runs the stories in testdata/*.txt: commands (quorum/story_testing.h), and below each, after "----", all that came of
// it. A story's text is what the protocol did, so a change of the protocol is a change of the stories, to be read as a
// diff:
//
//   QUOIN_REWRITE=1 bazel run //quorum:script_test
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "quorum/story_testing.h"

namespace quoin::quorum {
namespace {

// The file's text with what really came of its commands.
std::string Retell(const std::string& text) {
  Story story;
  std::string told;
  std::istringstream in(text);
  bool output = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "----") {
      output = true;
    } else if (line.empty()) {
      output = false;
      if (!told.ends_with("\n\n")) told += "\n";
    } else if (output) {
      continue;
    } else {
      told += line + "\n";
      if (line[0] == '#') continue;
      if (const std::string came = story.Do(line); !came.empty()) told += "----\n" + came + "\n";
    }
  }
  if (told.ends_with("\n\n")) told.pop_back();
  return told;
}

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

TEST(Stories, GoAsTold) {
  const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  const bool rewrite = std::getenv("QUOIN_REWRITE") != nullptr && workspace != nullptr;
  const std::filesystem::path folder = std::filesystem::path(rewrite ? workspace : ".") / "quorum/testdata";
  int stories = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".txt") continue;
    ++stories;
    const std::string text = ReadAll(entry.path());
    const std::string told = Retell(text);
    if (rewrite) {
      std::ofstream(entry.path()) << told;
    } else {
      EXPECT_EQ(text, told) << entry.path().filename();
    }
  }
  EXPECT_GT(stories, 0);
}

}  // namespace
}  // namespace quoin::quorum
