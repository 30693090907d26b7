#include "net/known_hosts.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "net/field_text.h"
#include "net/http_message.h"

namespace quoin::net {
namespace {

// RFC 6761 (.localhost, .test), RFC 6762 (.local, with Kubernetes' .cluster.local), RFC 8375 (.home.arpa), ICANN's
// resolution of 2024 (.internal); and what networks use that the root has never delegated: .lan, .localdomain, and
// .svc, by which Kubernetes completes names. Who answers for any of these is inside the network already.
constexpr std::array<std::string_view, 8> kLocalDomains = {".localhost", ".local",       ".internal", ".home.arpa",
                                                           ".test",      ".localdomain", ".lan",      ".svc"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsNameChar(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
}

bool IsName(std::string_view text) {
  return !text.empty() && text.front() != '.' && std::all_of(text.begin(), text.end(), IsNameChar);
}

// Without the port, and without the dot that a name may end in. An IPv6 address keeps its brackets.
std::string_view HostOf(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  std::string_view host = authority.substr(0, authority.find(':'));
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

bool EndsIn(std::string_view host, std::string_view domain) {
  return host.size() > domain.size() && EqualsIgnoringCase(host.substr(host.size() - domain.size()), domain);
}

}  // namespace

bool IsSameHost(std::string_view authority, std::string_view other) {
  return EqualsIgnoringCase(HostOf(authority), HostOf(other));
}

bool IsLocalHost(std::string_view authority) {
  const std::string_view host = HostOf(authority);
  if (host.starts_with('[')) return true;
  const std::size_t dot = host.rfind('.');
  if (dot == std::string_view::npos) return !host.empty();
  // An IPv4 address: no top-level domain is a number, and browsers look up no name that ends in one.
  const std::string_view last = host.substr(dot + 1);
  if (!last.empty() && std::all_of(last.begin(), last.end(), IsDigit)) return true;
  return std::any_of(kLocalDomains.begin(), kLocalDomains.end(),
                     [host](std::string_view domain) { return EndsIn(host, domain); });
}

Result<KnownHosts> KnownHosts::Parse(std::string_view text) {
  KnownHosts known;
  if (Trim(text).empty()) return known;
  if (Trim(text) == "*") {
    known.AddAll();
    return known;
  }
  for (const std::string_view host : ItemsOf(text)) {
    if (!IsName(host)) {
      return Status(Code::kInvalid,
                    "the value is a list of host names without ports, such as db.example,node1.example, or * for all; "
                    "'" +
                        Printable(host) + "' is no host name");
    }
    known.Add(host);
  }
  return known;
}

void KnownHosts::Add(std::string_view authority) {
  if (const std::string_view host = HostOf(authority); !host.empty()) hosts_.emplace_back(host);
}

bool KnownHosts::Knows(std::string_view authority) const {
  if (any_ || authority.empty() || IsLocalHost(authority)) return true;
  return std::any_of(hosts_.begin(), hosts_.end(),
                     [authority](const std::string& host) { return IsSameHost(authority, host); });
}

}  // namespace quoin::net
