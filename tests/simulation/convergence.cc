#include "tests/simulation/convergence.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include "tests/simulation/observer_equality.h"

namespace quoin::simulation {
namespace {

std::size_t ActiveMembers(const ring::Topology& ring) {
  return static_cast<std::size_t>(std::count_if(ring.members.begin(), ring.members.end(), [](const auto& entry) {
    return entry.second.state == ring::MemberState::kActive;
  }));
}

std::string Missing(const ring::Topology& ring, std::uint32_t partition) {
  const ring::Configuration& configuration = ring.partitions[partition];
  std::ostringstream text;
  const std::size_t wanted = std::min<std::size_t>(ring.goal.replication_factor, ActiveMembers(ring));
  if (configuration.phase != ring::Phase::kStable) {
    text << "p" << partition << " is still moving: " << configuration;
  } else if (configuration.replicas.nodes.size() != wanted) {
    text << "p" << partition << " has not " << wanted << " replicas: " << configuration;
  }
  return text.str();
}

std::string MissingAtReplicas(const World& world, PartitionId partition, const ring::Configuration& configuration) {
  std::ostringstream text;
  text << (partition == quorum::kSystemPartition ? "the system partition" : "p" + std::to_string(partition.value));
  std::vector<ObservedReplica> replicas;
  bool all_equal = false;
  std::optional<std::string> leader;
  for (const NodeId node : configuration.replicas.nodes) {
    const auto index = world.IndexOf(node);
    if (!index || !world.process(*index).running()) {
      text << " has a replica that doesn't run: " << node;
      return text.str();
    }
    const Process& process = world.process(*index);
    const auto status = process.node()->StatusOf(partition);
    if (!status || status->configuration.version != configuration.version) {
      text << " is not known to its replica " << process.name() << " as v" << configuration.version;
      return text.str();
    }
    if (status->leading) {
      leader = process.name() + (status->complete ? "" : ", which doesn't own every key") + ", " +
               std::to_string(status->lagging) + " keys lag";
      all_equal = status->complete && status->all_equal;
    }
    if (!process.disk().damaged().empty()) {
      for (const auto& [damaged, key] : process.disk().damaged()) {
        if (damaged != partition) continue;
        text << " has a damaged record at " << process.name() << ": '" << key << "'";
        return text.str();
      }
    }
    replicas.push_back({node, &process.disk().records()});
  }
  if (!all_equal) {
    text << " isn't found equal by its leader " << leader.value_or("(nobody leads)");
    return text.str();
  }
  if (const auto difference = FirstDifference(replicas, partition)) {
    text << " differs: " << *difference;
    return text.str();
  }
  for (const ObservedReplica& replica : replicas) {
    if (const auto tombstones = CountTombstones(*replica.storage, partition); tombstones > 0) {
      text << " has " << tombstones << " tombstones at " << replica.node;
      return text.str();
    }
  }
  return {};
}

}  // namespace

std::string MissingForBootstrap(const World& world) {
  if (world.ring() == nullptr) return "there is no ring";
  const ring::Topology& ring = *world.ring();
  const std::size_t active = ActiveMembers(ring);
  if (active != world.node_count()) return std::to_string(active) + " nodes are active members";
  for (std::uint32_t p = 0; p < ring.partition_count(); ++p) {
    if (std::string missing = Missing(ring, p); !missing.empty()) return missing;
  }
  return {};
}

std::string MissingForRest(const World& world, const Operator& operators) {
  const ring::Topology& ring = *world.ring();
  if (std::string wishes = operators.Missing(); !wishes.empty()) return wishes;
  for (std::size_t node = 0; node < world.node_count(); ++node) {
    const Process& process = world.process(node);
    const auto member = ring.members.find(process.id());
    if (process.retired() || member == ring.members.end()) continue;
    if (process.node()->topology() == nullptr || process.node()->topology()->epoch != ring.epoch) {
      return process.name() + " doesn't know the newest ring";
    }
  }
  for (const auto& [node, member] : ring.members) {
    if (member.state == ring::MemberState::kActive || member.state == ring::MemberState::kRemoved) continue;
    return node.ToString() + " is still " + std::string(ring::MemberStateName(member.state));
  }
  for (std::uint32_t p = 0; p < ring.partition_count(); ++p) {
    if (std::string missing = Missing(ring, p); !missing.empty()) return missing;
  }
  if (ring.system.phase != ring::Phase::kStable) return "the system partition is still moving";
  for (std::uint32_t p = 0; p < ring.partition_count(); ++p) {
    std::string missing = MissingAtReplicas(world, PartitionId{p}, ring.partitions[p]);
    if (!missing.empty()) return missing;
  }
  return MissingAtReplicas(world, quorum::kSystemPartition, ring.system);
}

}  // namespace quoin::simulation
