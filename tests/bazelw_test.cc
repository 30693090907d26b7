// ./bazelw on machines that lack things, played by scripts that stand in for dpkg-query, apt-get, sudo and bazel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/process/child_process.h"

namespace quoin::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class BazelwTest : public testing::Test {
 protected:
  BazelwTest() {
    fs::create_directory(bin());
    AddProgram("bazelw", ReadFile("bazelw"), folder_.path());
    WriteFile(folder_.path() / "packages.txt",
              "# why\n[run]\nenginelib   keeps the data\n\n[test]\n# besides\ntestlib     tests it\n");
    // Everything that the wrapper itself stands on, and nothing else.
    for (const char* tool : {"bash", "cat", "dirname", "readlink", "env", "grep", "tail", "mktemp", "rm", "sleep"}) {
      fs::create_symlink(fs::exists(fs::path("/bin") / tool) ? fs::path("/bin") / tool : fs::path("/usr/bin") / tool,
                         bin() / tool);
    }
    // Asked for some packages, it knows those in the file `installed`, and fails as the real one does when it lacks
    // one.
    AddProgram(
        "dpkg-query",
        "#!/bin/bash\nstatus=0\nfor name in \"${@:3}\"; do\n"
        "  if provided=$(grep -E \"^$name( |$)\" \"$HERE/installed\"); then echo \"$name installed${provided#$name}\"\n"
        "  else status=1; fi\ndone\n"
        "exit $status\n");
    AddProgram("apt-get", "#!/bin/bash\necho \"$DEBIAN_FRONTEND $*\" >>\"$HERE/apt-calls\"\n" + apt_body_);
    AddProgram("sudo", "#!/bin/bash\n[[ $1 == -v ]] || exec \"$@\"\n");
    AddProgram("bazel", "#!/bin/bash\nprintf 'bazel'\nprintf ' [%s]' \"$@\"\necho\n");
    SetInstalled("");
  }

  fs::path bin() const { return folder_.path() / "bin"; }
  void AddProgram(const std::string& name, const std::string& text, const fs::path& where) {
    WriteFile(where / name, text);
    fs::permissions(where / name, fs::perms::owner_all);
  }
  void AddProgram(const std::string& name, const std::string& text) { AddProgram(name, text, bin()); }
  void SetInstalled(const std::string& lines) { WriteFile(folder_.path() / "installed", lines); }
  void SetApt(const std::string& body) {
    AddProgram("apt-get", "#!/bin/bash\necho \"$DEBIAN_FRONTEND $*\" >>\"$HERE/apt-calls\"\n" + body);
  }
  std::string AptCalls() const { return ReadFile(folder_.path() / "apt-calls"); }
  Finished Run(const std::vector<std::string>& arguments) const {
    std::vector<std::string> argv = {folder_.path() / "bazelw"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return RunToEnd(argv, "",
                    {"PATH=" + bin().string(), "HERE=" + folder_.path().string(), "TMPDIR=" + folder_.path().string()});
  }

  // Installs whatever it is asked for.
  const std::string apt_body_ = "for name in \"$@\"; do echo \"$name\" >>\"$HERE/installed\"; done\n";
  TemporaryFolder folder_{"bazelw"};
};

TEST_F(BazelwTest, HandsOverWithTheArgumentsAsTheyAreWhenNothingIsMissing) {
  SetInstalled("enginelib\ntestlib\n");
  const Finished finished = Run({"test", "//a b:c", "", "--x=*"});
  EXPECT_EQ(finished.output, "bazel [test] [//a b:c] [] [--x=*]\n");
  EXPECT_EQ(finished.errors, "");
  EXPECT_EQ(finished.exit.code, 0);
  EXPECT_EQ(AptCalls(), "");
}

TEST_F(BazelwTest, SaysWhatIsMissingAndWhyThenInstallsIt) {
  const Finished finished = Run({"test", "//..."});
  EXPECT_THAT(finished.errors, HasSubstr("enginelib              keeps the data\n"));
  EXPECT_THAT(finished.errors, HasSubstr("testlib                tests it\n"));
  EXPECT_THAT(AptCalls(), HasSubstr("noninteractive "));
  EXPECT_THAT(AptCalls(), HasSubstr("install --no-install-recommends enginelib testlib\n"));
  EXPECT_EQ(finished.output, "bazel [test] [//...]\n");
}

TEST_F(BazelwTest, InstallsForRunningOnlyWhatRunningNeeds) {
  EXPECT_EQ(Run({"run", "//tools:node", "--", "--listen=127.0.0.1:0", "--peer_listen=127.0.0.1:0"}).exit.code, 0);
  EXPECT_THAT(AptCalls(), HasSubstr("install --no-install-recommends enginelib\n"));
  EXPECT_THAT(AptCalls(), Not(HasSubstr("testlib")));
}

TEST_F(BazelwTest, InstallsTheRestForATestThatIsRunAndForABuild) {
  SetInstalled("enginelib\n");
  EXPECT_EQ(Run({"--batch", "build", "//..."}).exit.code, 0);
  EXPECT_THAT(AptCalls(), HasSubstr("install --no-install-recommends testlib\n"));
  SetInstalled("enginelib\n");
  WriteFile(folder_.path() / "apt-calls", "");
  EXPECT_EQ(Run({"run", "//kv:storage_bench"}).exit.code, 0);
  EXPECT_THAT(AptCalls(), HasSubstr("testlib"));
}

TEST_F(BazelwTest, TakesWhatAnInstalledPackageProvides) {
  SetInstalled("enginelib other-lib, testlib, third (= 1.0)\n");
  const Finished finished = Run({"test", "//..."});
  EXPECT_EQ(finished.output, "bazel [test] [//...]\n") << finished.errors;
  EXPECT_EQ(AptCalls(), "");
}

TEST_F(BazelwTest, ReadsThePackageListsAnewWhenTheInstallationFailsAtFirst) {
  SetApt("[[ $* != *install* ]] || grep -q ' update$' \"$HERE/apt-calls\" || exit 100\n" + apt_body_);
  // Whether this machine has lists or not: in the end they have been read, and the packages installed.
  const Finished finished = Run({"run", "//tools:node"});
  EXPECT_EQ(finished.output, "bazel [run] [//tools:node]\n") << finished.errors;
  EXPECT_THAT(AptCalls(), HasSubstr(" update\n"));
}

TEST_F(BazelwTest, ShowsWhyAnInstallationFailedAndStops) {
  SetApt("echo 'E: Unable to locate package enginelib'; exit 100\n");
  const Finished finished = Run({"run", "//tools:node"});
  EXPECT_EQ(finished.exit.code, 1);
  EXPECT_THAT(finished.errors, HasSubstr("E: Unable to locate package enginelib"));
  EXPECT_EQ(finished.output, "") << "no bazel";
}

TEST_F(BazelwTest, WaitsForAnotherApt) {
  SetApt(
      "if [[ ! -e \"$HERE/once\" ]]; then >\"$HERE/once\"; echo 'E: Could not get lock /var/lib/apt/lists/lock'; exit "
      "100; fi\n" +
      apt_body_);
  const Finished finished = Run({"run", "//tools:node"});
  EXPECT_EQ(finished.output, "bazel [run] [//tools:node]\n") << finished.errors;
  EXPECT_THAT(finished.errors, HasSubstr("waiting"));
}

TEST_F(BazelwTest, HandsOverWhereThereIsNoDebianAndSaysWhatIsWanted) {
  fs::remove(bin() / "dpkg-query");
  fs::remove(bin() / "apt-get");
  Finished finished = Run({"run", "//tools:node"});
  EXPECT_THAT(finished.errors, HasSubstr("enginelib"));
  EXPECT_EQ(finished.output, "bazel [run] [//tools:node]\n");
  fs::remove(bin() / "bazel");
  finished = Run({"run", "//tools:node"});
  EXPECT_EQ(finished.exit.code, 1);
}

TEST(Packages, AreListedOnceEachWithAReasonInTwoParts) {
  std::istringstream lines(ReadFile("packages.txt"));
  std::vector<std::string> parts;
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '[') {
      parts.push_back(line);
      continue;
    }
    std::istringstream words(line);
    std::string name, reason;
    words >> name >> reason;
    EXPECT_FALSE(reason.empty()) << name << " has no reason";
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 0) << name;
    names.push_back(name);
  }
  EXPECT_EQ(parts, (std::vector<std::string>{"[run]", "[test]"}));
  EXPECT_GE(names.size(), 10u);
}

}  // namespace
}  // namespace quoin::tests
