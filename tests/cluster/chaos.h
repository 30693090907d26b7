// Chaos: rounds of verified load on a cluster of real processes that is being hurt, and what must be true after each:
// everything works again, nothing acknowledged is lost, the history is linearizable, all replicas are equal, and
// whoever watched all along (Watchers) was told what docs/watch.md promises.
//
// The kinds of faults, their victims and their lengths follow from the seed; what the machine's scheduler makes of them
// does not.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/cluster/network_lab.h"
#include "tests/cluster/watchers.h"

namespace quoin::tests {

struct ChaosPlan {
  std::uint64_t seed = 1;
  std::size_t rounds = 1;
  std::chrono::seconds limit{0};            // No further round begins after this; 0: none.
  std::chrono::milliseconds hurting{5000};  // Of each round.
  std::chrono::milliseconds longest_fault{1500};
  std::size_t nodes = 3;
  std::size_t least_nodes = 3;  // While nodes leave. Not below the replication factor.
  std::size_t most_nodes = 5;
  bool membership = true;             // Whether nodes join and leave.
  std::vector<std::string> first;     // Kinds of faults that come first, so that a short run has had them.
  std::vector<std::string> flags;     // For the nodes.
  std::chrono::seconds patience{60};  // For the rest after a round.
  double rate = 1000;                 // Operations per second.
};

struct ChaosReport {
  std::size_t rounds = 0;
  std::uint64_t done = 0, errors = 0, unknown = 0;
  std::size_t keys_compared = 0;
  double longest_healing_s = 0;  // From the last fault's end until all was in its place again.
  WatchCounts watches;
  std::map<std::string, int> counts;  // Of faults and changes.
  std::string wrong;                  // What must not be, with the round and its faults; empty: nothing.

  // Empty when the watchers have been through something, and were held to it; otherwise what they lack.
  std::string Unwatched() const;
  std::string ToString() const;
};

// Without a lab there are no cuts. Stops at the first round in which something is wrong.
ChaosReport RunChaos(const ChaosPlan& plan, NetworkLab* lab);

}  // namespace quoin::tests
