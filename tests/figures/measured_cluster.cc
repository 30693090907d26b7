#include "tests/figures/measured_cluster.h"

#include <glog/logging.h>

#include <chrono>
#include <utility>

#include "ring/partition.h"

namespace quoin::figures {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kPartitions = 8;

}  // namespace

MeasuredCluster::MeasuredCluster(std::size_t count, std::uint32_t replicas)
    : nodes(kPartitions, ring::ReplicationGoal{.replication_factor = replicas}), replicas_(replicas) {
  nodes.timing.scrub = hours(1);
  nodes.disk_time = ring::Duration(0);
  nodes.latency = [](const quorum::TestNodes::Sent&) { return kOneWay; };
  for (std::size_t i = 1; i <= count; ++i) nodes.Add(i);
  CHECK(nodes.RunUntil([this] { return nodes.Settled(); }, minutes(5))) << "the cluster doesn't settle";
  // Leaders are handed over to those who are preferred.
  nodes.Run(seconds(10));
  CHECK(nodes.Settled());
  Choose();
}

void MeasuredCluster::Choose() {
  const auto ring = nodes.ring();
  for (std::uint32_t p = 0; p < kPartitions; ++p) {
    partition = PartitionId{p};
    leader = nodes.LeaderOf(partition);
    CHECK_NE(leader, 0u) << "partition " << p << " has no leader";
    if (nodes.node(leader).controls()) continue;
    for (const auto& [id, member] : ring->members) {
      if (!ring->partitions[p].replicas.Contains(id)) outsiders.push_back(id.value);
    }
    for (const NodeId id : ring->partitions[p].replicas.nodes) {
      if (id.value != leader) followers.push_back(id.value);
    }
    CHECK_EQ(followers.size() + 1, replicas_);
    return;
  }
  LOG(FATAL) << "one node leads everything";
}

std::string MeasuredCluster::NewKey() {
  for (;;) {
    std::string key = "key-" + std::to_string(++last_key_);
    if (ring::PartitionOf(key, kPartitions) == partition) return key;
  }
}

quorum::Request GetOf(std::string key) {
  quorum::Request request;
  request.key = std::move(key);
  return request;
}
quorum::Request PutOf(std::string key, std::string value) {
  quorum::Request request;
  request.key = std::move(key);
  request.operation = quorum::Put{.value = std::move(value), .content_type = {}, .ttl = {}};
  return request;
}
quorum::Request SwapOf(std::string key, std::string expected, std::string value) {
  quorum::Request request = PutOf(std::move(key), std::move(value));
  request.conditions.push_back(
      {.kind = quorum::Condition::Kind::kValueIs, .versions = {}, .value = std::move(expected)});
  return request;
}
quorum::Request IncrementOf(std::string key) {
  quorum::Request request;
  request.key = std::move(key);
  request.operation = quorum::Increment{};
  return request;
}

}  // namespace quoin::figures
