#include "net/ttl.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <string>

#include "base/text.h"

namespace quoin::net {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t size_ms;
};
constexpr std::array kUnits = {Unit{"", 1000},    Unit{"ms", 1},        Unit{"s", 1000},
                               Unit{"m", 60'000}, Unit{"h", 3'600'000}, Unit{"d", 86'400'000}};
// More digits after the point than this can't make a millisecond's difference in any unit.
constexpr std::size_t kMaxFractionDigits = 9;

Status NotATtl() {
  return Status(Code::kInvalid, "a ttl is a number of seconds, or a number with one of ms, s, m, h, d, such as 500ms");
}
Status OutOfRange() { return Status(Code::kInvalid, "a ttl is at least 1ms and at most 36500d"); }

std::size_t CountDigits(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  return end == std::string_view::npos ? text.size() : end;
}

}  // namespace

Result<quorum::TimeToLive> ParseTtl(std::string_view text) {
  const std::size_t whole_digits = CountDigits(text);
  const std::string_view whole_text = text.substr(0, whole_digits);
  std::string_view rest = text.substr(whole_digits);
  std::string_view fraction;
  if (rest.starts_with('.')) {
    fraction = rest.substr(1, CountDigits(rest.substr(1)));
    rest.remove_prefix(1 + fraction.size());
    if (fraction.empty() || fraction.size() > kMaxFractionDigits) return NotATtl();
  }
  if (whole_text.empty()) return NotATtl();
  const Unit* unit = nullptr;
  for (const Unit& candidate : kUnits) {
    if (candidate.name == rest) unit = &candidate;
  }
  if (unit == nullptr) return NotATtl();
  const auto whole = ParseUint64(whole_text);
  constexpr auto kMaxMs = static_cast<std::uint64_t>(kMaxTtl.count());
  if (!whole.has_value() || *whole > kMaxMs / unit->size_ms) return OutOfRange();
  std::uint64_t milliseconds = *whole * unit->size_ms;
  if (!fraction.empty()) {
    std::uint64_t scale = 1;
    for (std::size_t i = 0; i < fraction.size(); ++i) scale *= 10;
    milliseconds += *ParseUint64(fraction) * unit->size_ms / scale;
  }
  if (milliseconds < 1 || milliseconds > kMaxMs) return OutOfRange();
  return quorum::TimeToLive(static_cast<std::int64_t>(milliseconds));
}

Result<quorum::TimeToLive> TtlOfSeconds(double seconds) {
  const double milliseconds = std::floor(seconds * 1000.0 + 1e-6);
  if (!(milliseconds >= 1.0) || !(milliseconds <= static_cast<double>(kMaxTtl.count()))) return OutOfRange();
  return quorum::TimeToLive(static_cast<std::int64_t>(milliseconds));
}

}  // namespace quoin::net
