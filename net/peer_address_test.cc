#include "net/address.h"
#include "net/peer_address.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/address.hpp>

namespace quoin::net {
namespace {

TEST(PeerAddress, IsAnIpAddressOrANameWithAPort) {
  EXPECT_EQ(ParseHostPort("10.0.0.7:7080")->host, "10.0.0.7");
  EXPECT_EQ(ParseHostPort("10.0.0.7:7080")->port, 7080);
  EXPECT_EQ(ParseHostPort("[fd00::7]:7080")->host, "fd00::7");
  EXPECT_EQ(ParseHostPort("quoin-0.quoin.example:65535")->host, "quoin-0.quoin.example");
  EXPECT_EQ(ParseHostPort("localhost:1")->port, 1);
}

TEST(PeerAddress, MustBeOneThatOthersCanDial) {
  for (const char* bad : {"", ":", "7080", ":7080", "10.0.0.7", "10.0.0.7:0", "0.0.0.0:7080", "[::]:7080", "::1:7080",
                          "10.0.0.7:65536", "10.0.0.300:7080", "a b:7080", "-a:7080", ".a:7080", "a/b:7080",
                          "localhost:", "localhost:x", "localhost:0", "http://a:80"}) {
    ASSERT_FALSE(ParseHostPort(bad).ok()) << bad;
    EXPECT_EQ(ParseHostPort(bad).code(), Code::kInvalid);
    EXPECT_NE(ParseHostPort(bad).status().message().find("like 10.0.0.7:7080"), std::string::npos);
  }
  EXPECT_FALSE(ParseHostPort(std::string(300, 'a') + ":7080").ok());
}

TEST(PeerAddress, EndpointsAreWrittenAsTheyAreRead) {
  using boost::asio::ip::make_address;
  EXPECT_EQ(EndpointText({make_address("127.0.0.1"), 7080}), "127.0.0.1:7080");
  EXPECT_EQ(EndpointText({make_address("::1"), 7080}), "[::1]:7080");
}

}  // namespace
}  // namespace quoin::net
