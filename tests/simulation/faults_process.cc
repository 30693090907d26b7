// Processes that die, or pause; clocks that jump.
#include "tests/simulation/faults.h"

namespace quoin::simulation {
namespace {

ring::Duration HowLong(Strike& strike) {
  return strike.random.Around(std::chrono::milliseconds(strike.parameters().down_ms));
}

void KillOne(Strike& strike, std::size_t node) {
  World& world = strike.world;
  world.Kill(node);
  world.After(HowLong(strike), [&world, node] {
    if (!world.process(node).running() && !world.process(node).retired()) world.Start(node);
  });
}

bool Kill(Strike& strike) {
  World& world = strike.world;
  if (strike.random.Percent(strike.parameters().kill_all_percent)) {
    ++world.counts().faults["power lost everywhere"];
    for (std::size_t node = 0; node < world.node_count(); ++node) {
      if (world.process(node).running()) KillOne(strike, node);
    }
    return true;
  }
  const auto node = strike.PickRunning();
  if (!node) return false;
  KillOne(strike, *node);
  return true;
}

bool Pause(Strike& strike) {
  World& world = strike.world;
  const auto node = strike.Pick([](const Process& p) { return p.running() && !p.paused(); });
  if (!node) return false;
  world.process(*node).Pause();
  world.After(HowLong(strike), [&world, node] {
    if (world.process(*node).running()) world.process(*node).Resume();
  });
  return true;
}

bool JumpClock(Strike& strike) {
  World& world = strike.world;
  const auto node = strike.Pick([](const Process&) { return true; });
  if (!node || strike.parameters().clock_error_ms == 0) return false;
  world.process(*node).clock().Jump(world.now());
  return true;
}

}  // namespace

const std::vector<FaultKind>& ProcessFaults() {
  static const std::vector<FaultKind> kinds = {
      {"process killed", &Parameters::kill_every_ms, Kill},
      {"process paused", &Parameters::pause_every_ms, Pause},
      {"clock jump", &Parameters::clock_jump_every_ms, JumpClock},
  };
  return kinds;
}

}  // namespace quoin::simulation
