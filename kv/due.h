// DueKey: the storage's note that a record wants to be looked at, from a certain time on: when its deadline passes, or
// at once because it is a tombstone. Batch::PutRecord leaves the note with the record; whoever has looked takes it away
// (Batch::EraseDue). So nobody has to read all records to find the few that have run out.
//
// A note may be stale: the record may have been replaced since. It is only a reason to look.
#pragma once

#include <compare>
#include <optional>
#include <string>

#include "base/ids.h"
#include "kv/record.h"

namespace quoin::kv {

struct DueKey {
  WallTime due;
  PartitionId partition;
  std::string key;

  friend auto operator<=>(const DueKey&, const DueKey&) = default;
};

// Of tombstones.
inline constexpr WallTime kDueAtOnce{};

// When a record with this state is due; nullopt: never.
inline std::optional<WallTime> DueOf(const Record& record) {
  return record.tombstone ? std::optional(kDueAtOnce) : record.deadline;
}

}  // namespace quoin::kv
