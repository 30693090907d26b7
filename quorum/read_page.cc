#include "quorum/read_page.h"

#include <glog/logging.h>

#include <memory>
#include <utility>

#include "quorum/merged_cursor.h"

namespace quoin::quorum {

PageFound ReadPage(const kv::Snapshot& snapshot, const PageWanted& wanted) {
  CHECK_GE(wanted.scan.limit, 1u);
  std::vector<PartitionId> partitions;
  for (const PagePart& part : wanted.parts) partitions.push_back(part.partition);
  MergedCursor cursor(snapshot, partitions, wanted.scan);

  PageFound found;
  std::string last;
  std::size_t full_records = 0;
  std::size_t bare_records = 0;
  std::size_t size_bytes = 0;
  for (std::size_t looked = 0; cursor.Valid(); ++looked, cursor.Next()) {
    if (wanted.alone && cursor.key() != wanted.scan.prefix) break;
    PagedKey entry{.key = std::string(cursor.key()), .partition = cursor.partition()};
    Result<kv::Record> record = cursor.record();
    const bool bare = !record.ok() || record->tombstone;
    // It may be purged at any moment, and may be gone elsewhere already.
    const bool purgeable = record.ok() && bare && record->accepted <= wanted.parts[cursor.place()].floor;
    const bool passed_over = purgeable || (record.ok() && wanted.above && record->accepted <= *wanted.above);
    if (record.ok()) {
      record->operations.clear();
      if (wanted.scan.keys_only) record->value.clear();
    }
    const std::size_t entry_bytes = entry.key.size() + (record.ok() ? record->value.size() : 0);
    const bool full = bare ? bare_records == kMaxBare : full_records == wanted.scan.limit;
    const bool too_large = !found.keys.empty() && size_bytes + entry_bytes > wanted.scan.max_bytes;
    if (looked == kMaxLooked || (!passed_over && (full || too_large))) {
      found.examined_to = std::move(last);
      return found;
    }
    last = entry.key;
    if (passed_over) continue;
    ++(bare ? bare_records : full_records);
    size_bytes += entry_bytes;
    if (record.ok()) entry.record = std::make_shared<const kv::Record>(*std::move(record));
    found.keys.push_back(std::move(entry));
  }
  found.status = cursor.status();
  return found;
}

}  // namespace quoin::quorum
