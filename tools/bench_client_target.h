// ClientTarget: the store over the network, through the client library; the clock and the usage of the real thread.
//
// Every connection is a client of its own, as if it were another program's: so the operations on one hot key come on
// many connections, too. Slot s uses connection s modulo the number of connections.
// Threads: those of the io_context, which must be one; also for construction and destruction.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/client/client.h"
#include "net/client/operation.h"
#include "tools/bench_target.h"

namespace boost::asio {
class io_context;
}

namespace quoin::bench {

struct ConnectionOptions {
  std::vector<std::string> servers;
  std::size_t first_connection = 0;  // Number of the first one among those of all targets of a run.
  std::size_t connections = 1;
  std::size_t depth = 1;  // Operations under way on each.
  std::chrono::milliseconds timeout{5000};
  client::Consistency consistency = client::Consistency::kQuorum;
  client::Routing routing = client::Routing::kLeaders;
};

// The servers in the order in which a connection (by its number in the run) tries them. The connections are spread
// evenly over the servers, and those of a server that is lost evenly over the others.
std::vector<std::string> ServersFor(const std::vector<std::string>& servers, std::size_t connection);

// Opens no connection yet. Errors: kInvalid, when a server's address is none. The target must not outlive `io`.
Result<std::unique_ptr<Target>> MakeClientTarget(boost::asio::io_context& io, const ConnectionOptions& options);

}  // namespace quoin::bench
