// Answers: from what the keyspace said to JSON (see operation_json.h).
#include "base/text.h"
#include "net/ballot_text.h"
#include "net/etag.h"
#include "net/http_response.h"
#include "net/json_text.h"
#include "net/operation_json.h"
#include "net/outcome.h"

namespace quoin::net {
namespace {

// `, "value": ..., "content_type": ..., "expires": ...`
void AppendState(const kv::Record& record, bool with_value, std::string* out) {
  if (with_value) {
    out->append(", ");
    AppendJsonBytes("value", record.value, out);
  }
  out->append(", \"content_type\": ");
  if (record.content_type.empty()) {
    out->append("\"application/octet-stream\"");
  } else {
    AppendJsonText(IsUtf8(record.content_type) ? record.content_type : Printable(record.content_type, 256), out);
  }
  if (record.deadline.has_value()) {
    out->append(", \"expires\": \"").append(FormatTime(*record.deadline)).push_back('"');
  }
}

void AppendVersionMember(const kv::Version& version, std::string* out) {
  if (version == kv::Version{}) return;
  out->append(", \"version\": \"").append(FormatVersion(version)).push_back('"');
}

}  // namespace

void AppendResult(std::string_view key, const ResultShape& shape, const quorum::Reply& reply,
                  const std::optional<ProblemReport>& problem, std::string_view request_id, std::string* out) {
  out->push_back('{');
  AppendJsonBytes("key", key, out);
  out->append(", \"status\": ").append(std::to_string(problem.has_value() ? KindOf(problem->problem).status : 200));
  out->append(", \"outcome\": \"").append(OutcomeName(reply.outcome, problem)).push_back('"');
  AppendVersionMember(reply.changed, out);
  if (reply.known != kv::Version{}) out->append(", \"ballot\": \"").append(FormatBallot(reply.known)).push_back('"');
  const bool done = reply.outcome == quorum::Outcome::kDone;
  if (done && shape.value && reply.record != nullptr) AppendState(*reply.record, true, out);
  if (done && reply.created) out->append(", \"created\": true");
  if (done && shape.previous) {
    out->append(", \"previous\": ");
    if (reply.previous == nullptr) {
      out->append("null");
    } else {
      std::string previous;
      AppendState(*reply.previous, true, &previous);
      out->append("{\"version\": \"").append(FormatVersion(reply.previous->changed)).append("\"");
      out->append(previous).push_back('}');
    }
  }
  if (problem.has_value()) {
    out->append(", \"problem\": ");
    AppendProblemJson(*problem, request_id, out);
  }
  out->push_back('}');
}

std::string ListJson(const quorum::ScanPage& page, bool keys_only) {
  std::string out = "{\"entries\": [";
  for (std::size_t i = 0; i < page.entries.size(); ++i) {
    const quorum::ScanEntry& entry = page.entries[i];
    out.append(i == 0 ? "{" : ", {");
    AppendJsonBytes("key", entry.key, &out);
    AppendVersionMember(entry.record->changed, &out);
    AppendState(*entry.record, !keys_only, &out);
    out.push_back('}');
  }
  out.push_back(']');
  if (page.more && !page.entries.empty()) {
    out.append(", \"cursor\": \"").append(Base64Encode(page.entries.back().key)).push_back('"');
  }
  out.push_back('}');
  return out;
}

}  // namespace quoin::net
