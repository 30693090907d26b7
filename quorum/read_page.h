// ReadPage: carries out a PageWanted. Blocks on the disk, so it runs where that is allowed.
#pragma once

#include <cstddef>

#include "kv/storage.h"
#include "quorum/page.h"

namespace quoin::quorum {

// Bounds: scan.limit records that aren't tombstones, kMaxBare others, scan.max_bytes of keys and values (one record is
// given however large it is), and kMaxLooked records looked at, so that a page with nothing to show ends, too.
// As long as a replica is down tombstones stay, and each step of a list passes so many of them: a queue may have left
// hundreds of thousands in front of the first key that there is.
inline constexpr std::size_t kMaxBare = 8192;
inline constexpr std::size_t kMaxLooked = 32768;

// Any thread. REQUIRES: wanted.scan.limit >= 1, and the snapshot was taken after the effect was put out.
PageFound ReadPage(const kv::Snapshot& snapshot, const PageWanted& wanted);

}  // namespace quoin::quorum
