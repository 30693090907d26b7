// From key to token to partition (design section 2).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ids.h"

namespace quoin::ring {

inline constexpr std::uint32_t kDefaultPartitionCount = 256;
inline constexpr std::uint32_t kMaxPartitionCount = 65536;

// The key's place on the ring: XXH3 with 64 bits and seed 0.
std::uint64_t TokenOf(std::string_view key);

// The slice of the ring that holds the token: its highest log2(partition_count) bits.
// REQUIRES: partition_count is a power of two, at most kMaxPartitionCount.
PartitionId PartitionOfToken(std::uint64_t token, std::uint32_t partition_count);

inline PartitionId PartitionOf(std::string_view key, std::uint32_t partition_count) {
  return PartitionOfToken(TokenOf(key), partition_count);
}

}  // namespace quoin::ring
