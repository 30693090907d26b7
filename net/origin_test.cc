#include "net/origin.h"

#include <gtest/gtest.h>

namespace quoin::net {
namespace {

struct Asked {
  explicit Asked(const std::string& origin) : bytes(origin) {
    head.SetBytes(bytes.data());
    if (!origin.empty()) {
      head.AddField(FieldName::kOrigin, {}, {0, static_cast<std::uint32_t>(bytes.size())});
    }
  }
  std::string bytes;
  HttpHead head;
};

bool Allows(const AllowedOrigins& allowed, const std::string& origin) {
  return allowed.Allows(Asked(origin).head, "node:8080");
}

TEST(AllowedOrigins, AreOnlyTheNodesOwnByDefault) {
  const AllowedOrigins closed;
  EXPECT_TRUE(Allows(closed, "")) << "a program that is no browser";
  EXPECT_TRUE(Allows(closed, "http://node:8080"));
  EXPECT_TRUE(Allows(closed, "HTTP://NODE:8080"));
  EXPECT_FALSE(Allows(closed, "http://node"));
  EXPECT_FALSE(Allows(closed, "http://evil.example"));
  EXPECT_FALSE(Allows(closed, "null"));
  EXPECT_EQ(closed.ResponseLines(Asked("http://evil.example").head, "node:8080"), "");
}

TEST(AllowedOrigins, AreThoseOfTheList) {
  const auto listed = AllowedOrigins::Parse("https://app.example, http://localhost:3000");
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_TRUE(Allows(*listed, "https://app.example"));
  EXPECT_TRUE(Allows(*listed, "http://localhost:3000"));
  EXPECT_TRUE(Allows(*listed, "http://node:8080"));
  EXPECT_FALSE(Allows(*listed, "http://app.example"));
  EXPECT_FALSE(Allows(*listed, "https://app.example.evil.example"));
  EXPECT_FALSE(Allows(*listed, "null"));
  EXPECT_NE(listed->ResponseLines(Asked("https://app.example").head, "node")
                .find("Access-Control-Allow-Origin: https://app.example\r\n"),
            std::string::npos);
  EXPECT_EQ(listed->ResponseLines(Asked("https://evil.example").head, "node"), "Vary: Origin\r\n");
}

// Otherwise a page could not send a write again.
TEST(AllowedOrigins, MaySayWhichOperationItIsAndReadTheBallot) {
  EXPECT_NE(AllowedOrigins::PreflightLines().find(" Idempotency-Key,"), std::string_view::npos);
  EXPECT_NE(AllowedOrigins::PreflightLines().find(" Quoin-Ballot,"), std::string_view::npos);
  const auto all = AllowedOrigins::Parse("*");
  ASSERT_TRUE(all.ok());
  EXPECT_NE(all->ResponseLines(Asked("https://app.example").head, "node").find(" Quoin-Ballot,"), std::string::npos);
}

TEST(AllowedOrigins, AreAllWithAStar) {
  const auto all = AllowedOrigins::Parse("*");
  ASSERT_TRUE(all.ok());
  EXPECT_TRUE(Allows(*all, "https://anything.example"));
  EXPECT_TRUE(Allows(*all, "null"));
}

TEST(AllowedOrigins, RefuseWhatIsNoOrigin) {
  for (const char* text :
       {"app.example", "https://", "https://a/b", "https://a,", "https://a\r\nX: y", "https://*.a"}) {
    EXPECT_FALSE(AllowedOrigins::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace quoin::net
