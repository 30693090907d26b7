// From packets to bytes: records, and what replicas say to each other. For net/peer_codec only.
//
// One Put per message of net/proto/peer.proto, its fields in the order of their numbers.
#pragma once

#include <cstdint>
#include <optional>

#include "kv/record.h"
#include "kv/version.h"
#include "net/peer_codec_wire.h"
#include "quorum/messages.h"

namespace quoin::net::peer_wire {

// A record as it is shown to somebody who will not store it.
struct Shown {
  const kv::Record& record;
};

template <typename S>
void Put(Out<S>& out, const kv::Ballot& ballot) {
  out.Uint(1, ballot.round);
  out.Fixed(2, ballot.node.value);
}
template <typename S>
void Put(Out<S>& out, const kv::Version& version) {
  out.Uint(1, version.ballot.round);
  out.Fixed(2, version.ballot.node.value);
  out.Uint(3, version.sequence);
}
template <typename S>
void Put(Out<S>& out, const kv::RememberedOperation& operation) {
  out.Fixed(1, operation.id.client);
  out.Uint(2, operation.id.number);
  out.Bytes(3, operation.result);
}
template <typename S>
void PutRecord(Out<S>& out, const kv::Record& record, bool with_operations) {
  out.Message(1, record.accepted);
  if (record.changed != record.accepted) out.Message(2, record.changed);
  out.MessageUnlessDefault(3, record.forgot);
  out.Uint(4, record.tombstone);
  if (record.deadline) out.Sint(5, std::optional<std::int64_t>(record.deadline->time_since_epoch().count()));
  out.Bytes(6, record.content_type);
  if (with_operations) {
    for (const kv::RememberedOperation& operation : record.operations) out.Message(7, operation);
  }
  out.Bytes(8, record.value);
  out.Uint(9, record.expired);
}
template <typename S>
void Put(Out<S>& out, const kv::Record& record) {
  PutRecord(out, record, true);
}
template <typename S>
void Put(Out<S>& out, const Shown& shown) {
  PutRecord(out, shown.record, false);
}

// ---- Between replicas ----

template <typename S>
void Put(Out<S>& out, const quorum::Prepare& prepare) {
  out.Uint(1, prepare.configuration);
  out.Message(2, prepare.ballot);
  out.OptionalBytes(3, prepare.key);
}
template <typename S>
void Put(Out<S>& out, const quorum::Accept& accept) {
  out.Uint(1, accept.configuration);
  out.Bytes(2, accept.key);
  out.Message(3, *accept.record);
}
template <typename S>
void Put(Out<S>& out, const quorum::Install& install) {
  out.Uint(1, install.configuration);
  out.Bytes(2, install.key);
  out.Message(3, *install.record);
  out.Message(4, install.ballot);
}
template <typename S>
void Put(Out<S>& out, const quorum::Barrier& barrier) {
  out.Uint(1, barrier.configuration);
  out.Message(2, barrier.ballot);
  out.Uint(3, barrier.nonce);
}
template <typename S>
void Put(Out<S>& out, const quorum::Read& read) {
  out.Uint(1, read.configuration);
  if (read.ballot) out.Message(2, *read.ballot);
  out.Bytes(3, read.key);
  out.Fixed(4, read.nonce);
}
// `estimate` is only asked of one's own replica.
template <typename S>
void Put(Out<S>& out, const quorum::Compare& compare) {
  out.Uint(1, compare.configuration);
  out.Message(2, compare.ballot);
  out.Fixed(3, compare.nonce);
  out.Fixed(4, compare.salt);
  out.Bytes(5, compare.from);
  out.OptionalBytes(6, compare.to);
  out.MessageUnlessDefault(7, compare.floor);
  out.Uint(8, compare.limit);
  out.Fixed(9, compare.digest);
  out.Uint(10, compare.list);
}
template <typename S>
void Put(Out<S>& out, const quorum::Purge& purge) {
  out.Uint(1, purge.configuration);
  out.Message(2, purge.ballot);
  out.MessageUnlessDefault(3, purge.floor);
}
template <typename S>
void Put(Out<S>& out, const quorum::HandOver& hand_over) {
  out.Message(1, hand_over.ballot);
}
template <typename S>
void Put(Out<S>& out, const quorum::Held& held) {
  if (held.ballot) out.Message(1, *held.ballot);
  out.Bytes(2, held.key);
  out.Fixed(3, held.nonce);
  const auto content = [&](auto& in) {
    in.Enum(1, held.content.kind);
    // A read without a leader shows what it finds, and that is all.
    if (held.content.record != nullptr && held.ballot) in.Message(2, *held.content.record);
    if (held.content.record != nullptr && !held.ballot) in.Message(2, Shown{*held.content.record});
    in.MessageUnlessDefault(3, held.content.floor);
  };
  out.Message(4, content, 0);
}
template <typename S>
void Put(Out<S>& out, const quorum::Promise& promise) {
  out.Message(1, promise.ballot);
  if (promise.previous) out.Message(2, *promise.previous);
  if (promise.held) out.Message(3, *promise.held);
}
template <typename S>
void Put(Out<S>& out, const quorum::Accepted& accepted) {
  out.Bytes(1, accepted.key);
  out.Message(2, accepted.version);
}
template <typename S>
void Put(Out<S>& out, const quorum::Installed& installed) {
  out.Bytes(1, installed.key);
  out.Message(2, installed.version);
  out.Message(3, installed.ballot);
}
template <typename S>
void Put(Out<S>& out, const quorum::BarrierOk& ok) {
  out.Message(1, ok.ballot);
  out.Uint(2, ok.nonce);
}
template <typename S>
void Put(Out<S>& out, const quorum::Compared::Entry& entry) {
  out.Bytes(1, entry.key);
  out.MessageUnlessDefault(2, entry.version);
  out.Uint(3, entry.damaged);
}
// `amount` and `estimate` are only for one's own replica.
template <typename S>
void Put(Out<S>& out, const quorum::Compared& compared) {
  out.Message(1, compared.ballot);
  out.Fixed(2, compared.nonce);
  out.Uint(3, compared.equal);
  out.Fixed(4, compared.digest);
  for (const quorum::Compared::Entry& entry : compared.entries) out.Message(5, entry);
  out.OptionalBytes(6, compared.next);
  out.MessageUnlessDefault(7, compared.floor);
  out.Uint(8, compared.tombstones);
}
template <typename S>
void Put(Out<S>& out, const quorum::Purged& purged) {
  out.Message(1, purged.ballot);
  out.MessageUnlessDefault(2, purged.floor);
}
template <typename S>
void Put(Out<S>& out, const quorum::Nack& nack) {
  out.Message(1, nack.ballot);
  out.MessageUnlessDefault(2, nack.promised);
}
template <typename S>
void Put(Out<S>& out, const quorum::Damaged& damaged) {
  out.Bytes(1, damaged.key);
  out.Message(2, damaged.version);
  out.MessageUnlessDefault(3, damaged.bound);
}
template <typename S>
void Put(Out<S>& out, const quorum::Refused& refused) {
  out.Bytes(1, refused.key);
  out.Message(2, refused.version);
  out.Enum(3, refused.code);
}
template <typename S>
void Put(Out<S>& out, const quorum::OtherConfiguration& other) {
  out.Uint(1, other.mine);
  out.Uint(2, other.yours);
}

}  // namespace quoin::net::peer_wire
