#include "kv/rocks_estimate.h"

#include <rocksdb/slice.h>
#include <rocksdb/table_properties.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "kv/engine_keys.h"
#include "kv/record.h"

namespace quoin::kv {
namespace {

// What the engine and the record's own head add to a key and its value, with one remembered operation.
std::uint64_t OverheadBytes() {
  constexpr std::uint64_t kEngineKeyBytes = kEnginePrefixBytes + 8;  // With the engine's sequence number.
  static const std::uint64_t overhead = [] {
    Record record;
    record.accepted = record.changed = Version{{1, NodeId{~std::uint64_t{0}}}, 1};
    record.operations.push_back({OperationId{~std::uint64_t{0}, 1}, {}});
    std::string encoded;
    EncodeRecord(PartitionId{0}, {}, record, &encoded);
    return kEngineKeyBytes + encoded.size();
  }();
  return overhead;
}

}  // namespace

PartitionEstimate EstimatePartition(rocksdb::DB& db, PartitionId partition) {
  const EnginePrefix begin = EnginePrefix::OfRecords(partition);
  const EnginePrefix end = begin.End();
  const rocksdb::Range range(rocksdb::Slice(begin.view().data(), begin.view().size()),
                             rocksdb::Slice(end.view().data(), end.view().size()));
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  db.GetApproximateMemTableStats(range, &entries, &bytes);
  std::uint64_t size_in_files = 0;
  rocksdb::TablePropertiesCollection tables;
  const bool known =
      db.GetApproximateSizes(&range, 1, &size_in_files, rocksdb::DB::SizeApproximationFlags::INCLUDE_FILES).ok() &&
      db.GetPropertiesOfTablesInRange(db.DefaultColumnFamily(), &range, 1, &tables).ok();
  double table_bytes = 0;
  double raw_bytes = 0;
  double table_entries = 0;
  for (const auto& [name, table] : tables) {
    table_bytes += static_cast<double>(table->data_size);
    raw_bytes += static_cast<double>(table->raw_key_size + table->raw_value_size);
    table_entries += static_cast<double>(table->num_entries - std::min(table->num_entries, table->num_deletions));
  }
  if (known && table_bytes > 0) {
    const double part = std::min(1.0, static_cast<double>(size_in_files) / table_bytes);
    entries += static_cast<std::uint64_t>(part * table_entries);
    bytes += static_cast<std::uint64_t>(part * raw_bytes);
  }
  return {entries, bytes - std::min(bytes, entries * OverheadBytes())};
}

}  // namespace quoin::kv
