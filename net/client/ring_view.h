// RingView: the ring as a node told it (net/proto/quoin.proto, Ring), checked.
//
// A plain value. Bounds: kMaxRingNodes nodes, ring::kMaxPartitionCount partitions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "net/proto/quoin.pb.h"

namespace quoin::client {

inline constexpr std::size_t kMaxRingNodes = 1024;

struct RingNode {
  NodeId id;
  std::string address;  // "host:port", as the cluster knows it.

  friend bool operator==(const RingNode&, const RingNode&) = default;
};

struct RingView {
  ClusterId cluster;
  std::uint64_t epoch = 0;
  std::uint32_t partition_count = 0;   // A power of two; 0: there is no ring, and all else is empty.
  std::vector<RingNode> nodes;         // Different ids.
  std::vector<std::uint32_t> leaders;  // By partition: 1 + an index of `nodes`; 0: unknown.
};

// Takes the answer to a RingRequest apart. `known`: what the request's known_epoch is of; its nodes are taken over
// where the answer says that they are the same. An answer that says that there is no ring, or that the node doesn't
// know the request (it is an older one), is a view with a partition_count of 0. kInvalid: what makes no sense in it.
Result<RingView> TakeRing(const v1::ServerFrame& frame, const RingView& known);

}  // namespace quoin::client
