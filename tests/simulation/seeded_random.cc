#include "tests/simulation/seeded_random.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace quoin::simulation {
namespace {

std::uint64_t SeedOf(std::uint64_t seed, std::string_view stream, std::uint64_t index) {
  std::uint64_t mixed = Mix(seed);
  for (const char c : stream) mixed = Mix(mixed ^ static_cast<unsigned char>(c));
  return Mix(mixed ^ index);
}

}  // namespace

std::uint64_t Mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

SeededRandom::SeededRandom(std::uint64_t seed) {
  for (std::uint64_t& word : state_) word = seed = Mix(seed);
}

SeededRandom::SeededRandom(std::uint64_t seed, std::string_view stream, std::uint64_t index)
    : SeededRandom(SeedOf(seed, stream, index)) {}

std::uint64_t SeededRandom::Next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

ring::Duration SeededRandom::Around(ring::Duration mean) {
  const double even = (static_cast<double>(Next() >> 11) + 1) / 9007199254740993.0;  // In (0, 1).
  const double factor = std::min(-std::log(even), 20.0);
  return ring::Duration(std::max<std::int64_t>(1, std::llround(static_cast<double>(mean.count()) * factor)));
}

}  // namespace quoin::simulation
