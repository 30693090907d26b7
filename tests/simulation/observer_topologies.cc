#include "tests/simulation/observer_topologies.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "ring/topology_codec.h"
#include "ring/transition.h"

namespace quoin::simulation {

using Known = ObserverConfigurations::Known;

void TopologyCheck::OnTopology(NodeId node, const std::shared_ptr<const ring::Topology>& topology) {
  if (topology == nullptr) return;
  std::shared_ptr<const ring::Topology>& adopted = adopted_[node];
  if (adopted == topology) return;
  if (adopted != nullptr && topology->epoch < adopted->epoch) {
    complaints_.Add("I8: node ", node, " goes back from epoch ", adopted->epoch, " to ", topology->epoch);
  }
  adopted = topology;
  // Whoever adopts it later may have it from whoever was first.
  if (!topologies_.contains(topology->epoch)) CheckChosen(node, *topology);
  CheckOrder(topology);
}

void TopologyCheck::CheckOrder(const std::shared_ptr<const ring::Topology>& topology) {
  const auto [at, is_new] = topologies_.try_emplace(topology->epoch, topology);
  if (!is_new) {
    if (at->second != topology && *at->second != *topology) {
      complaints_.Add("I8: there are two topologies of epoch ", topology->epoch);
    }
    return;
  }
  if (const Status valid = topology->Check(); !valid.ok()) {
    complaints_.Add("I8: the topology of epoch ", topology->epoch, " is invalid, ", valid);
    return;
  }
  configurations_.Learn(*topology, complaints_);
  systems_.try_emplace(topology->system.version, topology->system);
  const auto check = [&](const ring::Topology& earlier, const ring::Topology& later) {
    if (const Status status = ring::CheckLater(earlier, later); !status.ok()) {
      complaints_.Add("I8: the topology of epoch ", later.epoch, " can't follow that of epoch ", earlier.epoch, ", ",
                      status);
    }
  };
  if (at != topologies_.begin()) check(*std::prev(at)->second, *topology);
  if (std::next(at) != topologies_.end()) check(*topology, *std::next(at)->second);
}

void TopologyCheck::CheckChosen(NodeId node, const ring::Topology& topology) {
  bool proposed = false;
  for (const auto& [version, proposal] : proposals_) {
    if (proposal.epoch != topology.epoch) continue;
    if (proposal.chosen) return;
    proposed = true;
  }
  if (proposed) {
    complaints_.Add("I8: node ", node, " adopts the ring of epoch ", topology.epoch, ", which isn't chosen");
  }
}

void TopologyCheck::OnMessage(PartitionId partition, const quorum::Message& message) {
  const auto* accept = std::get_if<quorum::Accept>(&message);
  if (accept == nullptr || partition != system_ || accept->record->tombstone) return;
  const auto [at, is_new] = proposals_.try_emplace(accept->record->accepted);
  if (!is_new) return;
  at->second.configuration = accept->configuration;
  // What is no topology is nobody's ring.
  const Result<ring::Topology> topology = ring::DecodeTopology(accept->record->value);
  if (topology.ok()) at->second.epoch = topology->epoch;
}

void TopologyCheck::OnSystemPut(NodeId node, const ObserverDisks::Put& put) {
  const kv::Version& version = put.after.accepted;
  for (auto at = proposals_.begin(); at != proposals_.end() && at->first <= version; ++at) {
    Proposal& proposal = at->second;
    if (proposal.chosen || at->first.ballot != version.ballot) continue;
    proposal.holders.insert(node);
    const auto system = systems_.find(proposal.configuration);
    if (system == systems_.end()) continue;
    proposal.chosen = system->second.quorums.IsWriteQuorum(system->second.MaskOf(proposal.holders));
  }
}

void TopologyCheck::OnDurable(NodeId node, const std::vector<ObserverDisks::Delta>& deltas) {
  for (const ObserverDisks::Delta& delta : deltas) {
    if (delta.partition == system_) {
      for (const ObserverDisks::Put& put : delta.puts) OnSystemPut(node, put);
    } else if (delta.before.configuration_version != delta.after.configuration_version) {
      CheckObeyed(delta.partition);
    }
  }
}

void TopologyCheck::CheckObeyed(PartitionId partition) {
  const ObserverConfigurations::Versions& versions = configurations_.Of(partition);
  if (versions.empty()) return;
  std::map<NodeId, std::uint64_t> knows;
  for (const auto& [version, known] : versions) {
    for (const NodeId node : known.quorums.nodes()) {
      if (!disks_.IsLost(node)) knows[node] = disks_.StateOf(node, partition).configuration_version;
    }
  }
  const auto mask = [&knows](const Known& known, auto&& belongs) {
    std::set<NodeId> nodes;
    for (const auto& [node, version] : knows) {
      if (belongs(version)) nodes.insert(node);
    }
    return known.MaskOf(nodes);
  };
  std::uint64_t& dead_up_to = dead_up_to_[partition];
  bool all_dead = true;  // Of those before.
  for (auto older = versions.upper_bound(dead_up_to); older != versions.end(); ++older) {
    const Known& old = older->second;
    const auto behind = mask(old, [&](std::uint64_t version) { return version <= older->first; });
    const bool old_reads = old.quorums.IsReadQuorum(behind);
    const bool old_writes = old.quorums.IsWriteQuorum(behind);
    all_dead = all_dead && !old_reads && !old_writes;
    if (all_dead) dead_up_to = older->first;
    if (!old_reads && !old_writes) continue;
    for (auto newer = std::next(older); newer != versions.end(); ++newer) {
      const auto ahead = mask(newer->second, [&](std::uint64_t version) { return version == newer->first; });
      if ((old_writes && newer->second.quorums.IsReadQuorum(ahead)) ||
          (old_reads && newer->second.quorums.IsWriteQuorum(ahead))) {
        complaints_.Add("I8: in partition ", partition, " both ", old.configuration, " and ",
                        newer->second.configuration, " can be obeyed, by quorums that don't meet");
      }
    }
  }
}

}  // namespace quoin::simulation
