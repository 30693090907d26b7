#include "kv/space_guard.h"

#include <sys/statvfs.h>

#include <utility>

#include "base/text.h"

namespace quoin::kv {

SpaceGuard::SpaceGuard(std::uint64_t reserve_bytes, FreeBytes free_bytes, SteadyNow now)
    : reserve_bytes_(reserve_bytes), free_bytes_(std::move(free_bytes)), now_(std::move(now)) {}

std::optional<std::string> SpaceGuard::Refusal(std::uint64_t size_bytes) {
  const std::lock_guard lock(mutex_);
  const auto now = now_();
  if (!checked_at_ || now - *checked_at_ >= kCheckInterval || written_since_bytes_ >= kCheckBytes) {
    checked_at_ = now;
    free_at_check_ = free_bytes_();
    written_since_bytes_ = 0;
  }
  // A system that doesn't say how much is free will say ENOSPC in time; the engine can live with that too.
  if (!free_at_check_) return std::nullopt;
  const std::uint64_t needed_bytes = reserve_bytes_ + written_since_bytes_ + size_bytes;
  if (*free_at_check_ >= needed_bytes) {
    written_since_bytes_ += size_bytes;
    return std::nullopt;
  }
  return HumanSize(*free_at_check_) + " are free on the data directory's disk and " + HumanSize(reserve_bytes_) +
         " are kept in reserve";
}

std::optional<std::uint64_t> FreeBytesUnder(const std::string& directory) {
  struct statvfs info {};
  if (statvfs(directory.c_str(), &info) != 0) return std::nullopt;
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

}  // namespace quoin::kv
