// How the end of a connection is told to people.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

namespace quoin::net {

// "127.0.0.1:7080", "[::1]:7080"
std::string EndpointText(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace quoin::net
