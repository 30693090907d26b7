// ClientPort: the world as the simulated clients see it.
#pragma once

#include <cstddef>
#include <functional>

#include "quorum/keyspace.h"
#include "quorum/operation.h"
#include "ring/monotonic_time.h"

namespace quoin::simulation {

class ClientPort {
 public:
  virtual ~ClientPort() = default;

  // Virtual time; the time of the history.
  virtual ring::MonotonicTime now() const = 0;
  // Nodes are told apart by index, 0 .. node_count() - 1. The number may change between two calls.
  virtual std::size_t node_count() const = 0;
  // Whether a client could reach the node at all.
  virtual bool IsUp(std::size_t node) const = 0;
  // One sending of the request, to be handed to Node::Submit; what `known` is to be, the port knows. `done` is called
  // at most once: later, or never. Never from within this call.
  virtual void Submit(std::size_t node, const quorum::Request& request, const quorum::Sending& sending,
                      quorum::ReplyCallback done) = 0;
  // One sending of a scan, to be handed to Node::Scan. `done` as above.
  virtual void Scan(std::size_t node, const quorum::ScanRequest& scan, quorum::ScanCallback done) = 0;
  virtual void After(ring::Duration delay, std::function<void()> then) = 0;
};

}  // namespace quoin::simulation
