#include "net/http_message.h"

#include "net/field_text.h"

namespace quoin::net {
namespace {

constexpr std::array<std::string_view, kMethodCount> kMethodNames = {"GET",  "HEAD",    "PUT",  "DELETE",
                                                                     "POST", "OPTIONS", "other"};

constexpr std::array<bool, 256> MakeTokenChars() {
  std::array<bool, 256> chars{};
  for (unsigned char c = '0'; c <= '9'; ++c) chars[c] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) chars[c] = true;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) chars[c] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) chars[static_cast<unsigned char>(c)] = true;
  return chars;
}
constexpr std::array<bool, 256> kTokenChars = MakeTokenChars();

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

struct KnownField {
  std::string_view name;  // In lower case.
  FieldName id;
};
constexpr std::array<KnownField, kFieldNameCount - 1> kKnownFields = {{
    {"accept", FieldName::kAccept},
    {"host", FieldName::kHost},
    {"connection", FieldName::kConnection},
    {"content-length", FieldName::kContentLength},
    {"content-type", FieldName::kContentType},
    {"expect", FieldName::kExpect},
    {"idempotency-key", FieldName::kIdempotencyKey},
    {"if-match", FieldName::kIfMatch},
    {"if-none-match", FieldName::kIfNoneMatch},
    {"last-event-id", FieldName::kLastEventId},
    {"origin", FieldName::kOrigin},
    {"quoin-ballot", FieldName::kBallot},
    {"quoin-request-id", FieldName::kRequestId},
    {"sec-websocket-key", FieldName::kWebSocketKey},
    {"sec-websocket-protocol", FieldName::kWebSocketProtocol},
    {"sec-websocket-version", FieldName::kWebSocketVersion},
    {"transfer-encoding", FieldName::kTransferEncoding},
    {"upgrade", FieldName::kUpgrade},
}};

}  // namespace

std::string_view MethodName(Method method) { return kMethodNames[static_cast<std::size_t>(method)]; }

Method ParseMethod(std::string_view token) {
  for (std::size_t i = 0; i + 1 < kMethodCount; ++i) {
    if (kMethodNames[i] == token) return static_cast<Method>(i);
  }
  return Method::kOther;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (Lower(a[i]) != Lower(b[i])) return false;
  }
  return true;
}

bool IsTokenChar(char c) { return kTokenChars[static_cast<unsigned char>(c)]; }

bool IsToken(std::string_view text) {
  for (const char c : text) {
    if (!IsTokenChar(c)) return false;
  }
  return !text.empty();
}

FieldName ParseFieldName(std::string_view name) {
  for (const KnownField& known : kKnownFields) {
    if (known.name.size() == name.size() && EqualsIgnoringCase(known.name, name)) return known.id;
  }
  return FieldName::kOther;
}

void HttpHead::Clear() {
  bytes_ = nullptr;
  method_ = Method::kOther;
  minor_version_ = 1;
  method_token_ = {};
  target_ = {};
  counts_.fill(0);
  fields_.clear();
}

void HttpHead::SetRequestLine(Method method, Span method_token, Span target, int minor_version) {
  method_ = method;
  method_token_ = method_token;
  target_ = target;
  minor_version_ = minor_version;
}

void HttpHead::AddField(FieldName id, Span name, Span value) {
  std::uint8_t& count = counts_[static_cast<std::size_t>(id)];
  if (count < 255) ++count;
  fields_.push_back({id, name, value});
}

std::optional<std::string_view> HttpHead::Find(FieldName id) const {
  if (Count(id) == 0) return std::nullopt;
  for (const Field& field : fields_) {
    if (field.id == id) return View(field.value);
  }
  return std::nullopt;
}

std::vector<std::string_view> HttpHead::FindAll(FieldName id) const {
  std::vector<std::string_view> values;
  if (Count(id) == 0) return values;
  for (const Field& field : fields_) {
    if (field.id == id) values.push_back(View(field.value));
  }
  return values;
}

bool HttpHead::HasToken(FieldName id, std::string_view token) const {
  if (Count(id) == 0) return false;
  for (const Field& field : fields_) {
    if (field.id != id) continue;
    std::string_view rest = View(field.value);
    while (!rest.empty()) {
      if (EqualsIgnoringCase(TakeItem(&rest), token)) return true;
    }
  }
  return false;
}

}  // namespace quoin::net
