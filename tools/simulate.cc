// tools:simulate: whole clusters in one process, from many seeds (docs/simulation.md).
#include <gflags/gflags.h>
#include <glog/logging.h>

#include <iostream>
#include <vector>

#include "tests/simulation/fleet.h"
#include "tests/simulation/parameters.h"
#include "tests/simulation/shrink.h"
#include "tests/simulation/simulation.h"
#include "tools/simulate_report.h"

DEFINE_uint64(seeds, 100, "How many seeds to run");
DEFINE_uint64(first_seed, 1, "The first of them");
DEFINE_uint64(seed, 0, "Run this seed only; 0: see --seeds");
DEFINE_string(parameters, "", "What to change of what each seed drew: \"nodes=3 drop_permille=0\"");
DEFINE_uint32(jobs, 2, "How many processes to use");
DEFINE_uint32(time_limit, 120, "Seconds that one run may take");
DEFINE_bool(trace, false, "With --seed: print what happens, a line per event");
DEFINE_bool(shrink, false, "With --seed: look for a smaller run that fails");
DEFINE_bool(determinism, false, "Run each seed twice and compare");
DEFINE_bool(stop, false, "Stop at the first failure");

namespace quoin::tools {
namespace {

using simulation::Parameters;
using simulation::SimulationResult;

bool Draw(std::uint64_t seed, Parameters* parameters) {
  *parameters = simulation::DrawParameters(seed);
  const Status applied = simulation::ApplyParameters(FLAGS_parameters, parameters);
  if (!applied.ok()) std::cerr << applied.message() << "\n";
  return applied.ok();
}

int Trace(const Parameters& parameters) {
  std::cout << "seed " << parameters.seed << ": " << simulation::ParametersText(parameters) << "\n";
  const SimulationResult result = simulation::Simulate(parameters, &std::cout);
  SimulateReport report(std::cout, 1);
  report.Add(parameters, result);
  return result.ok() ? 0 : 1;
}

int Shrink(const Parameters& parameters) {
  const std::chrono::seconds limit(FLAGS_time_limit);
  std::vector<std::string> failures;
  const auto fails = [&](const Parameters& tried) {
    const SimulationResult result = simulation::RunApart(tried, limit);
    if (!result.ok()) failures = result.failures;
    return !result.ok();
  };
  if (!fails(parameters)) {
    std::cout << "seed " << parameters.seed << " passes\n";
    return 0;
  }
  const Parameters shrunk = simulation::Shrink(parameters, fails, [](const Parameters& smaller) {
    std::cout << ReplayCommand(smaller) << "\n" << std::flush;
  });
  std::cout << "\nThe smallest that fails: " << simulation::ParametersText(shrunk) << "\n";
  for (const std::string& failure : failures) std::cout << "  " << failure << "\n";
  std::cout << "  replay: " << ReplayCommand(shrunk) << "\n";
  return 1;
}

int RunMany(const std::vector<Parameters>& runs) {
  SimulateReport report(std::cout, runs.size());
  const simulation::FleetOptions options{
      .jobs = FLAGS_jobs, .twice = FLAGS_determinism, .time_limit = std::chrono::seconds(FLAGS_time_limit)};
  simulation::RunFleet(options, runs, [&](std::size_t index, const SimulationResult& result) {
    report.Add(runs[index], result);
    return !(FLAGS_stop && !result.ok());
  });
  report.Summarise();
  return report.failed() == 0 ? 0 : 1;
}

int Main() {
  std::vector<Parameters> runs(FLAGS_seed != 0 ? 1 : FLAGS_seeds);
  for (std::uint64_t i = 0; i < runs.size(); ++i) {
    if (!Draw(FLAGS_seed != 0 ? FLAGS_seed : FLAGS_first_seed + i, &runs[i])) return 2;
  }
  if ((FLAGS_trace || FLAGS_shrink) && FLAGS_seed == 0) {
    std::cerr << "--trace and --shrink need a --seed\n";
    return 2;
  }
  if (FLAGS_trace) return Trace(runs.front());
  if (FLAGS_shrink) return Shrink(runs.front());
  return RunMany(runs);
}

}  // namespace
}  // namespace quoin::tools

int main(int argc, char** argv) {
  gflags::SetUsageMessage("Runs simulated clusters from many seeds; see docs/simulation.md");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  google::InitGoogleLogging(argv[0]);
  FLAGS_logtostderr = true;
  return quoin::tools::Main();
}
