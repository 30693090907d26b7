// Answers: from what the keyspace said to a message (see operation_proto.h).
#include <glog/logging.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "net/ballot_text.h"
#include "net/etag.h"
#include "net/operation_proto.h"
#include "net/websocket_frame.h"

namespace quoin::net {
namespace {

bool AsText(Subprotocol subprotocol, std::string_view bytes) {
  return subprotocol == Subprotocol::kJson && IsUtf8(bytes);
}

// A protobuf `string` may only hold UTF-8.
std::string Utf8(const std::string& text) { return IsUtf8(text) ? text : Printable(text, 512); }

v1::Outcome OutcomeOf(quorum::Outcome outcome) {
  switch (outcome) {
    case quorum::Outcome::kDone:
      return v1::DONE;
    case quorum::Outcome::kAbsent:
      return v1::ABSENT;
    case quorum::Outcome::kConditionFailed:
      return v1::CONDITION_FAILED;
    case quorum::Outcome::kRejected:
      return v1::REJECTED;
    case quorum::Outcome::kError:
      return v1::ERROR;
  }
  LOG(FATAL) << "no such outcome: " << static_cast<int>(outcome);
}

}  // namespace

void FillState(const kv::Record& record, bool with_value, Subprotocol subprotocol, v1::State* out) {
  if (with_value) {
    if (AsText(subprotocol, record.value)) {
      out->set_value_text(record.value);
    } else {
      out->set_value(record.value);
    }
  }
  if (record.content_type.empty()) {
    out->set_content_type("application/octet-stream");
  } else {
    out->set_content_type(Utf8(record.content_type));
  }
  out->set_version(FormatVersion(record.changed));
  if (record.deadline.has_value()) out->set_expires_ms(record.deadline->time_since_epoch().count());
}

std::size_t AppendServerFrame(const v1::ServerFrame& frame, Subprotocol subprotocol, std::string* out) {
  if (subprotocol == Subprotocol::kProtobuf) {
    const std::size_t size_bytes = frame.ByteSizeLong();
    CHECK_LE(size_bytes, static_cast<std::size_t>(std::numeric_limits<int>::max()));
    AppendFrameHead(Opcode::kBinary, size_bytes, out);
    const std::size_t before = out->size();
    out->resize(before + size_bytes);
    frame.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(out->data() + before));
    return size_bytes;
  }
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(frame, &json, options);
  CHECK(status.ok()) << "an answer that is no JSON: " << status.ToString();
  AppendFrameHead(Opcode::kText, json.size(), out);
  out->append(json);
  return json.size();
}

void FillProblem(const ProblemReport& report, v1::Problem* out) {
  const ProblemKind& kind = KindOf(report.problem);
  out->set_effect(IsUnknown(report) ? v1::Problem::UNKNOWN : v1::Problem::NOT_APPLIED);
  out->set_type(kind.type.data(), kind.type.size());
  out->set_status(static_cast<std::uint32_t>(kind.status));
  out->set_detail(Utf8(report.detail));
  if (!report.limit.empty()) out->set_limit(report.limit.data(), report.limit.size());
  if (kind.retry_after_s > 0) out->set_retry_after_ms(static_cast<std::uint32_t>(kind.retry_after_s) * 1000);
  if (report.operation.has_value()) out->set_operation_id(FormatOperationId(*report.operation));
}

void FillResult(const ResultShape& shape, const quorum::Reply& reply, const std::optional<ProblemReport>& problem,
                Subprotocol subprotocol, v1::Result* out) {
  out->set_outcome(OutcomeOf(reply.outcome));
  if (reply.changed != kv::Version{}) out->set_version(FormatVersion(reply.changed));
  if (reply.known != kv::Version{}) out->set_ballot(FormatBallot(reply.known));
  if (reply.outcome == quorum::Outcome::kDone) {
    if (shape.value && reply.record != nullptr) FillState(*reply.record, true, subprotocol, out->mutable_state());
    if (shape.previous && reply.previous != nullptr) {
      FillState(*reply.previous, true, subprotocol, out->mutable_previous());
    }
    out->set_created(reply.created);
    return;
  }
  const bool tells_why = reply.outcome == quorum::Outcome::kRejected || reply.outcome == quorum::Outcome::kError;
  if (tells_why && problem.has_value()) FillProblem(*problem, out->mutable_problem());
}

void FillPage(const quorum::ScanPage& page, bool keys_only, Subprotocol subprotocol, v1::Page* out) {
  for (const quorum::ScanEntry& entry : page.entries) {
    v1::Entry* const filled = out->add_entries();
    if (AsText(subprotocol, entry.key)) {
      filled->set_key_text(entry.key);
    } else {
      filled->set_key(entry.key);
    }
    FillState(*entry.record, !keys_only, subprotocol, filled->mutable_state());
  }
  if (page.more && !page.entries.empty()) out->set_cursor(page.entries.back().key);
}

}  // namespace quoin::net
