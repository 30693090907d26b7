// Placement: which nodes should hold which partition.
//
// A function of the nodes, the number of partitions, N, and where the replicas are now; whoever computes it gets the
// same. docs/ring.md has the argument why the three promises below can always be kept together.
//
// What it promises, with x the node's share of a partition (shares.h) and P the number of partitions:
//   L1  every partition has min(N, nodes) distinct replicas, spread over the zones as evenly as these allow;
//   L2  every node holds P x partitions, rounded up or down;
//   L3  of all placements with L1 and L2, it is one with the fewest moves;
//   L4  every node leads its part of the partitions, in proportion to weight where the sets allow that and to x
//       otherwise, rounded up or down; among all such choices, one that changes the fewest leaders.
//
// Pure; any thread. 256 partitions on 50 nodes take a few milliseconds; time and memory grow with partitions * nodes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "ring/topology.h"

namespace quoin::ring {

struct PlacementNode {
  NodeId id;
  std::string zone;
  std::uint32_t weight = 1;  // 0: gets nothing.
};

// Per partition: its nodes in preference order.
using ReplicaLists = std::vector<std::vector<NodeId>>;

struct Placement {
  ReplicaLists replicas;
  // How many replicas (of how many partitions) must be copied to a node that doesn't have them now.
  std::uint64_t moves = 0;
  // No placement with L2 has fewer: what follows from counting alone, without regard to zones.
  std::uint64_t moves_lower_bound = 0;
  // Partitions whose first node is another than now; those that have no replicas now don't count.
  std::uint64_t leader_changes = 0;
};

// `current` may name nodes that are not among `nodes` (they are to lose what they hold) and may have any number of
// replicas per partition; partitions beyond its end have none.
// kInvalid when no node has weight, a node is given twice, or a number is out of the bounds of topology.h.
Result<Placement> Place(std::vector<PlacementNode> nodes, std::uint32_t partition_count,
                        std::uint32_t replication_factor, const ReplicaLists& current);

// The members that are to hold data: active ones.
std::vector<PlacementNode> PlacementNodesOf(const Topology& topology);
// Where the partitions are, or are going to be once the moves under way are done.
ReplicaLists ReplicaListsOf(const Topology& topology);

// The system partition's replicas: 5, 3 or 1, whatever the number of nodes suffices for.
Result<std::vector<NodeId>> PlaceSystem(std::vector<PlacementNode> nodes, const std::vector<NodeId>& current);

}  // namespace quoin::ring
