// Requests: from a message to what it asks (see operation_proto.h).
#include <google/protobuf/util/json_util.h>

#include <utility>

#include "base/text.h"
#include "net/etag.h"
#include "net/json_reader.h"
#include "net/key_head.h"
#include "net/operation_proto.h"
#include "net/ttl.h"

namespace quoin::net {
namespace {

// frame, batch, operations, operation, conditions, condition, versions, list: and one to spare.
constexpr std::size_t kMaxDepth = 9;
constexpr std::size_t kMaxVersions = kMaxEntityTags;
constexpr std::size_t kMaxScanLimit = 1000;
constexpr std::size_t kDefaultScanLimit = 100;

Status Invalid(std::string why) { return Status(Code::kInvalid, std::move(why)); }
Status Unknown(const char* where) {
  return Invalid(std::string("the ") + where + " has a member that this node does not know");
}

// The bytes of `value` or `value_text`; nullopt when neither was given.
template <typename Message>
std::optional<std::string> TakeValue(Message& message) {
  switch (message.value_form_case()) {
    case Message::kValue:
      return std::move(*message.mutable_value());
    case Message::kValueText:
      return std::move(*message.mutable_value_text());
    default:
      return std::nullopt;
  }
}

// A ttl_ms, if one was given.
template <typename Message>
Status ReadTtl(const Message& message, std::optional<quorum::TimeToLive>* out) {
  if (!message.has_ttl_ms()) return Status::Ok();
  if (message.ttl_ms() < 1 || message.ttl_ms() > static_cast<std::uint64_t>(kMaxTtl.count())) {
    return Invalid("ttl_ms is 1 to " + std::to_string(kMaxTtl.count()) + " (36500 days)");
  }
  *out = quorum::TimeToLive(static_cast<std::int64_t>(message.ttl_ms()));
  return Status::Ok();
}

Status ReadPut(v1::Put& message, quorum::Put* out) {
  if (HasUnknown(message)) return Unknown("put");
  auto value = TakeValue(message);
  if (!value.has_value()) return Invalid("one of value and value_text must be given");
  if (!IsContentType(message.content_type())) {
    return Invalid("content_type has at most 256 characters of printable ASCII");
  }
  out->value = *std::move(value);
  out->content_type = std::move(*message.mutable_content_type());
  return ReadTtl(message, &out->ttl);
}

Status ReadAction(v1::Operation& message, KeyOperation* out) {
  switch (message.action_case()) {
    case v1::Operation::kGet:
      out->operation = quorum::Get{};
      out->shape.value = true;
      return HasUnknown(message.get()) ? Unknown("get") : Status::Ok();
    case v1::Operation::kPut:
      return ReadPut(*message.mutable_put(), &out->operation.emplace<quorum::Put>());
    case v1::Operation::kSwap:
      out->shape.previous = true;
      return ReadPut(*message.mutable_swap(), &out->operation.emplace<quorum::Swap>().put);
    case v1::Operation::kDelete:
      out->operation = quorum::Delete{};
      return HasUnknown(message.delete_()) ? Unknown("delete") : Status::Ok();
    case v1::Operation::kIncrement:
      out->operation = quorum::Increment{message.increment().has_by() ? message.increment().by() : 1};
      out->shape.value = true;
      return HasUnknown(message.increment()) ? Unknown("increment") : Status::Ok();
    case v1::Operation::kAppend: {
      if (HasUnknown(message.append())) return Unknown("append");
      auto value = TakeValue(*message.mutable_append());
      if (!value.has_value()) return Invalid("one of value and value_text must be given");
      out->operation = quorum::Append{*std::move(value)};
      return Status::Ok();
    }
    case v1::Operation::kSetDeadline:
      if (HasUnknown(message.set_deadline())) return Unknown("set_deadline");
      return ReadTtl(message.set_deadline(), &out->operation.emplace<quorum::SetDeadline>().ttl);
    case v1::Operation::ACTION_NOT_SET:
      break;
  }
  return Invalid(
      "one of get, put, delete, increment, append, set_deadline and swap must be given (or it is one that this node "
      "does not know)");
}

Status ReadVersions(const v1::Versions& message, std::vector<kv::Version>* out) {
  if (HasUnknown(message)) return Unknown("list of versions");
  if (static_cast<std::size_t>(message.versions_size()) > kMaxVersions) {
    return Invalid("a condition has at most " + std::to_string(kMaxVersions) + " versions");
  }
  for (const std::string& text : message.versions()) {
    const auto version = ParseVersion(text);
    if (!version.has_value()) return Invalid("a version is a text such as 3.00c0ffee00c0ffee.41, without quotes");
    out->push_back(*version);
  }
  return Status::Ok();
}

Status ReadCondition(v1::Condition& message, quorum::Condition* out) {
  using Kind = quorum::Condition::Kind;
  if (HasUnknown(message)) return Unknown("condition");
  switch (message.kind_case()) {
    case v1::Condition::kAbsent:
      out->kind = Kind::kAbsent;
      return message.absent() ? Status::Ok() : Invalid("the condition absent must be true");
    case v1::Condition::kPresent:
      out->kind = Kind::kPresent;
      return message.present() ? Status::Ok() : Invalid("the condition present must be true");
    case v1::Condition::kVersionIn:
      out->kind = Kind::kVersionIn;
      return ReadVersions(message.version_in(), &out->versions);
    case v1::Condition::kVersionNotIn:
      out->kind = Kind::kVersionNotIn;
      return ReadVersions(message.version_not_in(), &out->versions);
    case v1::Condition::kValueIs:
      out->kind = Kind::kValueIs;
      out->value = std::move(*message.mutable_value_is());
      return Status::Ok();
    case v1::Condition::kValueIsText:
      out->kind = Kind::kValueIs;
      out->value = std::move(*message.mutable_value_is_text());
      return Status::Ok();
    case v1::Condition::KIND_NOT_SET:
      break;
  }
  return Invalid("a condition is absent, present, version_in, version_not_in, value_is or value_is_text");
}

bool IsConsistency(v1::Consistency consistency) {
  return consistency == v1::QUORUM || consistency == v1::ONE || consistency == v1::ALL;
}

}  // namespace

Status ReadClientFrame(std::string_view message, Subprotocol subprotocol, v1::ClientFrame* out) {
  if (subprotocol == Subprotocol::kProtobuf) {
    return out->ParseFromArray(message.data(), static_cast<int>(message.size()))
               ? Status::Ok()
               : Invalid("the message is no ClientFrame in protobuf");
  }
  // protobuf's own reader lets members pass that are given twice, and texts that are no UTF-8.
  if (const auto value = ReadJson(message, kMaxDepth); !value.ok()) return value.status();
  google::protobuf::util::JsonParseOptions options;
  const auto status = google::protobuf::util::JsonStringToMessage({message.data(), message.size()}, out, options);
  if (status.ok()) return Status::Ok();
  const std::string why(status.message().data(), status.message().size());
  return Invalid("the message is no ClientFrame in JSON: " + Printable(why, 80));
}

quorum::Consistency ConsistencyOf(v1::Consistency consistency) {
  switch (consistency) {
    case v1::ONE:
      return quorum::Consistency::kOne;
    case v1::ALL:
      return quorum::Consistency::kAll;
    default:
      return quorum::Consistency::kQuorum;
  }
}

Result<KeyOperation> TakeOperation(v1::Operation& message, std::size_t max_value_bytes) {
  if (HasUnknown(message)) return Unknown("operation");
  KeyOperation operation;
  switch (message.key_form_case()) {
    case v1::Operation::kKey:
      operation.key = std::move(*message.mutable_key());
      break;
    case v1::Operation::kKeyText:
      operation.key = std::move(*message.mutable_key_text());
      break;
    case v1::Operation::KEY_FORM_NOT_SET:
      return Invalid("one of key and key_text must be given");
  }
  QUOIN_RETURN_IF_ERROR(ReadAction(message, &operation));
  for (v1::Condition& condition : *message.mutable_conditions()) {
    QUOIN_RETURN_IF_ERROR(ReadCondition(condition, &operation.conditions.emplace_back()));
  }
  if (!IsConsistency(message.consistency())) return Invalid("consistency is QUORUM, ONE or ALL");
  ClientSending sending;
  if (!message.operation_id().empty()) sending.operation_id = message.operation_id();
  if (!message.ballot().empty()) sending.ballot = message.ballot();
  sending.repeated = message.repeated();
  sending.finished_below = message.finished_below();
  QUOIN_RETURN_IF_ERROR(ReadClientSending(sending, &operation));
  operation.refusal = CheckKey(operation.key);
  if (!operation.refusal.has_value()) operation.refusal = CheckValueSize(operation.operation, max_value_bytes);
  return operation;
}

Result<std::vector<KeyOperation>> TakeBatch(v1::Batch& batch, std::size_t max_value_bytes) {
  if (HasUnknown(batch)) return Unknown("batch");
  if (!IsConsistency(batch.consistency())) return Invalid("consistency is QUORUM, ONE or ALL");
  if (static_cast<std::size_t>(batch.operations_size()) > kMaxBatchOperations) {
    return Invalid("a batch has at most " + std::to_string(kMaxBatchOperations) + " operations, not " +
                   std::to_string(batch.operations_size()));
  }
  std::vector<KeyOperation> operations;
  operations.reserve(static_cast<std::size_t>(batch.operations_size()));
  for (v1::Operation& message : *batch.mutable_operations()) {
    auto operation = message.consistency() == v1::QUORUM
                         ? TakeOperation(message, max_value_bytes)
                         : Result<KeyOperation>(Invalid("the consistency is that of the whole batch"));
    if (!operation.ok()) {
      return Invalid("operation " + std::to_string(operations.size()) + ": " + operation.status().message());
    }
    operations.push_back(*std::move(operation));
  }
  return operations;
}

Result<quorum::ScanRequest> TakeScan(v1::Scan& message) {
  if (HasUnknown(message)) return Unknown("scan");
  quorum::ScanRequest scan;
  if (message.prefix_form_case() == v1::Scan::kPrefix) scan.prefix = std::move(*message.mutable_prefix());
  if (message.prefix_form_case() == v1::Scan::kPrefixText) scan.prefix = std::move(*message.mutable_prefix_text());
  if (scan.prefix.size() > kv::kMaxKeyBytes) {
    return Invalid("a prefix has at most " + std::to_string(kv::kMaxKeyBytes) + " bytes, as keys have");
  }
  if (message.limit() > kMaxScanLimit) return Invalid("limit is 1 to " + std::to_string(kMaxScanLimit));
  scan.limit = message.limit() == 0 ? kDefaultScanLimit : message.limit();
  if (!message.cursor().empty()) {
    if (message.cursor().size() > kv::kMaxKeyBytes || !message.cursor().starts_with(scan.prefix)) {
      return Invalid("cursor is what the page before gave, with the same prefix");
    }
    scan.after = std::move(*message.mutable_cursor());
  }
  scan.keys_only = message.keys_only();
  return scan;
}

}  // namespace quoin::net
