// "host:port" as people write it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace quoin::net {

struct Address {
  std::string host;  // Without brackets.
  std::uint16_t port = 0;
};

// Takes "127.0.0.1:8080", "[::1]:8080", "0.0.0.0:0": an IP address and a port from 0 to 65535. kInvalid says what is
// allowed.
Result<Address> ParseAddress(std::string_view text);

// Takes what somebody else is to connect to: an IP address that is not all addresses, or a host's name of letters,
// digits, dots, hyphens and underscores (a letter at least, neither dot nor hyphen in front), and a port from 1 to
// 65535. kInvalid says what is allowed.
Result<Address> ParseHostPort(std::string_view text);

// As both of the above take it.
std::string ToString(const Address& address);

}  // namespace quoin::net
