// GenerationChain: notices when the engine has lost a whole memtable's worth of writes from the middle of its history.
//
// The engine takes a manifest whose tail is damaged for one that was torn by a crash, and then forgets table files
// whose log is long gone; nor does it miss an older log once a newer one is there. So each generation (what one
// memtable and its log hold) leaves a numbered marker: the first batch of a generation puts it, atomically with its own
// changes. The newest marker says where the chain begins, and when the engine is opened every marker from there on must
// be present. That the newest generations are there is AcknowledgedMark's part.
//
// Invariants:
//   G1  a generation's number is used up only by a batch that is durable, so the chain has no holes of its own making;
//   G2  the chain begins at the last generation of the session before: what that one wrote is noticed too.
//
// Thread safety: none; belongs to the thread that writes.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <cstdint>

#include "base/status.h"

namespace quoin::kv {

class GenerationChain {
 public:
  // Reads the chain. kDamaged when a link is missing.
  static Result<GenerationChain> Load(rocksdb::DB& db);

  // Whether the next batch is to carry a marker.
  bool due() const { return due_; }
  void AddMarker(rocksdb::WriteBatch* batch) const;
  // The batch with the marker is durable.
  void Confirm();
  // A new memtable and a new log have begun.
  void BeginGeneration() { due_ = true; }

 private:
  GenerationChain(std::uint64_t first, std::uint64_t newest) : first_(first), newest_(newest) {}

  std::uint64_t first_;   // Where the chain begins that the next marker continues.
  std::uint64_t newest_;  // 0: there is none yet.
  bool due_ = true;
};

}  // namespace quoin::kv
