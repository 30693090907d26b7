// Which keys a workload touches: uniformly, a few of them most of the time, or the latest ones; and the random numbers
// behind all that, so that one seed is one sequence of operations.
//
// Pure; each object belongs to one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string_view>

namespace quoin::bench {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t Next() { return engine_(); }
  // 0 .. bound - 1. REQUIRES: bound > 0. (Multiplied, not divided: the bias is at most bound / 2^64.)
  std::uint64_t Below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(engine_()) * bound) >> 64);
  }
  // 0 up to, but not, 1.
  double Unit() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

 private:
  std::mt19937_64 engine_;
};

// Spreads numbers that are close to each other (FNV-1a over the 8 bytes, as YCSB does).
std::uint64_t Scatter(std::uint64_t value);

// Ranks 0 .. count - 1, of which rank r is drawn with a probability in proportion to 1 / (r + 1)^theta; the
// approximation in constant time of Gray et al., "Quickly generating billion-record synthetic databases" (SIGMOD 1994),
// section 3.2, as in YCSB's ZipfianGenerator. It is exact for ranks 0 and 1.
class Zipfian {
 public:
  // Takes `count` steps. REQUIRES: count >= 1, 0 < theta < 1.
  Zipfian(std::uint64_t count, double theta);

  std::uint64_t count() const { return count_; }
  // Makes room for more ranks, a step for each new one. A smaller count changes nothing.
  void Grow(std::uint64_t count);
  std::uint64_t Draw(Random& random) const;

 private:
  void Prepare();

  double theta_;
  std::uint64_t count_ = 0;
  double zeta_ = 0;  // The sum of 1 / i^theta for i = 1 .. count.
  double alpha_ = 0;
  double eta_ = 0;
};

enum class Distribution {
  kUniform,
  kZipfian,  // The popular keys are scattered over all of them.
  kLatest,   // Zipfian too; the key that was made last is the most popular.
};
std::string_view DistributionName(Distribution distribution);
std::optional<Distribution> ParseDistribution(std::string_view name);

// Chooses keys by their numbers.
class KeyChooser {
 public:
  // REQUIRES: initial_count >= 1; for a distribution that isn't uniform, 0 < theta < 1.
  KeyChooser(Distribution distribution, std::uint64_t initial_count, double theta);

  // A key among 0 .. count - 1. Keys that came after the initial ones are chosen by kUniform and kLatest only.
  // REQUIRES: count >= initial_count.
  std::uint64_t Choose(Random& random, std::uint64_t count);

 private:
  Distribution distribution_;
  std::uint64_t initial_count_;
  std::optional<Zipfian> zipfian_;
};

}  // namespace quoin::bench
