// The words of the text form of a history that its printer and its parser share.
#pragma once

#include <array>
#include <cctype>
#include <cstdint>
#include <string_view>
#include <utility>

#include "tests/linearizability/history.h"

namespace quoin::linearizability {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
inline constexpr std::array<Unit, 4> kUnits = {{{"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}}};

inline constexpr std::array<std::pair<Outcome, std::string_view>, 6> kOutcomes = {
    {{Outcome::kDone, "done"},
     {Outcome::kAbsent, "absent"},
     {Outcome::kConditionFailed, "condition-failed"},
     {Outcome::kRejected, "rejected"},
     {Outcome::kNotApplied, "not-applied"},
     {Outcome::kUnknown, "unknown"}}};

// What a key may consist of to stand without quotes.
inline bool IsPlain(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '/' || c == '-';
}

}  // namespace quoin::linearizability
