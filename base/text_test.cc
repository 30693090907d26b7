#include "base/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace quoin {
namespace {

using std::string_literals::operator""s;

TEST(Hex64, RoundTripsAndRefusesWhatIsNotHex) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{0xdeadbeef}, std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_EQ(Hex64(value).size(), 16u);
    EXPECT_EQ(ParseHex64(Hex64(value)), value);
  }
  EXPECT_EQ(ParseHex64("FF"), 255u);
  for (const char* bad : {"", "g", "0x1", " 1", "1 ", "-1", "10000000000000000"})
    EXPECT_EQ(ParseHex64(bad), std::nullopt) << bad;
}

TEST(ParseNumbers, TakesWholeNumbersOnly) {
  EXPECT_EQ(ParseUint64("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(ParseInt64("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  for (const char* bad : {"", "-", "+1", "1.0", "1e3", " 1", "1 ", "18446744073709551616", "abc"}) {
    EXPECT_EQ(ParseUint64(bad), std::nullopt) << bad;
    EXPECT_EQ(ParseInt64(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(ParseUint64("-1"), std::nullopt);
}

// The test vectors of RFC 4648, section 10.
TEST(Base64, AgreesWithTheRfc) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(Base64Encode(bytes), text);
    EXPECT_EQ(Base64Decode(text), bytes);
  }
}

TEST(Base64, RoundTripsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  EXPECT_EQ(Base64Decode(Base64Encode(bytes)), bytes);
}

TEST(Base64, RefusesWhatHasNoOneMeaning) {
  for (const char* bad : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "====", "Zg==Zg==", "Zm 9v", "Zm-_", "Z=g="}) {
    EXPECT_EQ(Base64Decode(bad), std::nullopt) << bad;
  }
}

TEST(IsUtf8, FollowsTheRfc) {
  for (const std::string& good :
       {""s, "plain"s, "na\u00efve"s, "\u20ac"s, "\U0001f600"s, "\0"s, "\xed\x9f\xbf"s, "\xf4\x8f\xbf\xbf"s}) {
    EXPECT_TRUE(IsUtf8(good)) << Printable(good);
  }
  for (const std::string& bad :
       {"\x80"s, "\xc0\x80"s, "\xc1\xbf"s, "\xe0\x80\x80"s, "\xed\xa0\x80"s, "\xf0\x80\x80\x80"s, "\xf4\x90\x80\x80"s,
        "\xf5\x80\x80\x80"s, "\xe2\x82"s, "a\xff"s}) {
    EXPECT_FALSE(IsUtf8(bad)) << Printable(bad);
  }
}

TEST(Printable, NeverEmitsAControlCharacter) {
  EXPECT_EQ(Printable("a b\n\x1b[31m\xff\\"), "a b\\x0a\\x1b[31m\\xff\\x5c");
  EXPECT_EQ(Printable(std::string(100, 'x'), 3), "xxx...");
}

TEST(HumanSize, NamesItsUnit) {
  EXPECT_EQ(HumanSize(0), "0 B");
  EXPECT_EQ(HumanSize(1023), "1023 B");
  EXPECT_EQ(HumanSize(4096), "4 KiB");
  EXPECT_EQ(HumanSize(1536 * 1024), "1.5 MiB");
}

}  // namespace
}  // namespace quoin
