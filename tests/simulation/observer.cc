#include "tests/simulation/observer.h"

#include <glog/logging.h>

#include <variant>

#include "ring/partition.h"

namespace quoin::simulation {

Observer::Observer(std::uint32_t partition_count, PartitionId system)
    : partition_count_(partition_count), system_(system) {
  CHECK_GT(partition_count, 0u);
}

void Observer::OnDurable(NodeId node, const kv::Batch& batch) {
  std::vector<ObserverDisks::Delta> deltas = disks_.Apply(node, batch);
  std::erase_if(deltas, [this](const auto& delta) { return !IsReplicated(delta.partition); });
  promises_.OnDurable(node, deltas);
  records_.OnDurable(node, deltas);
  chosen_.OnDurable(node, deltas);
  floors_.OnDurable(node, deltas);
  topologies_.OnDurable(node, deltas);
}

void Observer::OnRing(NodeId node, const ring::Topology*, const std::shared_ptr<const ring::Topology>& after) {
  topologies_.OnTopology(node, after);
  lists_.OnRing(node, after);
}

void Observer::OnSent(NodeId from, NodeId to, const quorum::PacketBody& body) {
  lists_.OnSent(from, to, body);
  const auto* packet = std::get_if<quorum::ReplicaPacket>(&body);
  if (packet == nullptr || !IsReplicated(packet->partition)) return;
  promises_.OnMessage(from, to, packet->partition, packet->message);
  records_.OnMessage(from, packet->partition, packet->message);
  chosen_.OnMessage(from, packet->partition, packet->message);
  topologies_.OnMessage(packet->partition, packet->message);
}

void Observer::OnAnswer(NodeId, const quorum::Request& request, const quorum::Reply& reply) {
  chosen_.OnAnswer(ring::PartitionOf(request.key, partition_count_), request, reply);
}

void Observer::OnStart(NodeId node) {
  promises_.OnRestart(node);
  topologies_.OnRestart(node);
}

void Observer::OnDiskLost(NodeId node) { disks_.Lose(node); }

}  // namespace quoin::simulation
