// Convergence: what is still missing after everything has healed (I9).
#pragma once

#include <string>

#include "tests/simulation/operator.h"
#include "tests/simulation/world.h"

namespace quoin::simulation {

// Empty when the cluster has come up: every node that was started is an active member, every partition is stable and
// has its replicas.
std::string MissingForBootstrap(const World& world);

// Empty when the cluster has come to rest: all know the newest ring; every partition is stable with N replicas that run
// (or as many as there are nodes); its leader owns everything and has found all replicas equal; they are
// byte-identical, without tombstones. Otherwise the first thing that is missing.
std::string MissingForRest(const World& world, const Operator& operators);

}  // namespace quoin::simulation
