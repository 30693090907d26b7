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

}  // namespace quoin::net
