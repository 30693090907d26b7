// KnownHosts: the names by which the node may be asked, against DNS rebinding.
//
// A browser takes a page for one of the node's own when both have the same host and port. Whoever owns a public name
// can serve a page under it and then let the name point to 127.0.0.1, or to a node behind a firewall: the page's
// requests reach the node, Origin and Host agree, and a GET has no Origin at all. All that tells such a request from
// others is the name in its Host. So a name is taken only if nobody outside can own it, or if the node was told that it
// is its own.
//
// Fields that browsers send of themselves (Sec-Fetch-Site) are no help: they are left out where a page came over http.
//
// A value; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace quoin::net {

class KnownHosts {
 public:
  // Only names that nobody outside can own.
  KnownHosts() = default;
  // A comma-separated list of names, such as "db.example,node1.example", or "*" for all. kInvalid says what is wrong.
  static Result<KnownHosts> Parse(std::string_view text);

  // `authority`: a host, or a host and a port. Ports are of no account: whoever owns the name has them all.
  void Add(std::string_view authority);
  void AddAll() { any_ = true; }
  // Whether a request that names this host may be answered. An empty one is no host: HTTP/1.0, which no browser speaks.
  bool Knows(std::string_view authority) const;

 private:
  bool any_ = false;
  std::vector<std::string> hosts_;
};

// Whether both are the same host, whatever their ports. Letters may be of either case; a dot at the end says nothing.
bool IsSameHost(std::string_view authority, std::string_view other);
// Whether nobody can have public DNS answer for it: an IP address, a name of a single label, or one that ends in a
// domain that is kept for local use.
bool IsLocalHost(std::string_view authority);

}  // namespace quoin::net
