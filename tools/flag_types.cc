#include "tools/flag_types.h"

#include <array>
#include <cctype>
#include <optional>
#include <utility>

namespace quoin::tools {
namespace {

constexpr std::string_view kDurationRule = "the value is a time with a unit, like 500ms, 5s, 2m, 1h or 7d";
constexpr std::string_view kSizeRule = "the value is a size in bytes or with a unit, like 4096, 64KiB, 1MiB or 8MB";

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 6> kDurationUnits = {{
    {"us", 1},
    {"ms", 1'000},
    {"s", 1'000'000},
    {"m", 60'000'000},
    {"h", 3'600'000'000},
    {"d", 86'400'000'000},
}};
// In lower case.
constexpr std::array<Unit, 10> kSizeUnits = {{
    {"", 1},
    {"b", 1},
    {"kib", std::uint64_t{1} << 10},
    {"mib", std::uint64_t{1} << 20},
    {"gib", std::uint64_t{1} << 30},
    {"tib", std::uint64_t{1} << 40},
    {"kb", 1'000},
    {"mb", 1'000'000},
    {"gb", 1'000'000'000},
    {"tb", 1'000'000'000'000},
}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// The number at the front of `text` times `factor`, exactly; nullopt when it overflows 63 bits or leaves a fraction.
// Decimal arithmetic on integers, because 0.1 has no binary fraction.
std::optional<std::uint64_t> Scale(std::string_view number, std::uint64_t factor) {
  constexpr auto kMax = static_cast<unsigned __int128>(INT64_MAX);
  const std::size_t point = number.find('.');
  const std::string_view whole = number.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? "" : number.substr(point + 1);
  if (whole.empty() || (point != std::string_view::npos && fraction.empty()) || fraction.size() > 18) {
    return std::nullopt;
  }
  unsigned __int128 digits = 0;
  unsigned __int128 divisor = 1;
  for (const char c : whole) {
    if (!IsDigit(c)) return std::nullopt;
    digits = digits * 10 + static_cast<unsigned>(c - '0');
    if (digits > kMax) return std::nullopt;
  }
  for (const char c : fraction) {
    if (!IsDigit(c)) return std::nullopt;
    digits = digits * 10 + static_cast<unsigned>(c - '0');
    divisor *= 10;
    // Below 2^87 here, times a factor below 2^40: never above 128 bits.
    if (digits > (static_cast<unsigned __int128>(1) << 87)) return std::nullopt;
  }
  const unsigned __int128 product = digits * factor;
  if (product % divisor != 0 || product / divisor > kMax) return std::nullopt;
  return static_cast<std::uint64_t>(product / divisor);
}

std::size_t NumberLength(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && (IsDigit(text[length]) || text[length] == '.')) ++length;
  return length;
}

std::string& Rejection() {
  static std::string reason;
  return reason;
}

template <typename T>
bool Accept(const Result<T>& parsed, bool positive, std::string_view rule) {
  if (!parsed.ok()) return RejectFlag(parsed.status().message());
  if (positive && *parsed == T{}) return RejectFlag(std::string(rule) + ", above zero");
  return true;
}

}  // namespace

Result<std::chrono::microseconds> ParseDuration(std::string_view text) {
  if (text == "0") return std::chrono::microseconds(0);
  const std::size_t length = NumberLength(text);
  for (const Unit& unit : kDurationUnits) {
    if (text.substr(length) != unit.name) continue;
    if (const auto count = Scale(text.substr(0, length), unit.factor)) {
      return std::chrono::microseconds(static_cast<std::int64_t>(*count));
    }
  }
  return Status(Code::kInvalid, std::string(kDurationRule));
}

Result<std::uint64_t> ParseSize(std::string_view text) {
  const std::size_t length = NumberLength(text);
  std::string_view name = text.substr(length);
  if (name.size() > 1 && name.front() == ' ') name.remove_prefix(1);
  const std::string lower = Lower(name);
  for (const Unit& unit : kSizeUnits) {
    if (lower != unit.name) continue;
    if (const auto count = Scale(text.substr(0, length), unit.factor)) return *count;
  }
  return Status(Code::kInvalid, std::string(kSizeRule));
}

bool ValidateDuration(const char*, const std::string& value) {
  return Accept(ParseDuration(value), false, kDurationRule);
}
bool ValidatePositiveDuration(const char*, const std::string& value) {
  return Accept(ParseDuration(value), true, kDurationRule);
}
bool ValidateSize(const char*, const std::string& value) { return Accept(ParseSize(value), false, kSizeRule); }
bool ValidatePositiveSize(const char*, const std::string& value) { return Accept(ParseSize(value), true, kSizeRule); }

std::chrono::microseconds DurationOf(std::string_view flag_value) { return ParseDuration(flag_value).value(); }
std::uint64_t SizeOf(std::string_view flag_value) { return ParseSize(flag_value).value(); }

bool RejectFlag(std::string reason) {
  Rejection() = std::move(reason);
  return false;
}

std::string TakeFlagRejection() { return std::exchange(Rejection(), {}); }

std::vector<std::string> SplitList(std::string_view flag_value) {
  std::vector<std::string> parts;
  while (!flag_value.empty()) {
    const std::size_t comma = flag_value.find(',');
    parts.emplace_back(flag_value.substr(0, comma));
    if (comma == std::string_view::npos) break;
    flag_value.remove_prefix(comma + 1);
    if (flag_value.empty()) parts.emplace_back();  // "a," has an empty second part, which is for the parser to refuse.
  }
  return parts;
}

}  // namespace quoin::tools
