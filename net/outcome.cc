#include "net/outcome.h"

#include <glog/logging.h>

namespace quoin::net {

std::optional<ProblemReport> ProblemOfReply(const quorum::Reply& reply, bool is_write, const kv::OperationId& id) {
  switch (reply.outcome) {
    case quorum::Outcome::kDone:
      return std::nullopt;
    case quorum::Outcome::kAbsent:
      return ProblemReport{Problem::kAbsent, {}};
    case quorum::Outcome::kConditionFailed:
      return ProblemReport{Problem::kConditionFailed,
                           reply.record == nullptr ? "the key is absent" : "the key is in another state"};
    case quorum::Outcome::kRejected:
      return ProblemReport{Problem::kWrongValue, reply.status.message()};
    case quorum::Outcome::kError:
      if (reply.not_by_this_copy && reply.status.code() == Code::kUnavailable) {
        return ProblemReport{Problem::kBallotRequired,
                             "the key no longer remembers all operations since the ballot that the request named (or "
                             "it named none), so it can't tell whether this one is new; send it again with the ballot "
                             "of this answer"};
      }
      return ProblemOf(reply.status, is_write, id);
  }
  LOG(FATAL) << "no such outcome: " << static_cast<int>(reply.outcome);
}

std::string_view OutcomeName(quorum::Outcome outcome, const std::optional<ProblemReport>& problem) {
  switch (outcome) {
    case quorum::Outcome::kDone:
      return "done";
    case quorum::Outcome::kAbsent:
      return "absent";
    case quorum::Outcome::kConditionFailed:
      return "condition-failed";
    case quorum::Outcome::kRejected:
      return "rejected";
    case quorum::Outcome::kError:
      return problem.has_value() && IsUnknown(*problem) ? "unknown" : "not-applied";
  }
  LOG(FATAL) << "no such outcome: " << static_cast<int>(outcome);
}

}  // namespace quoin::net
