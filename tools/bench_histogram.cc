#include "tools/bench_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace quoin::bench {
namespace {

// Values below 2^kExactBits have a bucket each; each doubling above them has half as many.
constexpr unsigned kExactBits = 10;
constexpr std::size_t kExact = std::size_t{1} << kExactBits;
constexpr std::size_t kPerDoubling = kExact / 2;
constexpr std::size_t kBuckets = kExact + (64 - kExactBits) * kPerDoubling;

std::uint64_t RankOf(double percent, std::uint64_t count) {
  // A little less, so that rounding does not make 999.0000000001 of 99.9% of 1000.
  const double exact = std::ceil(percent * static_cast<double>(count) / 100 * (1 - 1e-13));
  return std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::max(exact, 1.0)), 1, count);
}

}  // namespace

Histogram::Histogram() : counts_(kBuckets) {}

std::size_t Histogram::Bucket(std::uint64_t value) {
  if (value < kExact) return value;
  // The leading bit says which doubling, the kExactBits - 1 bits behind it which bucket of that.
  const unsigned doubling = static_cast<unsigned>(std::bit_width(value)) - kExactBits;  // At least 1.
  return kExact + (doubling - 1) * kPerDoubling + ((value >> doubling) - kPerDoubling);
}

std::uint64_t Histogram::LargestOf(std::size_t bucket) {
  if (bucket < kExact) return bucket;
  const std::size_t doubling = (bucket - kExact) / kPerDoubling + 1;
  const std::uint64_t leading = (bucket - kExact) % kPerDoubling + kPerDoubling;
  return (leading << doubling) + ((std::uint64_t{1} << doubling) - 1);
}

void Histogram::Add(std::uint64_t value) {
  ++counts_[Bucket(value)];
  ++count_;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += static_cast<long double>(value);
}

void Histogram::AddEvenly(std::uint64_t smallest, std::uint64_t largest, std::uint64_t count) {
  if (count == 0) return;
  if (count == 1) return Add(largest);
  const long double distance = static_cast<long double>(largest - smallest) / static_cast<long double>(count - 1);
  std::uint64_t below = 0;  // Of the values, how many lie in the buckets before.
  for (std::size_t bucket = Bucket(smallest); below < count; ++bucket) {
    std::uint64_t through = count;
    if (bucket < Bucket(largest)) {
      const auto room = static_cast<long double>(LargestOf(bucket) - smallest);
      through = std::min(count - 1, static_cast<std::uint64_t>(room / distance) + 1);
    }
    counts_[bucket] += through - below;
    below = through;
  }
  count_ += count;
  min_ = std::min(min_, smallest);
  max_ = std::max(max_, largest);
  sum_ +=
      (static_cast<long double>(smallest) + static_cast<long double>(largest)) / 2 * static_cast<long double>(count);
}

void Histogram::Merge(const Histogram& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

double Histogram::mean() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_ / static_cast<long double>(count_));
}

Histogram::Point Histogram::AtRank(std::uint64_t rank) const {
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return {.value = std::min(LargestOf(i), max_), .count = seen};
  }
  return {.value = max_, .count = count_};
}

std::uint64_t Histogram::Percentile(double percent) const {
  return count_ == 0 ? 0 : AtRank(RankOf(percent, count_)).value;
}

std::vector<Histogram::Point> Histogram::Spectrum() const {
  std::vector<Point> points;
  if (count_ == 0) return points;
  const auto add = [&](double percent) {
    Point point = AtRank(RankOf(percent, count_));
    point.percent = percent;
    points.push_back(point);
  };
  for (double rest = 100; rest / 100 * static_cast<double>(count_) >= 1; rest /= 2) {
    add(100 - rest);
    add(100 - rest * 0.75);
    if (points.back().count == count_) break;  // The rest would repeat it.
  }
  add(100);
  return points;
}

}  // namespace quoin::bench
