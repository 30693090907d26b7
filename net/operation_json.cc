// Requests: from a body to what it asks (see operation_json.h).
#include "net/operation_json.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <cstdint>
#include <utility>

#include "base/text.h"
#include "net/etag.h"
#include "net/json_reader.h"
#include "net/key_head.h"
#include "net/ttl.h"

namespace quoin::net {
namespace {

namespace json = boost::json;

// {"operations": [{"op": ...}]} has depth 3.
constexpr std::size_t kMaxDepth = 4;

std::string_view ViewOf(const json::string& text) { return {text.data(), text.size()}; }

// Takes an object apart member by member. What nobody asked for is an error in the end; the first error stays.
class Members {
 public:
  explicit Members(const json::object& object) : object_(object) {}

  std::optional<std::string_view> Text(std::string_view name) {
    const json::value* const value = Take(name);
    if (value == nullptr) return std::nullopt;
    if (const json::string* const text = value->if_string()) return ViewOf(*text);
    Fail(std::string(name) + " must be a text");
    return std::nullopt;
  }

  // `name` as text or `name`_base64, not both.
  std::optional<std::string> Bytes(const std::string& name) {
    const auto text = Text(name);
    const auto encoded = Text(name + "_base64");
    if (text.has_value() && encoded.has_value()) Fail(name + " and " + name + "_base64 exclude each other");
    if (!encoded.has_value()) return text.has_value() ? std::optional<std::string>(*text) : std::nullopt;
    auto bytes = Base64Decode(*encoded);
    if (!bytes.has_value()) Fail(name + "_base64 is not base64");
    return bytes;
  }

  std::string RequiredBytes(const std::string& name) {
    auto bytes = Bytes(name);
    if (!bytes.has_value()) Fail("one of " + name + " and " + name + "_base64 must be given");
    return bytes.value_or("");
  }

  std::optional<bool> Flag(std::string_view name) {
    const json::value* const value = Take(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_bool()) return value->get_bool();
    Fail(std::string(name) + " must be true or false");
    return std::nullopt;
  }

  std::optional<std::int64_t> Integer(std::string_view name) {
    const json::value* const value = Take(name);
    if (value == nullptr) return std::nullopt;
    if (value->is_int64()) return value->get_int64();
    Fail(std::string(name) + " must be an integer of 64 bits");
    return std::nullopt;
  }

  std::optional<quorum::TimeToLive> Ttl() {
    const json::value* const value = Take("ttl");
    if (value == nullptr) return std::nullopt;
    Result<quorum::TimeToLive> ttl = Status(Code::kInvalid, "ttl must be a number or a text");
    if (const json::string* const text = value->if_string()) {
      ttl = ParseTtl(ViewOf(*text));
    } else if (value->is_int64()) {
      ttl = TtlOfSeconds(static_cast<double>(value->get_int64()));
    } else if (value->is_uint64()) {
      ttl = TtlOfSeconds(static_cast<double>(value->get_uint64()));
    } else if (value->is_double()) {
      ttl = TtlOfSeconds(value->get_double());
    }
    if (ttl.ok()) return *ttl;
    Fail(ttl.status().message());
    return std::nullopt;
  }

  void Fail(std::string why) {
    if (error_.empty()) error_ = std::move(why);
  }

  // OK when every member was taken and none was wrong.
  Status Finish() {
    if (error_.empty() && taken_ < object_.size()) {
      for (const auto& member : object_) {
        if (!WasTaken({member.key().data(), member.key().size()})) {
          Fail("there is no member '" + Printable({member.key().data(), member.key().size()}) + "' here");
          break;
        }
      }
    }
    return error_.empty() ? Status::Ok() : Status(Code::kInvalid, error_);
  }

 private:
  const json::value* Take(std::string_view name) {
    const json::value* const value = object_.if_contains({name.data(), name.size()});
    if (value != nullptr) {
      ++taken_;
      names_.emplace_back(name);
    }
    return value;
  }
  bool WasTaken(std::string_view name) const {
    for (const std::string& taken : names_) {
      if (taken == name) return true;
    }
    return false;
  }

  const json::object& object_;
  std::size_t taken_ = 0;
  std::vector<std::string> names_;
  std::string error_;
};

quorum::Put ReadPut(Members& members) {
  quorum::Put put;
  put.value = members.RequiredBytes("value");
  put.content_type = members.Text("content_type").value_or("");
  if (!IsContentType(put.content_type)) members.Fail("content_type has at most 256 characters of printable ASCII");
  put.ttl = members.Ttl();
  return put;
}

void ReadOp(std::string_view op, Members& members, KeyOperation* out) {
  if (op == "get") {
    out->operation = quorum::Get{};
    out->shape.value = true;
  } else if (op == "put") {
    out->operation = ReadPut(members);
  } else if (op == "delete") {
    out->operation = quorum::Delete{};
  } else if (op == "cas") {
    out->operation = ReadPut(members);
    out->conditions.push_back({quorum::Condition::Kind::kValueIs, {}, members.RequiredBytes("expected")});
  } else if (op == "increment") {
    out->operation = quorum::Increment{members.Integer("by").value_or(1)};
    out->shape.value = true;
  } else if (op == "append") {
    out->operation = quorum::Append{members.RequiredBytes("value")};
  } else if (op == "expire") {
    const auto ttl = members.Ttl();
    if (!ttl.has_value()) members.Fail("expire needs a ttl");
    out->operation = quorum::SetDeadline{ttl};
  } else if (op == "persist") {
    out->operation = quorum::SetDeadline{};
  } else if (op == "swap") {
    out->operation = quorum::Swap{ReadPut(members)};
    out->shape.previous = true;
  } else {
    members.Fail("op is get, put, delete, cas, increment, append, expire, persist or swap, not '" + Printable(op) +
                 "'");
  }
}

void ReadConditions(Members& members, KeyOperation* out) {
  if (const auto text = members.Text("if_version"); text.has_value()) {
    const auto version = ParseVersion(*text);
    if (!version.has_value()) members.Fail("if_version is a version such as 3.00c0ffee00c0ffee.41, without quotes");
    out->conditions.push_back({quorum::Condition::Kind::kVersionIn, {version.value_or(kv::Version{})}, {}});
  }
  if (members.Flag("if_absent").value_or(false)) {
    out->conditions.push_back({quorum::Condition::Kind::kAbsent, {}, {}});
  }
  if (members.Flag("if_present").value_or(false)) {
    out->conditions.push_back({quorum::Condition::Kind::kPresent, {}, {}});
  }
}

void ReadSending(Members& members, bool in_batch, KeyOperation* out) {
  const ClientSending given = {.operation_id = members.Text("operation_id"),
                               .ballot = members.Text("ballot"),
                               .repeated = members.Flag("repeated").value_or(false)};
  if (!in_batch && (given.operation_id.has_value() || given.ballot.has_value() || given.repeated)) {
    return members.Fail(
        "operation_id, ballot and repeated are for batches; here, the fields Idempotency-Key and "
        "Quoin-Ballot say the same");
  }
  if (const Status status = ReadClientSending(given, out); !status.ok()) members.Fail(status.message());
}

Result<KeyOperation> ReadObject(const json::value& value, bool with_key, std::size_t max_value_bytes) {
  if (!value.is_object()) return Status(Code::kInvalid, "an operation is a JSON object");
  KeyOperation operation;
  Members members(value.get_object());
  if (with_key) operation.key = members.RequiredBytes("key");
  if (const auto op = members.Text("op"); op.has_value()) {
    ReadOp(*op, members, &operation);
  } else {
    members.Fail("op must be given");
  }
  ReadConditions(members, &operation);
  ReadSending(members, with_key, &operation);
  if (Status status = members.Finish(); !status.ok()) return status;
  if (with_key) operation.refusal = CheckKey(operation.key);
  if (!operation.refusal.has_value()) operation.refusal = CheckValueSize(operation.operation, max_value_bytes);
  return operation;
}

}  // namespace

Result<KeyOperation> ReadOperation(std::string_view body, std::size_t max_value_bytes) {
  const auto value = ReadJson(body, kMaxDepth);
  if (!value.ok()) return value.status();
  return ReadObject(*value, /*with_key=*/false, max_value_bytes);
}

Result<std::vector<KeyOperation>> ReadBatch(std::string_view body, std::size_t max_value_bytes) {
  const auto value = ReadJson(body, kMaxDepth);
  if (!value.ok()) return value.status();
  const json::object* const object = value->if_object();
  const json::value* const list = object == nullptr ? nullptr : object->if_contains("operations");
  if (list == nullptr || !list->is_array() || object->size() != 1) {
    return Status(Code::kInvalid, "a batch is a JSON object with the one member operations, an array");
  }
  const json::array& items = list->get_array();
  if (items.size() > kMaxBatchOperations) {
    return Status(Code::kInvalid, "a batch has at most " + std::to_string(kMaxBatchOperations) + " operations, not " +
                                      std::to_string(items.size()));
  }
  std::vector<KeyOperation> operations;
  operations.reserve(items.size());
  for (const json::value& item : items) {
    auto operation = ReadObject(item, /*with_key=*/true, max_value_bytes);
    if (!operation.ok()) {
      return Status(Code::kInvalid,
                    "operation " + std::to_string(operations.size()) + ": " + operation.status().message());
    }
    operations.push_back(*std::move(operation));
  }
  return operations;
}

}  // namespace quoin::net
