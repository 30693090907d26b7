// The words of HTTP that the front end speaks: methods, fields, the head of a request, a whole request.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quoin::net {

using SteadyTime = std::chrono::steady_clock::time_point;

enum class Method : std::uint8_t { kGet, kHead, kPut, kDelete, kPost, kOptions, kOther };
inline constexpr std::size_t kMethodCount = 7;
// "GET"; "other" for kOther.
std::string_view MethodName(Method method);
// Methods are case-sensitive (RFC 9110, section 9.1).
Method ParseMethod(std::string_view token);

// The fields that somebody here reacts to.
enum class FieldName : std::uint8_t {
  kAccept,
  kHost,
  kBallot,
  kConnection,
  kContentLength,
  kContentType,
  kExpect,
  kIdempotencyKey,
  kIfMatch,
  kIfNoneMatch,
  kLastEventId,
  kOrigin,
  kRequestId,
  kWebSocketKey,
  kWebSocketProtocol,
  kWebSocketVersion,
  kTransferEncoding,
  kUpgrade,
  kOther,
};
inline constexpr std::size_t kFieldNameCount = 19;
FieldName ParseFieldName(std::string_view name);

// The head of a request: the request line and the fields, as views of bytes that belong to someone else. Places are
// kept as offsets, so that the bytes may move (a head is parsed in the read buffer, and kept elsewhere while its body
// arrives).
//
// Lifetime: views hold as long as the bytes given to SetBytes.
class HttpHead {
 public:
  struct Span {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };
  struct Field {
    FieldName id = FieldName::kOther;
    Span name;
    Span value;
  };

  void Clear();
  void SetBytes(const char* bytes) { bytes_ = bytes; }
  void SetRequestLine(Method method, Span method_token, Span target, int minor_version);
  void AddField(FieldName id, Span name, Span value);

  Method method() const { return method_; }
  std::string_view method_token() const { return View(method_token_); }
  // As it stands in the request line.
  std::string_view target() const { return View(target_); }
  // HTTP/1.<this>: 0 or 1.
  int minor_version() const { return minor_version_; }

  std::size_t Count(FieldName id) const { return counts_[static_cast<std::size_t>(id)]; }
  // The value of the first such field, without the white space around it.
  std::optional<std::string_view> Find(FieldName id) const;
  // All values of such fields, in order.
  std::vector<std::string_view> FindAll(FieldName id) const;
  // Whether a comma-separated list (of all such fields together) has the token, in any case.
  bool HasToken(FieldName id, std::string_view token) const;

  // For a later field that is not in FieldName.
  const std::vector<Field>& fields() const { return fields_; }
  std::string_view View(Span span) const { return {bytes_ + span.offset, span.size}; }

 private:
  const char* bytes_ = nullptr;
  Method method_ = Method::kOther;
  int minor_version_ = 1;
  Span method_token_;
  Span target_;
  std::array<std::uint8_t, kFieldNameCount> counts_{};
  std::vector<Field> fields_;
};

// What a request's path names. The table of routes (net/routes.h) says which methods each takes.
enum class Route : std::uint8_t {
  kNone,  // Nothing of this API, or a request that could not be understood.
  kKey,
  kList,
  kBatch,
  kWatch,
  kWebSocket,
  kCluster,
  kClusterRing,
  kNodeDrain,
  kNodeRemove,
  kNodeReplace,
  kNodeCancel,
  kClusterStats,
  kStatus,
  kStats,
  kHealthz,
  kReadyz,
  kMetrics,
  kOpenApi,
  kDashboard,
  kDashboardFile,
  kClientModule,
  kClientTypes,
  kExample,
  kExampleScript,
  kExampleStyle,
  kServer,  // "*": the server as a whole.
};
inline constexpr std::size_t kRouteCount = 27;

// A whole request, as the handler gets it.
struct HttpRequest {
  const HttpHead* head = nullptr;  // Only during the call that it is given to.
  Route route = Route::kNone;      // What CheckHead found.
  std::string body;
  std::string request_id;
  // Where the verdict gave patience: the time for an answer is to run out then, if it doesn't earlier.
  std::function<void(SteadyTime)> answer_by;
};

// Whether both are the same but for the case of ASCII letters.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);
// Whether the text is a token (RFC 9110, section 5.6.2): at least one of the characters that names are made of.
bool IsToken(std::string_view text);
bool IsTokenChar(char c);

}  // namespace quoin::net
