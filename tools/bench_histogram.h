// Histogram: how often each value occurred, in buckets whose width is a fixed share of the value, so that microseconds
// and minutes are told equally well: what HdrHistogram does (Tene, "HdrHistogram: a high dynamic range histogram"; of
// which Debian 12 has no C or C++ library).
//
// Invariants:
//   H1  values below 1024 are kept exactly; above, a bucket spans less than 1/512 of its values;
//   H2  every 64-bit value has a bucket: nothing is cut off; smallest, largest and mean are exact.
// Threads: none of its own; merge what several threads have counted. Bounds: 28,160 buckets, 220 KiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace quoin::bench {

class Histogram {
 public:
  Histogram();

  void Add(std::uint64_t value);
  // `count` values at equal distances, the smallest and the largest among them, in a step for each bucket in between.
  // REQUIRES: smallest <= largest. Nothing when count is 0; the largest when it is 1.
  void AddEvenly(std::uint64_t smallest, std::uint64_t largest, std::uint64_t count);
  void Merge(const Histogram& other);

  std::uint64_t count() const { return count_; }
  std::uint64_t min() const { return count_ == 0 ? 0 : min_; }
  std::uint64_t max() const { return max_; }
  double mean() const;  // 0 when there are no values.

  // A value that `percent` (0 to 100) of the values don't exceed: the largest of its bucket, but not above max(). 0
  // when there are no values.
  std::uint64_t Percentile(double percent) const;

  struct Point {
    double percent = 0;
    std::uint64_t value = 0;
    std::uint64_t count = 0;  // Of the values that don't exceed `value`.
  };
  // The percentile spectrum: 0, 25, 50, 62.5, 75, 81.25, ... halving what is left until less than one value is, or the
  // bucket of the largest is reached; at last 100. Empty when there are no values.
  std::vector<Point> Spectrum() const;

 private:
  static std::size_t Bucket(std::uint64_t value);
  static std::uint64_t LargestOf(std::size_t bucket);
  // The bucket in which the value of this rank (from 1) lies, and how many values lie in it and below.
  Point AtRank(std::uint64_t rank) const;

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t min_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t max_ = 0;
  long double sum_ = 0;
};

}  // namespace quoin::bench
