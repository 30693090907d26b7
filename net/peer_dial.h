// PeerDial: one attempt to connect to an address, name resolution included.
//
// Threads: lives on one shard. Lifetime: keeps itself alive until it is over; `done` is called once, never from inside
// Start, and not after Cancel().
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"

namespace quoin::net {

class PeerDial : public std::enable_shared_from_this<PeerDial> {
 public:
  // A connected socket; or kUnavailable, "can't connect to 10.0.0.7:7080: Connection refused".
  using Done = std::function<void(Result<boost::asio::ip::tcp::socket>)>;

  static std::shared_ptr<PeerDial> Start(boost::asio::io_context& context, std::string address,
                                         std::chrono::milliseconds timeout, Done done);
  void Cancel();

 private:
  PeerDial(boost::asio::io_context& context, std::string address, Done done);

  void Begin(std::chrono::milliseconds timeout);
  // Tries these, one after the other.
  void Connect(const boost::asio::ip::tcp::resolver::results_type& endpoints);
  void Fail(const std::string& reason);
  void Finish(Result<boost::asio::ip::tcp::socket> result);

  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  const std::string address_;
  Done done_;
  bool over_ = false;
};

}  // namespace quoin::net
