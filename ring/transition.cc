#include "ring/transition.h"

#include <optional>
#include <string>
#include <utility>

namespace quoin::ring {
namespace {

Status Invalid(std::string why) { return Status(Code::kInvalid, std::move(why)); }

// nullopt: no member.
using MaybeState = std::optional<MemberState>;

bool MayBecome(MaybeState from, MaybeState to) {
  using enum MemberState;
  if (from == to) return true;
  if (!from) return to == kJoining;
  switch (*from) {
    case kJoining:
      return to == kActive || to == kRemoved;
    case kActive:
      return to == kDraining || to == kLost || to == kRemoved;
    case kDraining:
      return to == kActive || to == kLost || to == kRemoved;
    case kLost:
      return to == kActive || to == kRemoved;
    case kRemoved:
      // Its promises are still in its engine and what it held is erased when it enters a configuration again, so it may
      // come back.
      return !to || to == kJoining;
  }
  return false;
}

std::string NameOf(MaybeState state) { return state ? std::string(MemberStateName(*state)) : "no member"; }

MaybeState StateOf(const Topology& topology, NodeId node) {
  const auto found = topology.members.find(node);
  return found == topology.members.end() ? std::nullopt : MaybeState(found->second.state);
}

Status CheckMemberStep(NodeId node, MaybeState from, MaybeState to) {
  if (MayBecome(from, to)) return Status::Ok();
  return Invalid("node " + node.ToString() + " is " + NameOf(from) + " and can't become " + NameOf(to) +
                 " in one step");
}

Status CheckSameCluster(const Topology& a, const Topology& b) {
  if (a.cluster != b.cluster) {
    return Invalid("topologies of two clusters, " + a.cluster.ToString() + " and " + b.cluster.ToString());
  }
  if (a.partition_count() != b.partition_count()) {
    return Invalid("the number of partitions is fixed: " + std::to_string(a.partition_count()) + ", not " +
                   std::to_string(b.partition_count()));
  }
  return Status::Ok();
}

Status CheckConfigurationStep(const Configuration& current, const Configuration& next, const std::string& where) {
  const Status step = current.CheckNext(next);
  return step.ok() ? step : Invalid(where + ": " + step.message());
}

Status CheckLaterConfiguration(const Configuration& earlier, const Configuration& later, const std::string& where) {
  if (later.version < earlier.version) {
    return Invalid(where + ": a later topology has an older version: " + later.ToString() + " after " +
                   earlier.ToString());
  }
  if (later.version == earlier.version && later != earlier) {
    return Invalid(where + ": one version, two configurations: " + earlier.ToString() + " and " + later.ToString());
  }
  return Status::Ok();
}

}  // namespace

Status CheckStep(const Topology& current, const Topology& next) {
  QUOIN_RETURN_IF_ERROR(next.Check());
  QUOIN_RETURN_IF_ERROR(CheckSameCluster(current, next));
  if (next.epoch != current.epoch + 1) {
    return Invalid("epoch " + std::to_string(next.epoch) + " can't follow " + std::to_string(current.epoch));
  }
  for (const auto& [node, member] : current.members) {
    QUOIN_RETURN_IF_ERROR(CheckMemberStep(node, member.state, StateOf(next, node)));
  }
  for (const auto& [node, member] : next.members) {
    QUOIN_RETURN_IF_ERROR(CheckMemberStep(node, StateOf(current, node), member.state));
  }
  QUOIN_RETURN_IF_ERROR(CheckConfigurationStep(current.system, next.system, "the system partition"));
  for (std::size_t i = 0; i < current.partitions.size(); ++i) {
    QUOIN_RETURN_IF_ERROR(
        CheckConfigurationStep(current.partitions[i], next.partitions[i], "partition " + std::to_string(i)));
  }
  return Status::Ok();
}

Status CheckLater(const Topology& earlier, const Topology& later) {
  QUOIN_RETURN_IF_ERROR(CheckSameCluster(earlier, later));
  if (later.epoch <= earlier.epoch) {
    return Invalid("epoch " + std::to_string(later.epoch) + " is not after " + std::to_string(earlier.epoch));
  }
  QUOIN_RETURN_IF_ERROR(CheckLaterConfiguration(earlier.system, later.system, "the system partition"));
  for (std::size_t i = 0; i < earlier.partitions.size(); ++i) {
    QUOIN_RETURN_IF_ERROR(
        CheckLaterConfiguration(earlier.partitions[i], later.partitions[i], "partition " + std::to_string(i)));
  }
  return Status::Ok();
}

}  // namespace quoin::ring
