// Slow and hung disks, failed writes, full ones, bit rot, and disks that are gone.
#include <algorithm>
#include <utility>

#include "quorum/canary.h"
#include "tests/simulation/faults.h"

namespace quoin::simulation {
namespace {

ring::Duration HowLong(Strike& strike) {
  return strike.random.Around(std::chrono::milliseconds(strike.parameters().disk_fault_ms));
}

bool Slow(Strike& strike) {
  World& world = strike.world;
  const auto node = strike.PickRunning();
  if (!node) return false;
  world.process(*node).disk().SetSlowness(strike.random.Between(5, 200));
  world.After(HowLong(strike), [&world, node] { world.process(*node).disk().SetSlowness(1); });
  return true;
}

bool Hang(Strike& strike) {
  World& world = strike.world;
  const auto node = strike.PickRunning();
  if (!node) return false;
  world.process(*node).disk().SetHung(true);
  world.After(HowLong(strike), [&world, node] { world.process(*node).Unhang(); });
  return true;
}

bool FailWrite(Strike& strike) {
  World& world = strike.world;
  const auto node = strike.Pick([](const Process& p) { return p.running() && !p.disk().read_only(); });
  if (!node) return false;
  world.process(*node).disk().FailNextWrite();
  // Somebody restarts it, sooner or later.
  world.After(HowLong(strike), [&world, node] {
    Process& process = world.process(*node);
    if (!process.running() || !process.disk().read_only()) return;
    world.Kill(*node);
    world.Start(*node);
  });
  return true;
}

bool Fill(Strike& strike) {
  World& world = strike.world;
  const auto node = strike.PickRunning();
  if (!node) return false;
  world.process(*node).disk().SetFull(true);
  world.After(HowLong(strike), [&world, node] { world.process(*node).disk().SetFull(false); });
  return true;
}

// One record of a partition that the node is a replica of.
bool Rot(Strike& strike) {
  World& world = strike.world;
  const auto node = strike.Pick([&](const Process& p) { return world.CanDamageDiskOf(p.index()); });
  if (!node) return false;
  SimDisk& disk = world.process(*node).disk();
  std::vector<PartitionId> partitions;
  const NodeId id = world.process(*node).id();
  if (world.ring()->system.replicas.Contains(id)) partitions.push_back(quorum::kSystemPartition);
  for (std::uint32_t p = 0; p < world.ring()->partition_count(); ++p) {
    if (world.ring()->partitions[p].replicas.Contains(id)) partitions.push_back(PartitionId{p});
  }
  if (partitions.empty()) return false;
  const PartitionId partition = partitions[strike.random.Below(partitions.size())];
  std::vector<std::string> keys;
  const auto snapshot = disk.TakeSnapshot();
  for (auto cursor = snapshot->Scan(partition, {}); cursor->Valid(); cursor->Next()) {
    keys.emplace_back(cursor->key());
  }
  if (keys.empty()) return false;
  const std::string& key = keys[strike.random.Below(keys.size())];
  world.trace().Line(world.now(), [&](std::ostream& out) {
    out << "---- n" << *node << " can't read '" << key << "' of p" << partition << " any more";
  });
  disk.Damage(partition, key);
  return true;
}

// The machine comes back with an empty disk, which is a new node.
bool Wipe(Strike& strike) {
  World& world = strike.world;
  const auto node = strike.Pick([&](const Process& p) {
    return world.ring() != nullptr && world.ring()->members.contains(p.id()) && world.CanLoseDiskOf(p.index());
  });
  const auto through = strike.Pick([&](const Process& p) { return p.running() && p.index() != node; });
  if (!node || !through) return false;
  const NodeId old = world.process(*node).id();
  if (quorum::Broken(quorum::Canary::kWipedDiskKeepsItsId)) {
    if (*node == 0) return false;  // It would found a cluster of its own, having nobody to join.
    if (world.process(*node).running()) world.Kill(*node);
    world.process(*node).disk().LoseAllButItsId();
    world.After(HowLong(strike), [&world, node] {
      if (!world.process(*node).running() && !world.process(*node).retired()) world.Start(*node);
    });
    return true;
  }
  world.LoseDisk(*node);
  world.probes().Reach(Probe::kDiskWiped);
  strike.operators.Want({.wish = quorum::MembershipPacket::Wish::kRemove, .node = old});
  world.After(HowLong(strike), [&world, through] { world.AddNode(through); });
  return true;
}

}  // namespace

const std::vector<FaultKind>& DiskFaults() {
  static const std::vector<FaultKind> kinds = {
      {"disk slow", &Parameters::slow_disk_every_ms, Slow},
      {"disk hung", &Parameters::hang_every_ms, Hang},
      {"disk write error", &Parameters::write_error_every_ms, FailWrite},
      {"disk full", &Parameters::full_every_ms, Fill},
      {"bit rot", &Parameters::rot_every_ms, Rot},
      {"disk wiped", &Parameters::wipe_every_ms, Wipe},
  };
  return kinds;
}

}  // namespace quoin::simulation
