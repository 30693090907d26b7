#include "tests/cluster/told_event.h"

#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "net/etag.h"

namespace quoin::tests {
namespace {

namespace json = boost::json;
using Kind = ToldEvent::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 5> kKinds = {{{"PUT", Kind::kPut},
                                                                      {"DELETED", Kind::kDeleted},
                                                                      {"EXPIRED", Kind::kExpired},
                                                                      {"GAP", Kind::kGap},
                                                                      {"SYNCED", Kind::kSynced}}};

bool IsOfState(Kind kind) { return kind == Kind::kPut || kind == Kind::kDeleted || kind == Kind::kExpired; }

Result<ToldEvent> Checked(ToldEvent event, std::string_view version) {
  if (!IsOfState(event.kind)) return event;
  const auto parsed = net::ParseVersion(version);
  if (event.key.empty() || !parsed) {
    return Status(Code::kInvalid, "an event of key '" + event.key + "' with version '" + std::string(version) + "'");
  }
  event.version = *parsed;
  return event;
}

// Bytes under `name` in base64, or under `name`_text as they are. nullopt: neither.
std::optional<std::string> Bytes(const json::object& object, const std::string& name) {
  if (const json::value* text = object.if_contains(name + "_text"); text != nullptr && text->is_string()) {
    return std::string(text->get_string());
  }
  const json::value* encoded = object.if_contains(name);
  if (encoded == nullptr || !encoded->is_string()) return std::nullopt;
  return Base64Decode(encoded->get_string());
}

}  // namespace

std::string ToString(const ToldEvent& event) {
  std::string text(client::WatchEventName(event.kind));
  if (!event.key.empty()) text += " " + event.key;
  if (IsOfState(event.kind)) text += " " + net::FormatVersion(event.version);
  return text;
}

Result<ToldEvent> EventOf(const client::WatchEvent& event) {
  ToldEvent told{event.kind, event.key, {}, {}, event.skipped};
  if (event.state) told.value = event.state->value;
  return Checked(std::move(told), event.version);
}

Result<ToldEvent> EventOf(const json::value& event) {
  const json::object* const object = event.if_object();
  const auto invalid = [&](const char* why) { return Status(Code::kInvalid, why + (": " + json::serialize(event))); };
  if (object == nullptr) return invalid("an event that is no object");
  ToldEvent told;
  const json::value* const kind = object->if_contains("kind");
  if (kind == nullptr || !kind->is_string()) return invalid("an event without a kind");
  bool known = false;
  for (const auto& [name, value] : kKinds) {
    if (kind->get_string() != name) continue;
    told.kind = value;
    known = true;
  }
  if (!known) return invalid("an event of a kind that is not known");
  told.key = Bytes(*object, "key").value_or("");
  if (const json::value* state = object->if_contains("state"); state != nullptr && state->is_object()) {
    // A value without bytes is left out, as protobuf's JSON does.
    told.value = Bytes(state->get_object(), "value").value_or("");
  } else if (told.kind == Kind::kPut) {
    return invalid("a put without a state");
  }
  // 64-bit numbers are texts in protobuf's JSON.
  if (const json::value* skipped = object->if_contains("skipped"); skipped != nullptr) {
    const auto count =
        skipped->is_string()
            ? ParseUint64(std::string_view(skipped->get_string()))
            : std::optional<std::uint64_t>(skipped->is_number() ? skipped->to_number<std::uint64_t>() : 0);
    if (!count) return invalid("'skipped' is no number");
    told.skipped = *count;
  }
  const json::value* const version = object->if_contains("version");
  return Checked(std::move(told),
                 version != nullptr && version->is_string() ? std::string_view(version->get_string()) : "");
}

}  // namespace quoin::tests
