// The arrows of the design, over all the packages' files; and the checker itself, on files that break each rule.
#include "tests/arrows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace quoin::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Arrows, HoldInEveryFile) {
  std::vector<std::string> complaints;
  for (const std::string& package : KnownPackages()) {
    if (package == "third_party") continue;  // Its files are not ours to bend: two lines each, no use of ours.
    int files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             package, std::filesystem::directory_options::follow_directory_symlink)) {
      const std::string path = entry.path().string();
      if (!path.ends_with(".h") && !path.ends_with(".cc") && !path.ends_with("/BUILD.bazel")) continue;
      std::ostringstream text;
      std::ifstream file(entry.path());
      text << file.rdbuf();
      ASSERT_TRUE(file) << path;
      ++files;
      for (std::string& complaint : CheckArrows(path, text.str())) complaints.push_back(std::move(complaint));
    }
    // Without this a package whose files did not arrive here would pass unread.
    EXPECT_GE(files, 2) << package << ": is its `sources` in the data of this test?";
  }
  EXPECT_THAT(complaints, IsEmpty());
}

TEST(Arrows, LetDownwardUsesPass) {
  EXPECT_THAT(CheckArrows("kv/a.cc", "#include \"base/status.h\"\n#include <rocksdb/db.h>\n#include <thread>\n"),
              IsEmpty());
  EXPECT_THAT(CheckArrows("net/a.cc", "#include \"quorum/keyspace.h\"\n#include <boost/asio.hpp>\n"), IsEmpty());
  EXPECT_THAT(CheckArrows("tests/a.cc", "#include \"tools/client_command.h\"\n#include <iostream>\n"), IsEmpty());
  EXPECT_THAT(CheckArrows("quorum/BUILD.bazel",
                          "deps = [\n\"//kv:record\", \"//ring:partition\", \":x\", \"//third_party:glog\"]"),
              IsEmpty());
}

TEST(Arrows, RefuseUpwardIncludes) {
  EXPECT_THAT(CheckArrows("kv/a.cc", "\n#include \"net/server.h\"\n"),
              ElementsAre(HasSubstr("kv/a.cc:2: kv may not use net")));
  EXPECT_THAT(CheckArrows("base/a.h", "#pragma once\n#  include \"kv/record.h\"\n"),
              ElementsAre(HasSubstr("base may not use kv")));
  EXPECT_THAT(CheckArrows("net/a.cc", "#include \"tools/flags.h\""), ElementsAre(HasSubstr("net may not use tools")));
  EXPECT_THAT(CheckArrows("tools/a.cc", "#include \"tests/arrows.h\""),
              ElementsAre(HasSubstr("tools may not use tests")));
}

TEST(Arrows, LetOnlyTheFrontOfTheSimulatorUseIt) {
  const char* include = "#include \"tests/simulation/fleet.h\"\n#include \"tests/linearizability/checker.h\"\n";
  EXPECT_THAT(CheckArrows("tools/simulate.cc", include), IsEmpty());
  EXPECT_THAT(CheckArrows("tools/simulate_report.cc", include), IsEmpty());
  EXPECT_THAT(CheckArrows("tools/BUILD.bazel", "deps = [\"//tests/simulation\", \"//tests/simulation:fleet\"]"),
              IsEmpty());
  EXPECT_THAT(CheckArrows("tools/simulate.cc", "#include \"tests/arrows.h\""),
              ElementsAre(HasSubstr("tools may not use tests")));
  EXPECT_THAT(CheckArrows("tools/node.cc", include), testing::SizeIs(2));
  EXPECT_THAT(CheckArrows("net/simulate.cc", include), testing::SizeIs(2));
  EXPECT_THAT(CheckArrows("tools/BUILD.bazel", "deps = [\"//tests:arrows\"]"),
              ElementsAre(HasSubstr("tools may not use tests")));
}

TEST(Arrows, LetTheStressTestUseTheCheckerOnly) {
  EXPECT_THAT(CheckArrows("tools/bench_verify.h", "#pragma once\n#include \"tests/linearizability/checker.h\"\n"),
              IsEmpty());
  EXPECT_THAT(CheckArrows("tools/bench_verify.cc", "#include \"tests/simulation/fleet.h\""),
              ElementsAre(HasSubstr("tools may not use tests")));
  EXPECT_THAT(CheckArrows("tools/client_shell.cc", "#include \"tests/linearizability/checker.h\""),
              ElementsAre(HasSubstr("tools may not use tests")));
  EXPECT_THAT(CheckArrows("net/bench_a.cc", "#include \"tests/linearizability/checker.h\""),
              ElementsAre(HasSubstr("net may not use tests")));
}

TEST(Arrows, KeepRingAndKvStrangers) {
  EXPECT_THAT(CheckArrows("kv/a.cc", "#include \"ring/partition.h\""), ElementsAre(HasSubstr("kv may not use ring")));
  EXPECT_THAT(CheckArrows("ring/a.cc", "#include \"kv/record.h\""), ElementsAre(HasSubstr("ring may not use kv")));
}

TEST(Arrows, HoldForTestsOfAPackageToo) {
  EXPECT_THAT(CheckArrows("kv/a_test.cc", "#include \"quorum/operation.h\""),
              ElementsAre(HasSubstr("kv may not use quorum")));
}

TEST(Arrows, KeepBoostInNetAndAbove) {
  EXPECT_THAT(CheckArrows("kv/a.cc", "#include <boost/json.hpp>"), ElementsAre(HasSubstr("<boost/json.hpp>")));
  EXPECT_THAT(CheckArrows("quorum/BUILD.bazel", "deps = [\"//third_party:beast\"],"),
              ElementsAre(HasSubstr("quorum may not use \"//third_party:beast\"")));
}

TEST(Arrows, KeepTheEngineInKv) {
  EXPECT_THAT(CheckArrows("net/a.cc", "#include <rocksdb/db.h>"),
              ElementsAre(HasSubstr("net may not use <rocksdb/db.h>")));
}

TEST(Arrows, KeepClocksThreadsChanceAndSocketsOutOfPureLogic) {
  for (const char* header : {"thread", "mutex", "random", "sys/socket.h", "unistd.h", "atomic"}) {
    const std::string include = std::string("#include <") + header + ">";
    const bool allowed = std::string(header) == "atomic";
    EXPECT_EQ(CheckArrows("ring/a.h", "#pragma once\n" + include).empty(), allowed) << header;
    EXPECT_EQ(CheckArrows("quorum/a.cc", include).empty(), allowed) << header;
    EXPECT_THAT(CheckArrows("quorum/a_test.cc", include), IsEmpty()) << header;
    EXPECT_THAT(CheckArrows("net/a.cc", include), IsEmpty()) << header;
  }
  EXPECT_THAT(CheckArrows("quorum/a.cc", "auto t = std::chrono::steady_clock::now();"),
              ElementsAre(HasSubstr("::now(")));
  EXPECT_THAT(CheckArrows("ring/a.cc", "int i = rand();"), ElementsAre(HasSubstr("rand(")));
}

TEST(Arrows, DoNotReadCommentsOrLiterals) {
  EXPECT_THAT(
      CheckArrows("quorum/a.cc",
                  "// never steady_clock::now()\n/* nor\n#include <thread>\n*/ auto s = \"::now()\"; char q = '\"';\n"
                  "auto r = R\"x(#include \"net/a.h\"\n::now())x\";\n"),
      IsEmpty());
  // Code after them is still read.
  EXPECT_THAT(CheckArrows("quorum/a.cc", "/* x */ auto a = \"\\\"\"; auto n = C::now(); int big = 1'000;"),
              ElementsAre(HasSubstr("::now(")));
}

TEST(Arrows, KeepStreamsOutOfLibraries) {
  EXPECT_THAT(CheckArrows("net/a.cc", "#include <iostream>"), ElementsAre(HasSubstr("<iostream> is for programs")));
}

TEST(Arrows, WantIncludesFromTheRootAndGuards) {
  EXPECT_THAT(CheckArrows("kv/a.cc", "#include \"record.h\""), ElementsAre(HasSubstr("from the root")));
  EXPECT_THAT(CheckArrows("kv/a.h", "int x;"), ElementsAre(HasSubstr("#pragma once")));
  EXPECT_THAT(CheckArrows("quorum/a.cc", "#include <kv/record.h>"), ElementsAre(HasSubstr("written in quotes")));
}

TEST(Arrows, HoldInBuildFiles) {
  EXPECT_THAT(CheckArrows("kv/BUILD.bazel", "deps = [\n  \"//net:server\",\n]"),
              ElementsAre(HasSubstr("kv/BUILD.bazel:2: kv may not use net")));
  EXPECT_THAT(CheckArrows("ring/BUILD.bazel", "deps = [\"//base:text\", \"//kv\"]"),
              ElementsAre(HasSubstr("ring may not use kv")));
  EXPECT_THAT(CheckArrows("net/BUILD.bazel", "deps = [\"@system//:rocksdb\"]"),
              ElementsAre(HasSubstr("//third_party only")));
  EXPECT_THAT(CheckArrows("net/BUILD.bazel", "linkopts = [\"-lz\"]"), ElementsAre(HasSubstr("//third_party only")));
  // Visibility points the other way, and a comment points nowhere.
  EXPECT_THAT(CheckArrows("kv/BUILD.bazel",
                          "# not \"//net:server\"\nvisibility = [\"//quorum:__pkg__\", \"//:__subpackages__\", "
                          "\"//visibility:public\"]"),
              IsEmpty());
}

TEST(Arrows, WantEveryPackageToBeKnown) {
  EXPECT_THAT(CheckArrows("misc/a.h", "#pragma once"), ElementsAre(HasSubstr("'misc' is unknown")));
}

}  // namespace
}  // namespace quoin::tests
