// From packets to bytes: requests and replies, and what nodes say to each other. For net/peer_codec only.
//
// One Put per message of net/proto/peer.proto, its fields in the order of their numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "net/peer_codec_put_replica.h"
#include "net/peer_codec_wire.h"
#include "quorum/packet.h"

namespace quoin::net::peer_wire {

// ---- Requests and replies ----

template <typename S>
void PutTtl(Out<S>& out, std::uint32_t field, const std::optional<quorum::TimeToLive>& ttl) {
  if (ttl) out.Uint(field, std::optional(static_cast<std::uint64_t>(ttl->count())));
}
template <typename S>
void Put(Out<S>& out, const quorum::Put& put) {
  out.Bytes(1, put.value);
  out.Bytes(2, put.content_type);
  PutTtl(out, 3, put.ttl);
}
template <typename S>
void PutOperation(Out<S>& out, const quorum::Operation& operation) {
  if (std::holds_alternative<quorum::Get>(operation)) {
    out.BytesAlways(4, {});
  } else if (const auto* put = std::get_if<quorum::Put>(&operation)) {
    out.Message(5, *put);
  } else if (std::holds_alternative<quorum::Delete>(operation)) {
    out.BytesAlways(6, {});
  } else if (const auto* increment = std::get_if<quorum::Increment>(&operation)) {
    out.Message(
        7, [&](auto& in) { in.Sint(1, increment->by); }, 0);
  } else if (const auto* append = std::get_if<quorum::Append>(&operation)) {
    out.Message(
        8, [&](auto& in) { in.Bytes(1, append->bytes); }, 0);
  } else if (const auto* set = std::get_if<quorum::SetDeadline>(&operation)) {
    out.Message(
        9, [&](auto& in) { PutTtl(in, 1, set->ttl); }, 0);
  } else {
    out.Message(10, std::get<quorum::Swap>(operation).put);
  }
  static_assert(std::variant_size_v<quorum::Operation> == 7, "an operation that has no field yet");
}
template <typename S>
void Put(Out<S>& out, const quorum::Condition& condition) {
  using Kind = quorum::Condition::Kind;
  const auto versions = [&](auto& in) {
    for (const kv::Version& version : condition.versions) in.Message(1, version);
  };
  switch (condition.kind) {
    case Kind::kAbsent:
      return out.BytesAlways(1, {});
    case Kind::kPresent:
      return out.BytesAlways(2, {});
    case Kind::kVersionIn:
      return out.Message(3, versions, 0);
    case Kind::kVersionNotIn:
      return out.Message(4, versions, 0);
    case Kind::kValueIs:
      return out.BytesAlways(5, condition.value);
  }
}
template <typename S>
void Put(Out<S>& out, const quorum::Request& request) {
  out.Fixed(1, request.id.client);
  out.Uint(2, request.id.number);
  out.Bytes(3, request.key);
  PutOperation(out, request.operation);
  for (const quorum::Condition& condition : request.conditions) out.Message(11, condition);
  out.Enum(12, request.consistency);
}
template <typename S>
void Put(Out<S>& out, const quorum::ForwardPacket& forward) {
  out.Fixed(1, forward.number);
  out.Message(2, forward.request);
  out.MessageUnlessDefault(3, forward.meant_for);
  out.Uint(4, forward.repeated);
  out.MessageUnlessDefault(5, forward.lowest);
  out.Uint(6, forward.finished_below);
  out.Uint(7, forward.take_over);
  out.Uint(8, forward.hops);
}
template <typename S>
void Put(Out<S>& out, const quorum::Reply& reply) {
  out.Enum(1, reply.outcome);
  out.Enum(2, reply.status.code());
  out.Bytes(3, reply.status.message());
  if (reply.record != nullptr) out.Message(4, Shown{*reply.record});
  if (reply.previous != nullptr) out.Message(5, Shown{*reply.previous});
  out.MessageUnlessDefault(6, reply.changed);
  out.Uint(7, reply.created);
  out.Uint(8, reply.not_by_this_copy);
}
template <typename S>
void Put(Out<S>& out, const quorum::ForwardedPacket& forwarded) {
  out.Fixed(1, forwarded.number);
  out.Message(2, forwarded.reply);
  out.MessageUnlessDefault(3, forwarded.newest);
}

// ---- Between nodes ----

template <typename S>
void Put(Out<S>& out, const quorum::HeartbeatPacket& packet) {
  out.Fixed(1, packet.heartbeat.boot);
  out.Uint(2, packet.heartbeat.number);
  out.Uint(3, packet.heartbeat.disk_answering);
  out.Uint(4, static_cast<std::uint64_t>(packet.heartbeat.interval.count()));
  out.Uint(5, packet.epoch);
  if (packet.unheard.empty()) return;
  const auto nodes = [&](auto& in) {
    for (const NodeId node : packet.unheard) in.sink().Fixed(node.value);
  };
  out.Message(6, nodes, 0);
}
template <typename S>
void Put(Out<S>& out, const quorum::FetchTopologyPacket& packet) {
  out.Uint(1, packet.epoch);
}
template <typename S>
void Put(Out<S>& out, const ring::Member& member) {
  out.Bytes(1, member.peer_address);
  out.Bytes(2, member.client_address);
  out.Bytes(3, member.zone);
  out.Uint(4, member.weight);
  out.Enum(5, member.state);
}
template <typename S>
void Put(Out<S>& out, const quorum::MembershipPacket& packet) {
  out.Enum(1, packet.wish);
  out.Fixed(2, packet.node.value);
  if (packet.wish == quorum::MembershipPacket::Wish::kJoin) out.Message(3, packet.member);
  out.Uint(4, packet.hops);
  out.Fixed(5, packet.with.value);
  out.Uint(6, packet.epoch);
}
template <typename S>
void Put(Out<S>& out, const quorum::Amount& amount) {
  out.Uint(1, amount.keys);
  out.Uint(2, amount.bytes);
}
template <typename S>
void Put(Out<S>& out, const quorum::MoveReport& move) {
  out.Uint(1, move.partition.value);
  out.Uint(2, move.configuration);
  out.Uint(3, move.filled);
  out.Uint(4, move.complete);
  out.MessageUnlessDefault(5, move.replica);
  for (const auto& [node, amount] : move.copied) {
    const auto copied = [&, id = node.value, &held = amount](auto& in) {
      in.Fixed(1, id);
      in.MessageUnlessDefault(2, held);
    };
    out.Message(6, copied, 0);
  }
}
template <typename S>
void Put(Out<S>& out, const quorum::ReportPacket& packet) {
  for (const quorum::MoveReport& move : packet.moves) out.Message(1, move);
}
template <typename S>
void Put(Out<S>& out, const quorum::Action& action) {
  out.Enum(1, action.kind);
  out.Enum(2, action.state);
  out.Fixed(3, action.node.value);
  out.Fixed(4, action.with.value);
  out.Sint(5, std::int64_t{action.since.time_since_epoch().count()});
  out.Sint(6, std::int64_t{action.ended.time_since_epoch().count()});
  out.Uint(7, action.partitions_done);
  out.Uint(8, action.partitions);
  out.MessageUnlessDefault(9, action.total);
  out.MessageUnlessDefault(10, action.copied);
  out.MessageUnlessDefault(11, action.moved);
  out.MessageUnlessDefault(12, action.per_second);
  out.Uint(13, action.seconds_left);
}
template <typename S>
void Put(Out<S>& out, const quorum::Refusal& refusal) {
  out.Enum(1, refusal.wish);
  out.Fixed(2, refusal.node.value);
  out.Fixed(3, refusal.with.value);
  out.Sint(4, std::int64_t{refusal.at.time_since_epoch().count()});
  out.Bytes(5, refusal.reason);
}
template <typename S>
void Put(Out<S>& out, const quorum::ProgressPacket& packet) {
  out.MessageUnlessDefault(1, packet.progress->controller);
  out.Uint(2, packet.progress->number);
  for (const quorum::Action& action : packet.progress->actions) out.Message(3, action);
  for (const quorum::Refusal& refusal : packet.progress->refusals) out.Message(4, refusal);
}

// ---- Pages of keys ----

template <typename S>
void Put(Out<S>& out, const quorum::ListPart& part) {
  out.Uint(1, part.partition.value);
  out.Uint(2, part.configuration);
}
template <typename S>
void Put(Out<S>& out, const quorum::ScanRequest& scan) {
  out.Bytes(1, scan.prefix);
  out.OptionalBytes(2, scan.after);
  out.Uint(3, scan.limit);
  out.Uint(4, scan.max_bytes);
  out.Uint(5, scan.keys_only);
}
template <typename S>
void Put(Out<S>& out, const quorum::ListPacket& packet) {
  out.Fixed(1, packet.number);
  for (const quorum::ListPart& part : packet.parts) out.Message(2, part);
  out.Message(3, packet.scan);
}
template <typename S>
void Put(Out<S>& out, const quorum::PagePart& part) {
  out.Uint(1, part.partition.value);
  out.MessageUnlessDefault(2, part.floor);
}
template <typename S>
void Put(Out<S>& out, const quorum::PagedKey& entry) {
  out.Bytes(1, entry.key);
  out.Uint(2, entry.partition.value);
  if (entry.record != nullptr) out.Message(3, Shown{*entry.record});
}
template <typename S>
void Put(Out<S>& out, const quorum::PageFound& page) {
  for (const quorum::PagedKey& entry : page.keys) out.Message(1, entry);
  out.OptionalBytes(2, page.examined_to);
}
template <typename S>
void Put(Out<S>& out, const quorum::ListedPacket& packet) {
  out.Fixed(1, packet.number);
  for (const quorum::PagePart& part : packet.parts) out.Message(2, part);
  for (const quorum::ListPart& refused : packet.refused) out.Message(3, refused);
  if (packet.page != nullptr) out.Message(4, *packet.page);
}

}  // namespace quoin::net::peer_wire
