// Ballots, versions, keys and records.
#include "net/peer_codec_read.h"

#include <memory>
#include <utility>

#include "net/peer_codec.h"
#include "ring/partition.h"

namespace quoin::net::peer_wire {
namespace {

// What quorum/remembered.h writes first into a result is the outcome, a small number.
bool IsResult(std::string_view result) { return result.empty() || static_cast<unsigned char>(result[0]) < 0x80; }

kv::RememberedOperation TakeOperation(In in) {
  kv::RememberedOperation operation;
  while (in.Next()) {
    if (in.Is(1)) operation.id.client = in.Fixed();
    if (in.Is(2)) operation.id.number = in.Uint();
    if (in.Is(3)) {
      operation.result = TakeText(in, kv::kMaxResultBytes, "the result of a remembered operation");
      if (!IsResult(operation.result)) in.Fail("a remembered operation has a result without an outcome");
    }
  }
  return operation;
}

bool IsLedWith(const kv::Ballot& ballot) {
  return ballot.round >= 1 && ballot.round <= kMaxCount && ballot.node != NodeId{};
}

bool IsWritten(const kv::Version& version) {
  return IsLedWith(version.ballot) && version.sequence >= 1 && version.sequence <= kMaxCount;
}

void FailVersion(In& in, const kv::Version& version) {
  in.Fail("version round " + std::to_string(version.ballot.round) + ", node " + version.ballot.node.ToString() +
          ", sequence " + std::to_string(version.sequence) +
          "; rounds and sequences are 1 to 2^62, and the node is not zero");
}

// R1 to R3 and the bounds of kv/record.h.
void CheckRecord(const kv::Record& record, In& in) {
  if (!in.good()) return;
  if (!IsWritten(record.accepted)) return FailVersion(in, record.accepted);
  if (!IsWritten(record.changed)) return FailVersion(in, record.changed);
  if (record.changed > record.accepted) return in.Fail("a record was changed by a later proposal than its own");
  if (record.tombstone && (!record.value.empty() || !record.content_type.empty() || record.deadline)) {
    return in.Fail("a tombstone has a value, a content type or a deadline; none is right");
  }
  if (record.expired && !record.tombstone) return in.Fail("a record is there and has expired; one of both is right");
}

}  // namespace

kv::Ballot TakeAnyBallot(In in) {
  kv::Ballot ballot;
  while (in.Next()) {
    if (in.Is(1)) ballot.round = in.Uint();
    if (in.Is(2)) ballot.node.value = in.Fixed();
  }
  return ballot;
}

kv::Version TakeAnyVersion(In in) {
  kv::Version version;
  while (in.Next()) {
    if (in.Is(1)) version.ballot.round = in.Uint();
    if (in.Is(2)) version.ballot.node.value = in.Fixed();
    if (in.Is(3)) version.sequence = in.Uint();
  }
  return version;
}

kv::Ballot TakeBallot(In in) {
  const kv::Ballot ballot = TakeAnyBallot(in);
  if (IsLedWith(ballot) || ballot == kv::Ballot{}) return ballot;
  in.Fail("ballot round " + std::to_string(ballot.round) + ", node " + ballot.node.ToString() +
          "; a round of 1 to 2^62 and a node that is not zero are right, or neither");
  return {};
}

kv::Version TakeFloor(In in) {
  const kv::Version version = TakeAnyVersion(in);
  if (version == kv::Version{} || (IsLedWith(version.ballot) && version.sequence <= kMaxCount)) return version;
  FailVersion(in, version);
  return {};
}

kv::Version TakeVersion(In in) {
  const kv::Version version = TakeAnyVersion(in);
  if (!IsWritten(version)) FailVersion(in, version);
  return version;
}

std::string TakeKey(In& in, const char* what) {
  const std::string_view key = in.Bytes();
  if (in.good() && !key.empty() && key.size() <= kv::kMaxKeyBytes) return std::string(key);
  in.Fail(std::string(what) + " has " + std::to_string(key.size()) + " bytes; 1 to " +
          std::to_string(kv::kMaxKeyBytes) + " are right");
  return {};
}

std::string_view TakeText(In& in, std::size_t most, const char* what) {
  const std::string_view text = in.Bytes();
  if (text.size() <= most) return text;
  in.Fail(std::string(what) + " has " + std::to_string(text.size()) + " bytes; at most " + std::to_string(most) +
          " are right");
  return {};
}

kv::RecordPtr TakeRecord(In in) {
  auto record = std::make_shared<kv::Record>();
  bool has_changed = false;
  while (in.Next()) {
    if (in.Is(1)) record->accepted = TakeAnyVersion(in.Message());
    if (in.Is(2)) {
      record->changed = TakeAnyVersion(in.Message());
      has_changed = true;
    }
    if (in.Is(3)) record->forgot = TakeFloor(in.Message());
    if (in.Is(4)) record->tombstone = in.Bool();
    if (in.Is(5)) record->deadline = kv::WallTime(std::chrono::milliseconds(in.Sint()));
    if (in.Is(6)) record->content_type = TakeText(in, kv::kMaxContentTypeBytes, "a content type");
    if (in.Is(7)) {
      if (record->operations.size() == kv::kMaxRememberedOperations) {
        in.Fail("a record remembers more than " + std::to_string(kv::kMaxRememberedOperations) + " operations");
        return nullptr;
      }
      record->operations.push_back(TakeOperation(in.Message()));
    }
    if (in.Is(8)) record->value = TakeText(in, kv::kMaxValueBytes, "a value");
    if (in.Is(9)) record->expired = in.Bool();
  }
  if (!has_changed) record->changed = record->accepted;
  CheckRecord(*record, in);
  return record;
}

PartitionId TakeDataPartition(In& in) {
  return PartitionId{static_cast<std::uint32_t>(in.Uint(ring::kMaxPartitionCount - 1))};
}

}  // namespace quoin::net::peer_wire
