// From packets to bytes: watches. For net/peer_codec only.
//
// One Put per message of net/proto/peer.proto, its fields in the order of their numbers.
#pragma once

#include <cstdint>

#include "net/peer_codec_put_replica.h"
#include "net/peer_codec_wire.h"
#include "quorum/watch_packet.h"

namespace quoin::net::peer_wire {

template <typename S>
void Put(Out<S>& out, const quorum::WatchTarget& target) {
  out.BytesAlways(target.kind == quorum::WatchTarget::Kind::kKey ? 1 : 2, target.text);
}
template <typename S>
void Put(Out<S>& out, const quorum::WatchFilter& filter) {
  out.Uint(1, filter.version);
  for (const quorum::WatchTarget& target : filter.targets) out.Message(2, target);
}
template <typename S>
void Put(Out<S>& out, const quorum::WatchPacket& packet) {
  out.Uint(1, packet.partition.value);
  out.Fixed(2, packet.subscription);
  out.Uint(3, packet.begins);
  out.Uint(4, packet.ends);
  if (packet.filter != nullptr) out.Message(5, *packet.filter);
  out.Uint(6, packet.acknowledged);
}
template <typename S>
void Put(Out<S>& out, const quorum::FedEvent& event) {
  out.Bytes(1, event.key);
  out.Message(2, Shown{*event.record});
  out.Uint(3, event.again);
}
template <typename S>
void Put(Out<S>& out, const quorum::WatchedPacket& packet) {
  out.Uint(1, packet.partition.value);
  out.Fixed(2, packet.subscription);
  out.MessageUnlessDefault(3, packet.ballot);
  out.Uint(4, packet.number);
  out.Uint(5, packet.filter);
  out.MessageUnlessDefault(6, packet.position);
  for (const quorum::FedEvent& event : packet.events) out.Message(7, event);
  out.Enum(8, packet.end);
}
template <typename S>
void Put(Out<S>& out, const quorum::CatchUpPacket& packet) {
  out.Uint(1, packet.partition.value);
  out.Fixed(2, packet.subscription);
  out.Fixed(3, packet.number);
  out.Message(4, packet.target);
  out.OptionalBytes(5, packet.after);
  out.MessageUnlessDefault(6, packet.above);
  out.Uint(7, packet.limit);
  out.Uint(8, packet.max_bytes);
}
template <typename S>
void Put(Out<S>& out, const quorum::CaughtUpPacket::Entry& entry) {
  out.Bytes(1, entry.key);
  out.Message(2, Shown{*entry.record});
}
template <typename S>
void Put(Out<S>& out, const quorum::CaughtUpPacket& packet) {
  out.Uint(1, packet.partition.value);
  out.Fixed(2, packet.subscription);
  out.Fixed(3, packet.number);
  out.Enum(4, packet.refusal);
  out.MessageUnlessDefault(5, packet.position);
  out.MessageUnlessDefault(6, packet.until);
  out.MessageUnlessDefault(7, packet.floor);
  for (const quorum::CaughtUpPacket::Entry& entry : packet.entries) out.Message(8, entry);
  out.OptionalBytes(9, packet.examined_to);
}

}  // namespace quoin::net::peer_wire
