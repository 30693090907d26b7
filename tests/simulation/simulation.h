// One simulation: a cluster that comes up, works under faults, heals, and must then do everything that it promises.
//
//   bootstrap   the first node, then the others join it; no faults yet
//   safety      clients ask while faults strike
//   healing     everything runs again and can be reached; what is under way ends
//   liveness    clients ask, and each operation must succeed within a bound
//   rest        replicas become equal, moves end, tombstones go
//   verdict     the history is checked for linearizability, the observer's complaints are counted
//
// Everything is drawn from the parameters, and those from a seed: the same parameters give the same run, event by
// event. A broken CHECK inside a node ends the process; fleet.h runs simulations so that this is a result, too.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "tests/simulation/counts.h"
#include "tests/simulation/parameters.h"

namespace quoin::simulation {

struct SimulationResult {
  // What went wrong, a sentence or a text each, the invariant or the phase first; empty when nothing did.
  std::vector<std::string> failures;
  std::vector<std::string> undecided;  // Keys on which the checker gave up.
  std::uint64_t trace_hash = 0;
  std::uint64_t operations = 0;  // Checked.
  Counts counts;

  bool ok() const { return failures.empty(); }
};

// `lines` nullptr: no readable trace.
SimulationResult Simulate(const Parameters& parameters, std::ostream* lines);

}  // namespace quoin::simulation
