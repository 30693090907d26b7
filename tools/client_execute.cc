#include "tools/client_execute.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.h"
#include "net/uri.h"

namespace quoin::tools {
namespace {

namespace json = boost::json;
using net::HttpClientRequest;
using net::HttpClientResponse;

// Puts bytes into an object under `name`, or under `name`_base64 when they are no text.
void AddBytes(const std::string& name, const std::string& bytes, json::object* object) {
  if (IsUtf8(bytes)) {
    (*object)[name] = bytes;
  } else {
    (*object)[name + "_base64"] = Base64Encode(bytes);
  }
}

std::string ContentTypeOf(const std::string& value) {
  return IsUtf8(value) && value.find('\0') == std::string::npos ? "text/plain; charset=utf-8"
                                                                : "application/octet-stream";
}

HttpClientRequest PostRequest(std::string target, const json::object& body) {
  return {.method = "POST",
          .target = std::move(target),
          .fields = {{"Content-Type", "application/json"}},
          .body = json::serialize(body)};
}

// The body of POST /v1/kv/{key} for the commands that are operations.
json::object OperationOf(const Command& command, const Executor::Values& values) {
  json::object operation;
  switch (command.verb) {
    case Verb::kCompareAndSet:
      operation["op"] = "cas";
      AddBytes("expected", values.expected, &operation);
      AddBytes("value", values.value, &operation);
      operation["content_type"] = ContentTypeOf(values.value);
      return operation;
    case Verb::kIncrement:
      operation["op"] = "increment";
      operation["by"] = command.by;
      return operation;
    case Verb::kAppend:
      operation["op"] = "append";
      AddBytes("value", values.value, &operation);
      return operation;
    case Verb::kExpire:
      operation["op"] = "expire";
      // A bare number of seconds is a number in JSON and a text in a query; the text form takes both.
      operation["ttl"] = *command.ttl;
      return operation;
    case Verb::kPersist:
      operation["op"] = "persist";
      return operation;
    default:
      LOG(FATAL) << "the command is no operation";
  }
}

}  // namespace

Answer Executor::Execute(const Command& command, const Values& values, const ShowEntries& show) {
  const auto begin = std::chrono::steady_clock::now();
  Answer answer = [&] {
    switch (command.verb) {
      case Verb::kSet:
        return Set(command, values.value);
      case Verb::kGet:
        return Get(command);
      case Verb::kMultiGet:
        return MultiGet(command, show);
      case Verb::kDelete:
        return Delete(command);
      case Verb::kCompareAndSet:
      case Verb::kIncrement:
      case Verb::kAppend:
      case Verb::kExpire:
      case Verb::kPersist:
        return Post(command, json::serialize(OperationOf(command, values)));
      case Verb::kScan:
        return Scan(command, show);
      case Verb::kStatus:
        return NodeStatus();
      case Verb::kHelp:
      case Verb::kExit:
        break;
    }
    LOG(FATAL) << "the command asks no node";
  }();
  answer.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  return answer;
}

Answer Executor::Ask(const Asked& asked, const HttpClientRequest& request, HttpClientResponse* response) {
  Result<HttpClientResponse> came = link_.Do(request);
  if (!came.ok()) return UnderstandFailure(asked, came.status());
  Answer answer = UnderstandResponse(asked, *came);
  if (response != nullptr) *response = std::move(*came);
  return answer;
}

std::string Executor::KeyTarget(const std::string& key) const {
  std::string target = "/v1/kv/" + net::PercentEncode(key);
  if (!consistency_.empty()) target += "?consistency=" + consistency_;
  return target;
}

Answer Executor::Set(const Command& command, const std::string& value) {
  HttpClientRequest request{.method = "PUT", .target = KeyTarget(command.key), .body = value};
  if (command.ttl) request.target += (consistency_.empty() ? "?ttl=" : "&ttl=") + net::PercentEncode(*command.ttl);
  request.fields.emplace_back("Content-Type", ContentTypeOf(value));
  if (command.if_absent) request.fields.emplace_back("If-None-Match", "*");
  if (command.if_version) request.fields.emplace_back("If-Match", "\"" + *command.if_version + "\"");
  Answer answer = Ask({.key = command.key, .write = true}, request);
  if (answer.exit_code == ExitCode::kDone) answer.created = answer.status == 201;
  return answer;
}

Answer Executor::Get(const Command& command) {
  HttpClientRequest request{.method = command.metadata_only ? "HEAD" : "GET", .target = KeyTarget(command.key)};
  HttpClientResponse response;
  Answer answer = Ask({.key = command.key, .head_only = command.metadata_only}, request, &response);
  if (answer.exit_code != ExitCode::kDone) return answer;
  if (command.metadata_only) {
    answer.size_bytes = ParseUint64(response.Field("Content-Length").value_or(""));
  } else {
    answer.entry->value = std::move(response.body);
  }
  return answer;
}

Answer Executor::Delete(const Command& command) {
  return Ask({.key = command.key, .write = true}, {.method = "DELETE", .target = KeyTarget(command.key)});
}

Answer Executor::Post(const Command& command, const std::string& body) {
  HttpClientRequest request{.method = "POST",
                            .target = KeyTarget(command.key),
                            .fields = {{"Content-Type", "application/json"}},
                            .body = body};
  HttpClientResponse response;
  Answer answer = Ask({.key = command.key, .write = true}, request, &response);
  if (answer.exit_code != ExitCode::kDone) return answer;
  std::optional<bool> created;
  Result<Entry> entry = ParseResult(response.body, &created);
  if (!entry.ok()) {
    // It may have been done, but whoever said so doesn't speak our language.
    answer.exit_code = ExitCode::kUnknown;
    answer.problem = entry.status().message();
    return answer;
  }
  answer.created = created;
  answer.entry = std::move(*entry);
  return answer;
}

Answer Executor::MultiGet(const Command& command, const ShowEntries& show) {
  Answer whole;
  for (std::size_t begin = 0; begin < command.keys.size(); begin += kMultiGetKeys) {
    const std::size_t end = std::min(command.keys.size(), begin + kMultiGetKeys);
    json::array operations;
    for (std::size_t i = begin; i < end; ++i) {
      json::object operation{{"op", "get"}};
      AddBytes("key", command.keys[i], &operation);
      operations.push_back(std::move(operation));
    }
    const std::string query = consistency_.empty() ? "" : "?consistency=" + consistency_;
    HttpClientResponse response;
    Answer answer = Ask({}, PostRequest("/v1/batch" + query, {{"operations", std::move(operations)}}), &response);
    if (answer.exit_code == ExitCode::kDone) {
      const Result<std::vector<Entry>> entries = ParseBatch(response.body);
      if (entries.ok() && entries->size() == end - begin) {
        show(*entries);
        for (const Entry& entry : *entries) {
          if (whole.exit_code == ExitCode::kDone) {
            whole.exit_code = entry.exit_code;
            whole.problem = entry.problem;
          }
        }
      } else {
        answer.exit_code = ExitCode::kRefused;
        answer.problem = entries.ok() ? "the answer has not one result per key" : entries.status().message();
      }
    }
    const bool failed = answer.exit_code != ExitCode::kDone;
    answer.shown = whole.shown + (failed ? 0 : end - begin);
    if (!failed) {
      answer.exit_code = whole.exit_code;
      answer.problem = whole.problem;
    }
    whole = std::move(answer);
    if (failed) break;
  }
  return whole;
}

Answer Executor::Scan(const Command& command, const ShowEntries& show) {
  std::size_t shown = 0;
  std::string cursor;
  for (;;) {
    const std::uint64_t left = command.limit ? *command.limit - shown : kScanPageKeys;
    std::string target = "/v1/kv?prefix=" + net::PercentEncode(command.prefix) +
                         "&limit=" + std::to_string(std::min<std::uint64_t>(left, kScanPageKeys));
    if (command.keys_only) target += "&keys_only=true";
    if (!cursor.empty()) target += "&cursor=" + net::PercentEncode(cursor);
    HttpClientResponse response;
    Answer answer = Ask({}, {.target = std::move(target)}, &response);
    answer.shown = shown;
    if (answer.exit_code != ExitCode::kDone) return answer;
    const Result<ListPage> page = ParseList(response.body);
    if (!page.ok()) {
      answer.exit_code = ExitCode::kRefused;
      answer.problem = page.status().message();
      return answer;
    }
    show(page->entries);
    shown += page->entries.size();
    answer.shown = shown;
    answer.more = page->cursor.has_value();
    // A cursor that stands still would keep us here for ever.
    const bool stuck = page->cursor && *page->cursor == cursor;
    if (!answer.more || stuck || (command.limit && shown >= *command.limit)) return answer;
    cursor = *page->cursor;
  }
}

Answer Executor::NodeStatus() {
  HttpClientResponse response;
  Answer answer = Ask({}, {.target = "/v1/status"}, &response);
  if (answer.exit_code == ExitCode::kDone) answer.node_status = std::move(response.body);
  return answer;
}

std::vector<std::string> KeysWithPrefix(Link& link, const std::string& prefix, std::size_t limit,
                                        std::chrono::microseconds timeout) {
  const Result<HttpClientResponse> response = link.Do(
      {.target = "/v1/kv?keys_only=true&prefix=" + net::PercentEncode(prefix) + "&limit=" + std::to_string(limit)},
      timeout);
  std::vector<std::string> keys;
  if (!response.ok() || response->status != 200) return keys;
  const Result<ListPage> page = ParseList(response->body);
  if (!page.ok()) return keys;
  for (const Entry& entry : page->entries) keys.push_back(entry.key);
  return keys;
}

}  // namespace quoin::tools
