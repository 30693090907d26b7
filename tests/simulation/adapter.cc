#include "tests/simulation/adapter.h"

#include <glog/logging.h>

#include <chrono>
#include <optional>
#include <variant>

namespace quoin::simulation {
namespace {

namespace checker = linearizability;

std::optional<checker::Time> ToTtl(const std::optional<quorum::TimeToLive>& ttl) {
  if (!ttl) return std::nullopt;
  return std::chrono::duration_cast<checker::Time>(*ttl);
}

struct ToAction {
  checker::Operation operator()(const quorum::Get&) const { return {checker::Action::kGet}; }
  checker::Operation operator()(const quorum::Put& put) const { return Store(checker::Action::kPut, put); }
  checker::Operation operator()(const quorum::Delete&) const { return {checker::Action::kDelete}; }
  checker::Operation operator()(const quorum::Increment& increment) const {
    checker::Operation operation{checker::Action::kIncrement};
    operation.by = increment.by;
    return operation;
  }
  checker::Operation operator()(const quorum::Append& append) const {
    checker::Operation operation{checker::Action::kAppend};
    operation.value = append.bytes;
    return operation;
  }
  checker::Operation operator()(const quorum::SetDeadline& set) const {
    checker::Operation operation{checker::Action::kSetDeadline};
    operation.ttl = ToTtl(set.ttl);
    return operation;
  }
  checker::Operation operator()(const quorum::Swap& swap) const { return Store(checker::Action::kSwap, swap.put); }

 private:
  static checker::Operation Store(checker::Action action, const quorum::Put& put) {
    checker::Operation operation{action};
    operation.value = put.value;
    operation.ttl = ToTtl(put.ttl);
    return operation;
  }
};

checker::Condition ToCondition(const quorum::Condition& condition) {
  checker::Condition result;
  switch (condition.kind) {
    case quorum::Condition::Kind::kAbsent:
      result.kind = checker::Condition::Kind::kAbsent;
      break;
    case quorum::Condition::Kind::kPresent:
      result.kind = checker::Condition::Kind::kPresent;
      break;
    case quorum::Condition::Kind::kVersionIn:
      result.kind = checker::Condition::Kind::kVersionIn;
      break;
    case quorum::Condition::Kind::kVersionNotIn:
      result.kind = checker::Condition::Kind::kVersionNotIn;
      break;
    case quorum::Condition::Kind::kValueIs:
      result.kind = checker::Condition::Kind::kValueIs;
      break;
  }
  for (const kv::Version& version : condition.versions) result.versions.push_back(ToVersion(version));
  result.value = condition.value;
  return result;
}

checker::Seen Absent() { return {.present = false}; }
checker::Seen Present(const kv::Record& record) {
  return {.present = true, .value = record.value, .version = ToVersion(record.changed)};
}

std::optional<checker::Seen> Told(const kv::RecordPtr& record) {
  if (record == nullptr) return std::nullopt;
  return Present(*record);
}

// The state after a write that is done.
std::optional<checker::Seen> StateAfter(const quorum::Request& request, const quorum::Reply& reply) {
  if (reply.record != nullptr) return Present(*reply.record);
  checker::Seen seen{.present = !std::holds_alternative<quorum::Delete>(request.operation)};
  if (reply.changed != kv::Version{}) seen.version = ToVersion(reply.changed);
  return seen;
}

checker::Answer Done(const quorum::Request& request, const quorum::Reply& reply) {
  checker::Answer answer{checker::Outcome::kDone};
  if (!quorum::IsWrite(request.operation)) {
    answer.state = Told(reply.record);
    return answer;
  }
  answer.state = StateAfter(request, reply);
  answer.created = reply.created;
  if (std::holds_alternative<quorum::Swap>(request.operation)) {
    answer.previous = reply.created ? Absent() : Told(reply.previous);
  }
  return answer;
}

}  // namespace

checker::Version ToVersion(const kv::Version& version) {
  return {version.ballot.round, version.ballot.node.value, version.sequence};
}

checker::Time ToTime(ring::MonotonicTime time) {
  return std::chrono::duration_cast<checker::Time>(time.time_since_epoch());
}

checker::Operation ToOperation(const quorum::Request& request) {
  checker::Operation operation = std::visit(ToAction(), request.operation);
  for (const quorum::Condition& condition : request.conditions) {
    operation.conditions.push_back(ToCondition(condition));
  }
  return operation;
}

checker::Answer ToAnswer(const quorum::Request& request, const quorum::Reply& reply) {
  switch (reply.outcome) {
    case quorum::Outcome::kDone:
      return Done(request, reply);
    case quorum::Outcome::kAbsent:
      return {checker::Outcome::kAbsent, Absent()};
    case quorum::Outcome::kConditionFailed:
      return {checker::Outcome::kConditionFailed, Told(reply.record)};
    case quorum::Outcome::kRejected:
      return {checker::Outcome::kRejected, Told(reply.record)};
    case quorum::Outcome::kError:
      CHECK(!reply.status.ok()) << "an error without its reason";
      return {reply.status.code() == Code::kUnknown ? checker::Outcome::kUnknown : checker::Outcome::kNotApplied};
  }
  LOG(FATAL) << "no such outcome: " << static_cast<int>(reply.outcome);
}

bool BelongsIntoHistory(const quorum::Request& request) { return request.consistency != quorum::Consistency::kOne; }

}  // namespace quoin::simulation
