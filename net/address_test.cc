#include "net/address.h"

#include <gtest/gtest.h>

namespace quoin::net {
namespace {

TEST(Address, TakesAnIpAddressAndAPort) {
  EXPECT_EQ(ParseAddress("127.0.0.1:8080")->host, "127.0.0.1");
  EXPECT_EQ(ParseAddress("127.0.0.1:8080")->port, 8080);
  EXPECT_EQ(ParseAddress("[::1]:0")->host, "::1");
  EXPECT_EQ(ParseAddress("[::1]:0")->port, 0);
  EXPECT_EQ(ParseAddress("0.0.0.0:65535")->port, 65535);
}

TEST(Address, RefusesAllElseAndSaysWhatIsAllowed) {
  for (const char* bad : {"", ":", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                          "::1:8080", "[127.0.0.1]:80", "localhost:8080", "127.0.0.1:80x", "[::1]", "256.0.0.1:1"}) {
    ASSERT_FALSE(ParseAddress(bad).ok()) << bad;
    EXPECT_EQ(ParseAddress(bad).code(), Code::kInvalid);
    EXPECT_NE(ParseAddress(bad).status().message().find("127.0.0.1:8080"), std::string::npos);
  }
}

}  // namespace
}  // namespace quoin::net
