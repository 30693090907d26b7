// Routing: which way a program wants its operations to go.
#pragma once

#include <cstdint>

namespace quoin::client {

// Which server gets an operation. In any case the operations on one key share a connection while it lasts.
enum class Routing : std::uint8_t {
  // The one that leads the key, as far as that is known and it can be reached; otherwise one that is connected, which
  // then coordinates. The client learns the cluster's ring from the servers named in Options, and goes to others, too.
  // Where the nodes know of no ring, this is kFailover.
  kLeaders,
  kFailover,  // One of them gets all, as long as it can be reached; then the next one.
  kSpread,    // Each gets a share of the keys; that of one that can't be reached goes to the others meanwhile.
};

}  // namespace quoin::client
