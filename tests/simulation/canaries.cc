// The table of canaries: which check catches each deliberate bug, and after how many seeds (docs/simulation.md).
//
//   bazel run -c opt //tests/simulation:canaries -- [--canary=NAME] [--seeds=1000] [--starts=3]
#include <gflags/gflags.h>
#include <glog/logging.h>

#include <algorithm>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/canary_hunt.h"

DEFINE_string(canary, "", "Only these, by their names, separated by commas");
DEFINE_uint64(seeds, 1000, "How many seeds each may take");
DEFINE_uint64(starts, 3, "How many times to look for each, each time from another first seed");
DEFINE_uint64(first_seed, 1, "Of the first start");
DEFINE_uint32(jobs, 2, "How many processes to use");
DEFINE_uint32(time_limit, 60, "Seconds that one run may take");

namespace quoin::simulation {
namespace {

constexpr std::uint64_t kBetweenStarts = 100'000;

struct Hunted {
  std::vector<std::uint64_t> needed;  // By start; above --seeds: not caught.
  std::set<std::string> checks;
  std::vector<std::uint64_t> seeds;

  bool missed() const { return seeds.size() < needed.size(); }
};

Hunted HuntFromAllStarts(quorum::Canary canary) {
  Hunted hunted;
  HuntOptions options{.seeds = FLAGS_seeds, .jobs = FLAGS_jobs, .time_limit = std::chrono::seconds(FLAGS_time_limit)};
  for (std::uint64_t start = 0; start < FLAGS_starts; ++start) {
    options.first_seed = FLAGS_first_seed + start * kBetweenStarts;
    const std::optional<Catch> caught = Hunt(canary, options);
    hunted.needed.push_back(caught ? caught->seeds_needed : FLAGS_seeds + 1);
    if (!caught) continue;
    hunted.checks.insert(caught->check);
    hunted.seeds.push_back(caught->seed);
  }
  return hunted;
}

std::string Needed(std::uint64_t seeds) {
  return seeds > FLAGS_seeds ? "more than " + std::to_string(FLAGS_seeds) : std::to_string(seeds);
}

void PrintRow(quorum::Canary canary, const Hunted& hunted) {
  std::vector<std::uint64_t> sorted = hunted.needed;
  std::sort(sorted.begin(), sorted.end());
  std::cout << "| " << quorum::CanaryName(canary) << " | ";
  for (const std::string& check : hunted.checks) std::cout << (check == *hunted.checks.begin() ? "" : "; ") << check;
  std::cout << " | " << Needed(sorted[(sorted.size() - 1) / 2]) << " | ";
  for (std::size_t i = 0; i < hunted.needed.size(); ++i) std::cout << (i > 0 ? ", " : "") << Needed(hunted.needed[i]);
  std::cout << " |\n" << std::flush;
}

// nullopt: a name that no canary has.
std::optional<std::vector<quorum::Canary>> Chosen() {
  std::vector<quorum::Canary> chosen;
  if (FLAGS_canary.empty()) {
    for (std::size_t i = 1; i < static_cast<std::size_t>(quorum::Canary::kCount); ++i) {
      chosen.push_back(static_cast<quorum::Canary>(i));
    }
    return chosen;
  }
  for (std::size_t begin = 0; begin <= FLAGS_canary.size();) {
    const std::size_t end = std::min(FLAGS_canary.find(',', begin), FLAGS_canary.size());
    const std::string name = FLAGS_canary.substr(begin, end - begin);
    const std::optional<quorum::Canary> canary = CanaryOf(name);
    if (!canary) {
      std::cerr << "no canary is called '" << name << "'\n";
      return std::nullopt;
    }
    chosen.push_back(*canary);
    begin = end + 1;
  }
  return chosen;
}

int Main() {
  const auto chosen = Chosen();
  if (!chosen || FLAGS_starts == 0) return 2;
  std::string remembered;
  std::string missed;
  std::cout << "| bug | caught by | seeds needed, median | each start |\n|---|---|---|---|\n" << std::flush;
  for (const quorum::Canary canary : *chosen) {
    const Hunted hunted = HuntFromAllStarts(canary);
    PrintRow(canary, hunted);
    if (hunted.missed()) missed += std::string(missed.empty() ? "" : ", ") + quorum::CanaryName(canary);
    remembered += quorum::CanaryName(canary);
    for (const std::uint64_t seed : hunted.seeds) remembered += " " + std::to_string(seed);
    remembered += "\n";
  }
  std::cout << "\nFor canaries.txt:\n" << remembered;
  if (missed.empty()) return 0;
  std::cout << "\nMissed within " << FLAGS_seeds << " seeds: " << missed << "\n";
  return 1;
}

}  // namespace
}  // namespace quoin::simulation

int main(int argc, char** argv) {
  gflags::SetUsageMessage("Looks for seeds that catch the deliberate bugs of quorum/canary.h");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  google::InitGoogleLogging(argv[0]);
  FLAGS_logtostderr = true;
  return quoin::simulation::Main();
}
