// Whole clusters under faults, from many seeds: all of them must pass.
//
// One that doesn't prints the command that replays it. Add it to seeds.txt with the reason, and mend.
#include "tests/simulation/simulation.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/text.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/parameters.h"

namespace quoin::simulation {
namespace {

constexpr std::uint64_t kBatches = 20;
constexpr std::uint64_t kSeedsPerBatch = 30;

std::string Replay(const Parameters& parameters) {
  const Parameters drawn = DrawParameters(parameters.seed);
  const std::string changed = ParametersText(parameters, &drawn);
  return "bazel run -c opt //tools:simulate -- --trace --seed=" + std::to_string(parameters.seed) +
         (changed.empty() ? "" : " --parameters=\"" + changed + "\"");
}

void ExpectAllPass(const std::vector<Parameters>& runs, const FleetOptions& options) {
  std::size_t ended = 0;
  RunFleet(options, runs, [&](std::size_t index, const SimulationResult& result) {
    ++ended;
    for (const std::string& failure : result.failures) ADD_FAILURE() << failure << "\n" << Replay(runs[index]);
    for (const std::string& key : result.undecided)
      ADD_FAILURE() << "undecided: " << key << "\n" << Replay(runs[index]);
    EXPECT_GT(result.operations + result.failures.size(), 0u);
    return true;
  });
  EXPECT_EQ(ended, runs.size());
}

class SimulationSeeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SimulationSeeds, AllPass) {
  std::vector<Parameters> runs;
  for (std::uint64_t i = 0; i < kSeedsPerBatch; ++i) {
    runs.push_back(DrawParameters(1 + GetParam() * kSeedsPerBatch + i));
  }
  ExpectAllPass(runs, {});
}
INSTANTIATE_TEST_SUITE_P(Batches, SimulationSeeds, testing::Range(std::uint64_t{0}, kBatches));

TEST(Simulation, StillPassesEverySeedThatEverFailed) {
  std::ifstream file("tests/simulation/seeds.txt");
  ASSERT_TRUE(file);
  std::vector<Parameters> runs;
  for (std::string line; std::getline(file, line);) {
    line = line.substr(0, line.find('#'));
    std::istringstream words(line);
    std::string seed, changes;
    if (!(words >> seed)) continue;
    std::getline(words, changes);
    const auto number = ParseUint64(seed);
    ASSERT_TRUE(number) << line;
    runs.push_back(DrawParameters(*number));
    const Status applied = ApplyParameters(changes, &runs.back());
    ASSERT_TRUE(applied.ok()) << applied;
  }
  ExpectAllPass(runs, {});
}

TEST(Simulation, OfOneSeedIsOneHistory) {
  std::vector<Parameters> runs;
  for (std::uint64_t seed = 9001; seed <= 9020; ++seed) runs.push_back(DrawParameters(seed));
  ExpectAllPass(runs, {.twice = true});
}

}  // namespace
}  // namespace quoin::simulation
