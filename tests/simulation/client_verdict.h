// The verdict of a run's history: is every key linearizable (I5)?
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/linearizability/history.h"

namespace quoin::simulation {

struct VerdictOptions {
  // How far the wall clocks of two nodes were apart in this run, the millisecond of deadlines included.
  linearizability::Time clock_uncertainty{0};
  std::size_t max_value_bytes = 0;             // Of the nodes.
  std::uint64_t max_steps = 10'000'000;        // Per key.
  std::uint64_t max_shrink_steps = 2'000'000;  // 0: violations are told whole.
};

struct ClientVerdict {
  std::size_t operations = 0;
  std::size_t keys = 0;
  std::uint64_t steps = 0;
  std::vector<std::string> undecided_keys;  // Neither right nor wrong: to be reported, never to be called right.
  std::vector<std::string> violations;      // One text per key, with its timeline.
};

ClientVerdict Judge(const linearizability::History& history, const VerdictOptions& options);

}  // namespace quoin::simulation
