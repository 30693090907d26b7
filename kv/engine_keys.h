// Where things stand in the engine's one ordered keyspace (docs/storage-format.md):
//
//   'g' generation                  a marker of GenerationChain; the number is eight bytes, big-endian
//   'm' name                        what the node is: identity
//   'p' partition                   a partition's state
//   'r' partition key               a record
//   'd' time partition key          a note that the record is due (kv/due.h), with an empty value
//
// The partition is four bytes, big-endian, so that a partition is one range and its records stand in key order. The
// time is milliseconds since 1970 in eight bytes, big-endian with the sign bit flipped, so that notes stand in order of
// time.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "kv/due.h"

namespace quoin::kv {

inline constexpr char kGenerationTag = 'g';
inline constexpr std::string_view kIdentityKey = "midentity";
// Written without a log entry and never read, see RocksEngine.
inline constexpr std::string_view kPulseKey = "mpulse";
inline constexpr std::size_t kEnginePrefixBytes = 5;

// The tag and the partition.
class EnginePrefix {
 public:
  static EnginePrefix OfRecords(PartitionId partition) { return EnginePrefix('r', partition); }
  static EnginePrefix OfState(PartitionId partition) { return EnginePrefix('p', partition); }

  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

  // The first prefix above all keys that begin with this one.
  EnginePrefix End() const {
    EnginePrefix end = *this;
    // The tag is never 0xff, so the carry stops there at the latest.
    for (std::size_t i = bytes_.size(); i-- > 0;) {
      if (++end.bytes_[i] != 0) break;
    }
    return end;
  }

 private:
  EnginePrefix(char tag, PartitionId partition)
      : bytes_{tag, static_cast<char>(partition.value >> 24), static_cast<char>(partition.value >> 16),
               static_cast<char>(partition.value >> 8), static_cast<char>(partition.value)} {}

  std::array<char, kEnginePrefixBytes> bytes_;
};

inline constexpr std::size_t kEngineDuePrefixBytes = 13;

inline std::string EngineDueKey(const DueKey& due) {
  std::string bytes = "d";
  const auto time = static_cast<std::uint64_t>(due.due.time_since_epoch().count()) ^ (std::uint64_t{1} << 63);
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(time >> shift));
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(due.partition.value >> shift));
  return bytes + due.key;
}

// The inverse; nullopt when the bytes are no such key.
inline std::optional<DueKey> ParseEngineDueKey(std::string_view bytes) {
  if (bytes.size() < kEngineDuePrefixBytes || bytes[0] != 'd') return std::nullopt;
  std::uint64_t time = 0;
  for (std::size_t i = 1; i < 9; ++i) time = time << 8 | static_cast<unsigned char>(bytes[i]);
  std::uint32_t partition = 0;
  for (std::size_t i = 9; i < 13; ++i) partition = partition << 8 | static_cast<unsigned char>(bytes[i]);
  const auto milliseconds = static_cast<std::int64_t>(time ^ (std::uint64_t{1} << 63));
  return DueKey{WallTime(std::chrono::milliseconds(milliseconds)), PartitionId{partition},
                std::string(bytes.substr(kEngineDuePrefixBytes))};
}

// A record's whole key. Short keys, which nearly all are, need no allocation.
class EngineRecordKey {
 public:
  EngineRecordKey(PartitionId partition, std::string_view key) {
    const EnginePrefix prefix = EnginePrefix::OfRecords(partition);
    const std::size_t size = kEnginePrefixBytes + key.size();
    char* out = inline_.data();
    if (size > inline_.size()) {
      large_.resize(size);
      out = large_.data();
    }
    std::memcpy(out, prefix.view().data(), kEnginePrefixBytes);
    if (!key.empty()) std::memcpy(out + kEnginePrefixBytes, key.data(), key.size());
    view_ = {out, size};
  }
  EngineRecordKey(const EngineRecordKey&) = delete;
  EngineRecordKey& operator=(const EngineRecordKey&) = delete;

  std::string_view view() const { return view_; }

 private:
  std::array<char, 256> inline_;
  std::string large_;
  std::string_view view_;
};

}  // namespace quoin::kv
