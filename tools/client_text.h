// Bytes of other people as they may stand on a terminal or in JSON: nothing that a terminal would obey gets through.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace quoin::tools {

// Text for a terminal. Well-formed UTF-8 stays, but for control characters (C0, DEL, C1) and those that change the
// direction or the place of what stands around them (U+200B to U+200F, U+2028 to U+202E, U+2060 to U+2069, U+FEFF);
// each byte of these, and of anything that is no UTF-8, becomes \xNN. Newline and tab stay where `lines` is true.
std::string SafeText(std::string_view bytes, bool lines);

// 'key' in quotes, safe on one line, and cut when it is long.
std::string QuotedKey(std::string_view key);

// The value on one line, safe, and cut when it is long, never in the middle of a character: "abc... (1.5 MiB)".
std::string ShortText(std::string_view value);

// Whether a terminal can show the bytes as they are: UTF-8 without control characters but newline, tab and CR.
bool IsText(std::string_view bytes);

// A JSON string with its quotes. What SafeText escapes is escaped here, too, as \uXXXX.
// REQUIRES: the text is UTF-8.
std::string JsonText(std::string_view text);
// `"name":"text"`, or `"name_base64":"..."` when the bytes are not UTF-8.
std::string JsonBytes(std::string_view name, std::string_view bytes);

// "0.4 ms", "3 ms", "12.0 s".
std::string HumanElapsed(std::chrono::microseconds elapsed);

}  // namespace quoin::tools
