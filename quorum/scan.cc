#include "quorum/scan.h"

#include <glog/logging.h>

#include <algorithm>
#include <memory>
#include <queue>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "quorum/apply.h"

namespace quoin::quorum {
namespace {

// Expired keys that one page may ask the leaders about.
constexpr std::size_t kMaxToSettle = 256;

struct LaterKey {
  bool operator()(const kv::Cursor* a, const kv::Cursor* b) const { return a->key() > b->key(); }
};

// The first key that the page may hold.
std::string FirstKey(const ScanRequest& request) {
  if (!request.after || *request.after < request.prefix) return request.prefix;
  // The smallest byte string above `after`.
  return *request.after + '\0';
}

}  // namespace

Result<RawPage> ReadPage(const kv::Snapshot& snapshot, std::uint32_t partition_count, const ScanRequest& request,
                         kv::WallTime now) {
  CHECK_GE(request.limit, 1u);
  const std::string first = FirstKey(request);
  std::vector<std::unique_ptr<kv::Cursor>> cursors;
  std::priority_queue<kv::Cursor*, std::vector<kv::Cursor*>, LaterKey> next;
  const auto offer = [&](kv::Cursor* cursor) -> Status {
    if (!cursor->Valid()) return cursor->status();
    if (cursor->key().starts_with(request.prefix)) next.push(cursor);
    return Status::Ok();
  };
  for (std::uint32_t partition = 0; partition < partition_count; ++partition) {
    auto cursor = snapshot.Scan(PartitionId{partition}, first);
    QUOIN_RETURN_IF_ERROR(offer(cursor.get()));
    if (cursor->Valid() && cursor->key().starts_with(request.prefix)) cursors.push_back(std::move(cursor));
  }

  RawPage raw;
  std::size_t size_bytes = 0;
  while (!next.empty()) {
    kv::Cursor* cursor = next.top();
    next.pop();
    Result<kv::Record> record = cursor->record();
    if (!record.ok()) {
      return Status(record.code(),
                    "the record of key '" + Printable(cursor->key()) + "': " + record.status().message());
    }
    if (!record->tombstone) {
      const bool expired = IsExpired(*record, now);
      if (request.keys_only) record->value.clear();
      const std::size_t entry_bytes = cursor->key().size() + record->value.size();
      const bool full = raw.page.entries.size() == request.limit || raw.to_settle.size() == kMaxToSettle ||
                        (!raw.page.entries.empty() && size_bytes + entry_bytes > request.max_bytes);
      if (full) {
        raw.page.more = true;
        return raw;
      }
      if (expired) {
        raw.to_settle.emplace_back(cursor->key());
      } else {
        size_bytes += entry_bytes;
        raw.page.entries.push_back(
            {std::string(cursor->key()), std::make_shared<const kv::Record>(std::move(record).value())});
      }
      raw.examined_to = cursor->key();
    }
    cursor->Next();
    QUOIN_RETURN_IF_ERROR(offer(cursor));
  }
  return raw;
}

}  // namespace quoin::quorum
