// The ring as clients are told it (net/proto/quoin.proto, RingRequest and Ring).
//
// Threads: any; no state.
#pragma once

#include <cstdint>

#include "net/cluster_view.h"
#include "net/proto/quoin.pb.h"

namespace quoin::net {

// Fills in what the snapshot knows: members that may hold data and have a client address, and who leads what. Without a
// topology, *out stays empty, which says that this node knows no ring. `known_epoch`: of the ring that the client has.
void FillRing(const ClusterSnapshot& snapshot, std::uint64_t known_epoch, v1::Ring* out);

}  // namespace quoin::net
