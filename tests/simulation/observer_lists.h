// ListCheck: I8 of pages of keys. A node tells what it holds of a partition only under the configuration that it goes
// by itself: of an earlier one it may have erased everything since.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

#include "base/ids.h"
#include "quorum/packet.h"
#include "ring/topology.h"
#include "tests/simulation/observer_complaints.h"

namespace quoin::simulation {

class ListCheck {
 public:
  explicit ListCheck(ObserverComplaints& complaints) : complaints_(complaints) {}

  void OnRing(NodeId node, const std::shared_ptr<const ring::Topology>& ring) { rings_[node] = ring; }
  void OnSent(NodeId from, NodeId to, const quorum::PacketBody& body);

 private:
  ObserverComplaints& complaints_;
  std::map<NodeId, std::shared_ptr<const ring::Topology>> rings_;
  // The configurations that each question named, by who asked and its number.
  std::map<std::pair<NodeId, std::uint64_t>, std::map<PartitionId, std::uint64_t>> asked_;
};

}  // namespace quoin::simulation
