// Addresses at which nodes are dialled.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <string_view>

#include "base/status.h"
#include "net/address.h"

namespace quoin::net {

// Takes what other nodes can dial: "10.0.0.7:7080", "[fd00::7]:7080", "quoin-0.example:7080". kInvalid says what is
// allowed; that refuses port 0 and addresses that mean "any" (0.0.0.0, ::).
Result<Address> ParsePeerAddress(std::string_view text);

// "127.0.0.1:7080", "[::1]:7080"
std::string EndpointText(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace quoin::net
