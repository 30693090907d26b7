#include "ring/topology.h"

#include <glog/logging.h>

#include <bit>
#include <utility>

#include "ring/partition.h"

namespace quoin::ring {
namespace {

Status Invalid(std::string why) { return Status(Code::kInvalid, std::move(why)); }

bool MayHoldData(MemberState state) {
  return state == MemberState::kActive || state == MemberState::kDraining || state == MemberState::kLost;
}

Status CheckMember(NodeId id, const Member& member) {
  const std::string who = "member " + id.ToString();
  if (id == NodeId{}) return Invalid("a member without an id");
  if (MemberStateName(member.state).empty()) return Invalid(who + " is in no known state");
  if (member.weight > kMaxWeight) {
    return Invalid(who + " has weight " + std::to_string(member.weight) + "; at most " + std::to_string(kMaxWeight));
  }
  for (const std::string* address : {&member.peer_address, &member.client_address}) {
    if (address->empty() || address->size() > kMaxAddressBytes) {
      return Invalid(who + " has an address of " + std::to_string(address->size()) + " bytes; 1 to " +
                     std::to_string(kMaxAddressBytes) + " are right");
    }
  }
  if (member.zone.size() > kMaxZoneBytes) {
    return Invalid(who + " has a zone of " + std::to_string(member.zone.size()) + " bytes; at most " +
                   std::to_string(kMaxZoneBytes));
  }
  return Status::Ok();
}

Status CheckHolders(const Topology& topology, const ReplicaSet& set, const std::string& where) {
  for (const NodeId node : set.nodes) {
    const auto found = topology.members.find(node);
    if (found == topology.members.end()) return Invalid(where + " names " + node.ToString() + ", which is no member");
    if (!MayHoldData(found->second.state)) {
      return Invalid(where + " names " + node.ToString() + ", which is " +
                     std::string(MemberStateName(found->second.state)));
    }
  }
  return Status::Ok();
}

Status CheckConfiguration(const Topology& topology, const Configuration& configuration, const std::string& where) {
  const Status own = configuration.Check();
  if (!own.ok()) return Invalid(where + ": " + own.message());
  QUOIN_RETURN_IF_ERROR(CheckHolders(topology, configuration.replicas, where));
  return CheckHolders(topology, configuration.incoming, where);
}

Status CheckSystemSet(const ReplicaSet& set) {
  const std::size_t n = set.nodes.size();
  if (n != 1 && n != 3 && n != 5) {
    return Invalid("the system partition has " + std::to_string(n) + " replicas; 1, 3 or 5 are right");
  }
  if (set.read_quorum != MajorityOf(n) || set.write_quorum != MajorityOf(n)) {
    return Invalid("the system partition has majorities always, not " + set.ToString());
  }
  return Status::Ok();
}

Status CheckSystem(const Topology& topology) {
  QUOIN_RETURN_IF_ERROR(CheckConfiguration(topology, topology.system, "the system partition"));
  QUOIN_RETURN_IF_ERROR(CheckSystemSet(topology.system.replicas));
  if (topology.system.phase == Phase::kStable) return Status::Ok();
  return CheckSystemSet(topology.system.incoming);
}

}  // namespace

std::string_view MemberStateName(MemberState state) {
  switch (state) {
    case MemberState::kJoining:
      return "joining";
    case MemberState::kActive:
      return "active";
    case MemberState::kDraining:
      return "draining";
    case MemberState::kLost:
      return "lost";
    case MemberState::kRemoved:
      return "removed";
  }
  return "";
}

Status ReplicationGoal::Check() const {
  if (replication_factor < 1 || replication_factor > kMaxReplicas) {
    return Invalid("a replication factor of " + std::to_string(replication_factor) + "; 1 to " +
                   std::to_string(kMaxReplicas) + " are right");
  }
  std::vector<NodeId> any;
  for (std::uint64_t i = 1; i <= replication_factor; ++i) any.push_back(NodeId{i});
  return SetOf(std::move(any)).Check();
}

ReplicaSet ReplicationGoal::SetOf(std::vector<NodeId> nodes) const {
  const bool complete = nodes.size() == replication_factor;
  ReplicaSet set = MajoritySet(std::move(nodes));
  if (complete && read_quorum != 0) set.read_quorum = read_quorum;
  if (complete && write_quorum != 0) set.write_quorum = write_quorum;
  return set;
}

const Configuration& Topology::ConfigurationOf(PartitionId partition) const {
  CHECK_LT(partition.value, partitions.size());
  return partitions[partition.value];
}

Status Topology::Check() const {
  if (epoch == 0) return Invalid("a topology's epoch is at least 1");
  QUOIN_RETURN_IF_ERROR(goal.Check());
  if (members.empty() || members.size() > kMaxMembers) {
    return Invalid(std::to_string(members.size()) + " members; 1 to " + std::to_string(kMaxMembers) + " are right");
  }
  for (const auto& [id, member] : members) QUOIN_RETURN_IF_ERROR(CheckMember(id, member));
  if (!std::has_single_bit(partitions.size()) || partitions.size() > kMaxPartitionCount) {
    return Invalid(std::to_string(partitions.size()) + " partitions; a power of two up to " +
                   std::to_string(kMaxPartitionCount) + " is right");
  }
  QUOIN_RETURN_IF_ERROR(CheckSystem(*this));
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    QUOIN_RETURN_IF_ERROR(CheckConfiguration(*this, partitions[i], "partition " + std::to_string(i)));
  }
  return Status::Ok();
}

Topology Bootstrap(ClusterId cluster, NodeId node, Member member, std::uint32_t partition_count, ReplicationGoal goal) {
  CHECK(std::has_single_bit(partition_count) && partition_count <= kMaxPartitionCount) << partition_count;
  member.state = MemberState::kActive;
  const Configuration alone{.version = 1, .replicas = goal.SetOf({node})};
  Topology topology{.cluster = cluster, .epoch = 1, .goal = goal};
  topology.members.emplace(node, std::move(member));
  topology.system = {.version = 1, .replicas = MajoritySet({node})};
  topology.partitions.assign(partition_count, alone);
  return topology;
}

}  // namespace quoin::ring
