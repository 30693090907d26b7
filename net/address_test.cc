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

TEST(HostPort, TakesNamesAndAddressesThatSomebodyCanConnectTo) {
  EXPECT_EQ(ParseHostPort("node-1.example:7080")->host, "node-1.example");
  EXPECT_EQ(ParseHostPort("localhost:1")->port, 1);
  EXPECT_EQ(ToString(*ParseHostPort("10.0.0.1:7080")), "10.0.0.1:7080");
  EXPECT_EQ(ToString(*ParseHostPort("[::1]:7080")), "[::1]:7080");
}

TEST(HostPort, RefusesAllElseAndSaysWhatIsAllowed) {
  for (const char* bad : {"", ":", "7080", ":7080", "host", "host:", "host:0", "host:65536", "-x:1", "a b:1", "1.2.3:1",
                          "::1:1", "http://host:1", "host:1/", ".a:1", "1-2:1", "h\xc3\xb6st:1"}) {
    ASSERT_FALSE(ParseHostPort(bad).ok()) << bad;
    EXPECT_NE(ParseHostPort(bad).status().message().find("node1.example:7080"), std::string::npos) << bad;
  }
  EXPECT_NE(ParseHostPort("0.0.0.0:7080").status().message().find("nobody can connect"), std::string::npos);
  EXPECT_FALSE(ParseHostPort("[::]:7080").ok());
}

}  // namespace
}  // namespace quoin::net
