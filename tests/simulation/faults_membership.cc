// Nodes that come, that are drained, and that are replaced.
#include <algorithm>

#include "tests/simulation/faults.h"

namespace quoin::simulation {
namespace {

using Wish = quorum::MembershipPacket::Wish;

// More would only make runs longer.
constexpr std::size_t kMostNodes = 14;

std::size_t Stayers(const World& world) {
  return static_cast<std::size_t>(
      std::count_if(world.ring()->members.begin(), world.ring()->members.end(), [](const auto& entry) {
        return entry.second.state == ring::MemberState::kActive || entry.second.state == ring::MemberState::kJoining;
      }));
}

bool Join(Strike& strike) {
  World& world = strike.world;
  const auto through = strike.PickRunning();
  if (!through || world.node_count() >= kMostNodes) return false;
  world.AddNode(through);
  return true;
}

bool Drain(Strike& strike) {
  World& world = strike.world;
  if (world.ring() == nullptr || Stayers(world) <= std::max<std::size_t>(1, world.parameters().replication_factor)) {
    return false;
  }
  const auto node = strike.Pick([&](const Process& process) {
    const auto member = world.ring()->members.find(process.id());
    return member != world.ring()->members.end() && member->second.state == ring::MemberState::kActive &&
           !strike.operators.Wants(process.id());
  });
  if (!node || strike.operators.Count(Wish::kDrain) > 0) return false;
  const NodeId id = world.process(*node).id();
  strike.operators.Want({.wish = Wish::kDrain, .node = id});
  if (strike.random.Percent(strike.parameters().cancel_percent)) {
    ++world.counts().faults["drain to be cancelled"];
    Operator& operators = strike.operators;
    world.After(strike.random.Around(std::chrono::milliseconds(1500)),
                [&operators, id] { operators.Want({.wish = Wish::kCancel, .node = id}); });
  }
  return true;
}

// A node is gone for good, and another takes its place.
bool Replace(Strike& strike) {
  World& world = strike.world;
  if (world.node_count() >= kMostNodes) return false;
  const auto node = strike.Pick([&](const Process& p) {
    return world.ring() != nullptr && world.ring()->members.contains(p.id()) && world.CanLoseDiskOf(p.index());
  });
  const auto through = strike.Pick([&](const Process& p) { return p.running() && p.index() != node; });
  if (!node || !through) return false;
  const NodeId old = world.process(*node).id();
  world.LoseDisk(*node);
  world.probes().Reach(Probe::kNodeReplaced);
  world.AddNode(through);
  Operator& operators = strike.operators;
  world.After(strike.random.Around(std::chrono::milliseconds(300)),
              [&operators, old] { operators.Want({.wish = Wish::kRemove, .node = old}); });
  return true;
}

}  // namespace

const std::vector<FaultKind>& MembershipFaults() {
  static const std::vector<FaultKind> kinds = {
      {"join", &Parameters::join_every_ms, Join},
      {"drain", &Parameters::drain_every_ms, Drain},
      {"replace", &Parameters::replace_every_ms, Replace},
  };
  return kinds;
}

}  // namespace quoin::simulation
