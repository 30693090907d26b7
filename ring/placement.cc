#include "ring/placement.h"

#include <glog/logging.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <utility>

#include "ring/min_cost_flow.h"
#include "ring/partition.h"
#include "ring/shares.h"

namespace quoin::ring {
namespace {

using Vertex = MinCostFlow::Vertex;
using Index = std::uint32_t;  // Of a node among the eligible ones, which stand in the order of their ids.

constexpr Vertex kSource = 0;
constexpr Vertex kSink = 1;

// A whole number that may still be rounded up: what a node is to get.
struct Quota {
  std::uint32_t floor = 0;
  bool may_round_up = false;
};

// How strongly a node draws a partition that it doesn't have: a hash, highest first (rendezvous hashing, Thaler and
// Ravishankar 1996). So two nodes share partitions by chance and not by neighbourhood, and when one is lost, all others
// take part in its work.
static_assert(std::endian::native == std::endian::little, "the numbers are hashed as they stand in memory");
std::uint64_t Attraction(NodeId node, std::uint32_t partition) {
  const std::uint64_t pair[] = {node.value, partition};
  return XXH3_64bits(pair, sizeof(pair));
}

// Arcs from every node to the sink that let through `total` exactly, within each node's quota: the floors one way, and
// what is over by a detour that has room for no more than is over. A flow of `total` has no choice but to fill all.
void AddQuotas(const std::vector<Quota>& quotas, Vertex first_node, std::uint32_t total, MinCostFlow* flow) {
  const Vertex rounding = flow->AddVertex();
  std::uint32_t over = total;
  for (Index i = 0; i < quotas.size(); ++i) {
    flow->AddArc(first_node + i, kSink, static_cast<std::int32_t>(quotas[i].floor), 0);
    if (quotas[i].may_round_up) flow->AddArc(first_node + i, rounding, 1, 0);
    CHECK_GE(over, quotas[i].floor);
    over -= quotas[i].floor;
  }
  flow->AddArc(rounding, kSink, static_cast<std::int32_t>(over), 0);
}

class Placer {
 public:
  Placer(std::vector<PlacementNode> nodes, std::uint32_t partition_count, std::uint32_t replication_factor,
         const ReplicaLists& current)
      : nodes_(std::move(nodes)), partition_count_(partition_count) {
    std::vector<ShareOwner> owners;
    for (const PlacementNode& node : nodes_) owners.push_back({node.zone, node.weight});
    shares_ = SharesOf(owners, replication_factor);
    for (const Share& share : shares_.owners) {
      quotas_.push_back({static_cast<std::uint32_t>(share.Floor(partition_count)), share.HasRest(partition_count)});
    }
    TranslateCurrent(current);
  }

  Placement Run() && {
    ChooseReplicas();
    ChooseLeaders();
    ChooseSeconds();
    TellReplicas();
    return std::move(result_);
  }

 private:
  // What is still there of the current lists, as indices, each node once.
  void TranslateCurrent(const ReplicaLists& current) {
    std::map<NodeId, Index> index_of;
    for (Index i = 0; i < nodes_.size(); ++i) index_of.emplace(nodes_[i].id, i);
    current_.resize(partition_count_);
    had_leader_.resize(partition_count_);
    for (std::uint32_t p = 0; p < std::min<std::size_t>(partition_count_, current.size()); ++p) {
      had_leader_[p] = !current[p].empty();
      for (const NodeId id : current[p]) {
        const auto found = index_of.find(id);
        if (found == index_of.end() || Contains(current_[p], found->second)) continue;
        current_[p].push_back(found->second);
      }
      leader_remains_.push_back(!current_[p].empty() && nodes_[current_[p].front()].id == current[p].front());
    }
    leader_remains_.resize(partition_count_);
  }

  // All nodes in the order in which the partition would like to have them: those that have it, then by attraction.
  std::vector<Index> Preferences(std::uint32_t partition) const {
    std::vector<std::pair<std::uint64_t, Index>> others;
    for (Index i = 0; i < nodes_.size(); ++i) {
      if (!Contains(current_[partition], i)) others.push_back({~Attraction(nodes_[i].id, partition), i});
    }
    std::sort(others.begin(), others.end());
    std::vector<Index> order = current_[partition];
    for (const auto& [distance, node] : others) order.push_back(node);
    return order;
  }

  // Source -> partitions -> (zones of the partition) -> nodes -> sink; a new replica costs 1.
  void ChooseReplicas() {
    const std::uint32_t n = shares_.replicas;
    const Vertex first_node = 2;
    MinCostFlow flow(first_node + nodes_.size());
    std::vector<std::vector<std::pair<MinCostFlow::Arc, Index>>> arcs(partition_count_);
    for (std::uint32_t p = 0; p < partition_count_; ++p) {
      const Vertex partition = flow.AddVertex();
      flow.AddArc(kSource, partition, static_cast<std::int32_t>(n), 0);
      const std::vector<Vertex> way_to = AddZones(partition, &flow);
      for (const Index node : Preferences(p)) {
        const int cost = Contains(current_[p], node) ? 0 : 1;
        arcs[p].push_back({flow.AddArc(way_to[shares_.zone_of[node]], first_node + node, 1, cost), node});
      }
    }
    AddQuotas(quotas_, first_node, n * partition_count_, &flow);
    const std::int64_t placed = flow.Run(kSource, kSink);
    CHECK_EQ(placed, std::int64_t{n} * partition_count_) << "a whole placement exists by L1 and L2";

    chosen_.resize(partition_count_);
    for (std::uint32_t p = 0; p < partition_count_; ++p) {
      for (const auto& [arc, node] : arcs[p]) {
        if (flow.FlowOn(arc) > 0) chosen_[p].push_back(node);
      }
      for (const Index node : chosen_[p]) result_.moves += !Contains(current_[p], node);
    }
    result_.moves_lower_bound = LowerBound();
  }

  // From which vertex the nodes of each zone are reached, so that a flow that fills the partition keeps every zone
  // within its bounds. As in AddQuotas: the least directly, what is over by a detour.
  std::vector<Vertex> AddZones(Vertex partition, MinCostFlow* flow) const {
    std::uint32_t over = shares_.replicas;
    for (const ZoneBounds& zone : shares_.zones) over -= zone.least;
    Vertex detour = partition;
    if (over < shares_.replicas) {
      detour = flow->AddVertex();
      flow->AddArc(partition, detour, static_cast<std::int32_t>(over), 0);
    }
    std::vector<Vertex> ways;
    for (const ZoneBounds& zone : shares_.zones) {
      // Where all nodes are taken, or the only node may be, the arcs to them say as much as a vertex in between would.
      if (zone.least == zone.nodes || zone.nodes == 1) {
        ways.push_back(zone.least == zone.nodes ? partition : detour);
        continue;
      }
      const Vertex way = flow->AddVertex();
      if (zone.least > 0) flow->AddArc(partition, way, static_cast<std::int32_t>(zone.least), 0);
      flow->AddArc(detour, way, static_cast<std::int32_t>(zone.most - zone.least), 0);
      ways.push_back(way);
    }
    return ways;
  }

  // A node keeps no more than it has and may have; a partition no more than N. What can't be kept must be moved.
  std::uint64_t LowerBound() const {
    std::vector<std::uint32_t> has(nodes_.size());
    std::uint64_t kept_by_partitions = 0;
    for (const std::vector<Index>& holders : current_) {
      kept_by_partitions += std::min<std::uint64_t>(holders.size(), shares_.replicas);
      for (const Index node : holders) ++has[node];
    }
    const std::uint64_t total = std::uint64_t{shares_.replicas} * partition_count_;
    std::uint64_t kept = 0, over = total, could_round_up = 0;
    for (Index i = 0; i < nodes_.size(); ++i) {
      kept += std::min(has[i], quotas_[i].floor);
      over -= quotas_[i].floor;
      could_round_up += quotas_[i].may_round_up && has[i] > quotas_[i].floor;
    }
    kept += std::min(over, could_round_up);
    return total - std::min(kept, kept_by_partitions);
  }

  // The first try is by weight alone; sets that were shaped by zones or by very unequal weights may not allow that.
  // Then by shares, which is always possible: let each replica lead an N-th of its partition.
  void ChooseLeaders() {
    std::uint64_t weights = 0;
    for (const PlacementNode& node : nodes_) weights += node.weight;
    CHECK_GT(weights, 0u);
    std::vector<Quota> by_weight, by_share;
    for (Index i = 0; i < nodes_.size(); ++i) {
      const std::uint64_t weighed = std::uint64_t{partition_count_} * nodes_[i].weight;
      by_weight.push_back({static_cast<std::uint32_t>(weighed / weights), weighed % weights != 0});
      const Share share{shares_.owners[i].numerator, shares_.owners[i].denominator * shares_.replicas};
      by_share.push_back({static_cast<std::uint32_t>(share.Floor(partition_count_)), share.HasRest(partition_count_)});
    }
    if (TryLeaders(by_weight)) return;
    CHECK(TryLeaders(by_share)) << "leaders by shares exist by L4";
  }

  // Source -> partitions -> their replicas -> sink; another leader than now costs 1. On success moves each leader to
  // the front of its list.
  bool TryLeaders(const std::vector<Quota>& quotas) {
    const Vertex first_node = 2;
    MinCostFlow flow(first_node + nodes_.size());
    std::vector<std::vector<MinCostFlow::Arc>> arcs(partition_count_);
    for (std::uint32_t p = 0; p < partition_count_; ++p) {
      const Vertex partition = flow.AddVertex();
      flow.AddArc(kSource, partition, 1, 0);
      for (const Index node : chosen_[p]) {
        arcs[p].push_back(flow.AddArc(partition, first_node + node, 1, LeadsNow(p, node) ? 0 : 1));
      }
    }
    AddQuotas(quotas, first_node, partition_count_, &flow);
    if (flow.Run(kSource, kSink) != partition_count_) return false;
    for (std::uint32_t p = 0; p < partition_count_; ++p) {
      std::size_t leader = 0;
      while (flow.FlowOn(arcs[p][leader]) == 0) ++leader;
      result_.leader_changes += had_leader_[p] && !LeadsNow(p, chosen_[p][leader]);
      // The others keep their order.
      std::rotate(chosen_[p].begin(), chosen_[p].begin() + static_cast<std::ptrdiff_t>(leader),
                  chosen_[p].begin() + static_cast<std::ptrdiff_t>(leader) + 1);
    }
    return true;
  }

  // Who leads when the leader is gone. Orders as they are now are kept, unless one node would inherit clearly more of a
  // lost leader's partitions than another one that could as well.
  void ChooseSeconds() {
    std::map<std::pair<Index, Index>, std::uint64_t> inherits;  // How many partitions, by (leader, second).
    // What would be gained by another second, as the change of the sum of squares per weight; `margin` is what it must
    // gain at least, to be worth a new order. Every change makes the sum smaller, so that there is an end of it.
    const auto is_better = [&](Index leader, Index other, Index second, std::uint64_t margin) {
      const std::uint64_t with_other = 2 * inherits[{leader, other}] + 1 + margin;
      const std::uint64_t with_second = 2 * inherits[{leader, second}] - 1;
      return with_other * nodes_[second].weight < with_second * nodes_[other].weight;
    };
    const auto improve = [&](std::vector<Index>& list, std::uint64_t margin) {
      bool changed = false;
      for (std::size_t i = 2; i < list.size(); ++i) {
        if (!is_better(list[0], list[i], list[1], margin)) continue;
        --inherits[{list[0], list[1]}];
        std::rotate(list.begin() + 1, list.begin() + static_cast<std::ptrdiff_t>(i),
                    list.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        ++inherits[{list[0], list[1]}];
        changed = true;
      }
      return changed;
    };
    for (const std::vector<Index>& list : chosen_) {
      if (list.size() >= 2) ++inherits[{list[0], list[1]}];
    }
    for (std::uint32_t p = 0; p < partition_count_; ++p) {
      const bool is_new = !LeadsNow(p, chosen_[p][0]);
      if (is_new) improve(chosen_[p], 0);
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (std::vector<Index>& list : chosen_) changed = improve(list, 2) || changed;
    }
  }

  void TellReplicas() {
    for (const std::vector<Index>& list : chosen_) {
      std::vector<NodeId>& ids = result_.replicas.emplace_back();
      for (const Index node : list) ids.push_back(nodes_[node].id);
    }
  }

  bool LeadsNow(std::uint32_t partition, Index node) const {
    return leader_remains_[partition] && current_[partition].front() == node;
  }
  static bool Contains(const std::vector<Index>& list, Index node) {
    return std::find(list.begin(), list.end(), node) != list.end();
  }

  const std::vector<PlacementNode> nodes_;
  const std::uint32_t partition_count_;
  Shares shares_;
  std::vector<Quota> quotas_;
  std::vector<std::vector<Index>> current_;  // Per partition.
  std::vector<bool> had_leader_;
  std::vector<bool> leader_remains_;
  std::vector<std::vector<Index>> chosen_;
  Placement result_;
};

Status CheckInput(const std::vector<PlacementNode>& nodes, std::uint32_t partition_count,
                  std::uint32_t replication_factor) {
  if (partition_count == 0 || partition_count > kMaxPartitionCount) {
    return Status(Code::kInvalid, std::to_string(partition_count) + " partitions can't be placed; 1 to " +
                                      std::to_string(kMaxPartitionCount) + " can");
  }
  if (replication_factor == 0 || replication_factor > kMaxReplicas) {
    return Status(Code::kInvalid, "a replication factor of " + std::to_string(replication_factor) + "; 1 to " +
                                      std::to_string(kMaxReplicas) + " are right");
  }
  std::set<NodeId> ids;
  for (const PlacementNode& node : nodes) {
    if (!ids.insert(node.id).second) return Status(Code::kInvalid, "node " + node.id.ToString() + " is given twice");
    if (node.weight > kMaxWeight) {
      return Status(Code::kInvalid, "node " + node.id.ToString() + " has weight " + std::to_string(node.weight) +
                                        "; at most " + std::to_string(kMaxWeight));
    }
  }
  if (ids.size() > kMaxMembers) return Status(Code::kInvalid, "more than " + std::to_string(kMaxMembers) + " nodes");
  return Status::Ok();
}

}  // namespace

Result<Placement> Place(std::vector<PlacementNode> nodes, std::uint32_t partition_count,
                        std::uint32_t replication_factor, const ReplicaLists& current) {
  QUOIN_RETURN_IF_ERROR(CheckInput(nodes, partition_count, replication_factor));
  std::erase_if(nodes, [](const PlacementNode& node) { return node.weight == 0; });
  if (nodes.empty()) return Status(Code::kInvalid, "no node may hold data: all have weight 0, or there is none");
  std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return Placer(std::move(nodes), partition_count, replication_factor, current).Run();
}

std::vector<PlacementNode> PlacementNodesOf(const Topology& topology) {
  std::vector<PlacementNode> nodes;
  for (const auto& [id, member] : topology.members) {
    if (member.state == MemberState::kActive) nodes.push_back({id, member.zone, member.weight});
  }
  return nodes;
}

ReplicaLists ReplicaListsOf(const Topology& topology) {
  ReplicaLists lists;
  for (const Configuration& configuration : topology.partitions) {
    lists.push_back(configuration.phase == Phase::kStable ? configuration.replicas.nodes
                                                          : configuration.incoming.nodes);
  }
  return lists;
}

Result<std::vector<NodeId>> PlaceSystem(std::vector<PlacementNode> nodes, const std::vector<NodeId>& current) {
  const auto eligible = std::count_if(nodes.begin(), nodes.end(), [](const auto& node) { return node.weight > 0; });
  const std::uint32_t replicas = eligible >= 5 ? 5 : eligible >= 3 ? 3 : 1;
  Result<Placement> placement = Place(std::move(nodes), 1, replicas, {current});
  if (!placement.ok()) return placement.status();
  return placement->replicas.front();
}

}  // namespace quoin::ring
