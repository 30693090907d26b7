#include "tests/simulation/observer_equality.h"

#include <glog/logging.h>

#include <memory>
#include <sstream>

#include "kv/record.h"

namespace quoin::simulation {
namespace {

std::string Describe(const kv::Record& record) {
  std::ostringstream text;
  text << (record.tombstone ? "a tombstone " : "a record ") << record.accepted << " changed at " << record.changed;
  return text.str();
}

std::string At(const kv::Cursor& cursor) {
  if (!cursor.Valid()) return "nothing more";
  const Result<kv::Record> record = cursor.record();
  return (record.ok() ? Describe(*record) : "a damaged record") + " of key " + std::string(cursor.key());
}

kv::Version FloorOf(const kv::Storage& storage, PartitionId partition) {
  const auto state = storage.GetPartitionState(partition);
  return state.ok() && *state ? (*state)->purge_floor : kv::Version{};
}

bool Same(const kv::Cursor& a, const kv::Cursor& b) {
  if (a.Valid() != b.Valid()) return false;
  if (!a.Valid()) return true;
  if (a.key() != b.key()) return false;
  const Result<kv::Record> ours = a.record();
  const Result<kv::Record> theirs = b.record();
  return ours.ok() && theirs.ok() && *ours == *theirs;
}

std::optional<std::string> Difference(const ObservedReplica& a, const ObservedReplica& b, PartitionId partition) {
  std::ostringstream text;
  text << "I9: in partition " << partition << " node " << a.node << " has ";
  const auto snapshot_a = a.storage->TakeSnapshot();
  const auto snapshot_b = b.storage->TakeSnapshot();
  const auto cursor_a = snapshot_a->Scan(partition, "");
  const auto cursor_b = snapshot_b->Scan(partition, "");
  while (Same(*cursor_a, *cursor_b)) {
    if (!cursor_a->Valid()) {
      const kv::Version floor_a = FloorOf(*a.storage, partition);
      const kv::Version floor_b = FloorOf(*b.storage, partition);
      if (floor_a == floor_b) return std::nullopt;
      text << "floor " << floor_a << " and node " << b.node << " floor " << floor_b;
      return text.str();
    }
    cursor_a->Next();
    cursor_b->Next();
  }
  text << At(*cursor_a) << " and node " << b.node << " " << At(*cursor_b);
  return text.str();
}

}  // namespace

std::optional<std::string> FirstDifference(const std::vector<ObservedReplica>& replicas, PartitionId partition) {
  for (std::size_t i = 1; i < replicas.size(); ++i) {
    if (auto difference = Difference(replicas[0], replicas[i], partition)) return difference;
  }
  return std::nullopt;
}

std::uint64_t CountTombstones(const kv::Storage& storage, PartitionId partition) {
  std::uint64_t count = 0;
  const auto snapshot = storage.TakeSnapshot();
  for (const auto cursor = snapshot->Scan(partition, ""); cursor->Valid(); cursor->Next()) {
    const Result<kv::Record> record = cursor->record();
    if (record.ok() && record->tombstone) ++count;
  }
  return count;
}

}  // namespace quoin::simulation
