// What one operation costs when nothing is wrong: packets on the wire, durable rounds, round trips.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "quorum/node_testing.h"

namespace quoin::figures {

// What the design promises (docs/protocol.md, "Leader" 3 and 4, "Coordinator").
struct Promised {
  std::uint64_t packets = 0;
  std::uint64_t durable_rounds = 0;
  std::uint64_t round_trips = 0;
};

struct OperationCost {
  std::string name;  // "put at a follower"
  Promised promised;
  quorum::TestNodes::Counts packets;  // Without heartbeats and gossip, until nothing more happens.
  std::uint64_t durable_rounds = 0;   // Of all nodes together.
  std::uint64_t most_by_a_node = 0;   // Durable rounds of the node that had most.
  double round_trips = 0;             // Until the client was answered; disks take no time here.

  std::uint64_t total() const;
  // "2 accept, 2 accepted"
  std::string Packets() const;
};

// Four nodes, three replicas: one operation after another.
std::vector<OperationCost> MeasureSteadyState();
// The same cluster with disks that take a round trip: so many operations that come at the same moment.
std::vector<OperationCost> MeasureCrowds(std::size_t operations);
// A leader that doesn't own every key yet, and a takeover that a request asks for.
std::vector<OperationCost> MeasureFirstTouches();

void PrintSteadyState(std::ostream& out);

}  // namespace quoin::figures
