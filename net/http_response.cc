#include "net/http_response.h"

#include <charconv>
#include <chrono>
#include <cstdio>

#include "net/etag.h"

namespace quoin::net {
namespace {

// The status line, with the field that every answer has.
std::string_view StatusLine(int status) {
#define QUOIN_STATUS_LINE(code, reason) \
  case code:                            \
    return "HTTP/1.1 " #code " " reason "\r\nX-Content-Type-Options: nosniff\r\n"
  switch (status) {
    QUOIN_STATUS_LINE(101, "Switching Protocols");
    QUOIN_STATUS_LINE(200, "OK");
    QUOIN_STATUS_LINE(201, "Created");
    QUOIN_STATUS_LINE(202, "Accepted");
    QUOIN_STATUS_LINE(204, "No Content");
    QUOIN_STATUS_LINE(304, "Not Modified");
    QUOIN_STATUS_LINE(400, "Bad Request");
    QUOIN_STATUS_LINE(403, "Forbidden");
    QUOIN_STATUS_LINE(404, "Not Found");
    QUOIN_STATUS_LINE(405, "Method Not Allowed");
    QUOIN_STATUS_LINE(406, "Not Acceptable");
    QUOIN_STATUS_LINE(408, "Request Timeout");
    QUOIN_STATUS_LINE(409, "Conflict");
    QUOIN_STATUS_LINE(412, "Precondition Failed");
    QUOIN_STATUS_LINE(413, "Content Too Large");
    QUOIN_STATUS_LINE(414, "URI Too Long");
    QUOIN_STATUS_LINE(415, "Unsupported Media Type");
    QUOIN_STATUS_LINE(417, "Expectation Failed");
    QUOIN_STATUS_LINE(426, "Upgrade Required");
    QUOIN_STATUS_LINE(429, "Too Many Requests");
    QUOIN_STATUS_LINE(431, "Request Header Fields Too Large");
    QUOIN_STATUS_LINE(500, "Internal Server Error");
    QUOIN_STATUS_LINE(501, "Not Implemented");
    QUOIN_STATUS_LINE(503, "Service Unavailable");
    QUOIN_STATUS_LINE(504, "Gateway Timeout");
    QUOIN_STATUS_LINE(505, "HTTP Version Not Supported");
  }
#undef QUOIN_STATUS_LINE
  LOG(FATAL) << "no reason phrase for status " << status;
}

void AppendNumber(std::uint64_t number, std::string* out) {
  char digits[20];
  const auto result = std::to_chars(digits, digits + sizeof(digits), number);
  out->append(digits, result.ptr);
}

constexpr std::string_view kProblemType = "application/problem+json";

}  // namespace

HttpResponse ProblemResponse(const ProblemReport& report, std::string_view request_id) {
  const ProblemKind& kind = KindOf(report.problem);
  HttpResponse response;
  response.status = kind.status;
  response.close = kind.closes;
  response.content_type = kProblemType;
  response.body = ProblemJson(report, request_id);
  response.headers = "Cache-Control: no-store\r\n";
  if (kind.retry_after_s > 0) {
    response.headers.append("Retry-After: ").append(std::to_string(kind.retry_after_s)).append("\r\n");
  }
  if (report.operation.has_value()) {
    response.headers.append("Quoin-Operation-Id: ").append(FormatOperationId(*report.operation)).append("\r\n");
  }
  return response;
}

void AppendHead(const HttpResponse& response, const ResponseFraming& framing, std::string* out) {
  out->append(StatusLine(response.status));
  out->append(framing.node_line);
  out->append("Quoin-Request-Id: ").append(framing.request_id).append("\r\n");
  if (response.etag.has_value()) {
    out->append("ETag: ");
    AppendEntityTag(*response.etag, out);
    out->append("\r\n");
  }
  if (response.record != nullptr) {
    const kv::Record& record = *response.record;
    out->append("Content-Type: ");
    out->append(record.content_type.empty() ? "application/octet-stream" : std::string_view(record.content_type));
    out->append("\r\nCache-Control: no-cache\r\nContent-Security-Policy: sandbox; default-src 'none'\r\n");
    if (record.deadline.has_value()) {
      out->append("Quoin-Expires: ").append(FormatTime(*record.deadline)).append("\r\n");
    }
  } else if (!response.content_type.empty()) {
    out->append("Content-Type: ").append(response.content_type).append("\r\n");
  }
  out->append(response.headers).append(framing.headers);
  if (HasBody(response.status) && !response.endless) {
    out->append("Content-Length: ");
    AppendNumber(response.body_view().size(), out);
    out->append("\r\n");
  }
  if (framing.close) {
    out->append("Connection: close\r\n");
  } else if (framing.http_1_0) {
    out->append("Connection: keep-alive\r\n");
  }
  out->append("\r\n");
}

std::string FormatTime(kv::WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[64];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

}  // namespace quoin::net
