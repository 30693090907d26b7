// The seed of a randomised test.
#pragma once

#include <cstdint>

namespace quoin::tests {

// The number in QUOIN_SEED, or one drawn now; said in the log either way.
std::uint64_t DrawSeed();

}  // namespace quoin::tests
