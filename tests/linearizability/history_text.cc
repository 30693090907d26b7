#include "tests/linearizability/history_text.h"

#include <glog/logging.h>

#include "base/text.h"
#include "tests/linearizability/text_words.h"

namespace quoin::linearizability {
namespace {

std::string KeyText(const std::string& key) {
  for (char c : key) {
    if (!IsPlain(c)) return Quoted(key);
  }
  return key.empty() ? Quoted(key) : key;
}

std::string SeenText(const Seen& seen) {
  std::string text;
  const auto add = [&text](const std::string& word) { text += (text.empty() ? "" : " ") + word; };
  if (!seen.present) add("absent");
  if (seen.value) add(Quoted(*seen.value));
  if (seen.version) add(VersionText(*seen.version));
  if (text.empty()) add("present");
  return text;
}

std::string ConditionText(const Condition& condition) {
  const auto versions = [&condition] {
    std::string text;
    for (const Version& version : condition.versions) text += (text.empty() ? "" : ",") + VersionText(version);
    return text;
  };
  switch (condition.kind) {
    case Condition::Kind::kAbsent:
      return "if-absent";
    case Condition::Kind::kPresent:
      return "if-present";
    case Condition::Kind::kVersionIn:
      return "if-version=" + versions();
    case Condition::Kind::kVersionNotIn:
      return "if-not-version=" + versions();
    case Condition::Kind::kValueIs:
      return "if-value=" + Quoted(condition.value);
  }
  LOG(FATAL) << "no such condition: " << static_cast<int>(condition.kind);
}

}  // namespace

std::string TimeText(Time time) {
  for (const Unit& unit : kUnits) {
    if (time.count() % unit.nanoseconds == 0) {
      return std::to_string(time.count() / unit.nanoseconds) + std::string(unit.name);
    }
  }
  LOG(FATAL) << "every number of nanoseconds has a unit";
}

std::string VersionText(const Version& version) {
  if (version.round == 0 && version.node == 0) return "@" + std::to_string(version.sequence);
  return "@" + std::to_string(version.round) + "." + Hex64(version.node) + "." + std::to_string(version.sequence);
}

std::string Quoted(std::string_view bytes) {
  std::string text = "\"";
  for (char c : bytes) {
    if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (c >= ' ' && c <= '~') {
      text += c;
    } else {
      text += "\\x" + Hex64(static_cast<unsigned char>(c)).substr(14);
    }
  }
  return text + "\"";
}

std::string OperationText(const Operation& operation) {
  std::string text;
  switch (operation.action) {
    case Action::kGet:
      text = "get";
      break;
    case Action::kPut:
      text = "put " + Quoted(operation.value);
      break;
    case Action::kDelete:
      text = "delete";
      break;
    case Action::kIncrement:
      text = "increment " + std::to_string(operation.by);
      break;
    case Action::kAppend:
      text = "append " + Quoted(operation.value);
      break;
    case Action::kSetDeadline:
      text = operation.ttl ? "expire" : "persist";
      break;
    case Action::kSwap:
      text = "swap " + Quoted(operation.value);
      break;
  }
  if (operation.ttl) text += " ttl=" + TimeText(*operation.ttl);
  for (const Condition& condition : operation.conditions) text += " " + ConditionText(condition);
  return text;
}

std::string AnswerText(const Answer& answer) {
  std::string text;
  for (const auto& [outcome, name] : kOutcomes) {
    if (outcome == answer.outcome) text = name;
  }
  if (answer.state) text += " " + SeenText(*answer.state);
  if (answer.created) text += *answer.created ? " created" : " replaced";
  if (answer.previous) text += " previous " + SeenText(*answer.previous);
  return text;
}

std::string EventText(const Event& event) {
  return std::to_string(event.client) + " " + KeyText(event.key) + " " + TimeText(event.invoked) + ".." +
         (event.completed ? TimeText(*event.completed) : "") + " " + OperationText(event.operation) + " -> " +
         AnswerText(event.answer);
}

std::string HistoryText(const History& history) {
  std::string text;
  for (const Event& event : history) text += EventText(event) + "\n";
  return text;
}

}  // namespace quoin::linearizability
