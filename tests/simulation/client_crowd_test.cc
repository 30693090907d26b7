#include "tests/simulation/client_crowd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "tests/linearizability/history_text.h"
#include "tests/simulation/client_testing.h"
#include "tests/simulation/client_verdict.h"

namespace quoin::simulation {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kSeeds = 60;

struct Outcome {
  ClientFindings findings;
  ClientVerdict verdict;
  linearizability::History history;
};

Outcome Simulate(std::uint64_t seed, const std::function<void(FakeStore&)>& setup, unsigned scan_permille = 0) {
  TestRandom random(seed);
  WorkloadPlan plan = DrawWorkloadPlan(random);
  plan.scan_permille = scan_permille;
  FakeStore store(seed);
  store.max_value_bytes = plan.max_value_bytes;
  setup(store);
  ClientCrowd crowd(plan, store, random);
  crowd.Start(300);
  store.Run([&] { return crowd.idle(); });
  EXPECT_TRUE(crowd.idle()) << "seed " << seed;
  store.RunOut();
  EXPECT_EQ(store.repeats_not_told, 0) << "seed " << seed << ": X1";
  EXPECT_EQ(store.finished_sent_again, 0) << "seed " << seed;
  EXPECT_GT(store.told_finished, 1u) << "seed " << seed;
  VerdictOptions options;
  options.clock_uncertainty = std::chrono::milliseconds(1);
  options.max_value_bytes = plan.max_value_bytes;
  return {crowd.findings(), Judge(crowd.history().events(), options), crowd.history().events()};
}

void Lossy(FakeStore& store) {
  store.lost_requests = 10;
  store.lost_answers = 10;
  store.refused = 5;
}

TEST(ClientCrowd, HasNothingToSayAgainstATrueStore) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Outcome outcome = Simulate(
        seed, seed % 2 ? Lossy : [](FakeStore&) {});
    EXPECT_THAT(outcome.findings.complaints, IsEmpty()) << "seed " << seed;
    EXPECT_THAT(outcome.verdict.violations, IsEmpty()) << "seed " << seed;
    EXPECT_THAT(outcome.verdict.undecided_keys, IsEmpty()) << "seed " << seed;
    EXPECT_GE(outcome.verdict.operations, 200u);
  }
}

TEST(ClientCrowd, CatchesAStoreThatAppliesRetriesTwiceI6) {
  std::size_t told_apart = 0;
  std::size_t violations = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Outcome outcome = Simulate(seed, [](FakeStore& store) {
      Lossy(store);
      store.applies_twice = true;
    });
    const auto& complaints = outcome.findings.complaints;
    told_apart +=
        std::any_of(complaints.begin(), complaints.end(), [](const auto& it) { return it.starts_with("I6"); });
    violations += !outcome.verdict.violations.empty();
  }
  EXPECT_GT(told_apart, kSeeds / 2);
  EXPECT_GT(violations, kSeeds / 4);
}

TEST(ClientCrowd, CatchesAStoreThatLiesAboutRefusingI10) {
  std::size_t caught = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Outcome outcome = Simulate(seed, [](FakeStore& store) {
      Lossy(store);
      store.lies_about_refusing = true;
    });
    caught += !outcome.findings.complaints.empty() || !outcome.verdict.violations.empty();
  }
  EXPECT_GT(caught, kSeeds / 2);
}

TEST(ClientCrowd, CatchesInventedValuesOfReadsThatNoHistoryHolds) {
  std::size_t caught = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Outcome outcome = Simulate(seed, [](FakeStore& store) { store.invents_weak_values = true; });
    EXPECT_THAT(outcome.verdict.violations, IsEmpty());
    caught += !outcome.findings.complaints.empty();
  }
  EXPECT_GT(caught, kSeeds / 4);
}

TEST(ClientCrowd, ReadsPagesAsWellAsKeys) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Outcome outcome = Simulate(seed, Lossy, 200);
    EXPECT_THAT(outcome.findings.complaints, IsEmpty()) << "seed " << seed;
    EXPECT_THAT(outcome.verdict.violations, IsEmpty()) << "seed " << seed;
    EXPECT_GT(outcome.findings.counts.at("pages"), 0u);
  }
}

TEST(ClientCrowd, CatchesPagesThatLackKeysI5) {
  std::size_t caught = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Outcome outcome = Simulate(
        seed, [](FakeStore& store) { store.forgets_in_pages = true; }, 200);
    caught += !outcome.verdict.violations.empty();
  }
  EXPECT_GT(caught, kSeeds / 2);
}

TEST(ClientCrowd, AsksTheSameWithTheSameSeed) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    EXPECT_EQ(linearizability::HistoryText(Simulate(seed, Lossy).history),
              linearizability::HistoryText(Simulate(seed, Lossy).history));
  }
}

TEST(ClientCrowd, WritesNoValueTwiceW1) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::set<std::string> values;
    for (const auto& event : Simulate(seed, Lossy).history) {
      if (!event.operation.value.empty()) {
        EXPECT_TRUE(values.insert(event.operation.value).second) << event.operation.value;
      }
    }
  }
}

TEST(ClientCrowd, EndsThoughNobodyAnswersX3) {
  const Outcome outcome = Simulate(1, [](FakeStore& store) { store.lost_requests = 100; });
  EXPECT_THAT(outcome.verdict.violations, IsEmpty());
  EXPECT_GT(outcome.findings.counts.at("given up"), 0u);
}

class LivenessTest : public testing::Test {
 protected:
  LivenessTest() {
    plan_.read_one_percent = 0;
    plan_.copy_timeout = std::chrono::milliseconds(200);
  }
  TestRandom random_{1};
  WorkloadPlan plan_;
  FakeStore store_{1};
};

TEST_F(LivenessTest, SucceedsThroughErrorsI9) {
  ClientCrowd crowd(plan_, store_, random_);
  store_.lost_requests = 2;
  store_.lost_answers = 2;
  store_.refused = 20;
  crowd.BeginLiveness(std::chrono::seconds(20));
  crowd.Start(100);
  store_.Run([&] { return crowd.idle(); });
  EXPECT_THAT(crowd.findings().complaints, IsEmpty());
  EXPECT_GT(crowd.findings().counts.at("liveness errors"), 0u);
}

TEST_F(LivenessTest, NamesWhatDidNotSucceedI9) {
  ClientCrowd crowd(plan_, store_, random_);
  crowd.BeginLiveness(std::chrono::seconds(5));
  store_.lost_requests = 100;
  crowd.Start(10);
  store_.Run([&] { return crowd.idle(); });
  EXPECT_TRUE(crowd.idle());
  store_.RunOut();
  EXPECT_THAT(crowd.findings().complaints, Contains(HasSubstr("I9: it had not succeeded within 5000 ms")));
}

TEST_F(LivenessTest, TurnsToAnotherNodeWhenItsOwnIsDown) {
  plan_.sticky = true;
  ClientCrowd crowd(plan_, store_, random_);
  crowd.Start(50);
  store_.Run([&] { return crowd.history().events().size() > 10; });
  for (std::size_t node : {0, 1}) {
    store_.down.insert(node);
    crowd.OnNodeDown(node);
  }
  store_.Run([&] { return crowd.idle(); });
  EXPECT_TRUE(crowd.idle());
  EXPECT_THAT(crowd.findings().complaints, IsEmpty());
}

}  // namespace
}  // namespace quoin::simulation
