#include "quorum/controller_testing.h"

#include <glog/logging.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "ring/placement.h"
#include "ring/transition.h"

namespace quoin::quorum {
namespace {

using ring::Configuration;
using ring::MemberState;
using ring::Phase;
using ring::ReplicaSet;

std::vector<PartitionId> AllPartitions(const ring::Topology& topology) {
  std::vector<PartitionId> all = {kSystemPartition};
  for (std::uint32_t p = 0; p < topology.partition_count(); ++p) all.push_back(PartitionId{p});
  return all;
}
const Configuration& In(const ring::Topology& topology, PartitionId partition) {
  return partition == kSystemPartition ? topology.system : topology.partitions[partition.value];
}
std::size_t CountAlive(const ReplicaSet& set, const std::set<NodeId>& alive) {
  return static_cast<std::size_t>(
      std::count_if(set.nodes.begin(), set.nodes.end(), [&](NodeId node) { return alive.contains(node); }));
}
bool QuorumAlive(const ReplicaSet& set, const std::set<NodeId>& alive) {
  return CountAlive(set, alive) >= std::max(set.read_quorum, set.write_quorum);
}
std::size_t CountAdded(const Configuration& moving) {
  return static_cast<std::size_t>(std::count_if(moving.incoming.nodes.begin(), moving.incoming.nodes.end(),
                                                [&](NodeId node) { return !moving.replicas.Contains(node); }));
}

void FillIn(const Configuration& configuration, const Amount& copied, MoveReport* report) {
  report->replica = kTestReplica;
  for (const NodeId node : configuration.incoming.nodes) {
    if (!configuration.replicas.Contains(node)) report->copied.emplace(node, copied);
  }
}

}  // namespace

Controller::Options QuickOptions() {
  return {.max_moves = 4,
          .move_timeout = std::chrono::seconds(20),
          .dead_node_timeout = std::chrono::seconds(10),
          .settle = std::chrono::seconds(2)};
}

ring::Member SomeMember(std::uint64_t number) {
  const std::string host = "node" + std::to_string(number);
  return {.peer_address = host + ":7080", .client_address = host + ":8080"};
}

MembershipPacket WishFor(MembershipPacket::Wish wish, std::uint64_t node) {
  MembershipPacket packet{.wish = wish, .node = NodeId{node}};
  if (wish == MembershipPacket::Wish::kJoin) packet.member = SomeMember(node);
  return packet;
}

RingUnderControl::RingUnderControl(std::uint64_t nodes, std::uint32_t partitions, const Controller::Options& options,
                                   ring::ReplicationGoal goal)
    : controller(options), options_(options) {
  chosen = ring::Bootstrap(ClusterId{7}, NodeId{1}, SomeMember(1), partitions, goal);
  for (std::uint64_t node = 1; node <= nodes; ++node) {
    ring::Member member = SomeMember(node);
    member.state = MemberState::kActive;
    chosen.members.insert_or_assign(NodeId{node}, member);
    alive.insert(NodeId{node});
  }
  const auto placed = ring::Place(ring::PlacementNodesOf(chosen), partitions, goal.replication_factor, {});
  for (std::uint32_t p = 0; p < partitions; ++p) chosen.partitions[p].replicas = goal.SetOf(placed->replicas[p]);
  chosen.system.replicas = ring::MajoritySet(*ring::PlaceSystem(ring::PlacementNodesOf(chosen), {}));
  EXPECT_TRUE(chosen.Check().ok()) << chosen.Check();
  Begin();
  Pass(options.settle + kTestTick);
}

void RingUnderControl::Begin() {
  controller.Begin(now, {++terms_, NodeId{1}}, progress.get());
  controller.OnLiveness(alive, now);
}

void RingUnderControl::Pass(ring::Duration time) {
  for (; time > ring::Duration::zero(); time -= kTestTick) {
    now += kTestTick;
    controller.OnLiveness(alive, now);
  }
}

void RingUnderControl::Report(PartitionId partition, bool filled, bool complete, std::optional<std::uint64_t> version) {
  const std::uint64_t of = version.value_or(ConfigurationOf(partition).version);
  if (filled) filled_[partition] = std::max(filled_[partition], of);
  if (complete) complete_[partition] = std::max(complete_[partition], of);
  const NodeId leader = ConfigurationOf(partition).replicas.nodes.front();
  MoveReport report{.partition = partition, .configuration = of, .filled = filled, .complete = complete};
  if (filled) FillIn(ConfigurationOf(partition), kTestReplica, &report);
  controller.OnReport(leader, report, now);
}

void RingUnderControl::ReportCopied(PartitionId partition, const Amount& copied) {
  const Configuration& configuration = ConfigurationOf(partition);
  MoveReport report{.partition = partition, .configuration = configuration.version};
  FillIn(configuration, copied, &report);
  controller.OnReport(configuration.replicas.nodes.front(), report, now);
}

Action RingUnderControl::ActionOf(std::uint64_t node) const {
  CHECK(HasAction(node)) << "nothing is told of node " << node;
  // The newest one, which is the only one that can be running.
  const auto about = [&](const Action& action) { return action.node == NodeId{node}; };
  const auto first = std::find_if(progress->actions.begin(), progress->actions.end(), about);
  if (first->state == Action::State::kRunning) return *first;
  return *std::find_if(progress->actions.rbegin(), progress->actions.rend(), about);
}

bool RingUnderControl::HasAction(std::uint64_t node) const {
  return progress != nullptr && std::any_of(progress->actions.begin(), progress->actions.end(),
                                            [&](const Action& action) { return action.node == NodeId{node}; });
}

void RingUnderControl::ReportAll() {
  for (const PartitionId partition : AllPartitions(chosen)) {
    const Configuration& configuration = ConfigurationOf(partition);
    if (configuration.phase == Phase::kStable || !QuorumAlive(configuration.replicas, alive)) continue;
    const bool all_new_alive = CountAlive(configuration.incoming, alive) == configuration.incoming.nodes.size();
    const bool filled = configuration.phase == Phase::kFilling && all_new_alive;
    const bool complete = configuration.phase == Phase::kJoint && QuorumAlive(configuration.incoming, alive);
    if (filled || complete) Report(partition, filled, complete);
  }
}

bool RingUnderControl::Step() {
  const std::optional<ring::Topology> next = controller.Next(chosen, now);
  EXPECT_EQ(controller.Next(chosen, now), next) << "R2: Next changes what it is asked for";
  if (std::shared_ptr<const ClusterProgress> told = controller.Look(chosen, moment())) {
    progress = std::move(told);
    ++this->told;
  }
  if (!next) return false;
  const Status legal = ring::CheckStep(chosen, *next);
  EXPECT_TRUE(legal.ok()) << legal;
  EXPECT_TRUE(ring::CheckLater(chosen, *next).ok());
  for (const PartitionId partition : AllPartitions(chosen)) {
    CheckAndCount(partition, In(chosen, partition), In(*next, partition));
  }
  const std::size_t moving = Moving();
  chosen = *next;
  EXPECT_LE(Moving(), std::max(moving, options_.max_moves)) << "P4";
  return true;
}

void RingUnderControl::CheckAndCount(PartitionId partition, const Configuration& before, const Configuration& after) {
  if (before == after) return;
  if (before.phase == Phase::kStable) {
    orders_changed += after.phase == Phase::kStable;
    if (after.phase == Phase::kStable) return;
    EXPECT_EQ(after.phase, Phase::kFilling);
    EXPECT_TRUE(QuorumAlive(after.replicas, alive)) << "P2: " << after;
    EXPECT_TRUE(QuorumAlive(after.incoming, alive)) << "P2: " << after;
    return;
  }
  if (after.phase == Phase::kJoint) {
    EXPECT_EQ(filled_[partition], before.version) << "P1: " << before;
  } else if (before.phase == Phase::kJoint && after.replicas == before.incoming) {
    EXPECT_EQ(complete_[partition], before.version) << "P1: " << before;
    replicas_added += CountAdded(before);
  } else {
    ++moves_cancelled;
    EXPECT_TRUE(QuorumAlive(before.replicas, alive) || !QuorumAlive(before.incoming, alive)) << "P3: " << before;
  }
}

bool RingUnderControl::RunUntilQuiet(int most) {
  const int longest =
      static_cast<int>(std::max({options_.move_timeout, options_.dead_node_timeout, kForgetAfter}) / kTestTick) + 2;
  for (int tick = 0, quiet = 0; tick < most; ++tick) {
    Pass(kTestTick);
    ReportAll();
    quiet = Step() ? 0 : quiet + 1;
    if (quiet >= longest) return true;
  }
  return false;
}

const Configuration& RingUnderControl::ConfigurationOf(PartitionId partition) const { return In(chosen, partition); }

bool RingUnderControl::Holds(std::uint64_t node) const {
  for (const PartitionId partition : AllPartitions(chosen)) {
    const Configuration& configuration = In(chosen, partition);
    if (configuration.replicas.Contains(NodeId{node}) || configuration.incoming.Contains(NodeId{node})) return true;
  }
  return false;
}

std::size_t RingUnderControl::Moving() const {
  std::size_t moving = 0;
  for (const PartitionId partition : AllPartitions(chosen)) moving += In(chosen, partition).phase != Phase::kStable;
  return moving;
}

void RingUnderControl::ExpectBalancedAndStable() const {
  EXPECT_EQ(Moving(), 0u);
  std::size_t active = 0;
  for (const auto& [node, member] : chosen.members) active += member.state == MemberState::kActive;
  const std::size_t n = std::min<std::size_t>(active, chosen.goal.replication_factor);
  std::map<NodeId, std::size_t> holds, leads;
  for (const Configuration& configuration : chosen.partitions) {
    EXPECT_EQ(configuration.replicas.nodes.size(), n) << configuration;
    for (const NodeId node : configuration.replicas.nodes) {
      EXPECT_EQ(chosen.members.at(node).state, MemberState::kActive) << configuration;
      ++holds[node];
    }
    ++leads[configuration.replicas.nodes.front()];
  }
  const std::size_t partitions = chosen.partition_count();
  for (const auto& [node, member] : chosen.members) {
    if (member.state != MemberState::kActive) continue;
    EXPECT_GE(holds[node], partitions * n / active) << node;
    EXPECT_LE(holds[node], (partitions * n + active - 1) / active) << node;
    EXPECT_GE(leads[node], partitions / active) << node;
    EXPECT_LE(leads[node], (partitions + active - 1) / active) << node;
  }
  EXPECT_EQ(chosen.system.replicas.nodes.size(), active >= 5 ? 5u : active >= 3 ? 3u : 1u);
  for (const NodeId node : chosen.system.replicas.nodes) {
    EXPECT_EQ(chosen.members.at(node).state, MemberState::kActive);
  }
}

}  // namespace quoin::quorum
