#include "net/address.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cctype>
#include <optional>

#include "base/text.h"

namespace quoin::net {

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
  constexpr std::size_t kMaxNameBytes = 240;
  const Status refused(Code::kInvalid,
                       "the value is a host and a port from 1 to 65535, like node1.example:7080, 10.0.0.1:7080 or "
                       "[2001:db8::1]:7080");
  const std::size_t colon = text.rfind(':');
  const auto port = colon == std::string_view::npos ? std::nullopt : ParseUint64(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65535) return refused;
  if (const Result<Address> ip = ParseAddress(text); ip.ok()) {
    if (boost::asio::ip::make_address(ip->host).is_unspecified()) {
      return Status(Code::kInvalid, "nobody can connect to " + ip->host + ": name the address of one machine");
    }
    return ip;
  }
  const std::string_view host = text.substr(0, colon);
  const bool plausible = !host.empty() && host.size() <= kMaxNameBytes && host.front() != '-' &&
                         std::all_of(host.begin(), host.end(), [](unsigned char c) {
                           return std::isalnum(c) || c == '.' || c == '-' || c == '_';
                         }) &&
                         // What looks like an IP address is one, or a mistake.
                         host.find_first_not_of("0123456789.") != std::string_view::npos;
  if (!plausible) return refused;
  return Address{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::string ToString(const Address& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace quoin::net
