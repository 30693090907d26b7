// What a member says about itself (GET /v1/stats), judged before pages take it at its word: what answers at a member's
// address for clients may be something else (a load balancer's choice of a node, a proxy's page).
#pragma once

#include <string_view>

#include "base/ids.h"
#include "base/status.h"

namespace quoin::net {

// kInvalid, with an error for people, unless it is an object that is of this node and has all that the dashboard
// calculates with (net/assets/dashboard). What else it has is let through: the member may be newer.
Status CheckMemberStats(NodeId node, std::string_view json);

}  // namespace quoin::net
