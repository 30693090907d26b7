// Which web pages may use the node: those of its own origin, and those that --allowed_origins names (RFC 6454; the
// Fetch standard, "CORS protocol"). Programs that are no browsers send no Origin and are not asked. That the name by
// which the node was asked is its own is for net/known_hosts.h to see to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/http_message.h"

namespace quoin::net {

class AllowedOrigins {
 public:
  // Nothing but the node's own origin.
  AllowedOrigins() = default;
  // A comma-separated list of origins, such as "https://app.example,http://localhost:3000", or "*" for all. kInvalid
  // says what is wrong.
  static Result<AllowedOrigins> Parse(std::string_view text);

  // Whether any other origin than the node's own may use it.
  bool open() const { return any_ || !origins_.empty(); }
  bool any() const { return any_; }
  // Those of the list, as they were written.
  const std::vector<std::string>& origins() const { return origins_; }
  // `host`: the authority that the request names.
  bool Allows(const HttpHead& head, std::string_view host) const;

  // The lines that tell a browser that the page may read the answer; empty when the list is closed.
  std::string ResponseLines(const HttpHead& head, std::string_view host) const;
  // What is added for a preflight (OPTIONS with Access-Control-Request-Method).
  static std::string_view PreflightLines();

 private:
  bool any_ = false;
  std::vector<std::string> origins_;
};

// Whether a page of this origin is a page of the server that is asked (RFC 6454, section 7). "null" never is.
bool IsSameOrigin(std::string_view origin, std::string_view host);

}  // namespace quoin::net
