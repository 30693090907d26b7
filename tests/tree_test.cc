// Rules for the tree as a whole, which no list of files in a BUILD file can hold, since what they look for is just what
// such a list lacks. So this test walks the real source tree, which it finds through its own runfiles, and is run
// every time (tags = ["external"]).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/arrows.h"
#include "tests/documents.h"

namespace quoin::tests {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;

fs::path SourceRoot() { return fs::canonical("tests/BUILD.bazel").parent_path().parent_path(); }

// What .gitignore leaves out, and git's own folder.
bool IsIgnored(const std::string& top) {
  return top == ".git" || top.starts_with("bazel-") || top == "quoin-data" || top == ".bazelrc.user";
}

// All files of the source tree, as paths from its root.
const std::vector<std::string>& SourceFiles() {
  static const std::vector<std::string> files = [] {
    std::vector<std::string> found;
    const fs::path root = SourceRoot();
    for (const auto& top : fs::directory_iterator(root)) {
      if (IsIgnored(top.path().filename())) continue;
      if (top.is_regular_file()) found.push_back(top.path().filename());
      if (!top.is_directory()) continue;
      for (const auto& entry : fs::recursive_directory_iterator(top.path())) {
        if (entry.is_regular_file()) found.push_back(fs::relative(entry.path(), root));
      }
    }
    return found;
  }();
  return files;
}

std::string ReadText(const fs::path& path) {
  std::ostringstream text;
  std::ifstream file(path, std::ios::binary);
  text << file.rdbuf();
  return text.str();
}

TEST(Tree, IsFound) {
  ASSERT_TRUE(fs::exists(SourceRoot() / "WORKSPACE")) << SourceRoot();
  EXPECT_GE(SourceFiles().size(), 40u);
}

TEST(Tree, HasNoPackageThatTheArrowsDoNotKnow) {
  for (const auto& top : fs::directory_iterator(SourceRoot())) {
    const std::string name = top.path().filename();
    if (!top.is_directory() || IsIgnored(name) || name == "docs" || name.starts_with(".")) continue;
    EXPECT_TRUE(KnownPackages().contains(name)) << name << ": say in tests/arrows.cc what it may use";
  }
}

// arrows_test reads the files that the packages' `sources` name; here is that they name them all.
TEST(Tree, HasNoCodeOutsideOfTheSourcesThatTheArrowsRead) {
  for (const std::string& path : SourceFiles()) {
    if (path.starts_with("third_party/") || path == "BUILD.bazel" || path == "docs/BUILD.bazel") continue;
    EXPECT_FALSE(path.ends_with("/BUILD")) << path << ": build files are named BUILD.bazel";
    if (!path.ends_with(".h") && !path.ends_with(".cc") && !path.ends_with("/BUILD.bazel")) continue;
    EXPECT_TRUE(fs::exists(path)) << path << " is in no `sources` that //tests:all_sources gathers";
  }
}

TEST(Documents, LinkOnlyToWhatIsThere) {
  const fs::path root = SourceRoot();
  int links = 0;
  for (const std::string& path : SourceFiles()) {
    if (!path.ends_with(".md")) continue;
    for (const Link& link : MarkdownLinks(ReadText(root / path))) {
      if (link.target.find("://") != std::string::npos || link.target.starts_with("mailto:")) continue;
      ++links;
      const std::size_t hash = link.target.find('#');
      const std::string file = link.target.substr(0, hash);
      const fs::path target = file.empty() ? root / path : (root / path).parent_path() / file;
      if (!fs::exists(target)) {
        ADD_FAILURE() << path << ":" << link.line << " links to " << link.target << ", which is not there";
      } else if (hash != std::string::npos && target.extension() == ".md") {
        EXPECT_TRUE(MarkdownAnchors(ReadText(target)).contains(link.target.substr(hash + 1)))
            << path << ":" << link.line << " links to a heading that is not there: " << link.target;
      }
    }
  }
  EXPECT_GE(links, 5);
}

TEST(Tree, NamesNoPathOfOneMachine) {
  std::vector<std::string> found;
  for (const std::string& path : SourceFiles()) {
    const std::string text = ReadText(SourceRoot() / path);
    if (text.find('\0') != std::string::npos) continue;  // Not text.
    for (int line : LinesWithMachinePaths(text)) found.push_back(path + ":" + std::to_string(line));
  }
  EXPECT_THAT(found, IsEmpty());
}

}  // namespace
}  // namespace quoin::tests
