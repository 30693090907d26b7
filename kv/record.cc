#include "kv/record.h"

#include <utility>

#include "kv/coding.h"

namespace quoin::kv {
namespace {

constexpr std::uint8_t kRecordFormat = 1;
// Only of records that are marked as expired, so that programs which don't know that mark read all others.
constexpr std::uint8_t kExpiredFormat = 2;

// The optional parts that follow, in this order. A part that is absent takes no byte, and a part that is there is never
// empty: that makes the encoding of a record unique.
enum Flag : std::uint8_t {
  kTombstone = 1 << 0,
  kHasDeadline = 1 << 1,
  kHasContentType = 1 << 2,
  kHasOperations = 1 << 3,
  kHasForgot = 1 << 4,
  kHasChanged = 1 << 5,        // `changed` is not `accepted`.
  kHasChangedBallot = 1 << 6,  // Nor is its ballot.
  kExpired = 1 << 7,  // Format 2, and always there.
};

// Signed numbers with small absolute values become small unsigned ones.
std::uint64_t ZigZag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
std::int64_t UnZigZag(std::uint64_t value) { return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1)); }

std::uint8_t FlagsOf(const Record& record) {
  unsigned flags = 0;
  if (record.tombstone) flags |= kTombstone;
  if (record.deadline) flags |= kHasDeadline;
  if (!record.content_type.empty()) flags |= kHasContentType;
  if (!record.operations.empty()) flags |= kHasOperations;
  if (record.forgot != Version{}) flags |= kHasForgot;
  if (record.changed != record.accepted) flags |= kHasChanged;
  if (record.changed.ballot != record.accepted.ballot) flags |= kHasChangedBallot;
  if (record.expired) flags |= kExpired;
  return static_cast<std::uint8_t>(flags);
}

void CheckInvariants(const Record& record) {
  CHECK(record.changed <= record.accepted && Version{} < record.changed)
      << "R1: changed " << record.changed << ", accepted " << record.accepted;
  CHECK(!record.tombstone || (record.value.empty() && record.content_type.empty() && !record.deadline)) << "R2";
  CHECK(!record.expired || record.tombstone) << "R2";
  CHECK_LE(record.operations.size(), kMaxRememberedOperations) << "R3";
  CHECK_LE(record.content_type.size(), kMaxContentTypeBytes);
  CHECK_LE(record.value.size(), kMaxValueBytes);
}

Status Damaged(std::string_view why) { return Status(Code::kDamaged, "a record " + std::string(why)); }

}  // namespace

void EncodeRecord(PartitionId partition, std::string_view key, const Record& record, std::string* out) {
  CheckInvariants(record);
  CHECK_LE(key.size(), kMaxKeyBytes);
  const std::size_t start = out->size();
  const std::uint8_t flags = FlagsOf(record);
  out->reserve(start + 128 + record.content_type.size() + record.value.size());

  BeginEnvelope(record.expired ? kExpiredFormat : kRecordFormat, out);
  out->push_back(static_cast<char>(flags));
  AppendVersion(record.accepted, out);
  if (flags & kHasChangedBallot) {
    AppendVersion(record.changed, out);
  } else if (flags & kHasChanged) {
    AppendVarint(record.changed.sequence, out);
  }
  if (flags & kHasForgot) AppendVersion(record.forgot, out);
  if (flags & kHasDeadline) AppendVarint(ZigZag(record.deadline->time_since_epoch().count()), out);
  if (flags & kHasContentType) {
    AppendVarint(record.content_type.size(), out);
    out->append(record.content_type);
  }
  if (flags & kHasOperations) {
    out->push_back(static_cast<char>(record.operations.size()));
    for (const RememberedOperation& operation : record.operations) {
      CHECK_LE(operation.result.size(), kMaxResultBytes);
      AppendFixed64(operation.id.client, out);
      AppendVarint(operation.id.number, out);
      AppendVarint(operation.result.size(), out);
      out->append(operation.result);
    }
  }
  out->append(record.value);
  SealEnvelope(StoredKind::kRecord, partition, key, start, out);
}

Result<Record> DecodeRecord(PartitionId partition, std::string_view key, std::string_view bytes) {
  std::string_view payload;
  QUOIN_RETURN_IF_ERROR(OpenEnvelope(StoredKind::kRecord, kExpiredFormat, partition, key, "a record", bytes, &payload));
  // From here on the bytes are what some program wrote; what can still be wrong is that program, or bytes made to match
  // the checksum.
  ByteReader reader(payload);
  Record record;
  const std::uint8_t flags = reader.Byte();
  const bool is_expired_format = static_cast<std::uint8_t>(bytes[0]) == kExpiredFormat;
  if (((flags & kExpired) != 0) != is_expired_format) return Damaged("has flags that its format does not have");
  record.tombstone = flags & kTombstone;
  record.expired = flags & kExpired;
  record.accepted = reader.ReadVersion();
  record.changed = record.accepted;
  if (flags & kHasChangedBallot) {
    record.changed = reader.ReadVersion();
  } else if (flags & kHasChanged) {
    record.changed.sequence = reader.Varint();
  }
  if (flags & kHasForgot) record.forgot = reader.ReadVersion();
  if (flags & kHasDeadline) record.deadline = WallTime(std::chrono::milliseconds(UnZigZag(reader.Varint())));
  if (flags & kHasContentType) record.content_type = reader.Sized(1, kMaxContentTypeBytes);
  if (flags & kHasOperations) {
    const std::size_t count = reader.Byte();
    if (count > kMaxRememberedOperations) return Damaged("remembers too many operations");
    record.operations.reserve(count);
    for (std::size_t i = 0; i < count && reader.ok(); ++i) {
      RememberedOperation& operation = record.operations.emplace_back();
      operation.id.client = reader.Fixed64();
      operation.id.number = reader.Varint();
      operation.result = reader.Sized(0, kMaxResultBytes);
    }
  }
  if (!reader.ok()) return Damaged("is cut short or not in canonical form");
  if (reader.rest().size() > kMaxValueBytes) return Damaged("has too long a value");
  record.value = reader.rest();
  // A flag that announces what then isn't there would be a second encoding of the same record.
  if (FlagsOf(record) != flags) return Damaged("is not in canonical form");
  if (record.changed > record.accepted || record.changed == Version{}) return Damaged("breaks the order of versions");
  if (record.tombstone && (!record.value.empty() || !record.content_type.empty() || record.deadline)) {
    return Damaged("is a tombstone with a value");
  }
  if (record.expired && !record.tombstone) return Damaged("has expired and is there");
  return record;
}

}  // namespace quoin::kv
