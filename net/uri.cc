#include "net/uri.h"

#include "net/http_message.h"

namespace quoin::net {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Splits "path?query" at the first '?'.
void SplitQuery(std::string_view text, Target* target) {
  const std::size_t mark = text.find('?');
  target->path = text.substr(0, mark);
  if (mark != std::string_view::npos) target->query = text.substr(mark + 1);
}

// Whether it is "host:port": the form that only CONNECT has.
bool IsAuthority(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  for (const char c : text.substr(colon + 1)) {
    if (c < '0' || c > '9') return false;
  }
  return text.find_first_of("/?@") == std::string_view::npos;
}

}  // namespace

std::optional<Target> ParseTarget(std::string_view text) {
  Target target;
  if (text.starts_with('/')) {
    SplitQuery(text, &target);
    return target;
  }
  if (text == "*") {
    target.form = Target::Form::kAsterisk;
    target.path = text;
    return target;
  }
  const std::size_t scheme_end = text.find("://");
  if (scheme_end != std::string_view::npos) {
    const std::string_view scheme = text.substr(0, scheme_end);
    if (!EqualsIgnoringCase(scheme, "http") && !EqualsIgnoringCase(scheme, "https")) return std::nullopt;
    const std::string_view rest = text.substr(scheme_end + 3);
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    target.form = Target::Form::kAbsolute;
    target.authority = rest.substr(0, end);
    // Names and passwords before an '@' have no place in http (RFC 9110, section 4.2.4).
    if (target.authority.empty() || target.authority.find('@') != std::string_view::npos) return std::nullopt;
    SplitQuery(rest.substr(end), &target);
    if (target.path.empty()) target.path = "/";
    return target;
  }
  if (IsAuthority(text)) {
    target.form = Target::Form::kAuthority;
    target.authority = text;
    return target;
  }
  return std::nullopt;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  const std::size_t first = text.find('%');
  if (first == std::string_view::npos) return std::string(text);
  std::string bytes;
  bytes.reserve(text.size());
  bytes.append(text.substr(0, first));
  for (std::size_t i = first; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexValue(text[i + 1]);
    const int low = HexValue(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return bytes;
}

std::string PercentEncode(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    const bool unreserved = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    if (unreserved) {
      text.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      text.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return text;
}

std::optional<Query> ParseQuery(std::string_view query) {
  Query parameters;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view item = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (item.empty()) continue;
    const std::size_t equals = item.find('=');
    auto name = PercentDecode(item.substr(0, equals));
    auto value = PercentDecode(equals == std::string_view::npos ? std::string_view() : item.substr(equals + 1));
    if (!name.has_value() || name->empty() || !value.has_value()) return std::nullopt;
    parameters.emplace_back(*std::move(name), *std::move(value));
  }
  return parameters;
}

}  // namespace quoin::net
