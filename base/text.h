// Text forms that several packages need: hexadecimal, base64, UTF-8, decimal numbers, sizes, and keys as a person may
// read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quoin {

// 16 lower-case hexadecimal digits.
std::string Hex64(std::uint64_t value);
// The inverse of Hex64; also takes fewer digits (1 to 16) and upper case. nullopt for anything else.
std::optional<std::uint64_t> ParseHex64(std::string_view text);

// Decimal digits only: no sign, no space, no overflow.
std::optional<std::uint64_t> ParseUint64(std::string_view text);
// As ParseUint64, with an optional leading '-'.
std::optional<std::int64_t> ParseInt64(std::string_view text);

// Standard base64 with padding (RFC 4648, section 4).
std::string Base64Encode(std::string_view bytes);
// Takes the standard alphabet only, padded, without line breaks.
std::optional<std::string> Base64Decode(std::string_view text);

// Whether the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF).
bool IsUtf8(std::string_view bytes);

// Bytes as they may stand in a log line or on a terminal: printable ASCII as it is, all else as \xNN, cut after
// `limit_bytes` with an ellipsis. Never emits a control character.
std::string Printable(std::string_view bytes, std::size_t limit_bytes = 64);

// "512 B", "4 KiB", "1.5 MiB".
std::string HumanSize(std::uint64_t size_bytes);

}  // namespace quoin
