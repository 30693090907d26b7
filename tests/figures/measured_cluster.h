// MeasuredCluster: a settled cluster of TestNodes with a key of which it is known who leads it, who follows, and who
// holds nothing of it. Nothing but what is measured happens in it: no scrubs, and no disk that takes time unless asked
// for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "quorum/node_testing.h"

namespace quoin::figures {

// The one way of every packet, and so half a round trip.
inline constexpr ring::Duration kOneWay = std::chrono::milliseconds(1);
inline constexpr ring::Duration kRoundTrip = 2 * kOneWay;

class MeasuredCluster {
 public:
  // Nodes 1 to `nodes`, of which each partition is on `replicas`. CHECKs that it settles. The chosen partition is led
  // by a node that doesn't lead the system partition, so that losing its leader costs the cluster nothing else.
  MeasuredCluster(std::size_t nodes, std::uint32_t replicas);

  quorum::TestNodes nodes;
  PartitionId partition;
  std::uint64_t leader = 0;
  std::vector<std::uint64_t> followers;  // In order of preference.
  std::vector<std::uint64_t> outsiders;  // Hold nothing of the partition.

  // A key of the partition that was not given out before.
  std::string NewKey();

 private:
  void Choose();

  std::uint32_t replicas_;
  std::uint64_t last_key_ = 0;
};

quorum::Request GetOf(std::string key);
quorum::Request PutOf(std::string key, std::string value);
// Compare-and-set on the value.
quorum::Request SwapOf(std::string key, std::string expected, std::string value);
quorum::Request IncrementOf(std::string key);

}  // namespace quoin::figures
