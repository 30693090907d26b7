// How an Identity is stored in the engine. Same rules as EncodeRecord and DecodeRecord.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "kv/storage.h"

namespace quoin::kv {

// The newest format of a data directory that this program reads, and the one that it makes.
inline constexpr std::uint32_t kDataFormat = 1;

// REQUIRES: format_version is kDataFormat.
std::string EncodeIdentity(const Identity& identity);
Result<Identity> DecodeIdentity(std::string_view bytes);

}  // namespace quoin::kv
