// What a node stands on: its storage, and, until it is a member of a cluster, somebody through whom it joins.
//
// Which cluster a new data directory belongs to is decided here, once: its own, or, with NodeOptions::join, the one
// that answers there. So a node can't come up with half a decision: a directory that was made to join says so
// (kv::Identity) and never makes a ring of its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/status.h"
#include "kv/storage.h"
#include "net/node.h"
#include "net/peer_hello.h"

namespace quoin::net {

struct Foundation {
  std::unique_ptr<kv::Storage> storage;
  // Who was asked, and where; without: the node knows its cluster's ring, or makes one.
  std::optional<NodeId> through;
  std::string through_address;
};

// Asks who listens for peers there, once, and whether this node can be reached from there. nullopt: it is this node
// itself. Errors: kUnavailable: nobody answers, or not yet; others: it will not do, and the message says why.
using AskMember = std::function<Result<std::optional<PeerIdentity>>(const std::string& address)>;

// Blocks for up to options.join_patience. Errors say what was wrong and what would be right.
Result<Foundation> LayFoundation(const NodeOptions& options, const AskMember& ask);

}  // namespace quoin::net
