#include "net/address.h"

#include <boost/asio/ip/address.hpp>

#include "base/text.h"

namespace quoin::net {
namespace {

// With a port it still fits where the ring keeps addresses.
constexpr std::size_t kMaxNameBytes = 240;

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

Result<Address> ParseAddress(std::string_view text) {
  const Status refused(Code::kInvalid, "the value is an IP address and a port, like 127.0.0.1:8080 or [::1]:8080");
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refused;
  std::string_view host = text.substr(0, colon);
  const auto port = ParseUint64(text.substr(colon + 1));
  if (!port || *port > 65535) return refused;
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  if (brackets) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(host), error);
  if (error || address.is_v6() != brackets) return refused;
  return Address{std::string(host), static_cast<std::uint16_t>(*port)};
}

Result<Address> ParseHostPort(std::string_view text) {
  const Status refused(
      Code::kInvalid, "'" + Printable(text, 300) +
                          "' is no address that other nodes can dial; that is an IP address or a host name, and a port "
                          "from 1 to 65535, like 10.0.0.7:7080, [fd00::7]:7080 or node1.example:7080");
  if (Result<Address> ip = ParseAddress(text); ip.ok()) {
    if (boost::asio::ip::make_address(ip->host).is_unspecified()) {
      return Status(Code::kInvalid, "nobody can connect to " + ip->host + ": " + refused.message());
    }
    return ip->port != 0 ? ip : refused;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !IsHostName(text.substr(0, colon))) return refused;
  const auto port = ParseUint64(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65535) return refused;
  return Address{std::string(text.substr(0, colon)), static_cast<std::uint16_t>(*port)};
}

std::string ToString(const Address& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace quoin::net
