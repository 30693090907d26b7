// PartitionState: what a replica keeps durably about a partition as a whole (design section 4.1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"
#include "kv/version.h"

namespace quoin::kv {

struct PartitionState {
  Ballot promised;  // I1: never forgotten, never lowered.
  std::uint64_t configuration_version = 0;
  Version purge_floor;  // A missing key counts as holding this version.
  Version highest;      // The highest version ever stored here when this state was written.

  friend bool operator==(const PartitionState&, const PartitionState&) = default;
};

// Same rules as EncodeRecord and DecodeRecord.
void EncodePartitionState(PartitionId partition, const PartitionState& state, std::string* out);
Result<PartitionState> DecodePartitionState(PartitionId partition, std::string_view bytes);

}  // namespace quoin::kv
