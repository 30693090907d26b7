#include "net/peer_address.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "base/text.h"

namespace quoin::net {
namespace {

constexpr std::size_t kMaxNameBytes = 253;

// A name as DNS and /etc/hosts know them, and none that only looks like an IP address.
bool IsHostName(std::string_view text) {
  if (text.empty() || text.size() > kMaxNameBytes || text.front() == '-' || text.front() == '.') return false;
  bool letters = false;
  for (const char byte : text) {
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    const bool digit = byte >= '0' && byte <= '9';
    if (!letter && !digit && byte != '-' && byte != '.' && byte != '_') return false;
    letters = letters || letter;
  }
  return letters;
}

}  // namespace

Result<Address> ParsePeerAddress(std::string_view text) {
  const Status refused(
      Code::kInvalid, "'" + Printable(text, 300) +
                          "' is no address that other nodes can dial; that is an IP address or a host name, and a port "
                          "from 1 to 65535, like 10.0.0.7:7080, [fd00::7]:7080 or node-1.example:7080");
  if (auto address = ParseAddress(text); address.ok()) {
    boost::system::error_code error;
    const bool any = boost::asio::ip::make_address(address->host, error).is_unspecified();
    if (any || address->port == 0) return refused;
    return address;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !IsHostName(text.substr(0, colon))) return refused;
  const auto port = ParseUint64(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65535) return refused;
  return Address{std::string(text.substr(0, colon)), static_cast<std::uint16_t>(*port)};
}

std::string EndpointText(const boost::asio::ip::tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

}  // namespace quoin::net
