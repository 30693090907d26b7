// Record: what a replica keeps for one key, and its byte format (docs/storage-format.md).
//
// A record is immutable once it is shared: readers hold a RecordPtr and never copy the value.
//
// Invariants:
//   R1  changed <= accepted; both are above the zero version in every stored record.
//   R2  a tombstone has no value, no content type and no deadline; nothing else is marked as expired.
//   R3  operations holds at most kMaxRememberedOperations, oldest first.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "kv/version.h"

namespace quoin::kv {

// Wall-clock time at the resolution in which deadlines are kept.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

// The id that a client gave to one request, so that a retry is known for what it is.
struct OperationId {
  std::uint64_t client = 0;
  std::uint64_t number = 0;

  friend auto operator<=>(const OperationId&, const OperationId&) = default;
};

// One operation that the record remembers, with its encoded result (its meaning belongs to `quorum`).
struct RememberedOperation {
  OperationId id;
  std::string result;  // At most kMaxResultBytes.

  friend bool operator==(const RememberedOperation&, const RememberedOperation&) = default;
};

inline constexpr std::size_t kMaxRememberedOperations = 16;
inline constexpr std::size_t kMaxResultBytes = 256;
inline constexpr std::size_t kMaxKeyBytes = 4096;
inline constexpr std::size_t kMaxContentTypeBytes = 256;
// The format's own bound; a node's --max_value_size is below it.
inline constexpr std::size_t kMaxValueBytes = std::size_t{64} << 20;

struct Record {
  Version accepted;  // Order in the protocol.
  Version changed;   // The proposal that last changed what users see: the ETag.
  Version forgot;    // The highest version whose operation id has been dropped.
  bool tombstone = false;
  bool expired = false;  // The tombstone took the place of a record whose deadline had passed.
  std::optional<WallTime> deadline;
  std::string content_type;
  std::vector<RememberedOperation> operations;
  std::string value;

  friend bool operator==(const Record&, const Record&) = default;
};

using RecordPtr = std::shared_ptr<const Record>;

// Appends the record's bytes to *out. The checksum covers partition and key too, so that bytes that ended up under
// another key are found out.
// REQUIRES: R1 to R3 and the bounds above hold.
void EncodeRecord(PartitionId partition, std::string_view key, const Record& record, std::string* out);

// kDamaged when the bytes are not what EncodeRecord made for this partition and key; kIncompatible when a newer program
// wrote them. Never reads outside `bytes`, whatever they are.
Result<Record> DecodeRecord(PartitionId partition, std::string_view key, std::string_view bytes);

}  // namespace quoin::kv
