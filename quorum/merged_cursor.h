// MergedCursor: walks the records of several partitions as if they were one, in the order of their keys (bytes compared
// as unsigned). Blocks on the disk, and is for one thread, as kv::Cursor is.
#pragma once

#include <cstddef>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "kv/storage.h"
#include "quorum/keyspace.h"

namespace quoin::quorum {

class MergedCursor {
 public:
  // The keys that the scan asks for, whatever its limits. The snapshot must outlive the cursor.
  MergedCursor(const kv::Snapshot& snapshot, const std::vector<PartitionId>& partitions, const ScanRequest& scan);
  MergedCursor(const MergedCursor&) = delete;
  MergedCursor& operator=(const MergedCursor&) = delete;

  // False at the end of the range, and once the disk has failed.
  bool Valid() const { return status_.ok() && !next_.empty(); }
  // REQUIRES of these: Valid(). The view holds until Next().
  std::string_view key() const { return next_.top()->cursor->key(); }
  PartitionId partition() const { return next_.top()->partition; }
  // Its place in the list of partitions.
  std::size_t place() const { return next_.top()->place; }
  // kDamaged when the record's bytes fail their checksum; the cursor can go on.
  Result<kv::Record> record() const { return next_.top()->cursor->record(); }
  void Next();
  // The disk's error; otherwise OK.
  const Status& status() const { return status_; }

 private:
  struct Source {
    Source(PartitionId its_partition, std::size_t its_place, std::unique_ptr<kv::Cursor> its_cursor)
        : partition(its_partition), place(its_place), cursor(std::move(its_cursor)) {}
    PartitionId partition;
    std::size_t place;
    std::unique_ptr<kv::Cursor> cursor;
  };
  struct LaterKey {
    bool operator()(const Source* a, const Source* b) const { return a->cursor->key() > b->cursor->key(); }
  };
  // False: there is nothing more in the range.
  bool Offer(Source* source);

  const std::string prefix_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::priority_queue<Source*, std::vector<Source*>, LaterKey> next_;
  Status status_;
};

}  // namespace quoin::quorum
