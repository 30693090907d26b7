// ReadPage: one page of a scan over all partitions, in key order, from one snapshot of the storage.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "kv/storage.h"
#include "quorum/keyspace.h"

namespace quoin::quorum {

// A page as far as a snapshot can tell it. A record whose deadline has passed is not simply left out: only its leader
// may say that it is gone, after a tombstone (design section 4.5), so such keys are listed for the caller to ask.
struct RawPage {
  ScanPage page;                       // Live entries, in order.
  std::vector<std::string> to_settle;  // Keys past their deadline within the page's range, in order.
  std::string examined_to;             // When page.more: the last key that was looked at, settled or not.
};

// Merges the partitions 0 .. partition_count-1. Blocks on the disk: never call it on a shard's thread. kDamaged names
// the key whose record fails its checksum. REQUIRES: request.limit >= 1.
Result<RawPage> ReadPage(const kv::Snapshot& snapshot, std::uint32_t partition_count, const ScanRequest& request,
                         kv::WallTime now);

}  // namespace quoin::quorum
