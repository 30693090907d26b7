#include "quorum/scan.h"

#include <glog/logging.h>

#include <memory>
#include <utility>

#include "base/text.h"
#include "quorum/apply.h"
#include "quorum/merged_cursor.h"

namespace quoin::quorum {
namespace {

// Expired keys that one page may ask the leaders about.
constexpr std::size_t kMaxToSettle = 256;

}  // namespace

Result<RawPage> ReadPage(const kv::Snapshot& snapshot, std::uint32_t partition_count, const ScanRequest& request,
                         kv::WallTime now) {
  CHECK_GE(request.limit, 1u);
  std::vector<PartitionId> partitions;
  for (std::uint32_t partition = 0; partition < partition_count; ++partition) partitions.push_back({partition});
  MergedCursor cursor(snapshot, partitions, request);

  RawPage raw;
  std::size_t size_bytes = 0;
  for (; cursor.Valid(); cursor.Next()) {
    Result<kv::Record> record = cursor.record();
    if (!record.ok()) {
      return Status(record.code(), "the record of key '" + Printable(cursor.key()) + "': " + record.status().message());
    }
    if (!record->tombstone) {
      const bool expired = IsExpired(*record, now);
      if (request.keys_only) record->value.clear();
      const std::size_t entry_bytes = cursor.key().size() + record->value.size();
      const bool full = raw.page.entries.size() == request.limit || raw.to_settle.size() == kMaxToSettle ||
                        (!raw.page.entries.empty() && size_bytes + entry_bytes > request.max_bytes);
      if (full) {
        raw.page.more = true;
        return raw;
      }
      if (expired) {
        raw.to_settle.emplace_back(cursor.key());
      } else {
        size_bytes += entry_bytes;
        raw.page.entries.push_back(
            {std::string(cursor.key()), std::make_shared<const kv::Record>(std::move(record).value())});
      }
      raw.examined_to = cursor.key();
    }
  }
  QUOIN_RETURN_IF_ERROR(cursor.status());
  return raw;
}

}  // namespace quoin::quorum
