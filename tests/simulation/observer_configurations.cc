#include "tests/simulation/observer_configurations.h"

#include <utility>

namespace quoin::simulation {

ring::ReplicaMask ObserverConfigurations::Known::MaskOf(const std::set<NodeId>& nodes) const {
  ring::ReplicaMask mask = 0;
  for (const NodeId node : nodes) mask |= quorums.MaskOf(node);
  return mask;
}

void ObserverConfigurations::Learn(const ring::Topology& topology, ObserverComplaints& complaints) {
  for (std::uint32_t i = 0; i < topology.partition_count(); ++i) {
    const ring::Configuration& configuration = topology.partitions[i];
    const auto [at, is_new] = partitions_[PartitionId{i}].try_emplace(configuration.version, configuration);
    if (!is_new && at->second.configuration != configuration) {
      complaints.Add("I8: partition ", i, " has two configurations of one version, ", at->second.configuration, " and ",
                     configuration);
    }
  }
}

const ObserverConfigurations::Known* ObserverConfigurations::Find(PartitionId partition, std::uint64_t version) const {
  const Versions& versions = Of(partition);
  const auto found = versions.find(version);
  return found == versions.end() ? nullptr : &found->second;
}

const ObserverConfigurations::Versions& ObserverConfigurations::Of(PartitionId partition) const {
  static const Versions none;
  const auto found = partitions_.find(partition);
  return found == partitions_.end() ? none : found->second;
}

}  // namespace quoin::simulation
