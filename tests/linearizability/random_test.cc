// The checker against the definition: random small histories, true ones and falsified ones, decided by the checker in
// all its modes and by the oracle. And large true histories, which it must accept in all modes that are fast enough.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "tests/linearizability/history_text.h"
#include "tests/linearizability/key_check.h"
#include "tests/linearizability/oracle.h"
#include "tests/linearizability/workload.h"

namespace quoin::linearizability {
namespace {

struct Mode {
  const char* name;
  bool compare_answers;
  bool order_by_version;
  bool skip_useless_unknowns;
  // So few that the search as if unknown outcomes could repeat often has to be tried; 0: as many as needed.
  std::uint64_t few_steps;
};
constexpr Mode kModes[] = {
    {"all", true, true, true, 0},
    {"search only", false, true, true, 0},
    {"no version order", false, false, true, 0},
    {"all unknowns", false, true, false, 0},
    {"plain search", false, false, false, 0},
    {"few steps", false, true, true, 100},
    {"few steps, no version order", false, false, true, 400},
};

KeyCheckOptions OptionsOf(const Mode& mode, Time uncertainty) {
  KeyCheckOptions options;
  options.model.clock_uncertainty = uncertainty;
  options.compare_answers = mode.compare_answers;
  options.search.order_by_version = mode.order_by_version;
  options.search.skip_useless_unknowns = mode.skip_useless_unknowns;
  if (mode.few_steps > 0) options.search.max_steps = mode.few_steps;
  return options;
}

struct Tally {
  int right = 0;
  int wrong = 0;
  int undecided = 0;  // By modes with few steps.
};

void CompareWithOracle(const Workload& shape, int histories, int most_lies, Tally* tally) {
  std::mt19937_64 random(shape.seed);
  for (int i = 0; i < histories; ++i) {
    Workload workload = shape;
    workload.seed = random();
    workload.clients = 2 + random() % 3;
    workload.operations = 2 + random() % (shape.operations - 1);
    workload.clock_uncertainty = Time(random() % 2 == 0 ? 0 : 6);
    History history = Simulate(workload);
    const int lies = static_cast<int>(random() % static_cast<std::uint64_t>(most_lies + 1));
    for (int lie = 0; lie < lies; ++lie) Falsify(&history, &random);
    const bool right = OracleExplains(history, workload.clock_uncertainty);
    ++(right ? tally->right : tally->wrong);
    ASSERT_TRUE(right || lies > 0) << "workload and oracle disagree:\n" << HistoryText(history);
    for (const Mode& mode : kModes) {
      const KeyVerdict verdict = CheckKey(history, OptionsOf(mode, workload.clock_uncertainty));
      if (mode.few_steps > 0 && verdict.verdict == Verdict::kUndecided) {
        ++tally->undecided;
        continue;
      }
      ASSERT_EQ(verdict.verdict, right ? Verdict::kLinearizable : Verdict::kViolation)
          << mode.name << ", uncertainty " << workload.clock_uncertainty.count() << "ns\n"
          << HistoryText(history) << verdict.why;
    }
  }
}

TEST(Random, SmallHistoriesAreDecidedAsByTheOracle) {
  Tally tally;
  Workload shape;
  shape.seed = 7;
  CompareWithOracle(shape, 30'000, 2, &tally);
  // Neither verdict may be rare, or the comparison says little.
  EXPECT_GT(tally.right, 8'000);
  EXPECT_GT(tally.wrong, 4'000);
}

TEST(Random, SmallHistoriesFullOfUnknownsAreDecidedAsByTheOracle) {
  Tally tally;
  Workload shape;
  shape.seed = 8;
  shape.unknown = 50;
  shape.operations = 7;
  CompareWithOracle(shape, 20'000, 3, &tally);
  EXPECT_GT(tally.right, 5'000);
  EXPECT_GT(tally.wrong, 1'000);
}

// A few answers and many outcomes that could explain them, one by letting another happen.
TEST(Random, SmallHistoriesOfConditionalUnknownsAreDecidedAsByTheOracle) {
  Tally tally;
  Workload shape;
  shape.seed = 11;
  shape.unknown = 75;
  shape.conditional = 60;
  shape.operations = 8;
  CompareWithOracle(shape, 20'000, 3, &tally);
  EXPECT_GT(tally.right, 5'000);
  EXPECT_GT(tally.wrong, 1'000);
}

TEST(Random, SmallHistoriesWithoutVersionsAreDecidedAsByTheOracle) {
  Tally tally;
  Workload shape;
  shape.seed = 9;
  shape.told_versions = 0;
  shape.unknown = 30;
  CompareWithOracle(shape, 20'000, 3, &tally);
  EXPECT_GT(tally.right, 5'000);
  EXPECT_GT(tally.wrong, 1'000);
}

TEST(Random, SmallHistoriesThatTellAllAreDecidedAsByTheOracle) {
  Tally tally;
  Workload shape;
  shape.seed = 10;
  shape.untold = 0;
  shape.unknown = 30;
  CompareWithOracle(shape, 20'000, 3, &tally);
  EXPECT_GT(tally.right, 5'000);
  EXPECT_GT(tally.wrong, 1'000);
}

// Too large for the oracle: here the modes that leave nothing out take its place.
TEST(Random, MiddlingHistoriesAreDecidedAlikeByAllModes) {
  std::mt19937_64 random(12);
  int right = 0;
  int wrong = 0;
  for (int i = 0; i < 4'000; ++i) {
    Workload workload;
    workload.seed = random();
    workload.clients = 2 + random() % 4;
    workload.operations = 8 + random() % 8;
    workload.unknown = 20 + random() % 50;
    workload.conditional = random() % 60;
    workload.told_versions = 50;
    workload.clock_uncertainty = Time(random() % 2 == 0 ? 0 : 6);
    History history = Simulate(workload);
    for (std::uint64_t lies = random() % 3; lies > 0; --lies) Falsify(&history, &random);
    const Verdict verdict = CheckKey(history, OptionsOf(kModes[0], workload.clock_uncertainty)).verdict;
    for (const Mode& mode : kModes) {
      KeyCheckOptions options = OptionsOf(mode, workload.clock_uncertainty);
      options.search.max_steps = std::min<std::uint64_t>(options.search.max_steps, 100'000);
      const Verdict other = CheckKey(history, options).verdict;
      if (other == Verdict::kUndecided) continue;
      ASSERT_EQ(other, verdict) << mode.name << ", uncertainty " << workload.clock_uncertainty.count() << "ns\n"
                                << HistoryText(history);
      ++(other == Verdict::kLinearizable ? right : wrong);
    }
  }
  EXPECT_GT(right, 8'000);
  EXPECT_GT(wrong, 3'000);
}

TEST(Random, LargeTrueHistoriesAreAccepted) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Workload workload;
    workload.seed = seed;
    workload.clients = 2 + seed % 15;
    workload.operations = 2'000;
    workload.unknown = 2;
    workload.untold = 0;
    workload.clock_uncertainty = Time(4);
    workload.unique_values = seed % 2 == 0;
    const History history = Simulate(workload);
    for (const Mode& mode : {kModes[0], kModes[1]}) {
      const KeyVerdict verdict = CheckKey(history, OptionsOf(mode, workload.clock_uncertainty));
      ASSERT_EQ(verdict.verdict, Verdict::kLinearizable) << mode.name << ", seed " << seed << "\n" << verdict.why;
    }
  }
}

}  // namespace
}  // namespace quoin::linearizability
