// What docs/api.md, "Cluster", shows, as JSON. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "net/cluster_view.h"
#include "quorum/packet.h"

namespace quoin::net {

// The body of GET /v1/cluster.
std::string ClusterJson(const ClusterSnapshot& snapshot);

// The body of GET /v1/cluster/ring. REQUIRES: snapshot.topology != nullptr
std::string RingJson(const ClusterSnapshot& snapshot);

// The answer to a wish that was passed on: `state` is what the node is to become. REQUIRES: a topology that has the
// node
std::string AskedJson(const ClusterSnapshot& snapshot, const quorum::MembershipPacket& wish, ring::MemberState state);

}  // namespace quoin::net
