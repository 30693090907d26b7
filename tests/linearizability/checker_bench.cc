// How many operations per second the checker decides: `bazel run -c opt //tests/linearizability:checker_bench`.
// Each run checks one true history; what is measured does not include simulating it.
#include <benchmark/benchmark.h>
#include <glog/logging.h>

#include <cstdint>

#include "tests/linearizability/checker.h"
#include "tests/linearizability/workload.h"

namespace quoin::linearizability {
namespace {

void CheckAll(benchmark::State& state, const Workload& workload, Verdict expected = Verdict::kLinearizable) {
  const History history = Simulate(workload);
  CheckOptions options;
  options.model.clock_uncertainty = workload.clock_uncertainty;
  std::uint64_t steps = 0;
  for (auto iteration : state) {
    const CheckReport report = Check(history, options);
    CHECK(report.verdict == expected) << report.Text();
    steps = report.steps;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * workload.operations));
  state.counters["steps/op"] = static_cast<double>(steps) / static_cast<double>(workload.operations);
}

// Ten clients of 10,000 operations each, on range(0) keys, every kind of operation.
void BM_TenClients(benchmark::State& state) {
  Workload workload;
  workload.clients = 10;
  workload.operations = 100'000;
  workload.keys = static_cast<std::size_t>(state.range(0));
  workload.unknown = 1;
  workload.untold = 0;
  workload.unique_values = true;
  workload.expiry = false;
  CheckAll(state, workload);
}
BENCHMARK(BM_TenClients)->Arg(1)->Arg(10)->Arg(100)->Unit(benchmark::kMillisecond);

// Sixteen clients on five contended keys, range(0) percent of the outcomes unknown, every kind of operation.
void BM_Contended(benchmark::State& state) {
  Workload workload;
  workload.clients = 16;
  workload.operations = 100'000;
  workload.keys = 5;
  workload.unknown = static_cast<unsigned>(state.range(0));
  workload.untold = 0;
  workload.unique_values = true;
  workload.expiry = false;
  CheckAll(state, workload);
}
BENCHMARK(BM_Contended)->Arg(0)->Arg(2)->Arg(5)->Unit(benchmark::kMillisecond);

// Gets and puts only, many with a deadline, and leaders whose clocks differ.
void BM_ContendedGetsAndPutsWithDeadlines(benchmark::State& state) {
  Workload workload;
  workload.clients = 16;
  workload.operations = 100'000;
  workload.keys = 5;
  workload.unknown = 2;
  workload.untold = 0;
  workload.gets_and_puts_only = true;
  workload.unique_values = true;
  workload.clock_uncertainty = Time(4);
  CheckAll(state, workload);
}
BENCHMARK(BM_ContendedGetsAndPutsWithDeadlines)->Unit(benchmark::kMillisecond);

// Without versions to go by the search has to find the order by itself.
void BM_WithoutVersions(benchmark::State& state) {
  Workload workload;
  workload.clients = static_cast<std::size_t>(state.range(0));
  workload.operations = 10'000;
  workload.unknown = 1;
  workload.untold = 0;
  workload.told_versions = 0;
  workload.gets_and_puts_only = true;
  workload.unique_values = true;
  workload.expiry = false;
  CheckAll(state, workload);
}
BENCHMARK(BM_WithoutVersions)->Arg(4)->Arg(10)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace quoin::linearizability

BENCHMARK_MAIN();
