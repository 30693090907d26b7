#include "net/watch_cursor.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <utility>

#include "base/text.h"
#include "ring/partition.h"

namespace quoin::net {
namespace {

constexpr char kFormat = 1;
constexpr std::size_t kChecksumBytes = 4;

void AppendFixed(std::uint64_t value, int size_bytes, std::string* out) {
  for (int i = 0; i < size_bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

void AppendNumber(std::uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

std::uint64_t Checksum(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()) & 0xffff'ffff; }

// Takes numbers off the front; after the first failure everything fails.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t Fixed(std::size_t size_bytes) {
    if (rest_.size() < size_bytes) return Fail();
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size_bytes; ++i)
      value |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
    rest_.remove_prefix(size_bytes);
    return value;
  }
  std::uint64_t Number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return Fail();
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) return Fail();
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return byte == 0 && shift > 0 ? Fail() : value;
    }
    return Fail();
  }
  bool ok() const { return ok_; }
  std::size_t rest_bytes() const { return rest_.size(); }

 private:
  std::uint64_t Fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

Status Damaged() {
  return Status(Code::kInvalid, "the cursor is damaged: it is to be given back as it came, or left out to begin anew");
}

bool ReadBallots(Reader& reader, std::vector<kv::Ballot>* out) {
  const std::uint64_t count = reader.Number();
  if (!reader.ok() || count > reader.rest_bytes() / 9) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    kv::Ballot ballot;
    ballot.round = reader.Number();
    ballot.node = NodeId{reader.Fixed(8)};
    if (!reader.ok() || (!out->empty() && ballot <= out->back())) return false;
    out->push_back(ballot);
  }
  return true;
}

bool ReadPositions(Reader& reader, std::uint32_t partition_count, const std::vector<kv::Ballot>& ballots,
                   quorum::WatchPositions* out) {
  const std::uint64_t count = reader.Number();
  if (!reader.ok() || count > partition_count) return false;
  std::uint64_t partition = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t step = reader.Number();
    const std::uint64_t ballot = reader.Number();
    const std::uint64_t sequence = reader.Number();
    if (!reader.ok() || (step == 0 && i > 0) || step >= partition_count - partition || ballot >= ballots.size())
      return false;
    partition += step;
    const PartitionId id{static_cast<std::uint32_t>(partition)};
    out->emplace_hint(out->end(), id, kv::Version{ballots[static_cast<std::size_t>(ballot)], sequence});
  }
  return true;
}

}  // namespace

std::uint64_t DigestOfTargets(std::vector<quorum::WatchTarget> targets) {
  std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  std::string bytes;
  for (const quorum::WatchTarget& target : targets) {
    bytes.push_back(target.kind == quorum::WatchTarget::Kind::kKey ? 'k' : 'p');
    AppendNumber(target.text.size(), &bytes);
    bytes.append(target.text);
  }
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::string EncodeCursor(const CursorScope& scope, const quorum::WatchPositions& positions) {
  std::map<kv::Ballot, std::uint64_t> ballots;
  for (const auto& [partition, version] : positions) ballots.emplace(version.ballot, 0);
  std::string bytes;
  bytes.reserve(32 + ballots.size() * 12 + positions.size() * 5);
  bytes.push_back(kFormat);
  AppendFixed(scope.cluster.id.value, 8, &bytes);
  AppendNumber(static_cast<std::uint64_t>(std::bit_width(scope.cluster.partition_count)) - 1, &bytes);
  AppendFixed(scope.targets_digest, 8, &bytes);
  AppendNumber(ballots.size(), &bytes);
  std::uint64_t index = 0;
  for (auto& [ballot, ballot_index] : ballots) {
    ballot_index = index++;
    AppendNumber(ballot.round, &bytes);
    AppendFixed(ballot.node.value, 8, &bytes);
  }
  AppendNumber(positions.size(), &bytes);
  std::uint32_t before = 0;
  for (const auto& [partition, version] : positions) {
    AppendNumber(partition.value - before, &bytes);
    AppendNumber(ballots.find(version.ballot)->second, &bytes);
    AppendNumber(version.sequence, &bytes);
    before = partition.value;
  }
  return SealCursor(std::move(bytes));
}

std::string SealCursor(std::string bytes) {
  AppendFixed(Checksum(bytes), kChecksumBytes, &bytes);
  return bytes;
}

Result<quorum::WatchPositions> DecodeCursor(const CursorScope& scope, std::string_view bytes) {
  if (bytes.size() <= kChecksumBytes) return Damaged();
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
  if (Reader(bytes.substr(body.size())).Fixed(kChecksumBytes) != Checksum(body)) return Damaged();
  if (body[0] != kFormat) {
    return Status(Code::kInvalid,
                  "the cursor has a form that this version of the node does not know: begin without one");
  }
  Reader reader(body.substr(1));
  const ClusterId cluster{reader.Fixed(8)};
  const std::uint64_t partition_bits = reader.Number();
  const std::uint64_t digest = reader.Fixed(8);
  if (!reader.ok()) return Damaged();
  if (cluster != scope.cluster.id || partition_bits > 31 || (1u << partition_bits) != scope.cluster.partition_count) {
    return Status(Code::kInvalid, "the cursor is of cluster " + cluster.ToString() + ", and this is " +
                                      scope.cluster.id.ToString() + ": begin without one");
  }
  if (digest != scope.targets_digest) {
    return Status(Code::kInvalid,
                  "the cursor is of a watch of other keys or prefixes: it is good for the same ones only");
  }
  std::vector<kv::Ballot> ballots;
  quorum::WatchPositions positions;
  if (!ReadBallots(reader, &ballots) || !ReadPositions(reader, scope.cluster.partition_count, ballots, &positions) ||
      reader.rest_bytes() > 0) {
    return Damaged();
  }
  return positions;
}

std::string CursorText(std::string_view bytes) {
  std::string text = Base64Encode(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

Result<std::string> ReadCursorText(std::string_view text) {
  std::string base64(text);
  const bool standard = base64.find_first_of("+/=") != std::string::npos;
  std::replace(base64.begin(), base64.end(), '-', '+');
  std::replace(base64.begin(), base64.end(), '_', '/');
  base64.append((4 - base64.size() % 4) % 4, '=');
  auto bytes = standard ? std::nullopt : Base64Decode(base64);
  if (!bytes.has_value()) return Damaged();
  return *std::move(bytes);
}

}  // namespace quoin::net
