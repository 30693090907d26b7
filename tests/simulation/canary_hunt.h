// The hunt for a canary (quorum/canary.h): the simulations that a deliberate bug takes to be caught.
//
// A seed that fails without the bug as well proves nothing, and doesn't count as a catch.
//
// Must be called while the caller has one thread only: it forks (fleet.h), and sets quorum::canary_on meanwhile.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "quorum/canary.h"
#include "tests/simulation/simulation.h"

namespace quoin::simulation {

struct HuntOptions {
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 1000;  // The most that are tried.
  unsigned jobs = 1;
  std::chrono::seconds time_limit{60};  // For one run.
};

struct Catch {
  std::uint64_t seed = 0;
  std::uint64_t seeds_needed = 0;
  std::string check;  // As of CheckOf.
};

// The first of the seeds that catches the bug; nullopt when none does.
std::optional<Catch> Hunt(quorum::Canary canary, const HuntOptions& options);

// One seed, with the bug in it, or with none (Canary::kNone).
SimulationResult RunWith(quorum::Canary canary, std::uint64_t seed, std::chrono::seconds time_limit);

// Which check a failure comes from, without the particulars: "I4: node ... stores ... of key ... over the later ...".
// A tripped CHECK says so first.
std::string CheckOf(const std::string& failure);

// nullopt: no canary has that name.
std::optional<quorum::Canary> CanaryOf(const std::string& name);

}  // namespace quoin::simulation
