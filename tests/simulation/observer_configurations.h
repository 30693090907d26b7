// ObserverConfigurations: every configuration that any node was ever seen to believe in, by partition and version.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "base/ids.h"
#include "ring/configuration.h"
#include "ring/quorums.h"
#include "ring/topology.h"
#include "tests/simulation/observer_complaints.h"

namespace quoin::simulation {

class ObserverConfigurations {
 public:
  struct Known {
    explicit Known(ring::Configuration known) : configuration(std::move(known)), quorums(configuration) {}
    ring::Configuration configuration;
    ring::Quorums quorums;

    // Whether the node receives what is written in the partition, counted or not.
    bool Has(NodeId node) const { return quorums.IndexOf(node).has_value(); }
    ring::ReplicaMask MaskOf(const std::set<NodeId>& nodes) const;
  };
  using Versions = std::map<std::uint64_t, Known>;

  // Of the partitions of data; the system partition's changes follow rules of their own.
  void Learn(const ring::Topology& topology, ObserverComplaints& complaints);

  // nullptr: never seen.
  const Known* Find(PartitionId partition, std::uint64_t version) const;
  const Versions& Of(PartitionId partition) const;

 private:
  std::map<PartitionId, Versions> partitions_;
};

}  // namespace quoin::simulation
