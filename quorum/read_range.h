// ReadRange: carries out a RangeWanted. Blocks on the disk, so it runs where that is allowed.
#pragma once

#include "kv/storage.h"
#include "quorum/effects.h"

namespace quoin::quorum {

RangeFound ReadRange(const kv::Snapshot& snapshot, const RangeWanted& range);

}  // namespace quoin::quorum
