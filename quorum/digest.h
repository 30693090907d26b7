// DigestOf: what two replicas compare in place of their records. DigestOfKey: what stands for a key in a leader's table of
// ids.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "quorum/messages.h"

namespace quoin::quorum {

// Equal lists have equal digests; others have different ones, but for a chance of 2^-64, which nobody who doesn't know
// the salt can improve by choosing keys. A damaged entry equals nothing. Pure.
std::uint64_t DigestOf(const std::vector<Compared::Entry>& entries, std::uint64_t salt);
// The same of one key.
std::uint64_t DigestOfKey(std::string_view key, std::uint64_t salt);

}  // namespace quoin::quorum
