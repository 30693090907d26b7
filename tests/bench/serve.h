// The one event loop of a yardstick: listens on a free port of loopback, and begins a session for each connection.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdio>
#include <functional>
#include <utility>

namespace quoin::bench {

using Begin = std::function<void(boost::asio::ip::tcp::socket)>;

inline void Accept(boost::asio::ip::tcp::acceptor& acceptor, const Begin& begin) {
  acceptor.async_accept([&](const auto& error, boost::asio::ip::tcp::socket socket) {
    if (!error) {
      socket.set_option(boost::asio::ip::tcp::no_delay(true));
      begin(std::move(socket));
    }
    Accept(acceptor, begin);
  });
}

// Prints "listening on PORT" and runs until the process is killed.
inline void Serve(const Begin& begin) {
  boost::asio::io_context context(1);
  boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
  std::printf("listening on %u\n", static_cast<unsigned>(acceptor.local_endpoint().port()));
  std::fflush(stdout);
  Accept(acceptor, begin);
  context.run();
}

}  // namespace quoin::bench
