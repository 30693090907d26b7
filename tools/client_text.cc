#include "tools/client_text.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/string_view.hpp>
#include <cstdint>
#include <cstdio>

#include "base/text.h"

namespace quoin::tools {
namespace {

// The first character of well-formed UTF-8, and its length in bytes.
struct Character {
  std::uint32_t point = 0;
  std::size_t length = 0;
};

// Length 0 when the bytes do not begin with a well-formed character.
Character FirstCharacter(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (length > bytes.size() || !IsUtf8(bytes.substr(0, length))) return {};
  std::uint32_t point = length == 1 ? lead : lead & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) point = point << 6 | (static_cast<unsigned char>(bytes[i]) & 0x3f);
  return {point, length};
}

bool IsControl(std::uint32_t point) { return point < 0x20 || (point >= 0x7f && point <= 0x9f); }

bool IsTrick(std::uint32_t point) {
  return (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
         (point >= 0x2060 && point <= 0x2069) || point == 0xfeff;
}

void AppendEscaped(std::string_view bytes, std::string* out) {
  for (const char c : bytes) *out += "\\x" + Hex64(static_cast<unsigned char>(c)).substr(14);
}

}  // namespace

std::string SafeText(std::string_view bytes, bool lines) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const Character first = FirstCharacter(bytes);
    const std::size_t length = first.length == 0 ? 1 : first.length;
    const bool kept = lines && (bytes.front() == '\n' || bytes.front() == '\t');
    if (kept || (first.length > 0 && !IsControl(first.point) && !IsTrick(first.point))) {
      text.append(bytes.substr(0, length));
    } else {
      AppendEscaped(bytes.substr(0, length), &text);
    }
    bytes.remove_prefix(length);
  }
  return text;
}

std::string QuotedKey(std::string_view key) {
  constexpr std::size_t kShownBytes = 100;
  if (key.size() <= kShownBytes) return "'" + SafeText(key, false) + "'";
  std::size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(key[end]) & 0xc0) == 0x80) --end;
  return "'" + SafeText(key.substr(0, end), false) + "...'";
}

std::string ShortText(std::string_view value) {
  constexpr std::size_t kMostBytes = 120;
  if (value.size() <= kMostBytes) return SafeText(value, false);
  std::size_t end = kMostBytes;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xc0) == 0x80) --end;
  return SafeText(value.substr(0, end), false) + "... (" + HumanSize(value.size()) + ")";
}

bool IsText(std::string_view bytes) {
  while (!bytes.empty()) {
    const Character first = FirstCharacter(bytes);
    const char c = bytes.front();
    if (first.length == 0 || (IsControl(first.point) && c != '\n' && c != '\t' && c != '\r')) return false;
    bytes.remove_prefix(first.length);
  }
  return true;
}

std::string JsonText(std::string_view text) {
  const std::string plain = boost::json::serialize(boost::json::string_view(text.data(), text.size()));
  std::string safe;
  safe.reserve(plain.size());
  for (std::string_view rest = plain; !rest.empty();) {
    const Character first = FirstCharacter(rest);
    const std::size_t length = std::max<std::size_t>(first.length, 1);
    if (first.length == 0) {
      safe += "\\ufffd";
    } else if (IsControl(first.point) || IsTrick(first.point)) {
      safe += "\\u" + Hex64(first.point).substr(12);
    } else {
      safe.append(rest.substr(0, length));
    }
    rest.remove_prefix(length);
  }
  return safe;
}

std::string JsonBytes(std::string_view name, std::string_view bytes) {
  if (IsUtf8(bytes)) return "\"" + std::string(name) + "\":" + JsonText(bytes);
  return "\"" + std::string(name) + "_base64\":\"" + Base64Encode(bytes) + "\"";
}

std::string HumanElapsed(std::chrono::microseconds elapsed) {
  const double ms = static_cast<double>(elapsed.count()) / 1000;
  char text[32];
  if (ms < 0.95) {  // What would round to 1.0 is told as 1.
    std::snprintf(text, sizeof text, "%.1f ms", ms);
  } else if (ms < 10'000) {
    std::snprintf(text, sizeof text, "%.0f ms", ms);
  } else {
    std::snprintf(text, sizeof text, "%.1f s", ms / 1000);
  }
  return text;
}

}  // namespace quoin::tools
