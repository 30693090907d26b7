// Topology: the ring as the members agree on it. Epoch, members, and each partition's configuration.
//
// It is the value of the topology register on the system partition. Each node holds the newest one that it knows to be
// chosen, and replaces it whole.
//
// Invariants of a topology that passes Check():
//   T1  every configuration passes its own Check();
//   T2  every node of a configuration is a member that may hold data: active, draining or lost;
//   T3  the system partition has 1, 3 or 5 replicas, and majorities for R and W, also where it is moving to;
//   T4  the number of partitions is a power of two and never changes within a cluster.
//
// A plain value with ordered containers; any thread. Bounds: kMaxMembers members, kMaxPartitionCount partitions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "ring/configuration.h"

namespace quoin::ring {

inline constexpr std::size_t kMaxMembers = 1024;
inline constexpr std::size_t kMaxAddressBytes = 255;
inline constexpr std::size_t kMaxZoneBytes = 64;
inline constexpr std::uint32_t kMaxWeight = 1000;

enum class MemberState : std::uint8_t {
  kJoining = 0,   // Known and watched; gets no partitions yet.
  kActive = 1,    // Gets its share.
  kDraining = 2,  // Asked to leave: serves what it has while that moves away.
  kLost = 3,      // Gone for longer than the cluster waits: its partitions are copied from the other replicas.
  kRemoved = 4,   // Holds nothing and may be forgotten.
};
// "joining", "active", ...
std::string_view MemberStateName(MemberState state);

struct Member {
  std::string peer_address;    // "host:port"
  std::string client_address;  // "host:port"
  std::string zone;            // What fails together; empty is a zone like any other.
  std::uint32_t weight = 1;    // Its share of the data, relative to the others'. 0: none.
  MemberState state = MemberState::kJoining;

  friend bool operator==(const Member&, const Member&) = default;
};

// What the cluster aims at. A configuration's own N, R and W are what it has.
struct ReplicationGoal {
  std::uint32_t replication_factor = 3;  // N, once there are so many nodes.
  std::uint32_t read_quorum = 0;         // R, once there are N replicas; 0: a majority.
  std::uint32_t write_quorum = 0;        // W, once there are N replicas; 0: a majority.

  Status Check() const;
  // The nodes with R and W as wished, or with majorities while they are not N yet (then R and W would mean nothing).
  ReplicaSet SetOf(std::vector<NodeId> nodes) const;

  friend bool operator==(const ReplicationGoal&, const ReplicationGoal&) = default;
};

struct Topology {
  ClusterId cluster;
  std::uint64_t epoch = 0;  // From 1; every chosen change takes the next.
  ReplicationGoal goal;
  std::map<NodeId, Member> members;
  Configuration system;
  std::vector<Configuration> partitions;  // One per PartitionId.

  std::uint32_t partition_count() const { return static_cast<std::uint32_t>(partitions.size()); }
  // REQUIRES: partition.value < partition_count()
  const Configuration& ConfigurationOf(PartitionId partition) const;

  // T1 to T4 and the bounds above; kInvalid says what is wrong.
  Status Check() const;

  friend bool operator==(const Topology&, const Topology&) = default;
};

// The topology of a cluster of one, epoch 1: the node is active and holds everything.
// REQUIRES: partition_count is a power of two, at most kMaxPartitionCount.
Topology Bootstrap(ClusterId cluster, NodeId node, Member member, std::uint32_t partition_count, ReplicationGoal goal);

}  // namespace quoin::ring
