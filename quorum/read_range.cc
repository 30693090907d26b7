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
  for (; cursor->Valid(); cursor->Next()) {
    if (range.to && cursor->key() >= *range.to) return found;
    if (found.entries.size() == range.limit) {
      found.next = std::string(cursor->key());
      return found;
    }
    Result<kv::Record> record = cursor->record();
    found.entries.push_back(
        {std::string(cursor->key()), record.ok() ? std::make_shared<const kv::Record>(*std::move(record)) : nullptr});
  }
  found.status = cursor->status();
  return found;
}

}  // namespace quoin::quorum
