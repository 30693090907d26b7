#include "tests/simulation/client_copies.h"

#include <glog/logging.h>

#include <sstream>

namespace quoin::simulation {
namespace {

using quorum::Outcome;

bool IsUnknown(const quorum::Reply& reply) {
  return reply.outcome == Outcome::kError && reply.status.code() == Code::kUnknown;
}
bool IsNotApplied(const quorum::Reply& reply) {
  return reply.outcome == Outcome::kError && reply.status.code() != Code::kUnknown;
}
bool IsNegative(const quorum::Reply& reply) {
  return reply.outcome != Outcome::kDone && reply.outcome != Outcome::kError;
}

}  // namespace

std::size_t ClientCopies::Send(bool repeated) {
  CHECK(repeated || repeated_.empty()) << "only a first copy may claim to be the only one";
  repeated_.push_back(repeated);
  return repeated_.size() - 1;
}

bool ClientCopies::Counts(std::size_t copy, const quorum::Reply& reply) const {
  CHECK_LT(copy, repeated_.size());
  if (reply.outcome == Outcome::kError) return copy + 1 == repeated_.size();
  return true;
}

void ClientCopies::Settle(std::size_t copy, const quorum::Reply& reply) {
  CHECK(!settled_ && Counts(copy, reply));
  settled_ = reply.outcome;
  settled_unknown_ = IsUnknown(reply);
  binds_ = write_ && (reply.outcome == Outcome::kDone || IsNegative(reply));
}

std::optional<std::string> ClientCopies::AgainstDone(std::size_t copy, const quorum::Reply& reply) const {
  if (IsNegative(reply)) return "I6: it was done, and another copy was told " + Describe(reply);
  // An error speaks for the copies up to its own; a later one may have acted.
  if (IsNotApplied(reply) && repeated_[copy] && copy + 1 == repeated_.size()) {
    return "I10: it was done, and the latest copy was told that it certainly wasn't: " + Describe(reply);
  }
  return std::nullopt;
}

std::optional<std::string> ClientCopies::Contradiction(std::size_t copy, const quorum::Reply& reply) {
  CHECK_LT(copy, repeated_.size());
  if (!write_ || IsUnknown(reply)) return std::nullopt;
  if (done_ && reply.outcome != Outcome::kDone) return AgainstDone(copy, reply);
  if (reply.outcome != Outcome::kDone) {
    const bool both_count = settled_ && !settled_unknown_ && *settled_ != Outcome::kError;
    if (both_count && IsNegative(reply) && *settled_ != reply.outcome) {
      return "I6: two copies were told different results, the later " + Describe(reply);
    }
    return std::nullopt;
  }
  if (done_ && *done_ != kv::Version{} && reply.changed != kv::Version{} && *done_ != reply.changed) {
    std::ostringstream text;
    text << "I6: it took effect twice, at " << *done_ << " and at " << reply.changed;
    return text.str();
  }
  const bool first = !done_;
  if (first) done_ = reply.changed;
  if (!first || !settled_ || settled_unknown_) return std::nullopt;
  if (*settled_ == Outcome::kError) return "I10: it was certainly not applied, and then another copy was done";
  return "I6: a negative result was told, and then another copy was done";
}

std::string Describe(const quorum::Reply& reply) {
  std::ostringstream text;
  switch (reply.outcome) {
    case Outcome::kDone:
      text << "done @" << reply.changed;
      break;
    case Outcome::kAbsent:
      text << "absent";
      break;
    case Outcome::kConditionFailed:
      text << "condition-failed";
      break;
    case Outcome::kRejected:
      text << "rejected: " << reply.status.message();
      break;
    case Outcome::kError:
      text << reply.status;
      break;
  }
  return text.str();
}

}  // namespace quoin::simulation
