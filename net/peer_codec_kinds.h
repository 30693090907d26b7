// The kinds of packets: which field of a Packet each is (net/proto/peer.proto), and its name. For net/peer_codec only.
//
// A new alternative of quorum::PacketBody or quorum::Message doesn't compile in net/peer_codec before it stands here.
#pragma once

#include <cstdint>

#include "quorum/packet.h"

namespace quoin::net::peer_wire {

struct Kind {
  std::uint32_t field;
  const char* name;
};
inline constexpr std::uint32_t kLastKind = 35;

template <typename T>
inline constexpr Kind kKindOf = T::this_packet_has_no_kind_yet;

template <>
inline constexpr Kind kKindOf<quorum::Accept> = {2, "accept"};
template <>
inline constexpr Kind kKindOf<quorum::Accepted> = {3, "accepted"};
template <>
inline constexpr Kind kKindOf<quorum::ForwardPacket> = {4, "forward"};
template <>
inline constexpr Kind kKindOf<quorum::ForwardedPacket> = {5, "forwarded"};
template <>
inline constexpr Kind kKindOf<quorum::Barrier> = {6, "barrier"};
template <>
inline constexpr Kind kKindOf<quorum::BarrierOk> = {7, "barrier_ok"};
template <>
inline constexpr Kind kKindOf<quorum::Read> = {8, "read"};
template <>
inline constexpr Kind kKindOf<quorum::Held> = {9, "held"};
template <>
inline constexpr Kind kKindOf<quorum::HeartbeatPacket> = {10, "heartbeat"};
template <>
inline constexpr Kind kKindOf<quorum::Prepare> = {11, "prepare"};
template <>
inline constexpr Kind kKindOf<quorum::Promise> = {12, "promise"};
template <>
inline constexpr Kind kKindOf<quorum::Install> = {13, "install"};
template <>
inline constexpr Kind kKindOf<quorum::Installed> = {14, "installed"};
template <>
inline constexpr Kind kKindOf<quorum::Nack> = {15, "nack"};
template <>
inline constexpr Kind kKindOf<quorum::Damaged> = {16, "damaged"};
template <>
inline constexpr Kind kKindOf<quorum::Refused> = {17, "refused"};
template <>
inline constexpr Kind kKindOf<quorum::OtherConfiguration> = {18, "other_configuration"};
template <>
inline constexpr Kind kKindOf<quorum::Compare> = {19, "compare"};
template <>
inline constexpr Kind kKindOf<quorum::Compared> = {20, "compared"};
template <>
inline constexpr Kind kKindOf<quorum::Purge> = {21, "purge"};
template <>
inline constexpr Kind kKindOf<quorum::Purged> = {22, "purged"};
template <>
inline constexpr Kind kKindOf<quorum::HandOver> = {23, "hand_over"};
template <>
inline constexpr Kind kKindOf<ring::GossipMessage> = {24, "gossip"};
template <>
inline constexpr Kind kKindOf<quorum::FetchTopologyPacket> = {25, "fetch_topology"};
template <>
inline constexpr Kind kKindOf<quorum::TopologyPacket> = {26, "topology"};
template <>
inline constexpr Kind kKindOf<quorum::MembershipPacket> = {27, "membership"};
template <>
inline constexpr Kind kKindOf<quorum::ReportPacket> = {28, "report"};
template <>
inline constexpr Kind kKindOf<quorum::ListPacket> = {29, "list"};
template <>
inline constexpr Kind kKindOf<quorum::ListedPacket> = {30, "listed"};
template <>
inline constexpr Kind kKindOf<quorum::ProgressPacket> = {31, "progress"};
template <>
inline constexpr Kind kKindOf<quorum::WatchPacket> = {32, "watch"};
template <>
inline constexpr Kind kKindOf<quorum::WatchedPacket> = {33, "watched"};
template <>
inline constexpr Kind kKindOf<quorum::CatchUpPacket> = {34, "catch_up"};
template <>
inline constexpr Kind kKindOf<quorum::CaughtUpPacket> = {35, "caught_up"};

}  // namespace quoin::net::peer_wire
