// What a cluster costs by its size: packets that go around all the time, balance, moves of a join and of a drain, and
// how long these take.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <vector>

#include "quorum/timing.h"

namespace quoin::figures {

// The least and the most that a node has.
struct Range {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};

struct Change {
  std::uint64_t moves = 0;    // Replicas whose copying was begun, those that were given up included.
  std::uint64_t optimum = 0;  // ring::Placement::moves_lower_bound.
  std::uint64_t epochs = 0;   // Rings that were chosen for it.
  ring::Duration time{0};     // Until everything was settled.
};

struct ScaleFigures {
  std::size_t nodes = 0;
  // Per node and second, while nobody asks for anything.
  double heartbeats = 0;
  double gossip = 0;
  double others = 0;
  Range peers;  // Whom a node shares a partition with.
  Range replicas;
  Range leaders;
  Change join;   // One more node.
  Change drain;  // The same one leaves.
};

// CHECKs that everything settles. Empty partitions: what is measured is the protocol's cost, not the copying's.
ScaleFigures MeasureScale(std::size_t nodes, std::uint32_t partitions);

void PrintScale(std::uint32_t partitions, const std::vector<std::size_t>& sizes, std::ostream& out);

}  // namespace quoin::figures
