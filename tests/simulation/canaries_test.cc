// The simulator catches deliberate bugs: each one of canaries.txt by a seed that is remembered there, and by nothing
// but the bug. If a change of the protocol or of the simulator lets a bug slip past all its seeds,
// `bazel run -c opt //tests/simulation:canaries -- --canary=NAME` finds new ones, or that something no longer checks.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/text.h"
#include "tests/simulation/canary_hunt.h"

namespace quoin::simulation {
namespace {

constexpr std::chrono::seconds kTimeLimit(60);

struct Remembered {
  std::string name;
  std::vector<std::uint64_t> seeds;
};

std::vector<Remembered> ReadRemembered() {
  std::ifstream file("tests/simulation/canaries.txt");
  std::vector<Remembered> all;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    Remembered one;
    if (!(words >> one.name)) continue;
    for (std::string seed; words >> seed;) one.seeds.push_back(ParseUint64(seed).value());
    all.push_back(one);
  }
  return all;
}

class Canaries : public testing::TestWithParam<Remembered> {};

TEST_P(Canaries, AreCaughtByARememberedSeed) {
  const auto canary = CanaryOf(GetParam().name);
  ASSERT_TRUE(canary);
  for (const std::uint64_t seed : GetParam().seeds) {
    if (RunWith(*canary, seed, kTimeLimit).ok()) continue;
    const SimulationResult without = RunWith(quorum::Canary::kNone, seed, kTimeLimit);
    if (without.ok()) return;
    ADD_FAILURE() << "seed " << seed << " fails without the bug, too: " << without.failures.front();
  }
  ADD_FAILURE() << "none of its seeds catches " << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(All, Canaries, testing::ValuesIn(ReadRemembered()), [](const auto& instance) {
  std::string name = instance.param.name;
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
});

TEST(CheckOf, LeavesOutTheParticulars) {
  EXPECT_EQ(CheckOf("I4: node 4bbd stores 5.4b.3 of key wide-3 in partition 0 over the later 6\nand more"),
            "I4: node ... stores ... of key ... in partition ... over the later ...");
  EXPECT_EQ(CheckOf("I6: it took effect twice, at 1 and at 2: request 1.2 of client 1"),
            "I6: it took effect twice, at ... and at ...");
  EXPECT_EQ(CheckOf("the process ended: F1 x.cc:3] Check failed: a < b I1: stored 3.4"), "CHECK I1: stored ...");
}

}  // namespace
}  // namespace quoin::simulation
