// The packets of a cluster's nodes as bytes, and back (docs/peer-protocol.md, "Packets"; net/proto/peer.proto).
//
// The bytes are protobuf, written and read by hand: values are copied once each way, records are written from where
// they are shared, and a batch is read in one pass that holds no more memory than it can account for.
//
// Decoding takes nothing that no correct node says: what it hands on breaks no CHECK and no REQUIRES of package quorum,
// as far as that depends on the packet alone. What depends on who sent it, or on the receiver's state, is for the
// receiver (docs/peer-protocol.md, "What the codec can't know").
//
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "quorum/packet.h"

namespace quoin::net {

// Packets in one batch. A batch is not to have more than this many times 4 bytes besides, so that it can't: no packet
// takes less.
inline constexpr std::size_t kMaxBatchPackets = 65536;
// Rounds of ballots and sequences of records. Both count up from 1, once per takeover and per write; what is above this
// was never counted to, and must not come near to wrapping around.
inline constexpr std::uint64_t kMaxCount = std::uint64_t{1} << 62;
// Records that a Compare looks at, and entries of its answer.
inline constexpr std::size_t kMaxCompared = 65536;
// Keys that a List asks for, and keys in the answer (quorum/read_page.h looks at fewer).
inline constexpr std::size_t kMaxScanLimit = std::size_t{1} << 20;
inline constexpr std::size_t kMaxPageKeys = 65536;
// Events in one Watched (quorum/feed.h has fewer), and entries of a CaughtUp.
inline constexpr std::size_t kMaxFedEvents = 65536;
// Between two heartbeats. A node that announces more would hardly ever be missed.
inline constexpr ring::Duration kMaxHeartbeatInterval = std::chrono::hours(1);
// What a joining node says of itself, by text. It is for the controller to refuse it, with the ring's own bounds.
inline constexpr std::size_t kMaxMemberTextBytes = 4096;

// Appends one packet to the batch, which is a serialized quoin.peer.v1.Packets: appending is concatenation, and two
// batches one after the other are a batch. Two things are left out: the remembered operations of records that the
// receiver only shows (in replies, and in Held without a ballot), and the status of a page, which is OK.
// REQUIRES: the packet is one that a Node has put out; a topology's Check().ok(), gossip within its bounds.
void AppendPacket(const quorum::PacketBody& packet, std::string* batch);

// Hands the batch's packets on, in their order. All or nothing: the whole batch is decoded before the first is handed
// on, because a peer that says one impossible thing is not to be believed the rest.
//
// kInvalid says which packet of the batch is wrong, in what, and what would be right; kIncompatible that a gossip
// message or a topology has a newer format. A packet of a kind that only newer programs know, or a request with such an
// operation or condition, is left out as if the link had lost it; unknown fields are ignored. Never reads outside
// `batch`, whatever it holds. Bounds: memory for kMaxBatchPackets packets, and besides in proportion to the bytes.
Status DecodePackets(std::string_view batch, const std::function<void(quorum::PacketBody)>& packet);

}  // namespace quoin::net
