#include "quorum/remembered.h"

#include <glog/logging.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>

namespace quoin::quorum {
namespace {

// outcome; flags; how many bytes the round (low four bits) and the sequence have; round, node (8 bytes) and sequence,
// little-endian; text. Mostly 15 bytes, which a std::string keeps without an allocation: every write copies the results
// of the operations before it.
constexpr std::size_t kMostHeadBytes = 27;
constexpr std::size_t kMaxTextBytes = 200;
static_assert(kMostHeadBytes + kMaxTextBytes <= kv::kMaxResultBytes);

enum Flag : std::uint8_t {
  kCreated = 1 << 0,
  kHasValue = 1 << 1,    // The text is the value of the answer's record.
  kIncomplete = 1 << 2,  // The answer held more than fits.
  kShort = 1 << 3,       // Always set. Results without it are of an earlier format, and count as not understood.
};

struct FirstResult {
  Outcome outcome = Outcome::kError;
  std::uint8_t flags = 0;
  kv::Version version;  // Of the proposal.
  std::string_view text;
};

unsigned BytesIn(std::uint64_t value) { return (static_cast<unsigned>(std::bit_width(value)) + 7) / 8; }

void AppendNumber(std::uint64_t value, unsigned bytes, std::string* out) {
  for (unsigned i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}
std::uint64_t ReadNumber(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value |= std::uint64_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
  return value;
}

// nullopt: not what this program writes.
std::optional<FirstResult> Decode(std::string_view bytes) {
  if (bytes.size() < 3) return std::nullopt;
  FirstResult result{.outcome = static_cast<Outcome>(bytes[0]), .flags = static_cast<std::uint8_t>(bytes[1])};
  const std::size_t round_bytes = static_cast<std::uint8_t>(bytes[2]) & 15;
  const std::size_t sequence_bytes = static_cast<std::uint8_t>(bytes[2]) >> 4;
  const std::size_t head_bytes = 3 + round_bytes + 8 + sequence_bytes;
  const bool known = (result.flags & kShort) && static_cast<std::uint8_t>(bytes[0]) < static_cast<int>(Outcome::kError);
  if (!known || round_bytes > 8 || sequence_bytes > 8 || bytes.size() < head_bytes) return std::nullopt;
  result.version.ballot.round = ReadNumber(bytes.substr(3, round_bytes));
  result.version.ballot.node.value = ReadNumber(bytes.substr(3 + round_bytes, 8));
  result.version.sequence = ReadNumber(bytes.substr(3 + round_bytes + 8, sequence_bytes));
  result.text = bytes.substr(head_bytes);
  return result;
}

// `version` is that of the proposal which remembers; the answer's own may be an older one (a refused condition).
std::string Encode(const Request& request, const Reply& reply, const kv::Version& version, const kv::Record& next) {
  std::uint8_t flags = kShort | (reply.created ? kCreated : 0);
  std::string text;
  if (reply.outcome == Outcome::kDone && std::holds_alternative<Increment>(request.operation)) {
    flags |= kHasValue;
    text = next.value;
  } else if (reply.outcome == Outcome::kDone && std::holds_alternative<Swap>(request.operation) && !reply.created) {
    flags |= kIncomplete;
  } else if (reply.outcome == Outcome::kRejected) {
    text = reply.status.message().substr(0, kMaxTextBytes);
  }
  CHECK_LE(text.size(), kMaxTextBytes);
  const unsigned round_bytes = BytesIn(version.ballot.round);
  const unsigned sequence_bytes = BytesIn(version.sequence);
  std::string bytes;
  bytes.push_back(static_cast<char>(reply.outcome));
  bytes.push_back(static_cast<char>(flags));
  bytes.push_back(static_cast<char>(round_bytes | sequence_bytes << 4));
  AppendNumber(version.ballot.round, round_bytes, &bytes);
  AppendNumber(version.ballot.node.value, 8, &bytes);
  AppendNumber(version.sequence, sequence_bytes, &bytes);
  return bytes += text;
}

kv::Version ProposedUnder(const kv::RememberedOperation& operation, const kv::Version& otherwise) {
  const std::optional<FirstResult> result = Decode(operation.result);
  return result ? result->version : otherwise;
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
  const std::optional<FirstResult> result = Decode(found->result);
  if (!result || (result->flags & kIncomplete)) {
    reply.outcome = Outcome::kError;
    reply.status = Status(Code::kUnknown, "an earlier copy took effect, and its answer is no longer known");
    return reply;
  }
  reply.outcome = result->outcome;
  reply.created = result->flags & kCreated;
  const kv::Version& version = result->version;
  if (reply.outcome == Outcome::kRejected) reply.status = Status(Code::kInvalid, std::string(result->text));
  if (reply.outcome != Outcome::kDone) return reply;
  reply.changed = version;
  if (newest->changed == version && !newest->tombstone) {
    reply.record = newest;
  } else if (result->flags & kHasValue) {
    kv::Record record;
    record.accepted = version;
    record.changed = version;
    record.value = result->text;
    reply.record = std::make_shared<const kv::Record>(std::move(record));
  }
  return reply;
}

}  // namespace quoin::quorum
