// Problems: every error that the HTTP API can tell, in one table (docs/api.md, "Errors"; RFC 9457).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "kv/record.h"

namespace quoin::net {

enum class Problem : std::uint8_t {
  kBadRequest,
  kBadKey,
  kBadParameter,
  kBadBody,
  kBadHeader,
  kCrossOrigin,
  kAbsent,
  kNoSuchPath,
  kNoSuchNode,
  kMethodNotAllowed,
  kNotAcceptable,
  kTooSlow,
  kWrongValue,
  kBallotRequired,
  kMembershipRefused,
  kConditionFailed,
  kValueTooLarge,
  kBodyTooLarge,
  kKeyTooLong,
  kUnsupportedMediaType,
  kExpectationFailed,
  kUpgradeRequired,
  kTooManyRequests,
  kTooManyWatches,
  kHeaderTooLarge,
  kDamaged,
  kDiskError,
  kUnsupportedEncoding,
  kDiskFull,
  kReadOnly,
  kStopping,
  kTooManyConnections,
  kTimedOut,
  kNotJoined,
  kOutcomeUnknown,
  kUnsupportedVersion,
};

struct ProblemKind {
  Problem problem;
  int status;
  std::string_view type;  // After "urn:quoin:problem:". Stable.
  std::string_view title;
  int retry_after_s;  // 0: no Retry-After.
  bool closes;        // The connection can't go on after it.
};
const ProblemKind& KindOf(Problem problem);
std::span<const ProblemKind> AllProblems();

// One occurrence of a problem.
struct ProblemReport {
  Problem problem = Problem::kBadRequest;
  std::string detail;                             // For people; any bytes, made printable where they are not UTF-8.
  std::string_view limit = {};                    // The flag that sets the limit, without dashes.
  std::optional<kv::OperationId> operation = {};  // Where IsUnknown only.
  // The problem is about one sending of a write, which certainly was not applied; but the client has sent the same
  // write before, and nothing is known of that.
  bool sent_before = false;
};

// Whether the write may or may not take effect (I10).
inline bool IsUnknown(const ProblemReport& report) {
  return report.problem == Problem::kOutcomeUnknown || report.sent_before;
}

// The same refusal of a sending, for a write that the client may have sent before under this id. For refusals that
// depend on the moment; what is refused for its form would be refused each time.
ProblemReport WithEarlierSendings(ProblemReport report, const kv::OperationId& id);

// The JSON object that tells it. `outcome` is "unknown" where IsUnknown, otherwise "not-applied".
std::string ProblemJson(const ProblemReport& report, std::string_view request_id);
void AppendProblemJson(const ProblemReport& report, std::string_view request_id, std::string* out);

// What a failed keyspace call means for its HTTP client. A read can't leave anything unknown.
// REQUIRES: !status.ok()
ProblemReport ProblemOf(const Status& status, bool is_write, const kv::OperationId& operation);

// "00c0ffee00c0ffee-17"
std::string FormatOperationId(const kv::OperationId& id);
// Exactly that form, with a client that is not 0.
std::optional<kv::OperationId> ParseOperationId(std::string_view text);

}  // namespace quoin::net
