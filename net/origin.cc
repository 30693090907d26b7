#include "net/origin.h"

#include <utility>

#include "base/text.h"
#include "net/field_text.h"

namespace quoin::net {
namespace {

// "host:port" without the port that the scheme implies.
std::string_view WithoutDefaultPort(std::string_view authority, std::string_view default_port) {
  if (authority.ends_with(default_port)) authority.remove_suffix(default_port.size());
  return authority;
}

// scheme://authority, nothing behind it. (Schemes other than http are those of browser extensions and the like.)
bool IsOrigin(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0 || colon + 3 == text.size()) return false;
  for (const char c : text) {
    if (c <= ' ' || c >= 0x7f || c == '"' || c == '*') return false;
  }
  return text.find_first_of("/?#@", colon + 3) == std::string_view::npos;
}

}  // namespace

bool IsSameOrigin(std::string_view origin, std::string_view host) {
  for (const auto& [scheme, port] : {std::pair<std::string_view, std::string_view>{"http://", ":80"},
                                     std::pair<std::string_view, std::string_view>{"https://", ":443"}}) {
    if (origin.size() < scheme.size() || !EqualsIgnoringCase(origin.substr(0, scheme.size()), scheme)) continue;
    return !host.empty() &&
           EqualsIgnoringCase(WithoutDefaultPort(origin.substr(scheme.size()), port), WithoutDefaultPort(host, port));
  }
  return false;
}

Result<AllowedOrigins> AllowedOrigins::Parse(std::string_view text) {
  AllowedOrigins allowed;
  if (Trim(text).empty()) return allowed;
  if (Trim(text) == "*") {
    allowed.any_ = true;
    return allowed;
  }
  for (const std::string_view origin : ItemsOf(text)) {
    if (!IsOrigin(origin)) {
      return Status(Code::kInvalid,
                    "the value is a list of origins such as https://app.example or "
                    "http://localhost:3000, separated by commas, or * for all; '" +
                        Printable(origin) + "' is no origin");
    }
    allowed.origins_.emplace_back(origin);
  }
  return allowed;
}

bool AllowedOrigins::Allows(const HttpHead& head, std::string_view host) const {
  if (head.Count(FieldName::kOrigin) == 0) return true;
  if (head.Count(FieldName::kOrigin) > 1) return false;
  if (any_) return true;
  const std::string_view origin = *head.Find(FieldName::kOrigin);
  for (const std::string& allowed : origins_) {
    if (EqualsIgnoringCase(allowed, origin)) return true;
  }
  return IsSameOrigin(origin, host);
}

std::string AllowedOrigins::ResponseLines(const HttpHead& head, std::string_view host) const {
  if (!open()) return {};
  constexpr std::string_view kExposed =
      "Access-Control-Expose-Headers: ETag, Quoin-Ballot, Quoin-Expires, Quoin-Node, Quoin-Operation-Id, "
      "Quoin-Request-Id, Retry-After\r\n";
  std::string lines;
  if (any_) {
    lines = "Access-Control-Allow-Origin: *\r\n";
  } else {
    // What is answered depends on the origin, so caches must not give it to another.
    lines = "Vary: Origin\r\n";
    if (head.Count(FieldName::kOrigin) != 1 || !Allows(head, host)) return lines;
    lines.append("Access-Control-Allow-Origin: ").append(*head.Find(FieldName::kOrigin)).append("\r\n");
  }
  return lines.append(kExposed);
}

std::string_view AllowedOrigins::PreflightLines() {
  return "Access-Control-Allow-Methods: GET, HEAD, PUT, DELETE, POST\r\n"
         "Access-Control-Allow-Headers: Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, "
         "Quoin-Ballot, Quoin-Request-Id\r\n"
         "Access-Control-Max-Age: 600\r\n";
}

}  // namespace quoin::net
