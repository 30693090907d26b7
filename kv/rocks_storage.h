// RocksStorage: the storage engine that keeps its data on a disk, in RocksDB. What each failure of the disk leads to
// stands in docs/storage-format.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/status.h"
#include "kv/space_guard.h"
#include "kv/storage.h"

namespace rocksdb {
class FileSystem;
class SystemClock;
}  // namespace rocksdb

namespace quoin::kv {

struct RocksOptions {
  std::string directory;
  // Of a directory that is made now; an existing one keeps its own.
  std::uint32_t partition_count = 256;
  // What an existing directory must belong to, and a new one will. Without it a new directory gets a new cluster.
  std::optional<ClusterId> cluster;
  bool joins = false;  // Of a directory that is made now: see Identity.
  // Memory for what was read: blocks, indexes, filters.
  std::uint64_t cache_bytes = std::uint64_t{256} << 20;
  // Memory for what was written and is not in a table file yet, before it goes to one. At most four times as much is
  // held, and as much log is on the disk. Each write looks for its place in all of it, mostly past the processor's
  // caches, so more is slower.
  std::uint64_t memtable_bytes = std::uint64_t{12} << 20;
  // Tables kept open; beyond, the engine closes what it hasn't used for the longest. Logs and the like come on top.
  int max_open_files = 1024;
  // Writes are refused when less than this is free on the disk.
  std::uint64_t reserve_bytes = std::uint64_t{128} << 20;

  // For tests; empty means the system's own.
  std::shared_ptr<rocksdb::FileSystem> file_system;
  std::shared_ptr<rocksdb::SystemClock> engine_clock;
  FreeBytes free_bytes;
  SteadyNow now;
};

// Opens the data directory, making it when there is none. Errors: kInUse, kIncompatible (of another cluster, half-made,
// newer than this program, or not a data directory), kDamaged, kDiskFull, kIo, kInvalid.
Result<std::unique_ptr<Storage>> OpenRocksStorage(RocksOptions options);
// Whether OpenRocksStorage would find an engine there rather than make one. Any thread.
bool HasEngine(const std::string& directory);

}  // namespace quoin::kv
