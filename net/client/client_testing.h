// For tests of the client library: a whole node in this process, a TCP proxy in front of it that loses what it is told
// to lose, and a thread on which the client, the proxy and the test itself live.
#pragma once

#include <glog/logging.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/client/client.h"
#include "net/node.h"

namespace quoin::client {

net::NodeOptions TestNodeOptions();
std::unique_ptr<net::Node> StartTestNode(net::NodeOptions options = TestNodeOptions());
std::string AddressOf(const net::Node& node);

// The machine may be busy: whatever the test itself leaves as it is by default takes long to run out.
Options Patient(Options options);

// Runs the context until the coroutine has ended, and gives what it gave.
template <typename T>
T RunToEnd(boost::asio::io_context& context, boost::asio::awaitable<T> coroutine) {
  std::optional<T> result;
  bool ended = false;
  boost::asio::co_spawn(context, std::move(coroutine), [&](const std::exception_ptr& thrown, T value) {
    CHECK(thrown == nullptr);
    result = std::move(value);
    ended = true;
  });
  context.restart();
  while (!ended) CHECK_GT(context.run_one(), 0u) << "nothing is left to wait for";
  return *std::move(result);
}
// The same until `condition` holds.
void RunUntil(boost::asio::io_context& context, const std::function<bool()>& condition);

// Passes bytes on between clients and one server, on the test's own context.
class Proxy {
 public:
  Proxy(boost::asio::io_context& context, std::uint16_t server_port);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  std::string address() const;

  // While set, what the server says is swallowed; so answers are lost, but not the connection.
  bool swallow_answers = false;
  // While set, whoever connects is cut off at once.
  bool refuse = false;
  // Called with the size of what each side just said, before it is passed on.
  std::function<void(std::size_t bytes)> on_client_bytes;
  std::function<void(std::size_t bytes)> on_server_bytes;

  // From the next connection on, what clients say is passed on in so many bytes every few milliseconds, and most of it
  // waits at the client's end. REQUIRES: before the first connection.
  void SlowClients(std::size_t bytes_per_tick);

  // Resets all connections.
  void Cut();
  std::size_t accepted() const { return accepted_; }

 private:
  struct Pair;

  void Accept();
  static void Pump(Proxy* proxy, const std::shared_ptr<Pair>& pair, bool from_client);
  // The next bytes, when it is time for them.
  static void PumpOn(Proxy* proxy, const std::shared_ptr<Pair>& pair, bool from_client);

  boost::asio::io_context& context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  const std::uint16_t server_port_;
  std::vector<std::weak_ptr<Pair>> pairs_;
  std::size_t accepted_ = 0;
  std::size_t client_bytes_per_tick_ = 0;  // 0: as fast as it goes.
};

}  // namespace quoin::client
