// Fleet: many simulations, in processes of their own. A CHECK that a broken invariant trips, and a run that never ends,
// take only their process with them, and become the failure of that run.
//
// Must be called while the caller has one thread only: it forks.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "tests/simulation/parameters.h"
#include "tests/simulation/simulation.h"

namespace quoin::simulation {

struct FleetOptions {
  unsigned jobs = 1;
  // Each run is done twice, and a difference between the two is a failure of it.
  bool twice = false;
  std::chrono::seconds time_limit{120};  // For one run, by the real clock.
};

// `on_result` is called with the index of each run as it ends, in no particular order; false ends the fleet early.
void RunFleet(const FleetOptions& options, const std::vector<Parameters>& runs,
              const std::function<bool(std::size_t index, const SimulationResult& result)>& on_result);

// One run; for the shrinker.
SimulationResult RunApart(const Parameters& parameters, std::chrono::seconds time_limit);

}  // namespace quoin::simulation
