// Random numbers that nobody else has drawn: for identities, not for anything that a test or a simulation repeats.
#pragma once

#include <cstdint>

namespace quoin {

// 64 bits of the system's entropy, never 0. Any thread.
std::uint64_t RandomNonZero();

}  // namespace quoin
