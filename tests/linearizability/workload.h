// Workloads for the checker's own tests and benchmark: histories of clients of a simulated register that is correct by
// construction (each operation takes effect at one moment, in order), and small lies about such histories.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

#include "tests/linearizability/history.h"

namespace quoin::linearizability {

struct Workload {
  std::uint64_t seed = 1;
  std::size_t keys = 1;
  std::size_t clients = 3;
  std::size_t operations = 6;  // In all.
  // In percent of all operations:
  unsigned unknown = 15;         // outcomes that are not known; half of them took effect;
  unsigned conditional = 25;     // Operations with a condition;
  unsigned failing = 5;          // outcomes that are certainly not applied.
  unsigned untold = 20;          // Of what an answer could tell: how much it doesn't.
  unsigned told_versions = 100;  // Of the histories: how many tell versions at all.
  bool gets_and_puts_only = false;
  bool unique_values = false;  // No value is written twice.
  bool expiry = true;
  Time clock_uncertainty{0};
};

History Simulate(const Workload& workload);

// Changes one answer, or one time, so that the history may not be right any more.
void Falsify(History* history, std::mt19937_64* random);

}  // namespace quoin::linearizability
