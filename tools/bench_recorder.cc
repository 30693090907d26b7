#include "tools/bench_recorder.h"

#include <glog/logging.h>

#include "base/text.h"

namespace quoin::bench {
namespace {

using Action = client::Operation::Action;
namespace lin = linearizability;

lin::Outcome OutcomeOf(client::Outcome outcome) {
  switch (outcome) {
    case client::Outcome::kDone:
      return lin::Outcome::kDone;
    case client::Outcome::kAbsent:
      return lin::Outcome::kAbsent;
    case client::Outcome::kConditionFailed:
      return lin::Outcome::kConditionFailed;
    case client::Outcome::kRejected:
    case client::Outcome::kNotApplied:
      return lin::Outcome::kNotApplied;
    case client::Outcome::kUnknown:
      return lin::Outcome::kUnknown;
  }
  return lin::Outcome::kUnknown;
}

}  // namespace

std::optional<lin::Version> ParseVersion(std::string_view text) {
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto round = ParseUint64(text.substr(0, first));
  const auto node = ParseHex64(text.substr(first + 1, second - first - 1));
  const auto sequence = ParseUint64(text.substr(second + 1));
  if (!round || !node || !sequence) return std::nullopt;
  return lin::Version{.round = *round, .node = *node, .sequence = *sequence};
}

void Recorder::Add(const KeyNumber& key, std::uint32_t client, const client::Operation& operation,
                   std::uint64_t written, Time invoked, Time completed, const client::Answer& answer) {
  if (answer.outcome == client::Outcome::kNotApplied || answer.outcome == client::Outcome::kRejected) return;
  if (answer.outcome == client::Outcome::kUnknown && !operation.is_write()) return;
  Record record{.key = key,
                .invoked = invoked,
                .completed = completed,
                .written = written,
                .client = client,
                .action = operation.action,
                .outcome = answer.outcome,
                .created = answer.created};
  if (!operation.conditions.empty()) {
    const client::Condition& condition = operation.conditions.front();
    record.condition = Record::Condition::kAbsent;
    if (condition.kind == client::Condition::Kind::kVersionIn) {
      record.condition = Record::Condition::kVersion;
      record.expected_version = ParseVersion(condition.versions.front()).value_or(lin::Version{});
    }
  }
  if (answer.outcome != client::Outcome::kUnknown) {
    record.version = ParseVersion(answer.version).value_or(lin::Version{});
    if (answer.outcome == client::Outcome::kAbsent) {
      record.told = Record::Told::kAbsent;
    } else if (answer.outcome == client::Outcome::kDone || record.version != lin::Version{}) {
      record.told = Record::Told::kPresent;
    }
    if (answer.done() && answer.state && operation.action != Action::kPut) TellValue(answer.state->value, &record);
  }
  records_.push_back(record);
}

void Recorder::TellValue(std::string_view value, Record* record) {
  if (const auto id = values_.IdOf(value)) {
    record->value_told = Record::Value::kId;
    record->value = *id;
  } else if (const auto number = ParseInt64(value); number && value.size() < kValueIdBytes) {
    record->value_told = Record::Value::kNumber;
    record->value = static_cast<std::uint64_t>(*number);
  } else {
    record->value_told = Record::Value::kCorrupt;
    record->value = value.size();
    ++corrupt_;
  }
}

lin::Event ToEvent(const Record& record, const std::string& key) {
  lin::Event event{.client = record.client, .key = key, .invoked = record.invoked};
  switch (record.action) {
    case Action::kGet:
      event.operation.action = lin::Action::kGet;
      break;
    case Action::kPut:
      event.operation.action = lin::Action::kPut;
      event.operation.value = Hex64(record.written);
      break;
    case Action::kIncrement:
      event.operation.action = lin::Action::kIncrement;
      break;
    default:
      LOG(FATAL) << "no workload does this";
  }
  if (record.condition == Record::Condition::kAbsent) {
    event.operation.conditions.push_back({.kind = lin::Condition::Kind::kAbsent});
  } else if (record.condition == Record::Condition::kVersion) {
    event.operation.conditions.push_back(
        {.kind = lin::Condition::Kind::kVersionIn, .versions = {record.expected_version}});
  }
  event.answer.outcome = OutcomeOf(record.outcome);
  if (record.outcome == client::Outcome::kUnknown) return event;
  event.completed = record.completed;
  if (record.told == Record::Told::kNothing) return event;
  lin::Seen seen{.present = record.told == Record::Told::kPresent};
  if (seen.present && record.version != lin::Version{}) seen.version = record.version;
  switch (record.value_told) {
    case Record::Value::kUntold:
      break;
    case Record::Value::kId:
      seen.value = Hex64(record.value);
      break;
    case Record::Value::kNumber:
      seen.value = std::to_string(static_cast<std::int64_t>(record.value));
      break;
    case Record::Value::kCorrupt:
      seen.value = std::to_string(record.value) + " bytes that nobody wrote";
      break;
  }
  event.answer.state = std::move(seen);
  if (record.outcome == client::Outcome::kDone && record.action != Action::kGet) event.answer.created = record.created;
  return event;
}

}  // namespace quoin::bench
