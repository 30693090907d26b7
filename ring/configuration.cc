#include "ring/configuration.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace quoin::ring {
namespace {

Status Invalid(std::string why) { return Status(Code::kInvalid, std::move(why)); }

std::string_view PhaseName(Phase phase) {
  switch (phase) {
    case Phase::kStable:
      return "stable";
    case Phase::kFilling:
      return "filling";
    case Phase::kJoint:
      return "joint";
  }
  return "unknown phase";
}

std::set<NodeId> AsSet(const ReplicaSet& set) { return {set.nodes.begin(), set.nodes.end()}; }

}  // namespace

bool ReplicaSet::Contains(NodeId node) const { return std::find(nodes.begin(), nodes.end(), node) != nodes.end(); }

Status ReplicaSet::Check() const {
  const std::size_t n = nodes.size();
  const std::string numbers =
      "N=" + std::to_string(n) + ", R=" + std::to_string(read_quorum) + ", W=" + std::to_string(write_quorum);
  if (n == 0 || n > kMaxReplicas) {
    return Invalid(numbers + ": a partition has 1 to " + std::to_string(kMaxReplicas) + " replicas");
  }
  if (AsSet(*this).size() != n) return Invalid("a node is listed twice in " + ToString());
  if (read_quorum < 1 || read_quorum > n || write_quorum < 1 || write_quorum > n) {
    return Invalid(numbers + ": R and W must be between 1 and N");
  }
  // Otherwise a read could miss what a write left.
  if (read_quorum + write_quorum <= n) return Invalid(numbers + ": R + W must be more than N");
  // Otherwise two writes could both be chosen and know nothing of each other.
  if (2 * write_quorum <= n) return Invalid(numbers + ": W must be a majority");
  return Status::Ok();
}

std::string ReplicaSet::ToString() const {
  std::string text = "{";
  for (std::size_t i = 0; i < nodes.size(); ++i) text += (i == 0 ? "" : ", ") + nodes[i].ToString();
  return text + "} R=" + std::to_string(read_quorum) + " W=" + std::to_string(write_quorum);
}

ReplicaSet MajoritySet(std::vector<NodeId> nodes) {
  const std::uint32_t majority = MajorityOf(nodes.size());
  return {.nodes = std::move(nodes), .read_quorum = majority, .write_quorum = majority};
}

bool SameQuorums(const ReplicaSet& a, const ReplicaSet& b) {
  return a.read_quorum == b.read_quorum && a.write_quorum == b.write_quorum && AsSet(a) == AsSet(b);
}

Status Configuration::Check() const {
  if (version == 0) return Invalid("a configuration's version is at least 1");
  if (phase != Phase::kStable && phase != Phase::kFilling && phase != Phase::kJoint) return Invalid("no such phase");
  QUOIN_RETURN_IF_ERROR(replicas.Check());
  if (phase == Phase::kStable) {
    if (incoming != ReplicaSet{}) return Invalid("a stable configuration has incoming replicas: " + ToString());
    return Status::Ok();
  }
  QUOIN_RETURN_IF_ERROR(incoming.Check());
  // A move to where the partition is would keep tombstones from being purged, for nothing.
  if (SameQuorums(replicas, incoming)) return Invalid("a move that changes nothing: " + ToString());
  return Status::Ok();
}

Status Configuration::CheckNext(const Configuration& next) const {
  if (next == *this) return Status::Ok();
  const auto refused = [&](const std::string& why) {
    return Invalid(why + ": " + ToString() + " can't be followed by " + next.ToString());
  };
  if (next.version != version + 1) return refused("versions go up by one");

  if (phase == Phase::kStable && next.phase == Phase::kStable) {
    if (!SameQuorums(replicas, next.replicas)) return refused("replicas, R and W change through a joint only");
    return Status::Ok();
  }
  if (next.phase == Phase::kStable) {
    const bool cancelled = next.replicas == replicas;
    const bool completed = phase == Phase::kJoint && next.replicas == incoming;
    if (!cancelled && !completed) return refused("a move ends where it led or where it began");
    return Status::Ok();
  }
  if (next.replicas != replicas) return refused("replicas, R and W change through a joint only");
  if (phase == Phase::kStable) return Status::Ok();
  if (phase == Phase::kFilling && next.phase == Phase::kJoint && next.incoming == incoming) return Status::Ok();
  return refused("a move in progress can only go on or be cancelled");
}

std::string Configuration::ToString() const {
  std::string text = "v" + std::to_string(version) + " " + std::string(PhaseName(phase)) + " " + replicas.ToString();
  if (!incoming.empty()) text += " -> " + incoming.ToString();
  return text;
}

std::ostream& operator<<(std::ostream& out, const ReplicaSet& set) { return out << set.ToString(); }
std::ostream& operator<<(std::ostream& out, const Configuration& configuration) {
  return out << configuration.ToString();
}

}  // namespace quoin::ring
