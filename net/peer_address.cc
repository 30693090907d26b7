#include "net/peer_address.h"

#include "net/address.h"

namespace quoin::net {

std::string EndpointText(const boost::asio::ip::tcp::endpoint& endpoint) {
  return ToString(Address{endpoint.address().to_string(), endpoint.port()});
}

}  // namespace quoin::net
