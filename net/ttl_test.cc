#include "net/ttl.h"

#include <gtest/gtest.h>

#include <cmath>

namespace quoin::net {
namespace {

TEST(Ttl, ReadsSecondsAndUnits) {
  const std::pair<const char*, std::int64_t> cases[] = {
      {"90", 90'000},
      {"0.5", 500},
      {"500ms", 500},
      {"90s", 90'000},
      {"15m", 900'000},
      {"12h", 43'200'000},
      {"7d", 604'800'000},
      {"1.5h", 5'400'000},
      {"0.001", 1},
      {"1.9999", 1'999},
      {"36500d", 3'153'600'000'000},
  };
  for (const auto& [text, expected_ms] : cases) {
    const auto ttl = ParseTtl(text);
    ASSERT_TRUE(ttl.ok()) << text << ": " << ttl.status();
    EXPECT_EQ(ttl->count(), expected_ms) << text;
  }
}

TEST(Ttl, RefusesEverythingElse) {
  for (const char* text : {"", "0", "0.0009", "0.1ms", "-1", "+1", "1e3", "1 s", "s", ".5", "1.", "1.s", "1w", "1S",
                           "36501d", "99999999999999999999", "0.1234567891", "nan"}) {
    EXPECT_FALSE(ParseTtl(text).ok()) << text;
  }
}

TEST(Ttl, OfANumberHasTheSameBounds) {
  EXPECT_EQ(TtlOfSeconds(0.5)->count(), 500);
  EXPECT_EQ(TtlOfSeconds(0.001)->count(), 1);
  EXPECT_EQ(TtlOfSeconds(1.1)->count(), 1'100);
  for (const double seconds : {0.0, -1.0, 0.0005, 4e9, std::nan(""), HUGE_VAL}) {
    EXPECT_FALSE(TtlOfSeconds(seconds).ok()) << seconds;
  }
}

}  // namespace
}  // namespace quoin::net
