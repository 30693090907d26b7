#include "tools/client_answer.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "base/text.h"

namespace quoin::tools {
namespace {

namespace json = boost::json;

Status NotAsDocumented(const std::string& what) {
  return Status(Code::kInvalid, "the answer is not one of Quoin's: " + what);
}

Result<json::object> ParseObject(std::string_view text) {
  json::error_code error;
  json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) return NotAsDocumented("no JSON object");
  return std::move(value.as_object());
}

// The member's text; empty when it isn't there.
std::string Text(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_string()) return {};
  return {value->as_string().data(), value->as_string().size()};
}

// The bytes under `name`, or under `name`_base64; nullopt when neither is there or the second is no base64.
std::optional<std::string> Bytes(const json::object& object, const std::string& name) {
  if (object.contains(name)) return Text(object, name);
  if (object.contains(name + "_base64")) return Base64Decode(Text(object, name + "_base64"));
  return std::nullopt;
}

// The outcome words of results and problems.
std::optional<ExitCode> FromOutcome(std::string_view outcome) {
  if (outcome == "done") return ExitCode::kDone;
  if (outcome == "absent") return ExitCode::kAbsent;
  if (outcome == "condition-failed") return ExitCode::kConditionFailed;
  if (outcome == "rejected" || outcome == "not-applied") return ExitCode::kRefused;
  if (outcome == "unknown") return ExitCode::kUnknown;
  return std::nullopt;
}

Result<Entry> EntryFrom(const json::object& object) {
  Entry entry;
  const auto key = Bytes(object, "key");
  if (!key) return NotAsDocumented("an entry without a key");
  entry.key = *key;
  entry.value = Bytes(object, "value");
  entry.version = Text(object, "version");
  entry.content_type = Text(object, "content_type");
  entry.expires = Text(object, "expires");
  return entry;
}

Result<Entry> ResultFrom(const json::object& object) {
  Result<Entry> entry = EntryFrom(object);
  if (!entry.ok()) return entry;
  const auto code = FromOutcome(Text(object, "outcome"));
  if (!code) return NotAsDocumented("a result without an outcome");
  entry->exit_code = *code;
  if (const json::value* const problem = object.if_contains("problem"); problem != nullptr && problem->is_object()) {
    entry->problem = Text(problem->as_object(), "detail");
    if (entry->problem.empty()) entry->problem = Text(problem->as_object(), "title");
  }
  return entry;
}

// The list of objects under `name`, each made into an entry by `make`.
template <typename Make>
Result<std::vector<Entry>> Entries(const json::object& object, const char* name, Make make) {
  const json::value* const list = object.if_contains(name);
  if (list == nullptr || !list->is_array()) return NotAsDocumented(std::string("no ") + name);
  std::vector<Entry> entries;
  for (const json::value& item : list->as_array()) {
    if (!item.is_object()) return NotAsDocumented(std::string("an entry of ") + name + " that is no object");
    Result<Entry> entry = make(item.as_object());
    if (!entry.ok()) return entry.status();
    entries.push_back(std::move(*entry));
  }
  return entries;
}

std::string Field(const net::HttpClientResponse& response, std::string_view name) {
  return std::string(response.Field(name).value_or(std::string_view()));
}

// An ETag without its quotes.
std::string Version(const net::HttpClientResponse& response) {
  std::string tag = Field(response, "ETag");
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') return tag.substr(1, tag.size() - 2);
  return tag;
}

}  // namespace

std::string_view OutcomeName(ExitCode code) {
  switch (code) {
    case ExitCode::kDone:
      return "done";
    case ExitCode::kAbsent:
      return "absent";
    case ExitCode::kBadUsage:
      return "bad-usage";
    case ExitCode::kConditionFailed:
      return "condition-failed";
    case ExitCode::kUnknown:
      return "unknown";
    case ExitCode::kUnreachable:
      return "unreachable";
    case ExitCode::kRefused:
      return "refused";
    case ExitCode::kOutputLost:
      return "output-lost";
  }
  LOG(FATAL) << "no such exit code";
}

Answer UnderstandResponse(const Asked& asked, const net::HttpClientResponse& response) {
  Answer answer;
  answer.status = response.status;
  answer.node = Field(response, "Quoin-Node");
  answer.request_id = Field(response, "Quoin-Request-Id");
  answer.operation_id = Field(response, "Quoin-Operation-Id");
  Entry entry{.key = asked.key,
              .version = Version(response),
              .content_type = Field(response, "Content-Type"),
              .expires = Field(response, "Quoin-Expires")};

  if (answer.node.empty()) {
    // Something between us and the node, or no node at all: nobody knows what it did with a write.
    answer.exit_code = asked.write ? ExitCode::kUnknown : ExitCode::kUnreachable;
    answer.problem = "what answered (status " + std::to_string(response.status) + ") is no Quoin node";
    return answer;
  }
  if (response.status / 100 == 2) {
    if (!asked.key.empty()) answer.entry = std::move(entry);
    return answer;
  }

  const Result<json::object> problem = ParseObject(response.body);
  const std::string outcome = problem.ok() ? Text(*problem, "outcome") : "";
  answer.problem = problem.ok() ? Text(*problem, "detail") : "";
  if (answer.problem.empty() && problem.ok()) answer.problem = Text(*problem, "title");
  if (answer.problem.empty()) answer.problem = "the node answered with status " + std::to_string(response.status);

  // A problem of this type is not about the key; a HEAD can't tell, and asks for keys only.
  const bool absent =
      response.status == 404 && (asked.head_only || (problem.ok() && Text(*problem, "type").ends_with(":absent")));
  const bool certain = outcome == "not-applied" || response.status < 500;
  if (absent) {
    answer.exit_code = ExitCode::kAbsent;
  } else if (response.status == 412) {
    answer.exit_code = ExitCode::kConditionFailed;
    answer.entry = Entry{.key = asked.key, .version = entry.version};
  } else if (asked.write && (!certain || outcome == "unknown")) {
    answer.exit_code = ExitCode::kUnknown;
  } else if (response.status == 400) {
    answer.exit_code = ExitCode::kBadUsage;
  } else {
    answer.exit_code = ExitCode::kRefused;
  }
  return answer;
}

Answer UnderstandFailure(const Asked& asked, const Status& failure) {
  CHECK(!failure.ok());
  Answer answer;
  answer.problem = failure.message();
  answer.reached = failure.code() != Code::kUnavailable;
  if (failure.code() == Code::kInvalid) {
    answer.exit_code = ExitCode::kBadUsage;
  } else if (asked.write && failure.code() != Code::kUnavailable) {
    answer.exit_code = ExitCode::kUnknown;
  } else {
    answer.exit_code = ExitCode::kUnreachable;
  }
  return answer;
}

Result<Entry> ParseResult(std::string_view text, std::optional<bool>* created) {
  const Result<json::object> object = ParseObject(text);
  if (!object.ok()) return object.status();
  if (created != nullptr) {
    const json::value* const value = object->if_contains("created");
    *created = value != nullptr && value->is_bool() && value->as_bool();
  }
  return ResultFrom(*object);
}

Result<std::vector<Entry>> ParseBatch(std::string_view text) {
  const Result<json::object> object = ParseObject(text);
  if (!object.ok()) return object.status();
  return Entries(*object, "results", ResultFrom);
}

Result<ListPage> ParseList(std::string_view text) {
  const Result<json::object> object = ParseObject(text);
  if (!object.ok()) return object.status();
  Result<std::vector<Entry>> entries = Entries(*object, "entries", EntryFrom);
  if (!entries.ok()) return entries.status();
  ListPage page{.entries = std::move(*entries), .cursor = std::nullopt};
  if (object->contains("cursor")) page.cursor = Text(*object, "cursor");
  return page;
}

}  // namespace quoin::tools
