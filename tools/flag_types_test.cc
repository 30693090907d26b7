#include "tools/flag_types.h"

#include <gtest/gtest.h>

namespace quoin::tools {
namespace {

using namespace std::chrono_literals;

TEST(ParseDuration, TakesANumberAndAUnit) {
  EXPECT_EQ(*ParseDuration("0"), 0us);
  EXPECT_EQ(*ParseDuration("0s"), 0us);
  EXPECT_EQ(*ParseDuration("250us"), 250us);
  EXPECT_EQ(*ParseDuration("500ms"), 500ms);
  EXPECT_EQ(*ParseDuration("5s"), 5s);
  EXPECT_EQ(*ParseDuration("2m"), 2min);
  EXPECT_EQ(*ParseDuration("12h"), 12h);
  EXPECT_EQ(*ParseDuration("7d"), 7 * 24h);
}

TEST(ParseDuration, TakesDecimalFractionsExactly) {
  EXPECT_EQ(*ParseDuration("0.1s"), 100ms);
  EXPECT_EQ(*ParseDuration("1.5m"), 90s);
  EXPECT_EQ(*ParseDuration("0.000001s"), 1us);
  EXPECT_FALSE(ParseDuration("0.0000001s").ok());
  EXPECT_FALSE(ParseDuration("0.5us").ok());
}

TEST(ParseDuration, RefusesWhatIsNoTimeAndSaysWhatIs) {
  for (const char* text : {"", "5", "s", "-1s", "+1s", "5 s", "5S", "1s ", " 1s", "1e3s", ".5s", "5.s", "1.2.3s", "1w",
                           "five", "1s2", "0x1s"}) {
    const auto parsed = ParseDuration(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.code(), Code::kInvalid);
    EXPECT_NE(parsed.status().message().find("500ms"), std::string::npos);
  }
}

TEST(ParseDuration, RefusesWhatOverflows) {
  EXPECT_EQ(*ParseDuration("9223372036854775807us"), std::chrono::microseconds::max());
  EXPECT_FALSE(ParseDuration("9223372036854775808us").ok());
  EXPECT_FALSE(ParseDuration("9223372036854775807d").ok());
  EXPECT_FALSE(ParseDuration("99999999999999999999999999999999999999999999d").ok());
  EXPECT_FALSE(ParseDuration("9223372036854775807.999999999999999999d").ok());
}

TEST(ParseSize, TakesBytesAndBothFamiliesOfUnits) {
  EXPECT_EQ(*ParseSize("0"), 0u);
  EXPECT_EQ(*ParseSize("4096"), 4096u);
  EXPECT_EQ(*ParseSize("64KiB"), 65536u);
  EXPECT_EQ(*ParseSize("64kib"), 65536u);
  EXPECT_EQ(*ParseSize("1MiB"), 1048576u);
  EXPECT_EQ(*ParseSize("1.5 MiB"), 1572864u);
  EXPECT_EQ(*ParseSize("8MB"), 8000000u);
  EXPECT_EQ(*ParseSize("1kB"), 1000u);
  EXPECT_EQ(*ParseSize("2TiB"), std::uint64_t{2} << 40);
  EXPECT_EQ(*ParseSize("12B"), 12u);
}

TEST(ParseSize, RefusesWhatIsNoSizeAndSaysWhatIs) {
  for (const char* text : {"", "MiB", "-1", "8M", "8K", "1  MiB", "1 ", "0.5", "1.0001kB1", "0x10", "1e6",
                           "9223372036854775808", "9999999999TiB"}) {
    const auto parsed = ParseSize(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_NE(parsed.status().message().find("64KiB"), std::string::npos);
  }
}

TEST(Validators, LeaveTheReasonOnce) {
  TakeFlagRejection();
  EXPECT_TRUE(ValidateDuration("timeout", "0"));
  EXPECT_EQ(TakeFlagRejection(), "");
  EXPECT_FALSE(ValidatePositiveDuration("timeout", "0s"));
  EXPECT_NE(TakeFlagRejection().find("above zero"), std::string::npos);
  EXPECT_EQ(TakeFlagRejection(), "");
  EXPECT_TRUE(ValidateSize("size", "0"));
  EXPECT_FALSE(ValidatePositiveSize("size", "0"));
  EXPECT_FALSE(ValidateSize("size", "lots"));
  EXPECT_NE(TakeFlagRejection().find("1MiB"), std::string::npos);
}

}  // namespace
}  // namespace quoin::tools
