// The bytes that every stored thing is made of: an envelope that names its format and carries a checksum, and fixed and
// variable integers inside it (docs/storage-format.md).
//
//   byte 0       format
//   bytes 1..8   checksum, little-endian: XXH3-64 over kind, format, partition, key and payload
//   bytes 9..    payload
//
// Every later format keeps the first nine bytes as they are here, so that a program can tell what a newer one wrote
// from what the disk damaged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"
#include "kv/version.h"

namespace quoin::kv {

// What the bytes are. Part of the checksum, so that one kind is never taken for another.
enum class StoredKind : std::uint8_t { kRecord = 1, kPartitionState = 2, kIdentity = 3, kAcknowledged = 4 };

inline constexpr std::size_t kEnvelopeBytes = 9;

// Appends an envelope whose checksum is still to come; the caller then appends the payload and calls SealEnvelope with
// the size that *out had before.
void BeginEnvelope(std::uint8_t format, std::string* out);
void SealEnvelope(StoredKind kind, PartitionId partition, std::string_view key, std::size_t start, std::string* out);

// The payload, once the checksum holds. kDamaged when it does not, kIncompatible when it does and the format is above
// `newest_format`. `what` names the bytes in the message.
Status OpenEnvelope(StoredKind kind, std::uint8_t newest_format, PartitionId partition, std::string_view key,
                    std::string_view what, std::string_view bytes, std::string_view* payload);

// Seven bits a byte, low ones first, the top bit set on all but the last.
inline constexpr std::size_t kMaxVarintBytes = 10;
void AppendVarint(std::uint64_t value, std::string* out);
void AppendFixed64(std::uint64_t value, std::string* out);
void AppendVersion(const Version& version, std::string* out);

// Takes values off the front of bytes that may be anything. The first value that isn't there, or isn't in its one
// canonical form, makes the reader bad for good; values read then are zero or empty.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  std::string_view rest() const { return rest_; }

  std::uint8_t Byte();
  std::uint64_t Varint();
  std::uint64_t Fixed64();
  Ballot ReadBallot();
  Version ReadVersion();
  std::string_view Bytes(std::uint64_t count);
  // A length between `least` and `most`, then so many bytes.
  std::string_view Sized(std::size_t least, std::size_t most);

  void Fail() {
    ok_ = false;
    rest_ = {};
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace quoin::kv
