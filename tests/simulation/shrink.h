// Shrinks a failing run: switches faults off, takes nodes, clients, requests and time away, one after the other, as
// long as the run still fails.
//
// What it fails with may change on the way: any failure of a smaller run is worth more than a big one.
#pragma once

#include <functional>

#include "tests/simulation/parameters.h"

namespace quoin::simulation {

// `fails` runs one simulation; `told` hears of each step that kept the failure. REQUIRES: fails(parameters)
Parameters Shrink(Parameters parameters, const std::function<bool(const Parameters&)>& fails,
                  const std::function<void(const Parameters&)>& told);

}  // namespace quoin::simulation
