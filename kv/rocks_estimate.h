// How much a partition holds in RocksDB, from what the engine knows of its files and memtables.
#pragma once

#include <rocksdb/db.h>

#include "base/ids.h"
#include "kv/storage.h"

namespace quoin::kv {

// As Snapshot::Estimate. Reads index blocks, so it may block on the disk; what can't be read counts nothing. Erased and
// replaced revisions count until they are compacted away, and memtables know their number of entries only roughly.
PartitionEstimate EstimatePartition(rocksdb::DB& db, PartitionId partition);

}  // namespace quoin::kv
