// ClusterView: what front ends may know of the cluster that this node belongs to, and ask of it.
//
// A snapshot is a plain value that is replaced whole, several times a second; it says what this node knows, which may
// be behind what others know.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "quorum/packet.h"
#include "ring/topology.h"

namespace quoin::net {

struct ClusterSnapshot {
  NodeId self;
  // The newest one that this node knows to be chosen; nullptr before it has joined.
  std::shared_ptr<const ring::Topology> topology;
  // By partition, who leads as far as this node knows; zero: nobody that it knows of. Empty without a topology.
  std::vector<NodeId> leaders;
  NodeId controller;          // Who leads the system partition, as far as this node knows; zero: unknown.
  std::set<NodeId> heard;     // Members that this node hears, itself included.
  quorum::LeadSummary leads;  // What this node leads itself.
  bool disk_hangs = false;    // This node's disk has not ended its round for a second or longer.
  // The changes that are under way, as the controller told last; nullptr before it has told anything.
  std::shared_ptr<const quorum::ClusterProgress> progress;
};

class ClusterView {
 public:
  virtual ~ClusterView() = default;
  // Any thread. Never nullptr.
  virtual std::shared_ptr<const ClusterSnapshot> Snapshot() const = 0;
  // Any thread. Passes the wish to the controller, and repeats it for some seconds or until the ring shows it. Whoever
  // asks looks at later snapshots.
  virtual void Ask(const quorum::MembershipPacket& wish) = 0;
};

}  // namespace quoin::net
