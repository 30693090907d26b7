// FaultInjector: lets every kind of fault strike at its own times, until it is stopped.
#pragma once

#include <memory>
#include <vector>

#include "tests/simulation/faults.h"
#include "tests/simulation/operator.h"
#include "tests/simulation/world.h"

namespace quoin::simulation {

class FaultInjector {
 public:
  // Both outlive it, and it outlives the world's events.
  FaultInjector(World& world, Operator& operators);

  void Start();
  void Stop() { running_ = false; }

 private:
  struct Stream {
    const FaultKind* kind;
    SeededRandom random;
  };
  void Wait(Stream& stream);
  void Strike(Stream& stream);

  World& world_;
  Operator& operators_;
  bool running_ = false;
  std::vector<std::unique_ptr<Stream>> streams_;
};

}  // namespace quoin::simulation
