// Keyspace: the whole key-value space as front ends see it. A lone node and a cluster are both behind it.
//
// Thread safety: called on any shard's thread; the callback is called exactly once, on the thread that called, possibly
// before the call returns. What one thread submits on one key takes effect in the order of submission.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "kv/record.h"
#include "quorum/operation.h"

namespace quoin::quorum {

// A page of keys in key order (bytes compared as unsigned), over all partitions.
struct ScanRequest {
  std::string prefix;
  std::optional<std::string> after;  // Only keys above this one: the last key of the page before.
  std::size_t limit = 100;           // Entries in the page; at least 1.
  std::size_t max_bytes = 1 << 20;   // Keys and values in the page; one entry is given however large it is.
  bool keys_only = false;            // Entries carry no value (records are still there for versions and types).
};
struct ScanEntry {
  std::string key;
  kv::RecordPtr record;  // Never a tombstone, never past its deadline.
};
struct ScanPage {
  std::vector<ScanEntry> entries;
  bool more = false;  // There may be keys after the last entry: ask again with `after` set to its key.
};
using ScanCallback = std::function<void(Result<ScanPage>)>;

class Keyspace {
 public:
  virtual ~Keyspace() = default;
  // A write without an id gets one. `sending` is about those that have one.
  virtual void Submit(Request request, const Sending& sending, ReplyCallback done) = 0;
  virtual void Scan(ScanRequest request, ScanCallback done) = 0;
};

}  // namespace quoin::quorum
