#include "ring/min_cost_flow.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace quoin::ring {
namespace {

TEST(MinCostFlow, TakesTheCheapWayFirstAndTheDearOneForTheRest) {
  MinCostFlow flow(4);
  const auto dear = flow.AddArc(0, 1, 5, 1);
  const auto cheap = flow.AddArc(0, 2, 3, 0);
  flow.AddArc(1, 3, 5, 0);
  flow.AddArc(2, 3, 5, 0);
  EXPECT_EQ(flow.Run(0, 3), 8);
  EXPECT_EQ(flow.FlowOn(cheap), 3);
  EXPECT_EQ(flow.FlowOn(dear), 5);
}

TEST(MinCostFlow, TakesBackAnEarlierChoiceWhereThatIsCheaper) {
  // 1 and 2 both want 3 for nothing; 1 can go elsewhere at 1, 2 only at 5.
  MinCostFlow flow(6);
  flow.AddArc(0, 1, 1, 0);
  flow.AddArc(0, 2, 1, 0);
  const auto one_to_three = flow.AddArc(1, 3, 1, 0);
  const auto one_to_four = flow.AddArc(1, 4, 1, 1);
  const auto two_to_three = flow.AddArc(2, 3, 1, 0);
  flow.AddArc(2, 4, 1, 5);
  flow.AddArc(3, 5, 1, 0);
  flow.AddArc(4, 5, 1, 0);
  EXPECT_EQ(flow.Run(0, 5), 2);
  EXPECT_EQ(flow.FlowOn(one_to_three), 0);
  EXPECT_EQ(flow.FlowOn(one_to_four), 1);
  EXPECT_EQ(flow.FlowOn(two_to_three), 1);
}

TEST(MinCostFlow, OfAnUnreachableSinkIsNothing) {
  MinCostFlow flow(3);
  flow.AddArc(0, 1, 7, 0);
  EXPECT_EQ(flow.Run(0, 2), 0);
}

// Every flow on a small graph, one unit at a time along any simple path, by trying all assignments of arc flows.
struct SmallArc {
  std::uint32_t from, to;
  std::int32_t capacity, cost;
};
std::pair<int, int> BestByBruteForce(const std::vector<SmallArc>& arcs, std::uint32_t vertices) {
  std::vector<std::int32_t> flow(arcs.size());
  int best_flow = 0, best_cost = 0;
  while (true) {
    std::vector<int> balance(vertices);
    int cost = 0;
    for (std::size_t i = 0; i < arcs.size(); ++i) {
      balance[arcs[i].from] -= flow[i];
      balance[arcs[i].to] += flow[i];
      cost += flow[i] * arcs[i].cost;
    }
    bool conserved = true;
    for (std::uint32_t v = 1; v + 1 < vertices; ++v) conserved = conserved && balance[v] == 0;
    const int value = balance[vertices - 1];
    if (conserved && (value > best_flow || (value == best_flow && cost < best_cost))) {
      best_flow = value;
      best_cost = cost;
    }
    std::size_t i = 0;
    while (i < arcs.size() && flow[i] == arcs[i].capacity) flow[i++] = 0;
    if (i == arcs.size()) return {best_flow, best_cost};
    ++flow[i];
  }
}

TEST(MinCostFlow, IsTheMostAndTheCheapestOnSmallRandomGraphs) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 400; ++round) {
    const auto vertices = static_cast<std::uint32_t>(3 + random() % 4);
    std::vector<SmallArc> arcs;
    for (std::uint64_t count = 3 + random() % 7; count > 0; --count) {
      const auto from = static_cast<std::uint32_t>(random() % vertices);
      const auto to = static_cast<std::uint32_t>(random() % vertices);
      // No arcs into the source or out of the sink, where value and balance would differ.
      if (from == to || to == 0 || from == vertices - 1) continue;
      arcs.push_back({from, to, static_cast<std::int32_t>(random() % 3), static_cast<std::int32_t>(random() % 4)});
    }
    MinCostFlow flow(vertices);
    std::vector<MinCostFlow::Arc> ids;
    for (const SmallArc& arc : arcs) ids.push_back(flow.AddArc(arc.from, arc.to, arc.capacity, arc.cost));
    const std::int64_t value = flow.Run(0, vertices - 1);
    std::vector<int> balance(vertices);
    int cost = 0;
    for (std::size_t i = 0; i < arcs.size(); ++i) {
      ASSERT_GE(flow.FlowOn(ids[i]), 0);
      ASSERT_LE(flow.FlowOn(ids[i]), arcs[i].capacity);
      balance[arcs[i].from] -= flow.FlowOn(ids[i]);
      balance[arcs[i].to] += flow.FlowOn(ids[i]);
      cost += flow.FlowOn(ids[i]) * arcs[i].cost;
    }
    for (std::uint32_t v = 1; v + 1 < vertices; ++v) ASSERT_EQ(balance[v], 0);
    const auto [best_flow, best_cost] = BestByBruteForce(arcs, vertices);
    ASSERT_EQ(value, best_flow) << "round " << round;
    ASSERT_EQ(cost, best_cost) << "round " << round;
  }
}

}  // namespace
}  // namespace quoin::ring
