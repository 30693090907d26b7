#include "kv/coding.h"

#include <xxhash.h>

#include <bit>
#include <cstring>

namespace quoin::kv {
namespace {

static_assert(std::endian::native == std::endian::little, "fixed integers are copied as they stand in memory");

std::uint64_t ChecksumOf(StoredKind kind, std::uint8_t format, PartitionId partition, std::string_view key,
                         std::string_view payload) {
  // One hash seeds the next, so that neither key nor payload must be copied to stand next to the other.
  const std::uint64_t seed =
      std::uint64_t{static_cast<std::uint8_t>(kind)} << 40 | std::uint64_t{format} << 32 | partition.value;
  return XXH3_64bits_withSeed(payload.data(), payload.size(), XXH3_64bits_withSeed(key.data(), key.size(), seed));
}

}  // namespace

void BeginEnvelope(std::uint8_t format, std::string* out) {
  char envelope[kEnvelopeBytes] = {static_cast<char>(format)};
  out->append(envelope, kEnvelopeBytes);
}

void SealEnvelope(StoredKind kind, PartitionId partition, std::string_view key, std::size_t start, std::string* out) {
  CHECK_GE(out->size(), start + kEnvelopeBytes);
  const std::string_view payload = std::string_view(*out).substr(start + kEnvelopeBytes);
  const std::uint64_t checksum = ChecksumOf(kind, static_cast<std::uint8_t>((*out)[start]), partition, key, payload);
  std::memcpy(out->data() + start + 1, &checksum, sizeof(checksum));
}

Status OpenEnvelope(StoredKind kind, std::uint8_t newest_format, PartitionId partition, std::string_view key,
                    std::string_view what, std::string_view bytes, std::string_view* payload) {
  if (bytes.size() < kEnvelopeBytes) {
    return Status(Code::kDamaged, std::string(what) + " has only " + std::to_string(bytes.size()) + " bytes");
  }
  const auto format = static_cast<std::uint8_t>(bytes[0]);
  std::uint64_t stored = 0;
  std::memcpy(&stored, bytes.data() + 1, sizeof(stored));
  *payload = bytes.substr(kEnvelopeBytes);
  if (ChecksumOf(kind, format, partition, key, *payload) != stored) {
    return Status(Code::kDamaged, std::string(what) + " fails its checksum");
  }
  if (format > newest_format) {
    return Status(Code::kIncompatible, std::string(what) + " has format " + std::to_string(format) +
                                           ", and this program knows formats up to " + std::to_string(newest_format));
  }
  if (format == 0) return Status(Code::kDamaged, std::string(what) + " has no format");
  return Status::Ok();
}

void AppendVarint(std::uint64_t value, std::string* out) {
  char bytes[kMaxVarintBytes];
  std::size_t size = 0;
  while (value >= 0x80) {
    bytes[size++] = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  bytes[size++] = static_cast<char>(value);
  out->append(bytes, size);
}

void AppendFixed64(std::uint64_t value, std::string* out) {
  char bytes[sizeof(value)];
  std::memcpy(bytes, &value, sizeof(value));
  out->append(bytes, sizeof(value));
}

void AppendVersion(const Version& version, std::string* out) {
  AppendVarint(version.ballot.round, out);
  AppendFixed64(version.ballot.node.value, out);
  AppendVarint(version.sequence, out);
}

std::uint8_t ByteReader::Byte() {
  if (rest_.empty()) {
    Fail();
    return 0;
  }
  const auto byte = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return byte;
}

std::uint64_t ByteReader::Varint() {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kMaxVarintBytes && i < rest_.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(rest_[i]);
    value |= std::uint64_t{byte & 0x7fu} << (7 * i);
    if (byte >= 0x80) continue;
    // A last byte of zero would be a second form of a shorter number; the tenth byte has room for one bit only.
    if ((byte == 0 && i > 0) || (i == kMaxVarintBytes - 1 && byte > 1)) break;
    rest_.remove_prefix(i + 1);
    return value;
  }
  Fail();
  return 0;
}

std::uint64_t ByteReader::Fixed64() {
  std::uint64_t value = 0;
  const std::string_view bytes = Bytes(sizeof(value));
  if (ok_) std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

Ballot ByteReader::ReadBallot() {
  Ballot ballot;
  ballot.round = Varint();
  ballot.node = NodeId{Fixed64()};
  return ballot;
}

Version ByteReader::ReadVersion() {
  Version version;
  version.ballot = ReadBallot();
  version.sequence = Varint();
  return version;
}

std::string_view ByteReader::Bytes(std::uint64_t count) {
  if (!ok_ || count > rest_.size()) {
    Fail();
    return {};
  }
  const std::string_view bytes = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return bytes;
}

std::string_view ByteReader::Sized(std::size_t least, std::size_t most) {
  const std::uint64_t size = Varint();
  if (size < least || size > most) {
    Fail();
    return {};
  }
  return Bytes(size);
}

}  // namespace quoin::kv
