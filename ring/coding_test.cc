#include "ring/coding.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace quoin::ring {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

TEST(WireReader, ReadsBackWhatWasAppended) {
  std::string bytes;
  for (std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, kMax})
    AppendVarint(value, &bytes);
  AppendFixed64(0x0123456789abcdef, &bytes);
  AppendSized("zone", &bytes);
  WireReader reader(bytes);
  EXPECT_EQ(reader.Varint(), 0u);
  EXPECT_EQ(reader.Varint(), 127u);
  EXPECT_EQ(reader.Varint(), 128u);
  EXPECT_EQ(reader.Varint(), kMax);
  EXPECT_EQ(reader.Fixed64(), 0x0123456789abcdefu);
  EXPECT_EQ(reader.Sized(4), "zone");
  EXPECT_TRUE(reader.Done());
}

TEST(WireReader, RefusesASecondFormOfANumber) {
  WireReader longer(std::string_view("\x81\x00", 2));  // 1, with a needless byte.
  EXPECT_EQ(longer.Varint(), 0u);
  EXPECT_FALSE(longer.ok());
  WireReader overflow("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
  EXPECT_EQ(overflow.Varint(), 0u);
  EXPECT_FALSE(overflow.ok());
}

TEST(WireReader, StaysBadAfterTheFirstValueThatIsNotThere) {
  WireReader reader(
      "\x05"
      "ab");
  EXPECT_EQ(reader.Sized(10), "");
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.Byte(), 0);
  EXPECT_EQ(reader.Fixed64(), 0u);
  EXPECT_FALSE(reader.Done());
}

TEST(WireReader, RefusesWhatIsOutOfBounds) {
  WireReader low("\x01");
  EXPECT_EQ(low.Bounded(2, 3), 0u);
  EXPECT_FALSE(low.ok());
  WireReader high("\x04");
  EXPECT_EQ(high.Bounded(2, 3), 0u);
  EXPECT_FALSE(high.ok());
  WireReader too_long(
      "\x02"
      "ab");
  EXPECT_EQ(too_long.Sized(1), "");
  EXPECT_FALSE(too_long.ok());
}

}  // namespace
}  // namespace quoin::ring
