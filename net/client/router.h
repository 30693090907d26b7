// Router: which connection an operation goes to. It knows which servers could be reached lately, and keeps the
// operations on one key together as long as that doesn't change.
//
// This is the one place that chooses. Once nodes tell who leads what (/v1/cluster), it is the router that learns it.
//
// Threads: none of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "net/client/client.h"

namespace quoin::client {

struct Route {
  std::size_t server = 0;      // Index of Options::servers.
  std::size_t connection = 0;  // Of that server's.
  friend bool operator==(const Route&, const Route&) = default;
};

class Router {
 public:
  // REQUIRES: both counts are at least 1.
  Router(Routing routing, std::size_t servers, std::size_t connections_per_server)
      : routing_(routing), connections_(connections_per_server), down_(servers, false) {}

  Route For(std::string_view key) const;

  // A connection to the server could not be opened, or broke.
  void OnDown(std::size_t server);
  // A connection to it is open.
  void OnUp(std::size_t server) { down_[server] = false; }

 private:
  const Routing routing_;
  const std::size_t connections_;
  std::vector<bool> down_;
  std::size_t current_ = 0;  // kFailover.
};

}  // namespace quoin::client
