#include "ring/partition.h"

#include <glog/logging.h>
#include <xxhash.h>

#include <bit>

namespace quoin::ring {

std::uint64_t TokenOf(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }

PartitionId PartitionOfToken(std::uint64_t token, std::uint32_t partition_count) {
  CHECK(std::has_single_bit(partition_count) && partition_count <= kMaxPartitionCount) << partition_count;
  const int bits = std::countr_zero(partition_count);
  // A shift by all 64 bits would be undefined.
  return PartitionId{bits == 0 ? 0 : static_cast<std::uint32_t>(token >> (64 - bits))};
}

}  // namespace quoin::ring
