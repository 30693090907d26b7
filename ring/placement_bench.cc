// How long a placement takes: once for each change of the members, on the coordinator only.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "ring/placement.h"

namespace quoin::ring {
namespace {

std::vector<PlacementNode> Nodes(std::int64_t count, std::int64_t zones) {
  std::vector<PlacementNode> nodes;
  for (std::int64_t i = 0; i < count; ++i) {
    nodes.push_back({NodeId{static_cast<std::uint64_t>(i + 1) * 0x9e3779b97f4a7c15u}, std::to_string(i % zones)});
  }
  return nodes;
}

void BM_FreshPlacement(benchmark::State& state) {
  const auto nodes = Nodes(state.range(1), state.range(2));
  for (auto _ : state) {
    benchmark::DoNotOptimize(Place(nodes, static_cast<std::uint32_t>(state.range(0)), 3, {}).value().replicas);
  }
}
BENCHMARK(BM_FreshPlacement)
    ->ArgNames({"partitions", "nodes", "zones"})
    ->Args({256, 50, 1})
    ->Args({256, 50, 3})
    ->Args({256, 50, 50})
    ->Args({4096, 50, 3})
    ->Unit(benchmark::kMillisecond);

void BM_PlacementAfterAJoin(benchmark::State& state) {
  const auto before = Nodes(state.range(1) - 1, state.range(2));
  const auto after = Nodes(state.range(1), state.range(2));
  const auto partitions = static_cast<std::uint32_t>(state.range(0));
  const ReplicaLists current = Place(before, partitions, 3, {}).value().replicas;
  for (auto _ : state) benchmark::DoNotOptimize(Place(after, partitions, 3, current).value().replicas);
}
BENCHMARK(BM_PlacementAfterAJoin)
    ->ArgNames({"partitions", "nodes", "zones"})
    ->Args({256, 50, 1})
    ->Args({256, 50, 3})
    ->Args({4096, 50, 3})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace quoin::ring

BENCHMARK_MAIN();
