#include "tools/client_completion.h"

#include <gtest/gtest.h>

namespace quoin::tools {
namespace {

using Strings = std::vector<std::string>;

Strings Keys(const std::string& prefix) {
  Strings found;
  for (const char* key : {"user:1", "user:2", "two words", "\xff",
                          "\xc3\xbc"
                          "1",
                          "\xc3\xb6"
                          "1"}) {
    if (std::string(key).starts_with(prefix)) found.push_back(key);
  }
  return found;
}
Strings Candidates(std::string_view line) { return Complete(line, &Keys).candidates; }

TEST(Complete, CommandNamesInTheCaseTyped) {
  EXPECT_EQ(Candidates("EX"), (Strings{"EXIT", "EXPIRE"}));
  EXPECT_EQ(Candidates("ge"), (Strings{"get"}));
  EXPECT_EQ(Candidates("HELP EXP"), (Strings{"EXPIRE"}));
  EXPECT_EQ(Candidates("nothing"), Strings{});
  EXPECT_GT(Candidates("").size(), 10u);
}

TEST(Complete, KeysWhereACommandTakesThem) {
  EXPECT_EQ(Candidates("GET us"), (Strings{"user:1", "user:2"}));
  EXPECT_EQ(Candidates("MGET user:1 us"), (Strings{"user:1", "user:2"}));
  EXPECT_EQ(Candidates("SET user:1 us"), Strings{}) << "a value is no key";
  EXPECT_EQ(Candidates("EXIT us"), Strings{});
  EXPECT_EQ(Complete("GET us", &Keys).Common(), "er:");
}

TEST(Complete, NeverOffersAKeyThatTypingCanNotReach) {
  EXPECT_EQ(Candidates("GET two"), Strings{}) << "it would need a quote before what is typed";
  const Strings all = Candidates("GET ");
  EXPECT_NE(std::find(all.begin(), all.end(), "\"two words\""), all.end());
  for (const std::string& key : all) EXPECT_EQ(key.find('\xff'), std::string::npos);
  EXPECT_EQ(Candidates("GET \"us"), Strings{});
}

TEST(Complete, NeverOffersAKeyThatATerminalWouldObey) {
  const auto keys = [](const std::string&) {
    return Strings{"a\u202eb", "a\u200bc", "a\td",
                   "a\x1b"
                   "e",
                   "af"};
  };
  EXPECT_EQ(Complete("GET a", keys).candidates, Strings{"af"});
  EXPECT_EQ(Complete("GET ", keys).candidates, Strings{"af"});
}

TEST(Complete, KeywordsBehindTheWordsBeforeThem) {
  EXPECT_EQ(Candidates("SET k v IF"), (Strings{"IF-ABSENT", "IF-VERSION"}));
  EXPECT_EQ(Candidates("set k v t"), (Strings{"ttl"}));
  EXPECT_EQ(Candidates("SET k T"), Strings{});
  EXPECT_EQ(Candidates("GET k M"), (Strings{"META"}));
}

TEST(Completion, CommonNeverEndsInsideACharacter) {
  // The two keys share the first byte of their first character.
  Completion completion{.typed_bytes = 0,
                        .candidates = {"\xc3\xbc"
                                       "1",
                                       "\xc3\xb6"
                                       "1"}};
  EXPECT_EQ(completion.Common(), "");
}

}  // namespace
}  // namespace quoin::tools
