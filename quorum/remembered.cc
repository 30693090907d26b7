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
#include <vector>

#include "quorum/leader_replies.h"

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
  kFinished = 1 << 4,    // The client's ids up to this one are finished. No text; the version is the highest of theirs.
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

bool StandsForFinished(const kv::RememberedOperation& operation) {
  const std::optional<FirstResult> result = Decode(operation.result);
  return result && (result->flags & kFinished);
}

// Leaves the operation's version, which `forgot` rises to when it drops out.
void MarkFinished(kv::RememberedOperation* operation) {
  const std::size_t text_bytes = Decode(operation->result)->text.size();
  operation->result.resize(operation->result.size() - text_bytes);
  operation->result[1] = static_cast<char>(operation->result[1] | kFinished);
}

// Of each client's finished operations the newest stays and stands for the others. Otherwise every record would carry
// the last operations on its key for as long as it lives, and they mostly weigh more than its value.
void FoldFinished(const FinishedIds& finished, std::vector<kv::RememberedOperation>* operations) {
  const auto is_finished = [&](const kv::RememberedOperation& operation) {
    const auto below = finished.find(operation.id.client);
    return below != finished.end() && operation.id.number < below->second && Decode(operation.result);
  };
  auto kept = operations->end();  // From here on they stay.
  for (auto at = operations->end(); at != operations->begin();) {
    --at;
    const bool stands = StandsForFinished(*at);
    if (stands || is_finished(*at)) {
      const auto newer = std::find_if(kept, operations->end(), [&](const kv::RememberedOperation& other) {
        return other.id.client == at->id.client && StandsForFinished(other);
      });
      if (newer != operations->end()) {
        newer->id.number = std::max(newer->id.number, at->id.number);
        continue;
      }
      if (!stands) MarkFinished(&*at);
    }
    --kept;
    if (kept != at) *kept = std::move(*at);
  }
  operations->erase(operations->begin(), kept);
}

}  // namespace

void Remember(const Request& request, const Reply& reply, const kv::Version& version, const FinishedIds& finished,
              kv::Record* record) {
  FoldFinished(finished, &record->operations);
  if (record->operations.size() == kv::kMaxRememberedOperations) {
    record->forgot = std::max(record->forgot, ProposedUnder(record->operations.front(), record->accepted));
    record->operations.erase(record->operations.begin());
  }
  record->operations.push_back({request.id, Encode(request, reply, version, *record)});
}

std::optional<Reply> FindRemembered(const Request& request, const kv::RecordPtr& newest) {
  if (newest == nullptr) return std::nullopt;
  const auto speaks_of_it = [&](const kv::RememberedOperation& operation) {
    return operation.id == request.id || (operation.id.client == request.id.client &&
                                          operation.id.number > request.id.number && StandsForFinished(operation));
  };
  const auto found = std::find_if(newest->operations.begin(), newest->operations.end(), speaks_of_it);
  if (found == newest->operations.end()) return std::nullopt;
  Reply reply;
  const std::optional<FirstResult> result = Decode(found->result);
  if (result && (result->flags & kFinished)) return NotApplied(Code::kUnavailable, kFinishedWith);
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
