#include "net/etag.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace quoin::net {
namespace {

constexpr kv::Version kVersion{{3, NodeId{0x00c0ffee00c0ffee}}, 41};

TEST(Version, HasOneSpelling) {
  EXPECT_EQ(FormatVersion(kVersion), "3.00c0ffee00c0ffee.41");
  EXPECT_EQ(ParseVersion("3.00c0ffee00c0ffee.41"), kVersion);
  constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
  const kv::Version largest{{kMax, NodeId{kMax}}, kMax};
  EXPECT_EQ(ParseVersion(FormatVersion(largest)), largest);
  for (const char* text : {"", "3", "3.00c0ffee00c0ffee", "03.00c0ffee00c0ffee.41", "3.c0ffee00c0ffee.41",
                           "3.00C0FFEE00C0FFEE.41", "3.00c0ffee00c0ffee.41.", "3.00c0ffee00c0ffee.+1",
                           "3.00c0ffee00c0ffee.18446744073709551616", "\"3.00c0ffee00c0ffee.41\""}) {
    EXPECT_EQ(ParseVersion(text), std::nullopt) << text;
  }
}

TEST(EntityTags, ReadsLists) {
  const auto tags = ParseEntityTags({"\"3.00c0ffee00c0ffee.41\" ,, \"x\"", "\"1.0000000000000001.1\""}, false);
  ASSERT_TRUE(tags.has_value());
  EXPECT_FALSE(tags->any);
  ASSERT_EQ(tags->versions.size(), 2u);  // "x" is an entity-tag, and none of ours.
  EXPECT_EQ(tags->versions[0], kVersion);
  EXPECT_TRUE(ParseEntityTags({"*"}, false)->any);
}

TEST(EntityTags, WeakTagsMatchOnlyWeakly) {
  EXPECT_TRUE(ParseEntityTags({"W/\"3.00c0ffee00c0ffee.41\""}, false)->versions.empty());
  EXPECT_EQ(ParseEntityTags({"W/\"3.00c0ffee00c0ffee.41\""}, true)->versions.size(), 1u);
}

TEST(EntityTags, RefusesWhatIsNoList) {
  for (const char* text : {"", ",", "x", "\"a", "\"a\" \"b\"", "w/\"a\"", "*, \"a\"", "\"a b\"", "\"a\"x"}) {
    EXPECT_EQ(ParseEntityTags({text}, true), std::nullopt) << text;
  }
}

TEST(EntityTags, AreBounded) {
  std::string list = "\"x\"";
  for (std::size_t i = 1; i < kMaxEntityTags; ++i) list += ",\"x\"";
  EXPECT_TRUE(ParseEntityTags({list}, false).has_value());
  EXPECT_FALSE(ParseEntityTags({list, "\"x\""}, false).has_value());
}

}  // namespace
}  // namespace quoin::net
