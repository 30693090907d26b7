#include "tools/client_words.h"

#include <gtest/gtest.h>

namespace quoin::tools {
namespace {

std::vector<std::string> Texts(std::string_view line) {
  const auto words = SplitWords(line);
  if (!words.ok()) return {"error: " + words.status().message()};
  std::vector<std::string> texts;
  for (const Word& word : *words) texts.push_back(word.text);
  return texts;
}
using Strings = std::vector<std::string>;

TEST(SplitWords, BlanksSeparate) {
  EXPECT_EQ(Texts(""), Strings{});
  EXPECT_EQ(Texts(" \t\r\n"), Strings{});
  EXPECT_EQ(Texts("  SET\tname  Alice \r\n"), (Strings{"SET", "name", "Alice"}));
}

TEST(SplitWords, QuotesKeepBlanksAndJoinTheirNeighbours) {
  EXPECT_EQ(Texts("SET k 'two words'"), (Strings{"SET", "k", "two words"}));
  EXPECT_EQ(Texts("SET k \"two words\""), (Strings{"SET", "k", "two words"}));
  EXPECT_EQ(Texts("a'b c'\"d e\"f"), (Strings{"ab cd ef"}));
  EXPECT_EQ(Texts("SET k ''"), (Strings{"SET", "k", ""}));
  EXPECT_EQ(Texts("SET k \"\""), (Strings{"SET", "k", ""}));
}

TEST(SplitWords, BackslashesMeanWhatTheyMeanInAShell) {
  EXPECT_EQ(Texts("two\\ words \\\\ \\\" \\'"), (Strings{"two words", "\\", "\"", "'"}));
  EXPECT_EQ(Texts("'a\\b'"), (Strings{"a\\b"}));
  EXPECT_EQ(Texts("\"a\\\"b\\\\c\\d\""), (Strings{"a\"b\\c\\d"}));
}

TEST(SplitWords, HexadecimalBytesInDoubleQuotesOnly) {
  EXPECT_EQ(Texts("\"\\x00\\xff\\x41\""), (Strings{std::string("\0\xff"
                                                               "A",
                                                               3)}));
  EXPECT_EQ(Texts("'\\x41'"), (Strings{"\\x41"}));
  EXPECT_EQ(Texts("\"\\\\x41\""), (Strings{"\\x41"}));
  for (const char* wrong : {"\"\\x\"", "\"\\x4\"", "\"\\xg0\"", "\"\\x-1\"", "\"\\x4"}) {
    EXPECT_EQ(Texts(wrong).front().substr(0, 6), "error:") << wrong;
  }
}

TEST(SplitWords, WhatIsNotClosedIsAnError) {
  for (const char* wrong : {"'", "\"", "a 'b", "a \"b", "\"a\\\"", "a\\", "\"\\"}) {
    EXPECT_EQ(Texts(wrong).front().substr(0, 6), "error:") << wrong;
  }
}

TEST(SplitWords, RemembersWhetherAWordWasQuoted) {
  const auto words = SplitWords("- '-' \\- a\"\" b");
  ASSERT_TRUE(words.ok());
  std::vector<bool> quoted;
  for (const Word& word : *words) quoted.push_back(word.quoted);
  EXPECT_EQ(quoted, (std::vector<bool>{false, true, true, true, false}));
}

TEST(QuoteWord, IsTheInverseOfSplitWords) {
  for (const std::string& text :
       {std::string("plain"), std::string("two words"), std::string(""), std::string("-"), std::string("a*"),
        std::string("it's"), std::string("\"\\"), std::string("\0\n\x7f", 3), std::string("\xff\xfe"),
        std::string("M\xc3\xbcller"), std::string("#x"), std::string("\\x41")}) {
    const auto words = SplitWords(QuoteWord(text));
    ASSERT_TRUE(words.ok()) << text;
    ASSERT_EQ(words->size(), 1u) << text;
    EXPECT_EQ(words->front().text, text);
  }
  EXPECT_EQ(QuoteWord("user:1/name"), "user:1/name");
}

}  // namespace
}  // namespace quoin::tools
