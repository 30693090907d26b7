// Flags that are times and sizes. gflags knows neither, so they are string flags whose validators accept exactly what
// ParseDuration and ParseSize accept:
//
//   DEFINE_string(timeout, "5s", "how long a command may take");
//   DEFINE_validator(timeout, &quoin::tools::ValidatePositiveDuration);
//   ... quoin::tools::DurationOf(FLAGS_timeout)
//
// A validator that refuses a value leaves the reason with RejectFlag, and ParseFlags (tools/flag_help.h) tells it to
// the person; gflags itself only knows that the value was refused.
//
// Thread safety: the parsers are pure. RejectFlag and TakeFlagRejection belong to the thread that parses the flags.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace quoin::tools {

// A number, whole or with a decimal fraction, and a unit: us, ms, s, m, h or d, with nothing between them. "0" needs no
// unit. Errors: kInvalid, and the message says what is allowed. Negative times, times that are no whole number of
// microseconds, and times above 292 years don't exist.
Result<std::chrono::microseconds> ParseDuration(std::string_view text);

// A number, whole or with a decimal fraction, and a unit, with nothing or one space between them: none or B (bytes),
// KiB, MiB, GiB, TiB (powers of 1024), kB, MB, GB, TB (powers of 1000), in upper or lower case. Errors: kInvalid, and
// the message says what is allowed. Fractions of a byte don't exist.
Result<std::uint64_t> ParseSize(std::string_view text);

// Validators for DEFINE_validator.
bool ValidateDuration(const char* flag, const std::string& value);
bool ValidatePositiveDuration(const char* flag, const std::string& value);
bool ValidateSize(const char* flag, const std::string& value);
bool ValidatePositiveSize(const char* flag, const std::string& value);

// The value of a flag whose validator is one of those above.
// REQUIRES: the text is valid.
std::chrono::microseconds DurationOf(std::string_view flag_value);
std::uint64_t SizeOf(std::string_view flag_value);

// The parts of a flag that takes several values, separated by commas; an empty flag has none.
std::vector<std::string> SplitList(std::string_view flag_value);

// For validators: keeps the reason why a value is refused, and returns false. The reason is a sentence part that says
// what is allowed: "the value is a time with a unit, like 500ms, 5s or 2m".
bool RejectFlag(std::string reason);
// The reason that the last refusal left, once; empty when there is none.
std::string TakeFlagRejection();

}  // namespace quoin::tools
