#include "tools/bench_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace quoin::bench {
namespace {

TEST(Histogram, IsZeroWhenEmpty) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.min(), 0u);
  EXPECT_EQ(histogram.max(), 0u);
  EXPECT_EQ(histogram.mean(), 0.0);
  EXPECT_EQ(histogram.Percentile(99), 0u);
  EXPECT_TRUE(histogram.Spectrum().empty());
}

TEST(Histogram, KeepsSmallValuesExactly) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 1000; ++value) histogram.Add(value);
  EXPECT_EQ(histogram.Percentile(0), 1u);
  EXPECT_EQ(histogram.Percentile(50), 500u);
  EXPECT_EQ(histogram.Percentile(99.9), 999u);
  EXPECT_EQ(histogram.Percentile(100), 1000u);
  EXPECT_DOUBLE_EQ(histogram.mean(), 500.5);
}

TEST(Histogram, TellsEveryValueToOnePartIn512) {
  std::mt19937_64 random(7);
  for (int bits = 1; bits <= 64; ++bits) {
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t value = random() >> (64 - bits);
      Histogram histogram;
      histogram.Add(value);
      // A larger value beside it, so that max() does not make it exact.
      histogram.Add(~std::uint64_t{0});
      const std::uint64_t told = histogram.Percentile(50);
      ASSERT_GE(told, value);
      ASSERT_LE(told - value, value / 512) << value;
    }
  }
}

TEST(Histogram, TakesTheEndsOf64Bits) {
  Histogram histogram;
  histogram.Add(0);
  histogram.Add(~std::uint64_t{0});
  EXPECT_EQ(histogram.min(), 0u);
  EXPECT_EQ(histogram.max(), ~std::uint64_t{0});
  EXPECT_EQ(histogram.Percentile(50), 0u);
  EXPECT_EQ(histogram.Percentile(100), ~std::uint64_t{0});
}

TEST(Histogram, AgreesWithSortingOnRandomValues) {
  std::mt19937_64 random(11);
  std::lognormal_distribution<double> latency(12, 2);
  std::vector<std::uint64_t> values;
  Histogram histogram;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(static_cast<std::uint64_t>(latency(random)));
    histogram.Add(values.back());
  }
  std::sort(values.begin(), values.end());
  // In parts of 100,000, so that the true rank is found without rounding.
  for (std::size_t part : {0, 1'000, 50'000, 95'000, 99'000, 99'900, 99'990, 100'000}) {
    const std::size_t rank = std::max<std::size_t>(1, (part * 20'000 + 99'999) / 100'000);
    const double percent = static_cast<double>(part) / 1000;
    const std::uint64_t truth = values[rank - 1];
    const std::uint64_t told = histogram.Percentile(percent);
    EXPECT_GE(told, truth) << percent;
    EXPECT_LE(told, truth + truth / 512) << percent;
  }
}

TEST(Histogram, EvenlySpreadValuesAreAsIfCountedOneByOne) {
  struct Case {
    std::uint64_t smallest, distance, count;
  };
  for (const Case& each : {Case{0, 1, 5000}, Case{7, 0, 3}, Case{900, 100'000, 20'000}, Case{1 << 20, 3, 2},
                           Case{5, 1'000'000'000, 1}, Case{1'000, 50'000'000, 0}}) {
    Histogram one_by_one, evenly;
    for (std::uint64_t i = 0; i < each.count; ++i) one_by_one.Add(each.smallest + i * each.distance);
    const std::uint64_t largest = each.smallest + (each.count > 0 ? each.count - 1 : 0) * each.distance;
    evenly.AddEvenly(each.smallest, largest, each.count);
    EXPECT_EQ(evenly.count(), one_by_one.count());
    EXPECT_EQ(evenly.min(), one_by_one.min());
    EXPECT_EQ(evenly.max(), one_by_one.max());
    EXPECT_DOUBLE_EQ(evenly.mean(), one_by_one.mean());
    for (double percent = 0; percent <= 100; percent += 0.5) {
      ASSERT_EQ(evenly.Percentile(percent), one_by_one.Percentile(percent)) << each.count << " at " << percent;
    }
  }
}

TEST(Histogram, ManyEvenlySpreadValuesTakeNoTime) {
  Histogram histogram;
  histogram.AddEvenly(0, ~std::uint64_t{0} >> 1, std::uint64_t{1} << 50);
  EXPECT_EQ(histogram.count(), std::uint64_t{1} << 50);
  EXPECT_NEAR(static_cast<double>(histogram.Percentile(50)), 0x1p62, 0x1p62 / 500);
}

TEST(Histogram, MergedIsAsIfCountedTogether) {
  Histogram one, other, both;
  for (std::uint64_t value : {5u, 70'000u, 900u}) {
    one.Add(value);
    both.Add(value);
  }
  for (std::uint64_t value : {3u, 1'000'000u}) {
    other.Add(value);
    both.Add(value);
  }
  one.Merge(other);
  one.Merge(Histogram());
  EXPECT_EQ(one.count(), both.count());
  EXPECT_EQ(one.min(), 3u);
  EXPECT_EQ(one.max(), 1'000'000u);
  EXPECT_EQ(one.mean(), both.mean());
  for (int percent = 0; percent <= 100; percent += 10) EXPECT_EQ(one.Percentile(percent), both.Percentile(percent));
}

TEST(Histogram, SpectrumHalvesWhatIsLeftUntilTheLastValue) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 64; ++value) histogram.Add(value);
  const auto points = histogram.Spectrum();
  ASSERT_GE(points.size(), 6u);
  EXPECT_EQ(points[0].percent, 0);
  EXPECT_EQ(points[1].percent, 25);
  EXPECT_EQ(points[1].value, 16u);
  EXPECT_EQ(points[2].percent, 50);
  EXPECT_EQ(points[2].value, 32u);
  EXPECT_EQ(points[2].count, 32u);
  EXPECT_EQ(points[3].percent, 62.5);
  EXPECT_EQ(points.back().percent, 100);
  EXPECT_EQ(points.back().value, 64u);
  EXPECT_EQ(points.back().count, 64u);
  for (std::size_t i = 1; i < points.size(); ++i) {
    EXPECT_GT(points[i].percent, points[i - 1].percent);
    EXPECT_GE(points[i].value, points[i - 1].value);
  }
}

}  // namespace
}  // namespace quoin::bench
