#include "tools/client_text.h"

#include <gtest/gtest.h>

namespace quoin::tools {
namespace {

TEST(SafeText, KeepsTextOfAllLanguages) {
  EXPECT_EQ(SafeText("M\xc3\xbcller \xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x8d\x8b", false),
            "M\xc3\xbcller \xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x8d\x8b");
}

TEST(SafeText, LetsNothingThroughThatATerminalObeys) {
  EXPECT_EQ(SafeText("\x1b[31mred\x07\x7f", false), "\\x1b[31mred\\x07\\x7f");
  EXPECT_EQ(SafeText("\xc2\x9b"
                     "31m",
                     false),
            "\\xc2\\x9b31m")
      << "CSI as one C1 character";
  EXPECT_EQ(SafeText("a\xe2\x80\xae"
                     "b",
                     false),
            "a\\xe2\\x80\\xae"
            "b")
      << "right-to-left override";
  EXPECT_EQ(SafeText("a\rb", true), "a\\x0db");
  EXPECT_EQ(SafeText(std::string("\0", 1), true), "\\x00");
}

TEST(SafeText, EscapesWhatIsNoUtf8ByteByByte) {
  EXPECT_EQ(SafeText("\xff"
                     "a\xc3",
                     false),
            "\\xffa\\xc3");
  EXPECT_EQ(SafeText("\xe4\xbd", false), "\\xe4\\xbd");
  EXPECT_EQ(SafeText("\xc0\xaf", false), "\\xc0\\xaf") << "overlong";
}

TEST(SafeText, LinesStayWhereTheyAreWanted) {
  EXPECT_EQ(SafeText("a\n\tb", true), "a\n\tb");
  EXPECT_EQ(SafeText("a\n\tb", false), "a\\x0a\\x09b");
}

TEST(QuotedKey, IsSafeAndShort) {
  EXPECT_EQ(QuotedKey("name"), "'name'");
  EXPECT_EQ(QuotedKey("a\nb"), "'a\\x0ab'");
  EXPECT_EQ(QuotedKey(std::string(5000, 'k')), "'" + std::string(100, 'k') + "...'");
  EXPECT_EQ(QuotedKey(std::string(99, 'k') + "\xc3\xbc"), "'" + std::string(99, 'k') + "...'") << "no half characters";
}

TEST(IsText, KnowsBinaryFromText) {
  EXPECT_TRUE(IsText(""));
  EXPECT_TRUE(IsText("a\r\n\tM\xc3\xbcller"));
  EXPECT_FALSE(IsText("\x1b"));
  EXPECT_FALSE(IsText("\xff"));
  EXPECT_FALSE(IsText(std::string("\0", 1)));
}

TEST(JsonText, EscapesControlsBeyondAscii) {
  EXPECT_EQ(JsonText("a\"\\\n\x01"), "\"a\\\"\\\\\\n\\u0001\"");
  EXPECT_EQ(JsonText("\x7f\xc2\x9b\xc2\xa0"), "\"\\u007f\\u009b\xc2\xa0\"");
  EXPECT_EQ(JsonBytes("value", "x"), "\"value\":\"x\"");
  EXPECT_EQ(JsonBytes("value", "\xff"), "\"value_base64\":\"/w==\"");
}

TEST(JsonText, EscapesWhatTurnsTheDirectionOfText) {
  EXPECT_EQ(JsonText("a\u202eb\u200b\u2069\ufeffc"), "\"a\\u202eb\\u200b\\u2069\\ufeffc\"");
  EXPECT_EQ(JsonText("M\u00fcller \u4f60 \U0001f34b"), "\"M\u00fcller \u4f60 \U0001f34b\"");
}

TEST(HumanElapsed, IsShort) {
  EXPECT_EQ(HumanElapsed(std::chrono::microseconds(412)), "0.4 ms");
  EXPECT_EQ(HumanElapsed(std::chrono::microseconds(949)), "0.9 ms");
  EXPECT_EQ(HumanElapsed(std::chrono::microseconds(960)), "1 ms");
  EXPECT_EQ(HumanElapsed(std::chrono::microseconds(3200)), "3 ms");
  EXPECT_EQ(HumanElapsed(std::chrono::seconds(12)), "12.0 s");
}

}  // namespace
}  // namespace quoin::tools
