// Blocks of the engine's tables that hold one kind of key each (kv/engine_keys.h). The engine checks its bytes block by
// block, so a damaged byte takes its whole block along: with this, damage to a client's record never takes a partition's
// state, the ring or the identity with it, without which the node could not start.
//
// Thread safety: as RocksDB wants it: the factory is shared, a policy belongs to one table builder.
#pragma once

#include <memory>

namespace rocksdb {
class FlushBlockPolicyFactory;
}

namespace quoin::kv {

// Ends a block where it is full, as usual, where the first byte of the keys changes, and where the records of clients'
// partitions end: partitions from 0xff000000 hold what the cluster itself keeps, such as the ring.
std::shared_ptr<rocksdb::FlushBlockPolicyFactory> BlocksOfOneTag();

}  // namespace quoin::kv
