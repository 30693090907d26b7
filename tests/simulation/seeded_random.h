// SeededRandom: all the chance of one simulated world comes from one seed.
//
// Streams are named, so that one more draw in one part of the world changes nothing in another: a shrunk run stays
// close to the one that it came from.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "ring/monotonic_time.h"
#include "ring/random.h"

namespace quoin::simulation {

// xoshiro256** (Blackman, Vigna: Scrambled linear pseudorandom number generators, 2018), seeded by splitmix64.
class SeededRandom final : public ring::Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  SeededRandom(std::uint64_t seed, std::string_view stream, std::uint64_t index = 0);

  std::uint64_t Next() override;

  // Evenly distributed in [low, high]. REQUIRES: low <= high.
  std::uint64_t Between(std::uint64_t low, std::uint64_t high) { return low + Below(high - low + 1); }
  bool Permille(std::uint64_t chance) { return chance > 0 && Below(1000) < chance; }
  bool Percent(std::uint64_t chance) { return Permille(10 * chance); }
  // Exponentially distributed, at least one microsecond, at most 20 times the mean.
  ring::Duration Around(ring::Duration mean);

 private:
  std::array<std::uint64_t, 4> state_;
};

// One step of splitmix64 from `value`: a good 64-bit mixer.
std::uint64_t Mix(std::uint64_t value);

}  // namespace quoin::simulation
