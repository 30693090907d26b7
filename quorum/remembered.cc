#include "quorum/remembered.h"

#include <glog/logging.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <variant>

namespace quoin::quorum {
namespace {

// outcome, flags, version (3 x 8 bytes, little-endian), text
constexpr std::size_t kHeadBytes = 26;
constexpr std::size_t kMaxTextBytes = 200;
static_assert(kHeadBytes + kMaxTextBytes <= kv::kMaxResultBytes);

enum Flag : std::uint8_t {
  kCreated = 1 << 0,
  kHasValue = 1 << 1,    // The text is the value of the answer's record.
  kIncomplete = 1 << 2,  // The answer held more than fits.
};

void AppendU64(std::uint64_t value, std::string* out) {
  for (int shift = 0; shift < 64; shift += 8) out->push_back(static_cast<char>(value >> shift));
}
std::uint64_t ReadU64(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value |= std::uint64_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
  return value;
}
kv::Version ReadVersion(std::string_view bytes) {
  return {{ReadU64(bytes), NodeId{ReadU64(bytes.substr(8))}}, ReadU64(bytes.substr(16))};
}
void AppendVersion(const kv::Version& version, std::string* out) {
  AppendU64(version.ballot.round, out);
  AppendU64(version.ballot.node.value, out);
  AppendU64(version.sequence, out);
}

// `version` is that of the proposal which remembers; the answer's own may be an older one (a refused condition).
std::string Encode(const Request& request, const Reply& reply, const kv::Version& version, const kv::Record& next) {
  std::uint8_t flags = reply.created ? kCreated : 0;
  std::string text;
  if (reply.outcome == Outcome::kDone && std::holds_alternative<Increment>(request.operation)) {
    flags |= kHasValue;
    text = next.value;
  } else if (reply.outcome == Outcome::kDone && std::holds_alternative<Swap>(request.operation) && !reply.created) {
    flags |= kIncomplete;
  } else if (reply.outcome == Outcome::kRejected) {
    text = reply.status.message().substr(0, kMaxTextBytes);
  }
  std::string bytes;
  bytes.push_back(static_cast<char>(reply.outcome));
  bytes.push_back(static_cast<char>(flags));
  AppendVersion(version, &bytes);
  CHECK_LE(text.size(), kMaxTextBytes);
  return bytes + text;
}

kv::Version ProposedUnder(const kv::RememberedOperation& operation, const kv::Version& otherwise) {
  return operation.result.size() < kHeadBytes ? otherwise : ReadVersion(std::string_view(operation.result).substr(2));
}

}  // namespace

void Remember(const Request& request, const Reply& reply, const kv::Version& version, kv::Record* record) {
  if (record->operations.size() == kv::kMaxRememberedOperations) {
    record->forgot = std::max(record->forgot, ProposedUnder(record->operations.front(), record->accepted));
    record->operations.erase(record->operations.begin());
  }
  record->operations.push_back({request.id, Encode(request, reply, version, *record)});
}

std::optional<Reply> FindRemembered(const Request& request, const kv::RecordPtr& newest) {
  if (newest == nullptr) return std::nullopt;
  const auto found = std::find_if(newest->operations.begin(), newest->operations.end(),
                                  [&](const kv::RememberedOperation& operation) { return operation.id == request.id; });
  if (found == newest->operations.end()) return std::nullopt;
  Reply reply;
  const std::string_view bytes = found->result;
  const auto outcome = bytes.size() < kHeadBytes ? Outcome::kError : static_cast<Outcome>(bytes[0]);
  const auto flags = bytes.size() < kHeadBytes ? std::uint8_t{kIncomplete} : static_cast<std::uint8_t>(bytes[1]);
  if (outcome >= Outcome::kError || (flags & kIncomplete)) {
    reply.outcome = Outcome::kError;
    reply.status = Status(Code::kUnknown, "an earlier copy took effect, and its answer is no longer known");
    return reply;
  }
  reply.outcome = outcome;
  reply.created = flags & kCreated;
  const kv::Version version = ReadVersion(bytes.substr(2));
  const std::string_view text = bytes.substr(kHeadBytes);
  if (outcome == Outcome::kRejected) reply.status = Status(Code::kInvalid, std::string(text));
  if (outcome != Outcome::kDone) return reply;
  reply.changed = version;
  if (newest->changed == version && !newest->tombstone) {
    reply.record = newest;
  } else if (flags & kHasValue) {
    kv::Record record;
    record.accepted = version;
    record.changed = version;
    record.value = text;
    reply.record = std::make_shared<const kv::Record>(std::move(record));
  }
  return reply;
}

}  // namespace quoin::quorum
