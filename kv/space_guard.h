// SpaceGuard: refuses writes before the disk is really full, so that the engine keeps room for its own housekeeping and
// the refusal is clean.
//
// Thread safety: any thread.
// Bounds: it asks for the free space at most once every kCheckInterval, or after kCheckBytes of writes, and counts what
// was written in between against the last answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

namespace quoin::kv {

// Bytes that this process may still write under the data directory; nullopt when the system does not say.
using FreeBytes = std::function<std::optional<std::uint64_t>()>;
using SteadyNow = std::function<std::chrono::steady_clock::time_point()>;

class SpaceGuard {
 public:
  static constexpr std::chrono::milliseconds kCheckInterval{100};
  static constexpr std::uint64_t kCheckBytes = std::uint64_t{4} << 20;

  SpaceGuard(std::uint64_t reserve_bytes, FreeBytes free_bytes, SteadyNow now);

  // nullopt when `size_bytes` more may be written (and counts them), otherwise a sentence for people.
  std::optional<std::string> Refusal(std::uint64_t size_bytes);

 private:
  const std::uint64_t reserve_bytes_;
  const FreeBytes free_bytes_;
  const SteadyNow now_;

  std::mutex mutex_;
  std::optional<std::chrono::steady_clock::time_point> checked_at_;  // Guarded by mutex_, as all below.
  std::optional<std::uint64_t> free_at_check_;
  std::uint64_t written_since_bytes_ = 0;
};

// What the file system of `directory` leaves to processes without privileges.
std::optional<std::uint64_t> FreeBytesUnder(const std::string& directory);

}  // namespace quoin::kv
