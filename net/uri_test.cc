#include "net/uri.h"

#include <gtest/gtest.h>

#include <string>

namespace quoin::net {
namespace {

TEST(PercentDecode, HappensExactlyOnce) {
  EXPECT_EQ(PercentDecode("a%2Fb"), "a/b");
  EXPECT_EQ(PercentDecode("a%252Fb"), "a%2Fb");
  EXPECT_EQ(PercentDecode("a+b"), "a+b");
  EXPECT_EQ(PercentDecode("%00%ff%FF"), std::string("\0\xff\xff", 3));
  EXPECT_EQ(PercentDecode(""), "");
}

TEST(PercentDecode, RefusesHalfAnEscape) {
  for (const char* text : {"%", "%4", "a%4", "%zz", "%4g", "%%41", "%-1"}) {
    EXPECT_EQ(PercentDecode(text), std::nullopt) << text;
  }
}

TEST(PercentEncode, IsUndoneByDecoding) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_EQ(PercentDecode(PercentEncode(all)), all);
  EXPECT_EQ(PercentEncode("a/b c~"), "a%2Fb%20c~");
}

TEST(ParseTarget, KnowsTheFourForms) {
  const auto origin = ParseTarget("/v1/kv/a?b=c?d");
  ASSERT_TRUE(origin.has_value());
  EXPECT_EQ(origin->form, Target::Form::kOrigin);
  EXPECT_EQ(origin->path, "/v1/kv/a");
  EXPECT_EQ(origin->query, "b=c?d");

  const auto absolute = ParseTarget("HTTP://host:80/a?b");
  ASSERT_TRUE(absolute.has_value());
  EXPECT_EQ(absolute->form, Target::Form::kAbsolute);
  EXPECT_EQ(absolute->authority, "host:80");
  EXPECT_EQ(absolute->path, "/a");
  EXPECT_EQ(absolute->query, "b");
  EXPECT_EQ(ParseTarget("http://host")->path, "/");
  EXPECT_EQ(ParseTarget("http://host?q")->query, "q");

  EXPECT_EQ(ParseTarget("*")->form, Target::Form::kAsterisk);
  EXPECT_EQ(ParseTarget("host:443")->form, Target::Form::kAuthority);
}

TEST(ParseTarget, RefusesEverythingElse) {
  for (const char* text : {"", "a", "v1/kv", "ftp://host/a", "http://", "http:///a", "http://u@h/a", "host:", ":80"}) {
    EXPECT_FALSE(ParseTarget(text).has_value()) << text;
  }
}

TEST(ParseQuery, SplitsBeforeItDecodes) {
  EXPECT_EQ(ParseQuery(""), Query());
  EXPECT_EQ(ParseQuery("a=1&b=%26%3D&&c&cursor=YQ=="), (Query{{"a", "1"}, {"b", "&="}, {"c", ""}, {"cursor", "YQ=="}}));
  EXPECT_EQ(ParseQuery("=1"), std::nullopt);
  EXPECT_EQ(ParseQuery("a=%"), std::nullopt);
}

}  // namespace
}  // namespace quoin::net
