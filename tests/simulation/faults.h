// Faults by kind: small workloads that do something bad to the world now and then, each by itself. Together they make
// what nobody would have thought of.
//
// A kind is a name, the parameter that says how often it strikes, and what it does. What it does it also undoes, after
// a while, unless the world has healed meanwhile; every undoing is therefore harmless to a healed world.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "tests/simulation/operator.h"
#include "tests/simulation/parameters.h"
#include "tests/simulation/seeded_random.h"
#include "tests/simulation/world.h"

namespace quoin::simulation {

struct Strike {
  World& world;
  Operator& operators;
  SeededRandom& random;

  const Parameters& parameters() const { return world.parameters(); }
  // A node for which `fits` holds, each with the same chance.
  template <typename Fits>
  std::optional<std::size_t> Pick(const Fits& fits) {
    std::vector<std::size_t> fitting;
    for (std::size_t node = 0; node < world.node_count(); ++node) {
      if (!world.process(node).retired() && fits(world.process(node))) fitting.push_back(node);
    }
    if (fitting.empty()) return std::nullopt;
    return fitting[random.Below(fitting.size())];
  }
  std::optional<std::size_t> PickRunning() {
    return Pick([](const Process& process) { return process.running(); });
  }
};

struct FaultKind {
  std::string_view name;
  std::uint64_t Parameters::*every_ms;
  // Whether it struck; there may be nothing to strike.
  bool (*strike)(Strike& strike);
};

const std::vector<FaultKind>& NetworkFaults();     // faults_network.cc
const std::vector<FaultKind>& DiskFaults();        // faults_disk.cc
const std::vector<FaultKind>& ProcessFaults();     // faults_process.cc
const std::vector<FaultKind>& MembershipFaults();  // faults_membership.cc

}  // namespace quoin::simulation
