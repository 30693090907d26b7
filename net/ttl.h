// How long a key lives, as text: "90", "0.5", "500ms", "90s", "15m", "12h", "7d" (docs/api.md).
#pragma once

#include <string_view>

#include "base/status.h"
#include "quorum/operation.h"

namespace quoin::net {

// Longer lives are "until it is deleted": 100 years of 365 days.
inline constexpr quorum::TimeToLive kMaxTtl = std::chrono::hours(24 * 365 * 100);

// 1 ms to kMaxTtl; a part of a millisecond is dropped. kInvalid says what would be right.
Result<quorum::TimeToLive> ParseTtl(std::string_view text);

// The same from a number of seconds.
Result<quorum::TimeToLive> TtlOfSeconds(double seconds);

}  // namespace quoin::net
