// What the options of a node mean for its parts. Pure, but for the machine's name and the log.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "kv/storage.h"
#include "net/api_handler.h"
#include "net/node.h"
#include "quorum/node.h"

namespace quoin::net {

// Where other nodes are told to reach this one, which takes peers at that port. kInvalid: the options name no address
// that another machine could use.
Result<std::string> PeerAddress(const NodeOptions& options, std::uint16_t port);
// Where clients are told to reach it.
std::string ClientAddress(const NodeOptions& options, std::uint16_t port);

// Lowers what opens files to what options->descriptor_limit allows, and says so in the log. kInvalid: no node can do
// with that limit.
Status FitDescriptors(NodeOptions* options);

// All but `boot`, `join` and the member's addresses.
quorum::NodeOptions CoreSettings(const NodeOptions& options, const kv::Identity& identity);

// All but `node`, `start_nonce` and what it calls.
ApiHandler::Options HandlerSettings(const NodeOptions& options);

}  // namespace quoin::net
