#include "tests/simulation/fault_injector.h"

#include <string>

namespace quoin::simulation {

FaultInjector::FaultInjector(World& world, Operator& operators) : world_(world), operators_(operators) {
  for (const auto* kinds : {&NetworkFaults(), &DiskFaults(), &ProcessFaults(), &MembershipFaults()}) {
    for (const FaultKind& kind : *kinds) {
      // A stream of its own: switching one kind off leaves the others where they were.
      streams_.push_back(std::make_unique<Stream>(Stream{&kind, SeededRandom(world.parameters().seed, kind.name)}));
    }
  }
}

void FaultInjector::Start() {
  running_ = true;
  for (const auto& stream : streams_) {
    if (world_.parameters().*stream->kind->every_ms > 0) Wait(*stream);
  }
}

void FaultInjector::Wait(Stream& stream) {
  const std::chrono::milliseconds every(world_.parameters().*stream.kind->every_ms);
  world_.After(stream.random.Around(every), [this, &stream] { Strike(stream); });
}

void FaultInjector::Strike(Stream& stream) {
  if (!running_) return;
  simulation::Strike strike{world_, operators_, stream.random};
  if (stream.kind->strike(strike)) {
    ++world_.counts().faults[std::string(stream.kind->name)];
    world_.trace().Line(world_.now(), [&](std::ostream& out) { out << "---- fault: " << stream.kind->name; });
  }
  Wait(stream);
}

}  // namespace quoin::simulation
