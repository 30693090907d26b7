// Link: the client's way to what is about nodes and the cluster, over HTTP: a list of servers, tried in order until one
// takes the request. (Keys go over the Store.)
//
// It stays with the server that took the last request, and goes on to the next (round to the first) when a server can't
// be reached, which is to say that it has certainly not acted on the request; and with what only reads, also when it
// does not answer. No request for a change is sent twice.
//
// Threads: one. Bounds: one connection per server.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/http_client.h"

namespace quoin::tools {

class Link {
 public:
  struct Options {
    std::vector<net::HttpEndpoint> servers;  // At least one.
    std::chrono::microseconds timeout{std::chrono::seconds(5)};
    std::function<bool()> give_up;  // See net::HttpClient.
  };

  explicit Link(Options options);

  // Errors as net::HttpClient has them; kUnavailable only when no server could be reached. The timeout is for all
  // servers together; each gets its share of it to be reached in, and to answer in what only reads.
  Result<net::HttpClientResponse> Do(const net::HttpClientRequest& request);
  Result<net::HttpClientResponse> Do(const net::HttpClientRequest& request, std::chrono::microseconds timeout);

  // The server that Do asks first.
  const net::HttpEndpoint& server() const { return clients_[current_]->server(); }

 private:
  bool given_up() const { return give_up_ && give_up_(); }

  const std::function<bool()> give_up_;
  std::vector<std::unique_ptr<net::HttpClient>> clients_;
  const std::chrono::microseconds timeout_;
  std::size_t current_ = 0;
};

}  // namespace quoin::tools
