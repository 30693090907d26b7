#include "net/peer_listener.h"

#include <glog/logging.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>

#include "net/peer_address.h"

namespace quoin::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

Result<std::unique_ptr<PeerListener>> PeerListener::Listen(const std::string& host, std::uint16_t port) {
  error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (error) return Status(Code::kInvalid, "'" + host + "' is no IP address to take peers on");
  const tcp::endpoint endpoint(address, port);
  auto listener = std::unique_ptr<PeerListener>(new PeerListener);
  tcp::acceptor& acceptor = listener->acceptor_;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use) {
    return Status(Code::kInUse, "another process listens on " + EndpointText(endpoint) + " already");
  }
  if (error) return Status(Code::kInvalid, "can't take peers on " + EndpointText(endpoint) + ": " + error.message());
  return listener;
}

std::uint16_t PeerListener::port() const {
  error_code ignored;
  return acceptor_.local_endpoint(ignored).port();
}

tcp::acceptor PeerListener::TakeAcceptor(asio::io_context& to) {
  error_code error;
  const tcp::endpoint endpoint = acceptor_.local_endpoint(error);
  CHECK(!error) << "the listener has been given away already";
  const int handle = acceptor_.release(error);
  CHECK(!error) << error.message();
  return tcp::acceptor(to, endpoint.protocol(), handle);
}

}  // namespace quoin::net
