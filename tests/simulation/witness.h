// Witness: whoever watches the world from outside (probes, the observer of invariants). It changes nothing.
#pragma once

#include <memory>

#include "base/ids.h"
#include "kv/batch.h"
#include "quorum/packet.h"
#include "ring/topology.h"

namespace quoin::simulation {

class Witness {
 public:
  virtual ~Witness() = default;

  // A node's process begins; its disk is as it was told.
  virtual void OnStart(NodeId node) = 0;
  // The batch is on the node's disk, and nobody has been told yet.
  virtual void OnDurable(NodeId node, const kv::Batch& batch) = 0;
  // The packet leaves.
  virtual void OnSent(NodeId from, NodeId to, const quorum::PacketBody& packet) = 0;
  // The node has come to know this ring; `before` is nullptr for its first.
  virtual void OnRing(NodeId node, const ring::Topology* before,
                      const std::shared_ptr<const ring::Topology>& after) = 0;
  // A client is answered by a node.
  virtual void OnAnswer(NodeId node, const quorum::Request& request, const quorum::Reply& reply) = 0;
  // The disk is gone for good.
  virtual void OnDiskLost(NodeId node) = 0;
};

}  // namespace quoin::simulation
