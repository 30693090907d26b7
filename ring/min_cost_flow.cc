#include "ring/min_cost_flow.h"

#include <glog/logging.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

namespace quoin::ring {
namespace {

constexpr std::int32_t kUnreached = std::numeric_limits<std::int32_t>::max();

}  // namespace

MinCostFlow::Vertex MinCostFlow::AddVertex() {
  arcs_of_.emplace_back();
  return static_cast<Vertex>(arcs_of_.size() - 1);
}

MinCostFlow::Arc MinCostFlow::AddArc(Vertex from, Vertex to, std::int32_t capacity, std::int32_t cost) {
  CHECK(from < arcs_of_.size() && to < arcs_of_.size() && capacity >= 0 && cost >= 0);
  const auto index = static_cast<std::uint32_t>(residual_.size());
  residual_.push_back({to, capacity, cost});
  residual_.push_back({from, 0, -cost});
  arcs_of_[from].push_back(index);
  arcs_of_[to].push_back(index + 1);
  return index / 2;
}

std::int64_t MinCostFlow::Run(Vertex source, Vertex sink) {
  CHECK(potential_.empty()) << "a flow is run once";
  potential_.assign(arcs_of_.size(), 0);
  std::int64_t flow = 0;
  while (RaisePotentials(source, sink)) {
    while (LayOut(source, sink)) {
      next_.assign(arcs_of_.size(), 0);
      while (const std::int32_t pushed = Push(source, sink)) flow += pushed;
    }
  }
  return flow;
}

bool MinCostFlow::RaisePotentials(Vertex source, Vertex sink) {
  // Dijkstra: reduced costs are never negative, since every arc with capacity left was looked at in the last round or
  // is the reverse of a tight one.
  std::vector<std::int32_t> distance(arcs_of_.size(), kUnreached);
  using Entry = std::pair<std::int32_t, Vertex>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  distance[source] = 0;
  queue.push({0, source});
  while (!queue.empty()) {
    const auto [here, vertex] = queue.top();
    queue.pop();
    if (here > distance[vertex]) continue;
    for (const std::uint32_t index : arcs_of_[vertex]) {
      const Residual& arc = residual_[index];
      if (arc.capacity == 0) continue;
      const std::int32_t there = here + arc.cost + potential_[vertex] - potential_[arc.to];
      if (there >= distance[arc.to]) continue;
      distance[arc.to] = there;
      queue.push({there, arc.to});
    }
  }
  if (distance[sink] == kUnreached) return false;
  // Beyond the sink's distance the potentials needn't be exact, only never make an arc negative.
  for (std::size_t i = 0; i < distance.size(); ++i) potential_[i] += std::min(distance[i], distance[sink]);
  return true;
}

bool MinCostFlow::LayOut(Vertex source, Vertex sink) {
  layer_.assign(arcs_of_.size(), kUnreached);
  std::vector<Vertex> queue = {source};
  layer_[source] = 0;
  for (std::size_t head = 0; head < queue.size() && layer_[sink] == kUnreached; ++head) {
    const Vertex vertex = queue[head];
    for (const std::uint32_t index : arcs_of_[vertex]) {
      const Residual& arc = residual_[index];
      if (layer_[arc.to] != kUnreached || !IsTight(vertex, arc)) continue;
      layer_[arc.to] = layer_[vertex] + 1;
      queue.push_back(arc.to);
    }
  }
  return layer_[sink] != kUnreached;
}

std::int32_t MinCostFlow::Push(Vertex source, Vertex sink) {
  // Depth first, on a stack of its own: a path may be as long as there are partitions.
  std::vector<std::uint32_t> path;
  Vertex vertex = source;
  while (vertex != sink) {
    std::vector<std::uint32_t>& arcs = arcs_of_[vertex];
    std::uint32_t& next = next_[vertex];
    while (next < arcs.size()) {
      const Residual& arc = residual_[arcs[next]];
      if (layer_[arc.to] == layer_[vertex] + 1 && IsTight(vertex, arc)) break;
      ++next;
    }
    if (next < arcs.size()) {
      path.push_back(arcs[next]);
      vertex = residual_[arcs[next]].to;
      continue;
    }
    if (path.empty()) return 0;
    // A dead end: step back, and don't come here again.
    vertex = residual_[path.back() ^ 1].to;
    path.pop_back();
    ++next_[vertex];
  }
  std::int32_t amount = kUnreached;
  for (const std::uint32_t index : path) amount = std::min(amount, residual_[index].capacity);
  for (const std::uint32_t index : path) {
    residual_[index].capacity -= amount;
    residual_[index ^ 1].capacity += amount;
  }
  return amount;
}

}  // namespace quoin::ring
