// Statistical tests with fixed seeds: they hold or fail, but don't waver.
#include "tools/bench_distribution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace quoin::bench {
namespace {

constexpr int kDraws = 1'000'000;

// Of the ranks below `rank`, how much a true Zipfian distribution draws.
double TrueShareBelow(std::uint64_t rank, std::uint64_t count, double theta) {
  double below = 0, all = 0;
  for (std::uint64_t i = 1; i <= count; ++i) {
    all += std::pow(static_cast<double>(i), -theta);
    if (i == rank) below = all;
  }
  return below / all;
}

std::vector<int> DrawMany(const Zipfian& zipfian) {
  Random random(3);
  std::vector<int> counts(zipfian.count());
  for (int i = 0; i < kDraws; ++i) ++counts.at(zipfian.Draw(random));
  return counts;
}

class ZipfianWith : public testing::TestWithParam<double> {};

TEST_P(ZipfianWith, DrawsTheFirstTwoRanksAsOftenAsItMust) {
  const double theta = GetParam();
  const auto counts = DrawMany(Zipfian(1000, theta));
  double before = 0;
  for (std::uint64_t rank : {1, 2}) {
    const double share = TrueShareBelow(rank, 1000, theta) - before;
    before += share;
    const double deviation = std::sqrt(kDraws * share * (1 - share));
    EXPECT_NEAR(counts[rank - 1], kDraws * share, 4 * deviation) << "rank " << rank - 1;
  }
}

TEST_P(ZipfianWith, FollowsTheTrueDistributionWithinTheErrorOfTheApproximation) {
  const double theta = GetParam();
  const auto counts = DrawMany(Zipfian(1000, theta));
  double drawn = 0;
  double worst = 0;
  for (std::uint64_t rank = 1; rank <= 1000; ++rank) {
    drawn += counts[rank - 1];
    worst = std::max(worst, std::abs(drawn / kDraws - TrueShareBelow(rank, 1000, theta)));
  }
  EXPECT_LT(worst, 0.02) << "the largest distance between the distribution functions";
}

INSTANTIATE_TEST_SUITE_P(Theta, ZipfianWith, testing::Values(0.2, 0.5, 0.8, 0.99));

TEST(Zipfian, GrownIsAsIfMadeThatLarge) {
  Zipfian grown(10, 0.99);
  grown.Grow(700);
  grown.Grow(500);  // Smaller: nothing happens.
  const Zipfian made(700, 0.99);
  EXPECT_EQ(grown.count(), 700u);
  Random one(5), other(5);
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(grown.Draw(one), made.Draw(other));
}

TEST(Zipfian, WorksForOneTwoAndThreeRanks) {
  for (std::uint64_t count : {1, 2, 3}) {
    const auto counts = DrawMany(Zipfian(count, 0.99));
    for (std::uint64_t rank = 0; rank < count; ++rank) EXPECT_GT(counts[rank], kDraws / 10) << count;
  }
}

TEST(KeyChooser, UniformIsUniform) {
  KeyChooser chooser(Distribution::kUniform, 100, 0);
  Random random(1);
  std::vector<double> counts(100);
  for (int i = 0; i < kDraws; ++i) ++counts.at(chooser.Choose(random, 100));
  double chi_squared = 0;
  for (double count : counts) chi_squared += (count - kDraws / 100.0) * (count - kDraws / 100.0) / (kDraws / 100.0);
  EXPECT_LT(chi_squared, 149) << "99 degrees of freedom: above 149 once in a thousand times";
}

TEST(KeyChooser, UniformReachesKeysThatCameLater) {
  KeyChooser chooser(Distribution::kUniform, 1, 0);
  Random random(1);
  bool reached = false;
  for (int i = 0; i < 100; ++i) reached = reached || chooser.Choose(random, 2) == 1;
  EXPECT_TRUE(reached);
}

TEST(KeyChooser, LatestPrefersTheLastKeyAndFollowsIt) {
  KeyChooser chooser(Distribution::kLatest, 1000, 0.99);
  Random random(1);
  for (std::uint64_t count : {1000u, 1500u}) {
    std::vector<int> counts(count);
    for (int i = 0; i < 100'000; ++i) ++counts.at(chooser.Choose(random, count));
    EXPECT_GT(counts[count - 1], counts[count - 2]);
    EXPECT_GT(counts[count - 2], counts[count - 10]);
    EXPECT_GT(counts[count - 1], 100'000 / 10);
  }
}

TEST(KeyChooser, ZipfianScattersThePopularKeys) {
  KeyChooser chooser(Distribution::kZipfian, 1000, 0.99);
  Random random(1);
  std::vector<int> counts(1000);
  for (int i = 0; i < 100'000; ++i) ++counts.at(chooser.Choose(random, 5000));
  const int most = *std::max_element(counts.begin(), counts.end());
  EXPECT_EQ(counts[Scatter(0) % 1000], most);
  EXPECT_GT(most, 100'000 / 10);
  EXPECT_LT(counts[0] + counts[1] + counts[2], 100'000 / 10) << "the first keys are nothing special";
}

TEST(Distribution, NamesReadBack) {
  EXPECT_EQ(ParseDistribution("latest"), Distribution::kLatest);
  EXPECT_EQ(ParseDistribution(DistributionName(Distribution::kZipfian)), Distribution::kZipfian);
  EXPECT_FALSE(ParseDistribution("gauss"));
}

}  // namespace
}  // namespace quoin::bench
