#include "net/address.h"

#include <boost/asio/ip/address.hpp>

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

}  // namespace quoin::net
