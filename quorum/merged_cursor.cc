#include "quorum/merged_cursor.h"

#include <utility>

namespace quoin::quorum {
namespace {

// The first key that the scan may give.
std::string FirstKey(const ScanRequest& scan) {
  if (!scan.after || *scan.after < scan.prefix) return scan.prefix;
  // The smallest byte string above `after`.
  return *scan.after + '\0';
}

}  // namespace

MergedCursor::MergedCursor(const kv::Snapshot& snapshot, const std::vector<PartitionId>& partitions,
                           const ScanRequest& scan)
    : prefix_(scan.prefix) {
  const std::string first = FirstKey(scan);
  for (std::size_t place = 0; place < partitions.size(); ++place) {
    auto source = std::make_unique<Source>(partitions[place], place, snapshot.Scan(partitions[place], first));
    // Most partitions hold nothing under a long prefix, and a cursor holds on to what it looks at.
    if (Offer(source.get())) sources_.push_back(std::move(source));
  }
}

bool MergedCursor::Offer(Source* source) {
  if (!source->cursor->Valid()) {
    if (status_.ok()) status_ = source->cursor->status();
    return false;
  }
  if (!source->cursor->key().starts_with(prefix_)) return false;
  next_.push(source);
  return true;
}

void MergedCursor::Next() {
  Source* source = next_.top();
  next_.pop();
  source->cursor->Next();
  Offer(source);
}

}  // namespace quoin::quorum
