#include "quorum/movement.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "quorum/canary.h"

namespace quoin::quorum {
namespace {

using ring::Configuration;
using ring::MemberState;
using ring::ReplicaSet;
using ring::Topology;

Configuration& ConfigurationIn(Topology* topology, PartitionId partition) {
  return partition == kSystemPartition ? topology->system : topology->partitions[partition.value];
}
const Configuration& ConfigurationIn(const Topology& topology, PartitionId partition) {
  return partition == kSystemPartition ? topology.system : topology.partitions[partition.value];
}

// The system partition first: all other moves need it.
std::vector<PartitionId> AllPartitions(const Topology& topology) {
  std::vector<PartitionId> all = {kSystemPartition};
  for (std::uint32_t p = 0; p < topology.partition_count(); ++p) all.push_back(PartitionId{p});
  return all;
}

std::size_t CountAlive(const ReplicaSet& set, const std::set<NodeId>& alive) {
  return static_cast<std::size_t>(
      std::count_if(set.nodes.begin(), set.nodes.end(), [&](NodeId node) { return alive.contains(node); }));
}
bool QuorumAlive(const ReplicaSet& set, const std::set<NodeId>& alive) {
  return CountAlive(set, alive) >= std::max(set.read_quorum, set.write_quorum);
}

// Where a partition's replicas are for the placement. A move that is only being filled can be taken back, so there are
// two ways to see it.
enum class From { kWhereItGoes, kWhereItIs };
const std::vector<NodeId>& NodesOf(const Configuration& configuration, From from) {
  const bool goes = configuration.phase == ring::Phase::kJoint ||
                    (configuration.phase == ring::Phase::kFilling && from == From::kWhereItGoes);
  return goes ? configuration.incoming.nodes : configuration.replicas.nodes;
}

// How many of `nodes` are to be copied to when `current` have the data.
std::uint64_t CountAdded(const std::vector<NodeId>& nodes, const std::vector<NodeId>& current) {
  return static_cast<std::uint64_t>(std::count_if(nodes.begin(), nodes.end(), [&](NodeId node) {
    return std::find(current.begin(), current.end(), node) == current.end();
  }));
}
// What is being copied by the move, as long as it can be taken back.
std::uint64_t CountFilling(const Configuration& configuration) {
  if (configuration.phase != ring::Phase::kFilling) return 0;
  return CountAdded(configuration.incoming.nodes, configuration.replicas.nodes);
}

// How many live replicas there are beyond a quorum. REQUIRES: QuorumAlive(set, alive)
std::size_t CountToSpare(const ReplicaSet& set, const std::set<NodeId>& alive) {
  return CountAlive(set, alive) - std::max(set.read_quorum, set.write_quorum);
}

Configuration Stable(const Configuration& before, const ReplicaSet& replicas) {
  return {.version = before.version + 1, .replicas = replicas};
}

}  // namespace

std::string MoveProgress::ToString() const {
  const std::string name =
      partition == kSystemPartition ? "the system partition" : "partition " + std::to_string(partition.value);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(in_this_phase).count();
  return name + ": " + configuration.ToString() + ", for " + std::to_string(seconds) + " s" +
         (filled ? ", filled" : "");
}

void Movement::OnReport(const MoveReport& report) {
  Found& found = found_[report.partition];
  found.ever_equal = found.ever_equal || report.filled || report.complete;
  if (report.configuration < found.version) return;
  if (report.configuration > found.version) {
    found = {.version = report.configuration, .ever_equal = found.ever_equal};
  }
  // What was found once under a version stays true under it: nothing is obeyed without B's quorums from then on.
  found.filled = found.filled || report.filled;
  found.complete = found.complete || report.complete;
  std::uint64_t copied_keys = 0;
  for (const auto& [node, copied] : report.copied) copied_keys += copied.keys;
  // A leader that has just begun compares once more what is there already, which brings it no further.
  found.copied_keys = std::max(found.copied_keys, copied_keys);
}

void Movement::Step(const Topology& chosen, const Sight& sight, Topology* next) {
  Observe(chosen, sight.now);
  MakePlan(chosen, *next);
  std::size_t moving = 0;
  for (const PartitionId partition : AllPartitions(chosen)) {
    const Configuration& configuration = ConfigurationIn(chosen, partition);
    if (configuration.phase == ring::Phase::kStable) continue;
    Configuration& then = ConfigurationIn(next, partition);
    then = GoOn(partition, configuration, sight, *next).value_or(configuration);
    moving += then.phase != ring::Phase::kStable;
  }
  if (!plan_.possible) return;
  Start(chosen, sight.alive, &moving, next);
  // While partitions move, the best order keeps changing, and each change costs a partition's leader a new round.
  if (moving == 0) Reorder(chosen, next);
}

std::vector<MoveProgress> Movement::Moves(const Topology& chosen, ring::Duration now) const {
  std::vector<MoveProgress> moves;
  for (const PartitionId partition : AllPartitions(chosen)) {
    const Configuration& configuration = ConfigurationIn(chosen, partition);
    if (configuration.phase == ring::Phase::kStable) continue;
    MoveProgress move{.partition = partition, .configuration = configuration};
    const auto phase = phases_.find(partition);
    if (phase != phases_.end() && phase->second.version == configuration.version) {
      move.in_this_phase = now - phase->second.since;
    }
    move.filled = FoundFor(partition, configuration.version).filled;
    moves.push_back(std::move(move));
  }
  return moves;
}

const ReplicaSet& Movement::Goal(PartitionId partition, const Configuration& configuration) const {
  if (configuration.phase != ring::Phase::kStable) return configuration.incoming;
  return plan_.possible ? plan_.For(partition) : configuration.replicas;
}

void Movement::Observe(const Topology& chosen, ring::Duration now) {
  std::erase_if(found_, [&](const auto& entry) {
    return entry.first != kSystemPartition && entry.first.value >= chosen.partition_count();
  });
  for (const PartitionId partition : AllPartitions(chosen)) {
    const Configuration& configuration = ConfigurationIn(chosen, partition);
    if (configuration.phase == ring::Phase::kStable) {
      phases_.erase(partition);
      continue;
    }
    Phase& phase = phases_[partition];
    if (phase.version != configuration.version) phase = {configuration.version, now, now};
    const std::uint64_t copied_keys = FoundFor(partition, configuration.version).copied_keys;
    if (copied_keys > phase.copied_keys) {
      phase.copied_keys = copied_keys;
      phase.further_at = now;
    }
  }
}

void Movement::MakePlan(const Topology& chosen, const Topology& next) {
  if (plan_.epoch == chosen.epoch && plan_.members == next.members) return;
  plan_ = {.epoch = chosen.epoch, .members = next.members};
  const std::vector<ring::PlacementNode> nodes = ring::PlacementNodesOf(next);
  // Without a node that may hold data, everything stays where it is.
  plan_.possible = std::any_of(nodes.begin(), nodes.end(), [](const auto& node) { return node.weight > 0; });
  if (!plan_.possible) return;
  PlanPartitions(chosen, nodes);
  PlanSystem(chosen, nodes);
}

void Movement::PlanPartitions(const Topology& chosen, const std::vector<ring::PlacementNode>& nodes) {
  const auto place = [&](From from) {
    ring::ReplicaLists current;
    for (const Configuration& configuration : chosen.partitions) current.push_back(NodesOf(configuration, from));
    return *ring::Place(nodes, chosen.partition_count(), chosen.goal.replication_factor, current);
  };
  ring::Placement placement = place(From::kWhereItGoes);
  std::uint64_t filling = 0;
  for (const Configuration& configuration : chosen.partitions) filling += CountFilling(configuration);
  if (filling > 0) {
    ring::Placement afresh = place(From::kWhereItIs);
    plan_.afresh = placement.moves + filling > afresh.moves;
    if (plan_.afresh) placement = std::move(afresh);
  }
  for (std::vector<NodeId>& replicas : placement.replicas) {
    plan_.partitions.push_back(chosen.goal.SetOf(std::move(replicas)));
  }
}

void Movement::PlanSystem(const Topology& chosen, const std::vector<ring::PlacementNode>& nodes) {
  const std::vector<NodeId>& goes = NodesOf(chosen.system, From::kWhereItGoes);
  const std::vector<NodeId>& is = NodesOf(chosen.system, From::kWhereItIs);
  std::vector<NodeId> placed = *ring::PlaceSystem(nodes, goes);
  std::vector<NodeId> afresh = *ring::PlaceSystem(nodes, is);
  plan_.system_afresh = CountAdded(placed, goes) + CountFilling(chosen.system) > CountAdded(afresh, is);
  plan_.system = ring::MajoritySet(std::move(plan_.system_afresh ? afresh : placed));
}

std::optional<Configuration> Movement::GoOn(PartitionId partition, const Configuration& now_chosen, const Sight& sight,
                                            const Topology& next) const {
  const bool from_alive = QuorumAlive(now_chosen.replicas, sight.alive);
  const bool to_alive = QuorumAlive(now_chosen.incoming, sight.alive);
  const Found found = FoundFor(partition, now_chosen.version);
  if (now_chosen.phase == ring::Phase::kJoint) {
    const bool complete = found.complete || Broken(Canary::kStableBeforeFull) ||
                          (Broken(Canary::kEqualFromEarlierConfiguration) && found.ever_equal);
    // As long as B is down and A is not, going on would turn an outage that can be cancelled into one that can't.
    if (complete && (to_alive || !from_alive)) return Stable(now_chosen, now_chosen.incoming);
  }
  if (IsToBeCancelled(partition, now_chosen, sight.now, next)) {
    if (!from_alive && (to_alive || !sight.settled)) return std::nullopt;  // P3
    return Stable(now_chosen, now_chosen.replicas);
  }
  const bool filled = found.filled || Broken(Canary::kStableBeforeFull) ||
                      (Broken(Canary::kEqualFromEarlierConfiguration) && found.ever_equal);
  if (now_chosen.phase == ring::Phase::kFilling && filled && from_alive && to_alive) {
    if (Broken(Canary::kSkipJoint)) return Stable(now_chosen, now_chosen.incoming);
    Configuration joint = now_chosen;
    ++joint.version;
    joint.phase = ring::Phase::kJoint;
    return joint;
  }
  return std::nullopt;
}

bool Movement::IsToBeCancelled(PartitionId partition, const Configuration& now_chosen, ring::Duration now,
                               const Topology& next) const {
  for (const NodeId node : now_chosen.incoming.nodes) {
    const MemberState state = next.members.at(node).state;
    const bool stays =
        state == MemberState::kActive || (state == MemberState::kDraining && now_chosen.replicas.Contains(node));
    if (!stays) return true;
  }
  if (now - phases_.at(partition).further_at >= options_.move_timeout) return true;
  // P5
  return now_chosen.phase == ring::Phase::kFilling && plan_.possible && plan_.IsAfresh(partition) &&
         !SameQuorums(now_chosen.incoming, plan_.For(partition));
}

bool Movement::CanStart(PartitionId partition, const ReplicaSet& from, const std::set<NodeId>& alive) const {
  const ReplicaSet& to = plan_.For(partition);
  if (SameQuorums(from, to) || !QuorumAlive(from, alive) || !QuorumAlive(to, alive)) return false;
  return std::all_of(to.nodes.begin(), to.nodes.end(),
                     [&](NodeId node) { return from.Contains(node) || alive.contains(node); });
}

void Movement::Start(const Topology& chosen, const std::set<NodeId>& alive, std::size_t* moving, Topology* next) const {
  std::vector<std::tuple<std::size_t, std::uint64_t, std::size_t, PartitionId>> candidates;  // P4, in this order.
  for (const PartitionId partition : AllPartitions(chosen)) {
    const Configuration& configuration = ConfigurationIn(chosen, partition);
    if (configuration.phase != ring::Phase::kStable || !CanStart(partition, configuration.replicas, alive)) continue;
    candidates.push_back(
        {CountToSpare(configuration.replicas, alive), configuration.version, candidates.size(), partition});
  }
  std::sort(candidates.begin(), candidates.end());
  for (const auto& [to_spare, version, place, partition] : candidates) {
    if (*moving >= options_.max_moves) return;
    Configuration& then = ConfigurationIn(next, partition);
    then = {.version = version + 1,
            .phase = ring::Phase::kFilling,
            .replicas = then.replicas,
            .incoming = plan_.For(partition)};
    ++*moving;
  }
}

void Movement::Reorder(const Topology& chosen, Topology* next) const {
  for (const PartitionId partition : AllPartitions(chosen)) {
    const Configuration& configuration = ConfigurationIn(chosen, partition);
    if (configuration.phase != ring::Phase::kStable) continue;
    const ReplicaSet& wanted = plan_.For(partition);
    if (wanted == configuration.replicas || !SameQuorums(wanted, configuration.replicas)) continue;
    ConfigurationIn(next, partition) = Stable(configuration, wanted);
  }
}

Movement::Found Movement::FoundFor(PartitionId partition, std::uint64_t version) const {
  const auto entry = found_.find(partition);
  if (entry == found_.end()) return {};
  if (entry->second.version == version) return entry->second;
  return {.version = version, .ever_equal = entry->second.ever_equal};
}

}  // namespace quoin::quorum
