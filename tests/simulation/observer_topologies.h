// TopologyCheck: I8, at every moment the write quorums of any two configurations that can both be obeyed intersect the
// other's read quorums; and the rings that nodes adopt are values of one register.
//
//   - one epoch is one topology, a later epoch may replace an earlier one (ring::CheckLater), and no process goes back;
//   - a ring that was proposed while we watched is adopted only once its proposal is chosen, by a write quorum of the
//     system partition as it was before;
//   - of two configurations of a partition, the older one can be obeyed by nodes whose disks don't know a later one,
//   the
//     newer one by those whose disks know just that. These are different nodes, so while the newer one has a read
//     quorum, the older one must have no write quorum left, and the other way round.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/ids.h"
#include "quorum/messages.h"
#include "ring/topology.h"
#include "tests/simulation/observer_complaints.h"
#include "tests/simulation/observer_configurations.h"
#include "tests/simulation/observer_disks.h"

namespace quoin::simulation {

class TopologyCheck {
 public:
  TopologyCheck(PartitionId system, const ObserverDisks& disks, ObserverConfigurations& configurations,
                ObserverComplaints& complaints)
      : system_(system), disks_(disks), configurations_(configurations), complaints_(complaints) {}

  // The node has adopted the topology.
  void OnTopology(NodeId node, const std::shared_ptr<const ring::Topology>& topology);
  void OnMessage(PartitionId partition, const quorum::Message& message);
  void OnDurable(NodeId node, const std::vector<ObserverDisks::Delta>& deltas);
  // Its process begins anew, perhaps with an older ring than it had.
  void OnRestart(NodeId node) { adopted_.erase(node); }

 private:
  // A record of the system partition that was proposed.
  struct Proposal {
    std::uint64_t epoch = 0;
    std::uint64_t configuration = 0;
    std::set<NodeId> holders;
    bool chosen = false;
  };

  void CheckOrder(const std::shared_ptr<const ring::Topology>& topology);
  void CheckChosen(NodeId node, const ring::Topology& topology);
  void CheckObeyed(PartitionId partition);
  void OnSystemPut(NodeId node, const ObserverDisks::Put& put);

  const PartitionId system_;
  const ObserverDisks& disks_;
  ObserverConfigurations& configurations_;
  ObserverComplaints& complaints_;
  std::map<std::uint64_t, std::shared_ptr<const ring::Topology>> topologies_;  // By epoch.
  std::map<NodeId, std::shared_ptr<const ring::Topology>> adopted_;
  std::map<std::uint64_t, ObserverConfigurations::Known> systems_;  // By version.
  std::map<kv::Version, Proposal> proposals_;
  // Configurations up to here have no quorum left, for good.
  std::map<PartitionId, std::uint64_t> dead_up_to_;
};

}  // namespace quoin::simulation
