// What tools:cluster leaves behind for its next start, above all when this one failed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "tests/cluster/local_cluster_testing.h"

namespace quoin::tests {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST_F(LocalClusterTest, ComesUpOnTheSameAddressesAgain) {
  const std::vector<std::string> free = {"--listen=127.0.0.1:0", "--peer_listen=127.0.0.1:0"};
  const auto addresses = [](const Finished& run) {
    std::string text;
    static const std::regex address("(url|peer)=[^ ]+");
    for (std::sregex_iterator i(run.output.begin(), run.output.end(), address), end; i != end; ++i)
      text += i->str() + " ";
    return text;
  };
  std::vector<std::string> flags = free;
  flags.push_back("--nodes=2");
  const Finished first = RunWith("quit\n", flags);
  ASSERT_EQ(first.exit.code, 0) << first.errors;
  EXPECT_THAT(addresses(first), Not(HasSubstr(":0 ")));
  const Finished again = RunWith("quit\n", free);
  EXPECT_EQ(again.exit.code, 0) << again.errors;
  EXPECT_EQ(addresses(again), addresses(first));
  EXPECT_THAT(again.errors, HasSubstr("data and logs are in " + data().string()));
}

TEST_F(LocalClusterTest, AnAddThatFailsLeavesTheClusterAsItWas) {
  const std::vector<std::string> taken = {"--", "--refuse_at=127.0.0.1:8083"};
  const std::string three = "ok n1=running n2=running n3=running";
  const Finished failed = RunWith("add\nstatus\nadd\n", taken);
  EXPECT_THAT(Answers(failed.output), ElementsAre(HasSubstr("error n4 did not start (exit code 1)"), three,
                                                  HasSubstr("error n4 did not start (exit code 1)")));
  EXPECT_FALSE(std::filesystem::exists(data() / "n4"));
  const Finished again = RunWith("status\n", taken);
  EXPECT_EQ(again.exit.code, 0) << again.errors;
  EXPECT_THAT(Answers(again.output), ElementsAre(three));

  std::filesystem::create_directory(data() / "n4");
  WriteFile(data() / "n4" / "notes", "somebody else's");
  EXPECT_EQ(RunWith("add\n", taken).exit.code, 1);
  EXPECT_EQ(ReadFile(data() / "n4" / "notes"), "somebody else's");
  EXPECT_THAT(Answers(RunWith("add\n").output),
              ElementsAre(HasSubstr("ok n4 00c0ffee00c0ff04 on http://127.0.0.1:8083")));
}

// It may be a member, which the others count on.
TEST_F(LocalClusterTest, AnAddThatFailsKeepsANodeThatHasSaidWhoItIs) {
  const Finished run = RunWith("add\nstatus\n", {"--nodes=1", "--", "--half_at=127.0.0.1:8081"});
  EXPECT_THAT(Answers(run.output),
              ElementsAre(HasSubstr("error n2 did not start (exit code 3)"), "ok n1=running n2=down"));
  EXPECT_TRUE(std::filesystem::exists(data() / "n2"));
  EXPECT_THAT(Answers(RunWith("status\n").output), ElementsAre("ok n1=running n2=running"));
}

// What it advises must not be refused for what it has left behind.
TEST_F(LocalClusterTest, AFirstStartThatFailsLeavesTheFolderEmpty) {
  const Finished refused = RunWith("", {"--", "--refuse_at=127.0.0.1:8081"});
  EXPECT_EQ(refused.exit.code, 1);
  EXPECT_THAT(refused.errors, AllOf(HasSubstr("n2 did not start"), HasSubstr("--listen=127.0.0.1:0"),
                                    HasSubstr("has been removed again"), Not(HasSubstr("data and logs are in"))));
  EXPECT_TRUE(std::filesystem::is_empty(data()));
  const Finished advised = RunWith("quit\n", {"--listen=127.0.0.1:0", "--peer_listen=127.0.0.1:0"});
  EXPECT_EQ(advised.exit.code, 0) << advised.errors;
}

TEST_F(LocalClusterTest, AFirstStartThatFailsLeavesWhatItDidNotMake) {
  const std::filesystem::path theirs = data() / "n2" / "theirs";
  const Finished refused = RunWith("", {"--", "--makes=" + theirs.string(), "--refuse_at=127.0.0.1:8081"});
  EXPECT_EQ(refused.exit.code, 1);
  EXPECT_TRUE(std::filesystem::exists(theirs));
  EXPECT_FALSE(std::filesystem::exists(data() / "n1"));
}

TEST_F(LocalClusterTest, AKeptClusterThatCannotStartStaysAndIsNotToldOfOtherPorts) {
  ASSERT_EQ(RunWith("quit\n").exit.code, 0);
  const Finished refused = RunWith("", {"--", "--refuse_at=127.0.0.1:8081"});
  EXPECT_EQ(refused.exit.code, 1);
  EXPECT_THAT(refused.errors, AllOf(HasSubstr("another process listens on 127.0.0.1:8081\n"),
                                    HasSubstr("data and logs are in"), Not(HasSubstr("Port 0"))));
  EXPECT_TRUE(std::filesystem::exists(data() / "n1" / "data"));
  EXPECT_THAT(Answers(RunWith("status\n").output), ElementsAre("ok n1=running n2=running n3=running"));
}

}  // namespace
}  // namespace quoin::tests
