// MinCostFlow: the most flow from a source to a sink, and among all such flows one of the least cost.
//
// The primal-dual method (Ford, Fulkerson 1962, chapter III): shortest paths by cost, then as much flow as fits along
// shortest paths only (Dinic 1970: blocking flows in layers), until the sink can't be reached. There are as many rounds
// as distances occur, which are few here, since costs are 0 and 1.
//
// The outcome is a function of the arcs and the order in which they were added: of two equally cheap ways, flow takes
// arcs in that order. Capacities and costs are whole, and so is the flow.
//
// Not thread-safe. Bounds: 2^31 arcs; all sums fit into 32 bits by the callers' sizes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quoin::ring {

class MinCostFlow {
 public:
  using Vertex = std::uint32_t;
  using Arc = std::uint32_t;

  explicit MinCostFlow(std::size_t vertices) : arcs_of_(vertices) {}

  Vertex AddVertex();
  // REQUIRES: capacity >= 0, cost >= 0.
  Arc AddArc(Vertex from, Vertex to, std::int32_t capacity, std::int32_t cost);

  // Returns the amount of flow. REQUIRES: called once.
  std::int64_t Run(Vertex source, Vertex sink);

  // After Run: the flow on an arc.
  std::int32_t FlowOn(Arc arc) const { return residual_[2 * arc + 1].capacity; }

 private:
  // Arc i is residual_[2 i], its reverse residual_[2 i + 1].
  struct Residual {
    Vertex to;
    std::int32_t capacity;
    std::int32_t cost;
  };

  // Raises the potentials by the distance from the source at reduced costs; false when the sink can't be reached.
  bool RaisePotentials(Vertex source, Vertex sink);
  // Counts the layers of arcs of reduced cost 0 that lead from the source to the sink; false when none do.
  bool LayOut(Vertex source, Vertex sink);
  // Sends flow along one path through the layers; 0 when there is none left.
  std::int32_t Push(Vertex source, Vertex sink);
  bool IsTight(Vertex from, const Residual& arc) const {
    return arc.capacity > 0 && arc.cost + potential_[from] == potential_[arc.to];
  }

  std::vector<std::vector<std::uint32_t>> arcs_of_;  // Indices of residual_ by tail, in the order of adding.
  std::vector<Residual> residual_;
  std::vector<std::int32_t> potential_;
  std::vector<std::int32_t> layer_;
  std::vector<std::uint32_t> next_;  // Which arc of a vertex to try next in this layout.
};

}  // namespace quoin::ring
