#include "tools/client_execute.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "net/ttl.h"
#include "tools/client_ticket.h"

namespace quoin::tools {
namespace {

using client::Operation;

std::string ContentTypeOf(const std::string& value) {
  return IsUtf8(value) && value.find('\0') == std::string::npos ? "text/plain; charset=utf-8"
                                                                : "application/octet-stream";
}

Operation Put(const std::string& key, const std::string& value) {
  return Operation::Put(key, value).As(ContentTypeOf(value));
}

Result<Operation> SetOf(const Command& command, const std::string& value) {
  Operation operation = Put(command.key, value);
  if (command.ttl) {
    const Result<quorum::TimeToLive> ttl = net::ParseTtl(*command.ttl);
    if (!ttl.ok()) return ttl.status();
    operation.ttl = *ttl;
  }
  if (command.if_absent) operation.conditions.push_back(client::Condition::Absent());
  if (command.if_version) operation.conditions.push_back(client::Condition::VersionIs(*command.if_version));
  return operation;
}

}  // namespace

Result<Operation> OperationOf(const Command& command, const Executor::Values& values) {
  switch (command.verb) {
    case Verb::kSet:
      return SetOf(command, values.value);
    case Verb::kGet:
      return Operation::Get(command.key);
    case Verb::kDelete:
      return Operation::Delete(command.key);
    case Verb::kCompareAndSet:
      return Put(command.key, values.value).If(client::Condition::ValueIs(values.expected));
    case Verb::kIncrement:
      return Operation::Increment(command.key, command.by);
    case Verb::kAppend:
      return Operation::Append(command.key, values.value);
    case Verb::kExpire: {
      const Result<quorum::TimeToLive> ttl = net::ParseTtl(*command.ttl);
      if (!ttl.ok()) return ttl.status();
      return Operation::Expire(command.key, *ttl);
    }
    case Verb::kPersist:
      return Operation::Persist(command.key);
    default:
      LOG(FATAL) << "the command is no operation on one key";
  }
}

client::CallOptions Executor::CallOptions() const {
  client::CallOptions options;
  options.consistency = consistency_;
  return options;
}

Answer Executor::Execute(const Command& command, const Values& values, const ShowEntries& show) {
  const auto begin = std::chrono::steady_clock::now();
  Answer answer = [&] {
    switch (command.verb) {
      case Verb::kMultiGet:
        return MultiGet(command, show);
      case Verb::kScan:
        return Scan(command, show);
      default:
        return Operate(command, values);
    }
  }();
  answer.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  return answer;
}

Answer Executor::Operate(const Command& command, const Values& values) {
  const Result<Operation> operation = OperationOf(command, values);
  if (!operation.ok()) {
    Answer misused;
    misused.exit_code = ExitCode::kBadUsage;
    misused.problem = operation.status().message();
    return misused;
  }
  client::CallOptions options = CallOptions();
  if (command.ticket) {
    options.ticket = ParseTicket(*command.ticket);
    options.resumed = true;
  }
  Answer answer = UnderstandAnswer(*operation, store_.Do(*operation, std::move(options)));
  if (command.metadata_only && answer.entry) {
    // The library reads whole values.
    answer.size_bytes = answer.entry->value.value_or("").size();
    answer.entry->value.reset();
  }
  return answer;
}

Answer Executor::MultiGet(const Command& command, const ShowEntries& show) {
  Answer whole;
  for (std::size_t begin = 0; begin < command.keys.size(); begin += kMultiGetKeys) {
    const std::size_t end = std::min(command.keys.size(), begin + kMultiGetKeys);
    std::vector<Operation> operations;
    for (std::size_t i = begin; i < end; ++i) operations.push_back(Operation::Get(command.keys[i]));
    std::vector<client::Answer> answers = store_.Batch(std::move(operations), CallOptions());

    // Nobody answered: that is the end of the command, and no matter of single keys.
    const auto reached = std::ranges::find_if(answers, [](const auto& answer) { return answer.responder != nullptr; });
    if (reached == answers.end()) {
      const std::size_t shown = whole.shown;
      whole = UnderstandAnswer(Operation::Get(command.keys[begin]), std::move(answers.front()));
      whole.shown = shown;
      return whole;
    }
    whole.node = reached->responder->node;
    whole.status = 200;
    std::vector<Entry> entries;
    for (std::size_t i = begin; i < end; ++i) {
      entries.push_back(UnderstandEntry(command.keys[i], std::move(answers[i - begin])));
      if (whole.exit_code != ExitCode::kDone) continue;
      whole.exit_code = entries.back().exit_code;
      whole.problem = entries.back().problem;
    }
    show(entries);
    whole.shown = end;
  }
  return whole;
}

Answer Executor::Scan(const Command& command, const ShowEntries& show) {
  std::size_t shown = 0;
  std::string cursor;
  for (;;) {
    const std::uint64_t left = command.limit ? *command.limit - shown : kScanPageKeys;
    client::PageAnswer page =
        store_.Page({.prefix = command.prefix,
                     .cursor = cursor,
                     .limit = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, kScanPageKeys)),
                     .keys_only = command.keys_only},
                    {});
    Answer answer = UnderstandPage(page);
    answer.shown = shown;
    if (answer.exit_code != ExitCode::kDone) return answer;
    std::vector<Entry> entries;
    for (client::Entry& entry : page.entries) entries.push_back(EntryOf(std::move(entry), command.keys_only));
    show(entries);
    shown += entries.size();
    answer.shown = shown;
    answer.more = !page.cursor.empty();
    // A cursor that stands still would keep us here for ever.
    const bool stuck = page.cursor == cursor;
    if (!answer.more || stuck || (command.limit && shown >= *command.limit)) return answer;
    cursor = std::move(page.cursor);
  }
}

std::vector<std::string> KeysWithPrefix(Store& store, const std::string& prefix, std::uint32_t limit,
                                        std::chrono::milliseconds timeout) {
  client::CallOptions options;
  options.timeout = timeout;
  client::PageAnswer page = store.Page({.prefix = prefix, .limit = limit, .keys_only = true}, std::move(options));
  std::vector<std::string> keys;
  for (client::Entry& entry : page.entries) keys.push_back(std::move(entry.key));
  return keys;
}

}  // namespace quoin::tools
