#include "tests/simulation/client_history.h"

#include <glog/logging.h>

#include "tests/simulation/adapter.h"

namespace quoin::simulation {

std::size_t ClientHistory::Begin(std::uint64_t client, const quorum::Request& request, ring::MonotonicTime now) {
  CHECK(BelongsIntoHistory(request));
  linearizability::Event event;
  event.client = client;
  event.key = request.key;
  event.operation = ToOperation(request);
  event.invoked = ToTime(now);
  events_.push_back(std::move(event));
  return events_.size() - 1;
}

void ClientHistory::Answer(std::size_t event, const quorum::Request& request, const quorum::Reply& reply,
                           ring::MonotonicTime now) {
  linearizability::Event& told = events_.at(event);
  CHECK(!told.completed && told.answer.outcome == linearizability::Outcome::kUnknown) << "answered twice";
  told.answer = ToAnswer(request, reply);
  if (told.answer.outcome != linearizability::Outcome::kUnknown) told.completed = ToTime(now);
}

void ClientHistory::AddPaged(std::uint64_t client, const std::string& key, const kv::RecordPtr& record, bool value,
                             ring::MonotonicTime sent, ring::MonotonicTime told) {
  linearizability::Event event;
  event.client = client;
  event.key = key;
  event.invoked = ToTime(sent);
  event.completed = ToTime(told);
  event.answer.outcome = record == nullptr ? linearizability::Outcome::kAbsent : linearizability::Outcome::kDone;
  linearizability::Seen seen{.present = record != nullptr};
  if (record != nullptr) seen.version = ToVersion(record->changed);
  if (record != nullptr && value) seen.value = record->value;
  event.answer.state = std::move(seen);
  events_.push_back(std::move(event));
}

std::map<std::string, std::uint64_t> ClientHistory::CountOutcomes() const {
  using linearizability::Outcome;
  const auto name = [](Outcome outcome) {
    switch (outcome) {
      case Outcome::kDone:
        return "done";
      case Outcome::kAbsent:
        return "absent";
      case Outcome::kConditionFailed:
        return "condition-failed";
      case Outcome::kRejected:
        return "rejected";
      case Outcome::kNotApplied:
        return "not-applied";
      case Outcome::kUnknown:
        return "unknown";
    }
    return "";
  };
  std::map<std::string, std::uint64_t> counts;
  for (const linearizability::Event& event : events_) ++counts[name(event.answer.outcome)];
  return counts;
}

}  // namespace quoin::simulation
