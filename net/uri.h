// Targets of requests: path and query, percent-decoded exactly once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quoin::net {

// A request's target in its parts, all still encoded.
struct Target {
  enum class Form { kOrigin, kAbsolute, kAsterisk, kAuthority };
  Form form = Form::kOrigin;
  std::string_view authority;  // kAbsolute: what stands between "//" and the path; kAuthority: everything.
  std::string_view path;       // Begins with '/' (kOrigin, kAbsolute); "*" (kAsterisk); empty (kAuthority).
  std::string_view query;      // After the '?', which is not part of it.
};
// nullopt for what is none of the four forms of RFC 9112, section 3.2. Only http and https are schemes.
std::optional<Target> ParseTarget(std::string_view target);

// Replaces each %XX by its byte; everything else stays, '+' too. nullopt when a '%' is not followed by two hexadecimal
// digits.
std::optional<std::string> PercentDecode(std::string_view text);
// Encodes all but the unreserved characters of RFC 3986.
std::string PercentEncode(std::string_view bytes);

// The parameters of a query in their order, decoded. nullopt when one can't be decoded or has no name.
using Query = std::vector<std::pair<std::string, std::string>>;
std::optional<Query> ParseQuery(std::string_view query);

}  // namespace quoin::net
