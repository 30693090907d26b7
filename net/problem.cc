#include "net/problem.h"

#include <array>
#include <utility>

#include "base/text.h"
#include "net/json_text.h"

namespace quoin::net {
namespace {

// In the order of the enumeration.
constexpr std::array kProblems = {
    ProblemKind{Problem::kBadRequest, 400, "bad-request", "This is not an HTTP/1.1 request", 0, true},
    ProblemKind{Problem::kBadKey, 400, "bad-key", "The key can't be understood", 0, false},
    ProblemKind{Problem::kBadParameter, 400, "bad-parameter", "A query parameter can't be understood", 0, false},
    ProblemKind{Problem::kBadBody, 400, "bad-body", "The body can't be understood", 0, false},
    ProblemKind{Problem::kBadHeader, 400, "bad-header", "A header field can't be understood", 0, false},
    ProblemKind{Problem::kCrossOrigin, 403, "cross-origin", "A page of another origin may not do this", 0, false},
    ProblemKind{Problem::kAbsent, 404, "absent", "The key is absent", 0, false},
    ProblemKind{Problem::kNoSuchPath, 404, "no-such-path", "There is nothing at this path", 0, false},
    ProblemKind{Problem::kNoSuchNode, 404, "no-such-node", "No member of the cluster has this id", 0, false},
    ProblemKind{Problem::kMethodNotAllowed, 405, "method-not-allowed", "The path does not take this method", 0, false},
    ProblemKind{Problem::kNotAcceptable, 406, "not-acceptable", "The answer can't have a form that is accepted", 0,
                false},
    ProblemKind{Problem::kTooSlow, 408, "too-slow", "The request did not arrive in time", 0, true},
    ProblemKind{Problem::kWrongValue, 409, "wrong-value", "The operation does not fit the value", 0, false},
    ProblemKind{Problem::kBallotRequired, 409, "ballot-required",
                "The key has forgotten operations since the ballot that was named", 0, false},
    ProblemKind{Problem::kMembershipRefused, 409, "membership-refused", "The cluster can't be changed like this", 0,
                false},
    ProblemKind{Problem::kConditionFailed, 412, "condition-failed", "A condition does not hold", 0, false},
    ProblemKind{Problem::kValueTooLarge, 413, "value-too-large", "The value is too large", 0, false},
    ProblemKind{Problem::kBodyTooLarge, 413, "body-too-large", "The body is too large", 0, false},
    ProblemKind{Problem::kKeyTooLong, 414, "key-too-long", "The key is too long", 0, false},
    ProblemKind{Problem::kUnsupportedMediaType, 415, "unsupported-media-type", "The body must be application/json", 0,
                false},
    ProblemKind{Problem::kExpectationFailed, 417, "expectation-failed", "Only 100-continue may be expected", 0, false},
    ProblemKind{Problem::kUpgradeRequired, 426, "upgrade-required", "This path speaks WebSocket only", 0, false},
    ProblemKind{Problem::kTooManyRequests, 429, "too-many-requests", "Too many requests are under way", 1, false},
    ProblemKind{Problem::kTooManyWatches, 429, "too-many-watches", "Too many watches are open", 1, false},
    ProblemKind{Problem::kHeaderTooLarge, 431, "header-too-large", "The head of the request is too large", 0, true},
    ProblemKind{Problem::kDamaged, 500, "damaged", "The stored bytes are damaged", 0, false},
    ProblemKind{Problem::kDiskError, 500, "disk-error", "The disk does not answer", 0, false},
    ProblemKind{Problem::kUnsupportedEncoding, 501, "unsupported-encoding", "This encoding is not supported", 0, true},
    ProblemKind{Problem::kDiskFull, 503, "disk-full", "The disk is full", 10, false},
    ProblemKind{Problem::kReadOnly, 503, "read-only", "The storage has stopped writing", 60, false},
    ProblemKind{Problem::kStopping, 503, "stopping", "The node does not serve at the moment", 1, false},
    ProblemKind{Problem::kTooManyConnections, 503, "too-many-connections", "Too many connections are open", 1, true},
    ProblemKind{Problem::kTimedOut, 503, "timed-out", "The request was not served in time", 1, false},
    ProblemKind{Problem::kNotJoined, 503, "not-joined", "This node belongs to no cluster yet", 1, false},
    ProblemKind{Problem::kOutcomeUnknown, 504, "outcome-unknown", "It is not known whether the write took effect", 0,
                false},
    ProblemKind{Problem::kUnsupportedVersion, 505, "unsupported-version", "Only HTTP/1.0 and HTTP/1.1 are spoken", 0,
                true},
};

constexpr bool IsInOrder() {
  for (std::size_t i = 0; i < kProblems.size(); ++i) {
    if (kProblems[i].problem != static_cast<Problem>(i)) return false;
  }
  return kProblems.size() == static_cast<std::size_t>(Problem::kUnsupportedVersion) + 1;
}
static_assert(IsInOrder());

}  // namespace

const ProblemKind& KindOf(Problem problem) { return kProblems[static_cast<std::size_t>(problem)]; }

std::span<const ProblemKind> AllProblems() { return kProblems; }

std::string FormatOperationId(const kv::OperationId& id) { return Hex64(id.client) + "-" + std::to_string(id.number); }

std::optional<kv::OperationId> ParseOperationId(std::string_view text) {
  if (text.size() < 18 || text[16] != '-') return std::nullopt;
  const auto client = ParseHex64(text.substr(0, 16));
  const auto number = ParseUint64(text.substr(17));
  if (!client.has_value() || !number.has_value() || *client == 0) return std::nullopt;
  return kv::OperationId{*client, *number};
}

ProblemReport WithEarlierSendings(ProblemReport report, const kv::OperationId& id) {
  report.detail.append("; that holds of this sending, and nothing is known of earlier ones");
  report.operation = id;
  report.sent_before = true;
  return report;
}

void AppendProblemJson(const ProblemReport& report, std::string_view request_id, std::string* out) {
  const ProblemKind& kind = KindOf(report.problem);
  out->append("{\"type\": \"urn:quoin:problem:").append(kind.type);
  out->append("\", \"title\": ");
  AppendJsonText(kind.title, out);
  out->append(", \"status\": ").append(std::to_string(kind.status));
  if (!report.detail.empty()) {
    out->append(", \"detail\": ");
    AppendJsonText(IsUtf8(report.detail) ? report.detail : Printable(report.detail, 512), out);
  }
  out->append(", \"outcome\": ");
  out->append(IsUnknown(report) ? "\"unknown\"" : "\"not-applied\"");
  if (!report.limit.empty()) {
    out->append(", \"limit\": ");
    AppendJsonText(report.limit, out);
  }
  if (report.operation.has_value()) {
    out->append(", \"operation_id\": ");
    AppendJsonText(FormatOperationId(*report.operation), out);
  }
  if (!request_id.empty()) {
    out->append(", \"request_id\": ");
    AppendJsonText(request_id, out);
  }
  out->push_back('}');
}

std::string ProblemJson(const ProblemReport& report, std::string_view request_id) {
  std::string json;
  AppendProblemJson(report, request_id, &json);
  return json;
}

ProblemReport ProblemOf(const Status& status, bool is_write, const kv::OperationId& operation) {
  // What a disk or an engine says is for the operator, in the log; clients are told what it means for them.
  const bool for_the_log = status.code() == Code::kDamaged || status.code() == Code::kIo ||
                           status.code() == Code::kInUse || status.code() == Code::kIncompatible;
  LOG_IF_EVERY_N(ERROR, for_the_log, 100) << "a request failed: " << status;
  switch (status.code()) {
    case Code::kUnknown:
      if (is_write) {
        return {Problem::kOutcomeUnknown, status.message(), {}, operation};
      }
      return {Problem::kTimedOut, "the state to be read was not known to be durable"};
    case Code::kUnavailable:
      return {Problem::kStopping, status.message()};
    case Code::kDiskFull:
      return {Problem::kDiskFull, status.message()};
    case Code::kReadOnly:
      return {Problem::kReadOnly, "the disk failed, so nothing is written any more; the node's log says why"};
    case Code::kDamaged:
      return {Problem::kDamaged, "the stored bytes fail their checksum; the node's log says where"};
    case Code::kInvalid:
      return {Problem::kBadParameter, status.message()};
    case Code::kIo:
    case Code::kInUse:
    case Code::kIncompatible:
      return {Problem::kDiskError, "the disk did not answer the read; the node's log says why"};
    case Code::kOk:
      break;
  }
  LOG(FATAL) << "there is no problem in an OK status";
}

}  // namespace quoin::net
