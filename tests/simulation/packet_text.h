// Packets by kind, and as a person reads them in a trace.
#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "quorum/packet.h"
#include "quorum/watch.h"

namespace quoin::simulation {

inline constexpr std::size_t kPacketKinds =
    std::variant_size_v<quorum::PacketBody> + std::variant_size_v<quorum::Message>;

// Below kPacketKinds: a replica's message counts by its own kind.
std::size_t PacketKind(const quorum::PacketBody& packet);
std::string_view PacketKindName(std::size_t kind);

// "accept p2 \"key\" @3.07.12"
void WritePacket(const quorum::PacketBody& packet, std::ostream& out);
// "7.12 put contended-0", "done @3.07.12 'value'"
void WriteRequest(const quorum::Request& request, std::ostream& out);
// "'wide-' after wide-3, limit 5, 200 bytes, keys only"
void WriteScan(const quorum::ScanRequest& scan, std::ostream& out);
void WriteReply(const quorum::Reply& reply, std::ostream& out);
// "n3 knows epoch 7: p0 v3 joint {...} -> {...}", with what differs from `before`.
void WriteRing(const std::string& name, const ring::Topology* before, const ring::Topology& after, std::ostream& out);
// " put 'k' @1.2.3, ...".
void WriteEvents(const std::vector<quorum::WatchEvent>& events, std::ostream& out);

}  // namespace quoin::simulation
