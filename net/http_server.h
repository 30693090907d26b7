// HttpServer: accepts clients and gives each to a shard in turn.
//
// Threads: the constructor, Drain and Stop run on the thread that made the server; accepting happens on shard 0, and
// each connection lives on its own shard. Lifetime: destroyed after the shards were stopped.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/http_session.h"
#include "net/shards.h"

namespace quoin::net {

class HttpServer {
 public:
  struct Options {
    std::string address;  // "127.0.0.1", "::1", "0.0.0.0"
    std::uint16_t port = 0;
    std::size_t max_connections = 10'000;
    HttpLimits limits;
    // Gives the whole answer for a client beyond max_connections.
    std::function<std::string()> too_many_connections;
  };

  // Binds and listens. kInUse when the address is taken, kInvalid when it can't be bound; both name it.
  static Result<std::unique_ptr<HttpServer>> Listen(Shards& shards, HttpHandler& handler, Options options);
  ~HttpServer();

  // The port that was bound, which the system chose when 0 was asked for.
  std::uint16_t port() const;

  void StartAccepting();
  // Accepts nobody any more and lets every connection finish what has begun to arrive. Returns when all are closed
  // (true) or after `patience` (false). Must not be called on a shard.
  bool Drain(std::chrono::milliseconds patience);

 private:
  struct ShardState;

  HttpServer(Shards& shards, HttpHandler& handler, Options options, boost::asio::ip::tcp::acceptor acceptor);

  void AcceptNext();
  void OnAccepted(std::size_t shard, boost::asio::ip::tcp::socket socket);
  void Turn(boost::asio::ip::tcp::socket socket);
  void OnClosed(std::size_t shard, const void* connection);

  Shards& shards_;
  HttpHandler& handler_;
  const Options options_;
  boost::asio::ip::tcp::acceptor acceptor_;         // Shard 0.
  std::size_t next_shard_ = 0;                      // Shard 0.
  std::vector<std::unique_ptr<ShardState>> state_;  // Each belongs to its shard.
  std::atomic<std::size_t> open_{0};
  std::atomic<bool> draining_{false};
  std::mutex drained_mutex_;
  std::condition_variable drained_;
};

}  // namespace quoin::net
