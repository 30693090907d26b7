// Observer: checks invariants I1 to I4, I7 and I8 from outside, from what becomes durable, what leaves nodes, what
// rings they adopt and what clients are told. I5, I6 and I10 are the clients' and the checker's, I9 the world's
// (observer_equality.h).
//
// How the world tells it. In the order in which things happen, and within one event:
//   1. OnDurable, when a batch has become what a restart would find, before the node hears of it. Also for a batch
//   whose
//      write ended in kUnknown or with the process, if the bytes turn out to be there: then before the restart;
//   2. the node is driven;
//   3. OnRing with its topology (cheap when nothing changed);
//   4. OnSent for each packet of its output, as it leaves (whether or not it arrives), and OnAnswer for each answer.
// OnStart when a node's new process begins; OnDiskLost when a disk is gone for good, under its old node id.
//
// Each check has a file of its own. Deterministic; only looks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "kv/batch.h"
#include "quorum/operation.h"
#include "quorum/packet.h"
#include "ring/topology.h"
#include "tests/simulation/observer_chosen.h"
#include "tests/simulation/observer_complaints.h"
#include "tests/simulation/observer_configurations.h"
#include "tests/simulation/observer_disks.h"
#include "tests/simulation/observer_floors.h"
#include "tests/simulation/observer_lists.h"
#include "tests/simulation/observer_promises.h"
#include "tests/simulation/observer_records.h"
#include "tests/simulation/observer_topologies.h"
#include "tests/simulation/witness.h"

namespace quoin::simulation {

class Observer final : public Witness {
 public:
  // `system`: the partition of the ring, quorum::kSystemPartition (whose header would bring the node with it). All
  // others above the data are of no interest.
  explicit Observer(std::uint32_t partition_count, PartitionId system = PartitionId{0xffffffff});
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  void OnStart(NodeId node) override;
  void OnDurable(NodeId node, const kv::Batch& batch) override;
  void OnSent(NodeId from, NodeId to, const quorum::PacketBody& body) override;
  void OnRing(NodeId node, const ring::Topology* before, const std::shared_ptr<const ring::Topology>& after) override;
  void OnAnswer(NodeId node, const quorum::Request& request, const quorum::Reply& reply) override;
  void OnDiskLost(NodeId node) override;

  // Each one sentence, the invariant first; empty while nothing is wrong.
  const std::vector<std::string>& complaints() const { return complaints_.all(); }
  const ObserverDisks& disks() const { return disks_; }

 private:
  bool IsReplicated(PartitionId partition) const { return partition.value < partition_count_ || partition == system_; }

  const std::uint32_t partition_count_;
  const PartitionId system_;
  ObserverComplaints complaints_;
  ObserverDisks disks_;
  ObserverConfigurations configurations_;
  PromiseCheck promises_{disks_, complaints_};
  RecordCheck records_{complaints_};
  ChosenCheck chosen_{disks_, configurations_, complaints_};
  FloorCheck floors_{disks_, configurations_, complaints_};
  ListCheck lists_{complaints_};
  TopologyCheck topologies_{system_, disks_, configurations_, complaints_};
};

}  // namespace quoin::simulation
