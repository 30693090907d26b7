#include "tools/flag_help.h"

#include <gflags/gflags.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>

#include "tools/flag_types.h"

DEFINE_string(patience, "5s", "how long the test waits");
DEFINE_validator(patience, &quoin::tools::ValidatePositiveDuration);
DEFINE_int32(count, 3, "how many");
DEFINE_double(share, 0.99, "how much of it");
DEFINE_bool(eager, false, "whether to begin at once");
DEFINE_string(place, "",
              "a long story about where the things are that goes on beyond one line of the help text, so that "
              "it has to be wrapped under itself");

namespace quoin::tools {
namespace {

class FlagHelp : public testing::Test {
 protected:
  Result<ParsedFlags> Parse(const std::vector<std::string>& arguments) {
    return TryParseFlags(program_, arguments, [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment_.find(name);
      if (found == environment_.end()) return std::nullopt;
      return found->second;
    });
  }
  std::string Problem(const std::vector<std::string>& arguments) {
    const auto parsed = Parse(arguments);
    return parsed.ok() ? "no problem" : parsed.status().message();
  }
  std::string WriteFile(const std::string& name, const std::string& text) {
    const std::string path = testing::TempDir() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  gflags::FlagSaver saver_;  // Puts the flags back after each test.
  ProgramHelp program_{.summary = "test [flags] word...",
                       .groups = {{"Patience", {"patience", "eager"}}},
                       .epilogue = "Examples: none.",
                       .environment = {"patience", "count"}};
  std::map<std::string, std::string> environment_;
};

TEST_F(FlagHelp, TakesFlagsAnywhereAndLeavesTheWords) {
  const auto parsed = Parse({"one", "--patience=2s", "two", "--count", "7", "-eager", "three"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->words, (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_EQ(FLAGS_patience, "2s");
  EXPECT_EQ(FLAGS_count, 7);
  EXPECT_TRUE(FLAGS_eager);
}

TEST_F(FlagHelp, NegativeNumbersAndADashAreWords) {
  const auto parsed = Parse({"INCR", "k", "-5", "-", "-.5"});
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->words, (std::vector<std::string>{"INCR", "k", "-5", "-", "-.5"}));
}

TEST_F(FlagHelp, EverythingAfterTwoDashesIsAWord) {
  const auto parsed = Parse({"SET", "--count=1", "--", "--count=2", "--what"});
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->words, (std::vector<std::string>{"SET", "--count=2", "--what"}));
  EXPECT_EQ(FLAGS_count, 1);
}

TEST_F(FlagHelp, BooleansCanBeNegated) {
  ASSERT_TRUE(Parse({"--eager"}).ok());
  EXPECT_TRUE(FLAGS_eager);
  ASSERT_TRUE(Parse({"--noeager"}).ok());
  EXPECT_FALSE(FLAGS_eager);
  EXPECT_EQ(Problem({"--nocount"}).substr(0, 26), "There is no flag --nocount");
  EXPECT_EQ(Problem({"--eager=perhaps"}), "--eager=perhaps: the value is true or false.");
}

TEST_F(FlagHelp, SuggestsTheNearestFlag) {
  EXPECT_EQ(Problem({"--patiance=1s"}), "There is no flag --patiance. Did you mean --patience?");
  EXPECT_EQ(Problem({"--cuont=1"}), "There is no flag --cuont. Did you mean --count?");
  EXPECT_EQ(Problem({"--zzzzzzzz"}), "There is no flag --zzzzzzzz. --help lists the flags.");
}

TEST_F(FlagHelp, SaysWhatAValueMayBe) {
  EXPECT_EQ(Problem({"--patience=soon"}).substr(0, 49), "--patience=soon: the value is a time with a unit,");
  EXPECT_NE(Problem({"--patience=0s"}).find("above zero"), std::string::npos);
  EXPECT_EQ(Problem({"--count=many"}), "--count=many: the value is a whole number.");
  EXPECT_EQ(Problem({"--count=99999999999"}), "--count=99999999999: the value is a whole number.");
  EXPECT_EQ(Problem({"--count"}), "--count needs a value: --count=...");
  EXPECT_EQ(FLAGS_patience, "5s") << "a refused value must not stay";
}

TEST_F(FlagHelp, TheEnvironmentCountsUnlessTheFlagIsGiven) {
  environment_ = {{"QUOIN_PATIENCE", "9s"}, {"QUOIN_COUNT", "9"}, {"QUOIN_EAGER", "true"}};
  ASSERT_TRUE(Parse({"--count=3"}).ok());
  EXPECT_EQ(FLAGS_patience, "9s");
  EXPECT_EQ(FLAGS_count, 3) << "given on the command line, if only as its default";
  EXPECT_FALSE(FLAGS_eager) << "not among the program's environment flags";
}

TEST_F(FlagHelp, AWrongEnvironmentNamesTheVariableButDoesNotHideHelp) {
  environment_ = {{"QUOIN_PATIENCE", "long"}};
  EXPECT_EQ(Problem({}).substr(0, 20), "QUOIN_PATIENCE=long:");
  EXPECT_TRUE(Parse({"--patience=1s"}).ok());
  const auto help = Parse({"--help"});
  ASSERT_TRUE(help.ok());
  EXPECT_EQ(help->action, ParsedFlags::Action::kHelp);
}

TEST_F(FlagHelp, ReadsFlagFiles) {
  const std::string path = WriteFile("flags.txt", "# a comment\n\n  --count=11\npatience=3s\r\n--eager\n");
  ASSERT_TRUE(Parse({"--flagfile=" + path, "--patience=4s"}).ok());
  EXPECT_EQ(FLAGS_count, 11);
  EXPECT_EQ(FLAGS_patience, "4s") << "a later flag wins over the file";
  EXPECT_TRUE(FLAGS_eager);
  ASSERT_TRUE(Parse({"--count=1", "--flagfile", path}).ok());
  EXPECT_EQ(FLAGS_count, 11) << "the file stands where --flagfile stands";
}

TEST_F(FlagHelp, NamesFileAndLineOfAWrongFlag) {
  const std::string path = WriteFile("wrong.txt", "--count=1\n--cuont=2\n");
  EXPECT_EQ(Problem({"--flagfile=" + path}), path + ", line 2: There is no flag --cuont. Did you mean --count?");
  EXPECT_EQ(Problem({"--flagfile=/nowhere"}), "--flagfile=/nowhere: the file can't be read.");
  const std::string loop = testing::TempDir() + "/loop.txt";
  WriteFile("loop.txt", "--flagfile=" + loop + "\n");
  EXPECT_NE(Problem({"--flagfile=" + loop}).find("too deeply"), std::string::npos);
}

TEST_F(FlagHelp, ShowsOurFlagsOnlyInTheirGroups) {
  const std::string text = HelpText(program_);
  EXPECT_TRUE(text.starts_with("test [flags] word...\n"));
  EXPECT_NE(text.find("\nPatience:\n  --patience=5s"), std::string::npos) << text;
  EXPECT_NE(text.find("\nOther flags:\n  --count=3"), std::string::npos) << text;
  EXPECT_NE(text.find("--share=0.99 "), std::string::npos) << text;
  EXPECT_NE(text.find("QUOIN_PATIENCE QUOIN_COUNT"), std::string::npos);
  EXPECT_NE(text.find("Examples: none."), std::string::npos);
  EXPECT_EQ(text.find("logtostderr"), std::string::npos);
  EXPECT_EQ(text.find("tab_completion"), std::string::npos);
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    EXPECT_LE(end - begin, 100u) << text.substr(begin, end - begin);
    begin = end + 1;
  }
}

TEST_F(FlagHelp, ForeignFlagsAreNeitherShownNorTaken) {
  program_.foreign = {"count", "place", "eager"};
  program_.groups = {{"Patience", {"patience"}}};
  program_.environment = {"patience"};
  const std::string text = HelpText(program_);
  EXPECT_NE(text.find("--patience"), std::string::npos);
  EXPECT_EQ(text.find("--count"), std::string::npos) << text;
  EXPECT_EQ(text.find("--place"), std::string::npos) << text;
  EXPECT_EQ(Problem({"--count=4"}), "There is no flag --count. --help lists the flags.");
  EXPECT_EQ(Problem({"--noeager"}).find("There is no flag --noeager."), 0u);
  EXPECT_EQ(FLAGS_count, 3);
}

TEST_F(FlagHelp, ProgramsDescribeSharedFlagsTheirOwnWay) {
  program_.described = {{"patience", "how long this very program waits"}};
  const std::string text = HelpText(program_);
  EXPECT_NE(text.find("how long this very program waits"), std::string::npos) << text;
  EXPECT_EQ(text.find("how long the test waits"), std::string::npos) << text;
}

TEST_F(FlagHelp, ParseFlagsLeavesProgramAndWordsInArgv) {
  std::string program = "client", flag = "--count=5", word = "GET", key = "k";
  char* arguments[] = {program.data(), flag.data(), word.data(), key.data(), nullptr};
  int argc = 4;
  char** argv = arguments;
  ParseFlags(program_, &argc, &argv);
  ASSERT_EQ(argc, 3);
  EXPECT_STREQ(argv[0], "client");
  EXPECT_STREQ(argv[1], "GET");
  EXPECT_STREQ(argv[2], "k");
  EXPECT_EQ(argv[3], nullptr);
}

TEST_F(FlagHelp, ParseFlagsExitsWithTheProgramsCode) {
  std::string program = "client", flag = "--cuont=5", version = "--version";
  char* wrong[] = {program.data(), flag.data(), nullptr};
  int argc = 2;
  char** argv = wrong;
  EXPECT_EXIT(ParseFlags("summary", &argc, &argv, 2), testing::ExitedWithCode(2), "client: There is no flag --cuont");
  char* asks[] = {program.data(), version.data(), nullptr};
  argv = asks;
  EXPECT_EXIT(ParseFlags("summary", &argc, &argv, 2), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace quoin::tools
