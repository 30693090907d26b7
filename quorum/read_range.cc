#include "quorum/read_range.h"

#include <memory>
#include <utility>

namespace quoin::quorum {

RangeFound ReadRange(const kv::Snapshot& snapshot, const RangeWanted& range) {
  RangeFound found;
  if (range.estimate) {
    const kv::PartitionEstimate estimate = snapshot.Estimate(range.partition);
    found.estimate = Amount{estimate.keys, estimate.bytes};
  }
  const std::unique_ptr<kv::Cursor> cursor = snapshot.Scan(range.partition, range.from);
  std::size_t bytes = 0;
  for (; cursor->Valid(); cursor->Next()) {
    if (range.to && cursor->key() >= *range.to) return found;
    if (found.entries.size() == range.limit || bytes >= range.max_bytes) {
      found.next = std::string(cursor->key());
      return found;
    }
    RangeFound::Entry& entry = found.entries.emplace_back();
    entry.key = cursor->key();
    if (const Result<kv::Record> record = cursor->record(); record.ok()) {
      entry.accepted = record->accepted;
      entry.tombstone = record->tombstone;
      entry.value_bytes = record->value.size();
    } else {
      entry.damaged = true;
    }
    bytes += entry.key.size() + entry.value_bytes;
  }
  found.status = cursor->status();
  return found;
}

}  // namespace quoin::quorum
