#include "ring/placement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>

namespace quoin::ring {
namespace {

constexpr std::uint32_t kPartitions = 256;

// Nodes with ids that say nothing about their order of joining.
NodeId IdOf(std::uint64_t i) { return NodeId{(i + 1) * 0x9e3779b97f4a7c15u}; }
std::vector<PlacementNode> Nodes(std::size_t count) {
  std::vector<PlacementNode> nodes;
  for (std::size_t i = 0; i < count; ++i) nodes.push_back({IdOf(i), ""});
  return nodes;
}

std::map<NodeId, int> Vnodes(const ReplicaLists& lists) {
  std::map<NodeId, int> count;
  for (const auto& list : lists) {
    for (const NodeId node : list) ++count[node];
  }
  return count;
}
std::map<NodeId, int> Leaders(const ReplicaLists& lists) {
  std::map<NodeId, int> count;
  for (const auto& list : lists) ++count[list.front()];
  return count;
}
std::uint64_t MovesBetween(const ReplicaLists& from, const ReplicaLists& to) {
  std::uint64_t moves = 0;
  for (std::size_t p = 0; p < to.size(); ++p) {
    for (const NodeId node : to[p]) {
      moves += p >= from.size() || std::find(from[p].begin(), from[p].end(), node) == from[p].end();
    }
  }
  return moves;
}

// L1 and L2 for nodes without zones, by weight where nobody is capped; and what the placement says about itself.
void ExpectBalanced(const std::vector<PlacementNode>& nodes, const Placement& placement, std::uint32_t n) {
  const auto replicas = std::min<std::size_t>(n, nodes.size());
  double weights = 0;
  for (const PlacementNode& node : nodes) weights += node.weight;
  std::map<NodeId, int> vnodes = Vnodes(placement.replicas), leaders = Leaders(placement.replicas);
  const auto partitions = static_cast<double>(placement.replicas.size());
  for (const auto& list : placement.replicas) {
    ASSERT_EQ(list.size(), replicas);
    ASSERT_EQ(std::set<NodeId>(list.begin(), list.end()).size(), replicas) << "a partition is on a node twice";
  }
  for (const PlacementNode& node : nodes) {
    const double share = partitions * static_cast<double>(replicas) * node.weight / weights;
    ASSERT_LT(std::abs(vnodes[node.id] - share), 1) << node.id;
    ASSERT_LT(std::abs(leaders[node.id] - partitions * node.weight / weights), 1) << node.id;
  }
  ASSERT_LE(vnodes.size(), nodes.size());
}

Placement MustPlace(const std::vector<PlacementNode>& nodes, const ReplicaLists& current, std::uint32_t n = 3,
                    std::uint32_t partitions = kPartitions) {
  Result<Placement> placement = Place(nodes, partitions, n, current);
  CHECK(placement.ok()) << placement.status();
  return *placement;
}

TEST(Placement, OfAFreshClusterIsExactlyBalancedForEveryNumberOfNodes) {
  for (std::size_t count = 1; count <= 50; ++count) {
    for (const std::uint32_t n : {1u, 3u, 5u}) {
      SCOPED_TRACE(std::to_string(count) + " nodes, N=" + std::to_string(n));
      ExpectBalanced(Nodes(count), MustPlace(Nodes(count), {}, n), n);
    }
  }
}

TEST(Placement, MovesNoMoreThanCountingDemandsWhenNodesJoinOneByOne) {
  ReplicaLists current;
  for (std::size_t count = 1; count <= 50; ++count) {
    const Placement placement = MustPlace(Nodes(count), current);
    SCOPED_TRACE(count);
    ExpectBalanced(Nodes(count), placement, 3);
    EXPECT_EQ(placement.moves, MovesBetween(current, placement.replicas));
    EXPECT_LE(placement.moves_lower_bound, placement.moves);
    EXPECT_LE(static_cast<double>(placement.moves), 1.1 * static_cast<double>(placement.moves_lower_bound));
    if (count > 3) {
      // Only the newcomer gets anything, and just its share.
      for (std::size_t p = 0; p < kPartitions; ++p) {
        for (const NodeId node : placement.replicas[p]) {
          const bool had = std::find(current[p].begin(), current[p].end(), node) != current[p].end();
          ASSERT_TRUE(had || node == IdOf(count - 1));
        }
      }
      EXPECT_LE(placement.moves, 3 * kPartitions / count + 1);
    }
    current = placement.replicas;
  }
}

TEST(Placement, MovesNoMoreThanCountingDemandsWhenNodesLeaveOneByOne) {
  std::mt19937_64 random(3);
  std::vector<PlacementNode> nodes = Nodes(50);
  ReplicaLists current = MustPlace(nodes, {}).replicas;
  while (nodes.size() > 1) {
    const std::size_t gone = random() % nodes.size();
    const NodeId leaver = nodes[gone].id;
    nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(gone));
    const Placement placement = MustPlace(nodes, current);
    SCOPED_TRACE(nodes.size());
    ExpectBalanced(nodes, placement, 3);
    EXPECT_FALSE(Vnodes(placement.replicas).contains(leaver));
    EXPECT_LE(static_cast<double>(placement.moves), 1.1 * static_cast<double>(placement.moves_lower_bound));
    if (nodes.size() >= 3) {
      EXPECT_LE(placement.moves, 3 * kPartitions / (nodes.size() + 1) + 1);
    }
    current = placement.replicas;
  }
}

TEST(Placement, StaysBalancedAndFrugalThroughRandomChurnAndWeightChanges) {
  std::mt19937_64 random(4);
  std::vector<PlacementNode> nodes = Nodes(10);
  ReplicaLists current = MustPlace(nodes, {}).replicas;
  std::size_t born = nodes.size();
  for (int round = 0; round < 60; ++round) {
    const std::uint64_t dice = random() % 3;
    if (dice == 0 || nodes.size() < 8) {
      nodes.push_back({IdOf(born++), "", 1 + static_cast<std::uint32_t>(random() % 2)});
    } else if (dice == 1) {
      nodes.erase(nodes.begin() + static_cast<std::ptrdiff_t>(random() % nodes.size()));
    } else {
      nodes[random() % nodes.size()].weight = 1 + static_cast<std::uint32_t>(random() % 2);
    }
    const Placement placement = MustPlace(nodes, current);
    SCOPED_TRACE(round);
    ExpectBalanced(nodes, placement, 3);
    EXPECT_LE(static_cast<double>(placement.moves), 1.1 * static_cast<double>(placement.moves_lower_bound));
    current = placement.replicas;
  }
}

TEST(Placement, MovesNothingAndChangesNoOrderWhenNothingChanges) {
  for (const std::size_t count : {1u, 2u, 3u, 7u, 50u}) {
    std::vector<PlacementNode> nodes = Nodes(count);
    for (std::size_t i = 0; i < count; ++i) nodes[i].zone = std::string(1, static_cast<char>('a' + i % 4));
    const Placement first = MustPlace(nodes, {});
    const Placement again = MustPlace(nodes, first.replicas);
    EXPECT_EQ(again.moves, 0u);
    EXPECT_EQ(again.leader_changes, 0u);
    EXPECT_EQ(again.replicas, first.replicas);
  }
}

TEST(Placement, DoesNotDependOnTheOrderOfTheNodes) {
  std::mt19937_64 random(5);
  std::vector<PlacementNode> nodes = Nodes(12);
  for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].zone = std::to_string(i % 3);
  const ReplicaLists first = MustPlace(nodes, {}).replicas;
  nodes.pop_back();
  const ReplicaLists smaller = MustPlace(nodes, first).replicas;
  for (int round = 0; round < 10; ++round) {
    std::shuffle(nodes.begin(), nodes.end(), random);
    EXPECT_EQ(MustPlace(nodes, first).replicas, smaller);
  }
}

TEST(Placement, PutsReplicasIntoDifferentZonesWhereThereAreEnough) {
  for (const std::size_t zones : {3u, 4u, 5u}) {
    for (std::size_t count = zones; count <= 20; ++count) {
      std::vector<PlacementNode> nodes = Nodes(count);
      std::map<NodeId, std::string> zone_of;
      for (std::size_t i = 0; i < count; ++i) {
        // Uneven on purpose: the first zone gets what is over.
        nodes[i].zone = std::to_string(i < zones ? i : i % 2);
        zone_of[nodes[i].id] = nodes[i].zone;
      }
      const Placement placement = MustPlace(nodes, {});
      for (const auto& list : placement.replicas) {
        std::set<std::string> in;
        for (const NodeId node : list) in.insert(zone_of[node]);
        ASSERT_EQ(in.size(), 3u) << zones << " zones, " << count << " nodes";
      }
    }
  }
}

TEST(Placement, SpreadsOverTwoZonesSoThatNeitherHasAll) {
  std::vector<PlacementNode> nodes = Nodes(9);
  for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].zone = i < 2 ? "small" : "large";
  for (const auto& list : MustPlace(nodes, {}).replicas) {
    const auto in_small = std::count_if(list.begin(), list.end(),
                                        [&](NodeId node) { return node == nodes[0].id || node == nodes[1].id; });
    ASSERT_GE(in_small, 1);
    ASSERT_LE(in_small, 2);
  }
}

TEST(Placement, BalancesWithinZonesThatMustCarryMore) {
  // Five nodes in three zones: the lone one holds everything, the four others a half each, leaders are even all the
  // same.
  std::vector<PlacementNode> nodes = Nodes(5);
  for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].zone = std::to_string(i / 2);
  const Placement placement = MustPlace(nodes, {});
  std::map<NodeId, int> vnodes = Vnodes(placement.replicas);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(vnodes[nodes[i].id], 128);
  EXPECT_EQ(vnodes[nodes[4].id], 256);
  for (const auto& [node, leads] : Leaders(placement.replicas)) EXPECT_NEAR(leads, 256 / 5.0, 1);
}

TEST(Placement, IsFrugalWithZonesToo) {
  std::vector<PlacementNode> nodes = Nodes(9);
  for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].zone = std::to_string(i % 3);
  ReplicaLists current = MustPlace(nodes, {}).replicas;
  for (std::size_t count = 10; count <= 30; ++count) {
    nodes.push_back({IdOf(count - 1), std::to_string((count - 1) % 3)});
    const Placement placement = MustPlace(nodes, current);
    // With unequal zones everything in the newcomer's zone is rebalanced, and nothing elsewhere.
    EXPECT_LE(static_cast<double>(placement.moves), 1.1 * static_cast<double>(placement.moves_lower_bound)) << count;
    current = placement.replicas;
  }
}

TEST(Placement, GivesHeavyNodesMoreAndCapsThemAtEverything) {
  std::vector<PlacementNode> nodes = Nodes(4);
  nodes[0].weight = 1000;
  const Placement placement = MustPlace(nodes, {});
  std::map<NodeId, int> vnodes = Vnodes(placement.replicas);
  EXPECT_EQ(vnodes[nodes[0].id], 256);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_NEAR(vnodes[nodes[i].id], 512 / 3.0, 1);
  EXPECT_GE(Leaders(placement.replicas)[nodes[0].id], 255);  // 256 * 1000 / 1003, rounded.
}

TEST(Placement, GivesNothingToNodesWithoutWeight) {
  std::vector<PlacementNode> nodes = Nodes(5);
  ReplicaLists current = MustPlace(nodes, {}).replicas;
  nodes[2].weight = 0;
  const Placement placement = MustPlace(nodes, current);
  EXPECT_FALSE(Vnodes(placement.replicas).contains(nodes[2].id));
  nodes.erase(nodes.begin() + 2);
  ExpectBalanced(nodes, placement, 3);
}

TEST(Placement, WithFewerNodesThanReplicasUsesThemAll) {
  EXPECT_EQ(MustPlace(Nodes(1), {}).moves, kPartitions);
  const Placement two = MustPlace(Nodes(2), MustPlace(Nodes(1), {}).replicas);
  EXPECT_EQ(two.moves, kPartitions);
  EXPECT_EQ(two.moves_lower_bound, kPartitions);
  for (const auto& [node, leads] : Leaders(two.replicas)) EXPECT_EQ(leads, 128);
}

TEST(Placement, DropsReplicasWithoutMovesWhenNShrinks) {
  const ReplicaLists five = MustPlace(Nodes(10), {}, 5).replicas;
  const Placement three = MustPlace(Nodes(10), five, 3);
  EXPECT_EQ(three.moves, 0u);
  ExpectBalanced(Nodes(10), three, 3);
}

TEST(Placement, TakesCurrentListsThatNoPlacementWouldMake) {
  // Doubled nodes, strangers, empty lists, too many lists.
  ReplicaLists current(kPartitions + 5, {IdOf(0), IdOf(0), NodeId{12345}});
  current[7].clear();
  const Placement placement = MustPlace(Nodes(6), current);
  ExpectBalanced(Nodes(6), placement, 3);
  EXPECT_EQ(placement.replicas.size(), kPartitions);
}

// How many partitions the worst-hit node takes over when some leader is lost.
int MostInherited(const ReplicaLists& lists) {
  std::map<std::pair<NodeId, NodeId>, int> inherits;
  int most = 0;
  for (const auto& list : lists) most = std::max(most, ++inherits[{list[0], list[1]}]);
  return most;
}

TEST(Placement, LeavesALostLeadersWorkToAllOthersInAFreshCluster) {
  for (const std::size_t count : {4u, 5u, 10u, 25u}) {
    const double fair = static_cast<double>(kPartitions) / static_cast<double>(count * (count - 1));
    EXPECT_LE(MostInherited(MustPlace(Nodes(count), {}).replicas), 1.5 * fair + 2) << count << " nodes";
  }
}

// Few moves leave sets that overlap more than fresh ones do, and seconds can only be chosen within them.
TEST(Placement, LeavesNoNodeHalfOfALostLeadersWorkInAClusterThatGrew) {
  ReplicaLists lists;
  for (std::size_t count = 1; count <= 30; ++count) {
    lists = MustPlace(Nodes(count), lists).replicas;
    if (count < 5) continue;
    EXPECT_LE(MostInherited(lists), static_cast<int>(kPartitions / count / 2) + 1) << count << " nodes";
  }
}

TEST(Placement, ChangesFewLeadersOnAJoin) {
  ReplicaLists current;
  for (std::size_t count = 4; count <= 30; ++count) {
    const Placement placement = MustPlace(Nodes(count), current);
    // The newcomer's share must change hands; a few more make room for it where it holds no replica.
    if (count > 4) {
      EXPECT_LE(placement.leader_changes, 2 * kPartitions / count + 4) << count;
    }
    current = placement.replicas;
  }
}

TEST(Placement, RefusesWhatCannotBePlaced) {
  EXPECT_EQ(Place({}, 256, 3, {}).code(), Code::kInvalid);
  EXPECT_EQ(Place({{IdOf(1), "", 0}}, 256, 3, {}).code(), Code::kInvalid);
  EXPECT_EQ(Place({{IdOf(1), ""}, {IdOf(1), "b"}}, 256, 3, {}).code(), Code::kInvalid);
  EXPECT_EQ(Place(Nodes(3), 0, 3, {}).code(), Code::kInvalid);
  EXPECT_EQ(Place(Nodes(3), 256, 0, {}).code(), Code::kInvalid);
  EXPECT_EQ(Place(Nodes(3), 256, 10, {}).code(), Code::kInvalid);
  EXPECT_EQ(Place({{IdOf(1), "", kMaxWeight + 1}}, 256, 3, {}).code(), Code::kInvalid);
}

// L3, against every placement there is: quotas and zones by their definitions, moves by counting.
std::uint64_t FewestMovesByBruteForce(const std::vector<PlacementNode>& nodes, std::uint32_t partitions,
                                      std::uint32_t n, const ReplicaLists& current) {
  std::map<std::string, int> zone_nodes;
  for (const PlacementNode& node : nodes) ++zone_nodes[node.zone];
  // All sets of n nodes that are as evenly spread over zones as any.
  std::vector<std::vector<std::size_t>> sets;
  std::vector<int> best_spread;
  for (unsigned bits = 0; bits < 1u << nodes.size(); ++bits) {
    std::vector<std::size_t> set;
    std::map<std::string, int> in;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (bits >> i & 1) {
        set.push_back(i);
        ++in[nodes[i].zone];
      }
    }
    if (set.size() != n) continue;
    std::vector<int> spread;
    for (const auto& [zone, count] : in) spread.push_back(count);
    std::sort(spread.rbegin(), spread.rend());
    if (best_spread.empty() || spread < best_spread) {
      best_spread = spread;
      sets.clear();
    }
    if (spread == best_spread) sets.push_back(set);
  }
  std::uint64_t best = std::numeric_limits<std::uint64_t>::max();
  std::vector<int> count(nodes.size());
  const std::function<void(std::uint32_t, std::uint64_t)> place = [&](std::uint32_t p, std::uint64_t moves) {
    if (moves >= best) return;
    if (p == partitions) {
      const auto [low, high] = std::minmax_element(count.begin(), count.end());
      if (*high - *low <= 1) best = moves;
      return;
    }
    for (const auto& set : sets) {
      std::uint64_t cost = 0;
      for (const std::size_t i : set) {
        ++count[i];
        cost += std::find(current[p].begin(), current[p].end(), nodes[i].id) == current[p].end();
      }
      place(p + 1, moves + cost);
      for (const std::size_t i : set) --count[i];
    }
  };
  place(0, 0);
  return best;
}

TEST(Placement, HasTheFewestMovesOfAllPlacements) {
  std::mt19937_64 random(6);
  for (int round = 0; round < 150; ++round) {
    // Zones of equal size, so that shares are equal and balance is a matter of counting; the whole of them, or none.
    const bool zoned = random() % 2;
    std::vector<PlacementNode> nodes = Nodes(zoned ? 6 : 3 + random() % 3);
    for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].zone = zoned ? std::to_string(i % 3) : "";
    const std::uint32_t partitions = 4, n = 2;
    ReplicaLists current(partitions);
    for (auto& list : current) {
      for (std::uint64_t count = random() % 4; count > 0; --count) list.push_back(IdOf(random() % 7));
    }
    EXPECT_EQ(MustPlace(nodes, current, n, partitions).moves, FewestMovesByBruteForce(nodes, partitions, n, current))
        << "round " << round;
  }
}

TEST(SystemPlacement, TakesOneThreeOrFiveAndKeepsWhatItCan) {
  for (const auto& [nodes, replicas] :
       std::map<std::size_t, std::size_t>{{1, 1}, {2, 1}, {3, 3}, {4, 3}, {5, 5}, {9, 5}}) {
    const Result<std::vector<NodeId>> placed = PlaceSystem(Nodes(nodes), {});
    ASSERT_TRUE(placed.ok());
    EXPECT_EQ(placed->size(), replicas);
  }
  const std::vector<NodeId> three = {IdOf(0), IdOf(1), IdOf(2)};
  EXPECT_EQ(*PlaceSystem(Nodes(4), three), three);
  std::vector<NodeId> five = *PlaceSystem(Nodes(9), three);
  for (const NodeId node : three) EXPECT_NE(std::find(five.begin(), five.end(), node), five.end());
  EXPECT_EQ(PlaceSystem({}, {}).code(), Code::kInvalid);
}

TEST(PlacementNodes, AreTheActiveMembers) {
  const Member member{.peer_address = "a:1", .client_address = "a:2", .zone = "z", .weight = 4};
  Topology topology = Bootstrap(ClusterId{1}, NodeId{1}, member, 2, {});
  for (const auto& [id, state] : std::map<std::uint64_t, MemberState>{{2, MemberState::kJoining},
                                                                      {3, MemberState::kDraining},
                                                                      {4, MemberState::kLost},
                                                                      {5, MemberState::kActive}}) {
    topology.members[NodeId{id}] = member;
    topology.members[NodeId{id}].state = state;
  }
  const std::vector<PlacementNode> nodes = PlacementNodesOf(topology);
  ASSERT_EQ(nodes.size(), 2u);
  EXPECT_EQ(nodes[0].id, NodeId{1});
  EXPECT_EQ(nodes[1].id, NodeId{5});
  EXPECT_EQ(nodes[1].zone, "z");
  EXPECT_EQ(nodes[1].weight, 4u);
}

TEST(ReplicaLists, OfAMovingPartitionAreWhereItGoes) {
  const Member member{.peer_address = "a:1", .client_address = "a:2"};
  Topology topology = Bootstrap(ClusterId{1}, NodeId{1}, member, 2, {});
  topology.partitions[1].phase = Phase::kFilling;
  topology.partitions[1].incoming = MajoritySet({NodeId{2}});
  EXPECT_EQ(ReplicaListsOf(topology), (ReplicaLists{{NodeId{1}}, {NodeId{2}}}));
}

}  // namespace
}  // namespace quoin::ring
