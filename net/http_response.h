// HttpResponse: an answer as the handler gives it, and how it turns into bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kv/record.h"
#include "kv/version.h"
#include "net/http_message.h"
#include "net/problem.h"

namespace quoin::net {

struct HttpResponse {
  int status = 200;
  bool close = false;  // The connection ends with this answer.
  // Its body is what the connection's next session says, or there is none, as it answers a HEAD: no Content-Length.
  bool endless = false;
  std::optional<kv::Version> etag;
  std::string headers;  // Further whole lines, each ending with CR LF.

  // The body: a record's value (with its content type, its deadline, and the fields that keep a stored page from
  // acting in the node's name), or else these bytes.
  kv::RecordPtr record;
  std::string_view content_type;  // Of constant life. Empty: no Content-Type.
  std::string body;
  std::string_view constant_body;  // Of constant life; used when `body` is empty.

  std::string_view body_view() const {
    return record != nullptr ? std::string_view(record->value) : body.empty() ? constant_body : std::string_view(body);
  }
};

inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kEventStreamType = "text/event-stream";
inline constexpr std::string_view kTextType = "text/plain; charset=utf-8";

// The error as an answer, with the fields that belong to its kind (Retry-After, Quoin-Operation-Id).
HttpResponse ProblemResponse(const ProblemReport& report, std::string_view request_id);

// What the head says besides the response itself.
struct ResponseFraming {
  std::string_view node_line;  // "Quoin-Node: 00c0ffee00c0ffee\r\n"
  std::string_view request_id;
  std::string_view headers;  // Further whole lines.
  bool close = false;
  bool http_1_0 = false;
};

// Appends the status line and all fields, up to and with the empty line. The answer's own body must follow, unless it
// answers a HEAD or its status has none (HasBody).
void AppendHead(const HttpResponse& response, const ResponseFraming& framing, std::string* out);

// Whether an answer with this status may have a body (RFC 9110, section 6.4.1).
inline bool HasBody(int status) { return status >= 200 && status != 204 && status != 304; }

// "2026-01-02T03:04:05.678Z"
std::string FormatTime(kv::WallTime time);

}  // namespace quoin::net
