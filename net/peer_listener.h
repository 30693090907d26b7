// PeerListener: the address at which this node takes peers. It is bound before anything else is there, so that seeds
// can dial back while this node still asks them who they are (AskPeer); then it is given to a PeerNetwork.
//
// Who connects meanwhile waits in the kernel's queue.
//
// Threads: belongs to one thread at a time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"

namespace quoin::net {

class PeerListener {
 public:
  // Binds and listens; port 0: the system chooses one. kInUse when the address is taken, kInvalid when it can't be
  // bound; both name it.
  static Result<std::unique_ptr<PeerListener>> Listen(const std::string& address, std::uint16_t port);

  // The port that was bound; 0 after TakeAcceptor.
  std::uint16_t port() const;

  // The loop that the listener has for itself as long as it isn't given away. Nobody runs it unless asked to.
  boost::asio::io_context& context() { return context_; }
  boost::asio::ip::tcp::acceptor& acceptor() { return acceptor_; }

  // Goes on in another loop. REQUIRES: not called before, and nothing waits for the acceptor.
  boost::asio::ip::tcp::acceptor TakeAcceptor(boost::asio::io_context& to);

 private:
  PeerListener() : acceptor_(context_) {}

  boost::asio::io_context context_{1};
  boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace quoin::net
