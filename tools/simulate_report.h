// SimulateReport: what many simulations did, added up for a person.
#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "tests/simulation/parameters.h"
#include "tests/simulation/simulation.h"

namespace quoin::tools {

class SimulateReport {
 public:
  // Failures and progress go to `out` as they come.
  SimulateReport(std::ostream& out, std::uint64_t runs);

  void Add(const simulation::Parameters& parameters, const simulation::SimulationResult& result);
  void Summarise();
  std::uint64_t failed() const { return failed_; }

 private:
  double Seconds() const;
  void Progress();
  void List(const char* title, const simulation::Counts::ByName& counts);

  std::ostream& out_;
  const std::uint64_t runs_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  double told_at_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t undecided_ = 0;
  std::uint64_t operations_ = 0;
  simulation::Counts counts_;
};

// The one command that does this run again: "bazel run ... --seed=7 --parameters=...".
std::string ReplayCommand(const simulation::Parameters& parameters);

}  // namespace quoin::tools
