#include "net/watch_encoding.h"

#include <glog/logging.h>
#include <google/protobuf/util/json_util.h>

#include <array>
#include <utility>

#include "base/text.h"
#include "net/etag.h"
#include "net/operation_proto.h"
#include "net/websocket_frame.h"

namespace quoin::net {
namespace {

using Kind = quorum::WatchEvent::Kind;

// So many events of each spelling are remembered, up to this size.
constexpr std::size_t kRemembered = 64;
constexpr std::size_t kMaxRememberedBytes = 16 << 10;

// Tags of net/proto/quoin.proto, all of length-delimited fields but kFrameId.
constexpr char kFrameId = 1 << 3;
constexpr char kFrameEvents = 7 << 3 | 2;
constexpr char kEventsEvents = 1 << 3 | 2;
constexpr char kEventsCursor = 2 << 3 | 2;

v1::Event::Kind KindOf(Kind kind) {
  switch (kind) {
    case Kind::kPut:
      return v1::Event::PUT;
    case Kind::kDelete:
      return v1::Event::DELETED;
    case Kind::kExpire:
      return v1::Event::EXPIRED;
    case Kind::kGap:
      return v1::Event::GAP;
    case Kind::kSynced:
      return v1::Event::SYNCED;
  }
  LOG(FATAL) << "no such event: " << static_cast<int>(kind);
}

std::string Encode(const WatchBuffer::Item& item, Subprotocol subprotocol) {
  const quorum::WatchEvent& event = item.event;
  v1::Event message;
  message.set_kind(KindOf(event.kind));
  if (!event.key.empty()) {
    if (subprotocol == Subprotocol::kJson && IsUtf8(event.key)) {
      message.set_key_text(event.key);
    } else {
      message.set_key(event.key);
    }
  }
  if (event.record != nullptr) FillState(*event.record, /*with_value=*/true, subprotocol, message.mutable_state());
  if (event.version != kv::Version{}) message.set_version(FormatVersion(event.version));
  message.set_skipped(item.skipped);
  if (subprotocol == Subprotocol::kProtobuf) return message.SerializeAsString();
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  CHECK(status.ok()) << "an event that is no JSON: " << status.ToString();
  return json;
}

struct Remembered {
  Kind kind = Kind::kSynced;
  kv::Version version;
  std::string key;
  kv::RecordPtr record;  // Kept, so that no other one gets its address.
  std::string encoded;
};

void AppendNumber(std::uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

void AppendSized(char tag, std::string_view bytes, std::string* out) {
  out->push_back(tag);
  AppendNumber(bytes.size(), out);
  out->append(bytes);
}

}  // namespace

std::string_view EventName(Kind kind) {
  switch (kind) {
    case Kind::kPut:
      return "put";
    case Kind::kDelete:
      return "deleted";
    case Kind::kExpire:
      return "expired";
    case Kind::kGap:
      return "gap";
    case Kind::kSynced:
      return "synced";
  }
  LOG(FATAL) << "no such event: " << static_cast<int>(kind);
}

const std::string& EncodeEvent(const WatchBuffer::Item& item, Subprotocol subprotocol) {
  thread_local std::string other;
  thread_local std::array<std::array<Remembered, kRemembered>, 2> memory;
  const quorum::WatchEvent& event = item.event;
  const bool is_common = item.skipped == 0 && event.kind != Kind::kGap && event.kind != Kind::kSynced &&
                         (event.record == nullptr || event.record->value.size() <= kMaxRememberedBytes / 2);
  if (!is_common) return other = Encode(item, subprotocol);
  Remembered& slot = memory[static_cast<std::size_t>(subprotocol)]
                           [(event.version.sequence ^ event.version.ballot.round) % kRemembered];
  if (slot.kind == event.kind && slot.version == event.version && slot.record == event.record &&
      slot.key == event.key) {
    return slot.encoded;
  }
  other = Encode(item, subprotocol);
  if (other.size() > kMaxRememberedBytes) return other;
  slot = {event.kind, event.version, event.key, event.record, other};
  return slot.encoded;
}

void EventsBody::Add(const WatchBuffer::Item& item) {
  const std::string& event = EncodeEvent(item, subprotocol_);
  if (subprotocol_ == Subprotocol::kProtobuf) return AppendSized(kEventsEvents, event, &events_);
  if (!events_.empty()) events_.push_back(',');
  events_.append(event);
}

std::size_t EventsBody::AppendFrame(std::uint32_t id, std::string* out) const {
  std::string head;
  std::string tail;
  if (subprotocol_ == Subprotocol::kProtobuf) {
    if (!cursor_.empty()) AppendSized(kEventsCursor, cursor_, &tail);
    head.push_back(kFrameId);
    AppendNumber(id, &head);
    head.push_back(kFrameEvents);
    AppendNumber(events_.size() + tail.size(), &head);
  } else {
    head.append("{\"id\":").append(std::to_string(id)).append(",\"events\":{");
    if (!events_.empty()) head.append("\"events\":[");
    if (!events_.empty()) tail.push_back(']');
    if (!events_.empty() && !cursor_.empty()) tail.push_back(',');
    if (!cursor_.empty()) tail.append("\"cursor\":\"").append(Base64Encode(cursor_)).append("\"");
    tail.append("}}");
  }
  const std::size_t payload_bytes = head.size() + events_.size() + tail.size();
  AppendFrameHead(subprotocol_ == Subprotocol::kProtobuf ? Opcode::kBinary : Opcode::kText, payload_bytes, out);
  out->append(head).append(events_).append(tail);
  return payload_bytes;
}

std::string EventsBody::Json(std::string_view cursor_text) const {
  CHECK(subprotocol_ == Subprotocol::kJson);
  std::string json = "{\"events\": [" + events_ + "]";
  if (!cursor_text.empty()) json.append(", \"cursor\": \"").append(cursor_text).append("\"");
  return json.append("}");
}

}  // namespace quoin::net
