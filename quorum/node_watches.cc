// Watches: this node's clients', and what its leaders tell other nodes'.
#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "quorum/node.h"
#include "quorum/node_impl.h"

namespace quoin::quorum {

void Node::Watch(WatchRequest request, std::uint64_t token, Moment now) {
  impl_->Watch(std::move(request), token, now);
}
void Node::Unwatch(std::uint64_t token) { impl_->Unwatch(token); }
WatchPositions Node::PositionsOf(std::uint64_t token) const { return impl_->PositionsOf(token); }
std::size_t Node::watches() const { return impl_->watches(); }

void Node::Impl::Watched(WatchEffects effects) {
  for (Packet& packet : effects.packets) Post(packet.to, std::move(packet.body));
  for (WatchNews& news : effects.news) output_.news.push_back(std::move(news));
}

void Node::Impl::Watch(WatchRequest request, std::uint64_t token, Moment now) {
  WatchEffects effects;
  watch_hub_.Watch(std::move(request), token, now, &effects);
  Watched(std::move(effects));
  Settle(now);
}

void Node::Impl::Unwatch(std::uint64_t token) {
  WatchEffects effects;
  watch_hub_.Unwatch(token, &effects);
  Watched(std::move(effects));
  std::erase_if(output_.news, [&](const WatchNews& news) { return news.token == token; });
}

WatchPositions Node::Impl::PositionsOf(std::uint64_t token) const { return watch_hub_.PositionsOf(token); }

void Node::Impl::TellFed() {
  for (const PartitionId partition : std::exchange(open().fed, {})) {
    for (Packet& packet : Find(partition)->leader().TakeFed()) Post(packet.to, std::move(packet.body));
  }
}

void Node::Impl::On(NodeId from, const WatchPacket& packet, Moment now) {
  Replica* replica = Find(packet.partition);
  const bool leads = replica != nullptr && packet.partition != kSystemPartition && replica->leading();
  if (leads && packet.subscription != 0) return replica->leader().Subscribe(from, packet, now.now, &open());
  if (packet.ends) return;
  WatchedPacket refusal;
  refusal.partition = packet.partition;
  refusal.subscription = packet.subscription;
  if (replica != nullptr) refusal.ballot = leads ? replica->leader().ballot() : replica->believed();
  refusal.end = WatchedPacket::End::kNotLeading;
  Post(from, std::move(refusal));
}

void Node::Impl::On(NodeId from, const CatchUpPacket& packet, Moment) {
  using Refusal = CaughtUpPacket::Refusal;
  Replica* replica = Find(packet.partition);
  const bool serves = replica != nullptr && replica->leading() && packet.limit > 0 &&
                      replica->leader().feed().Serves(from, packet.subscription);
  if (!serves || catch_ups_.size() >= kMaxCatchUps) {
    CaughtUpPacket refused;
    refused.partition = packet.partition;
    refused.subscription = packet.subscription;
    refused.number = packet.number;
    refused.refusal = serves ? Refusal::kBusy : Refusal::kNotSubscribed;
    return Post(from, std::move(refused));
  }
  const Leader& leader = replica->leader();
  PageWanted wanted{.token = ++last_token_};
  // What may have been purged elsewhere is absent here, too.
  wanted.parts = {{packet.partition, std::max(replica->acceptor().floor(), leader.floor())}};
  wanted.scan.prefix = packet.target.text;
  wanted.scan.after = packet.after;
  wanted.scan.limit = packet.limit;
  wanted.scan.max_bytes = packet.max_bytes;
  wanted.above = packet.above;
  wanted.alone = packet.target.kind == WatchTarget::Kind::kKey;
  catch_ups_.emplace(wanted.token, CatchUpUnderWay{from, packet, leader.ballot(), leader.feed().position()});
  output_.pages.push_back(std::move(wanted));
}

void Node::Impl::CatchUpRead(CatchUpUnderWay read, PageFound found, Moment now) {
  using Refusal = CaughtUpPacket::Refusal;
  const CatchUpPacket& asked = read.packet;
  CaughtUpPacket caught_up;
  caught_up.partition = asked.partition;
  caught_up.subscription = asked.subscription;
  caught_up.number = asked.number;
  Replica* replica = Find(asked.partition);
  const bool serves = replica->leading() && replica->leader().ballot() == read.ballot &&
                      replica->leader().feed().Serves(read.from, asked.subscription);
  if (!serves) caught_up.refusal = Refusal::kNotSubscribed;
  if (serves && !found.status.ok()) caught_up.refusal = Refusal::kUnreadable;
  for (PagedKey& entry : found.keys) {
    if (caught_up.refusal != Refusal::kNone) break;
    if (entry.record == nullptr) {
      caught_up.refusal = Refusal::kUnreadable;
      // So that the leader finds out, and mends it.
      replica->leader().Sweep(entry.key, now.wall, &open());
    } else if (entry.record->accepted > read.position) {
      caught_up.until = std::max(caught_up.until, entry.record->accepted);
    } else {
      caught_up.entries.push_back({std::move(entry.key), std::move(entry.record)});
    }
  }
  if (caught_up.refusal == Refusal::kNone) {
    caught_up.position = read.position;
    caught_up.examined_to = std::move(found.examined_to);
    // As it is now: what had gone when the replica was read was at or below.
    caught_up.floor = std::max(replica->acceptor().floor(), replica->leader().floor());
  } else {
    caught_up.entries.clear();
    caught_up.until = {};
  }
  Post(read.from, std::move(caught_up));
}

void Node::Impl::On(NodeId from, const WatchedPacket& packet, Moment now) {
  WatchEffects effects;
  watch_hub_.OnWatched(from, packet, now, &effects);
  Watched(std::move(effects));
}

void Node::Impl::On(NodeId from, const CaughtUpPacket& packet, Moment now) {
  WatchEffects effects;
  watch_hub_.OnCaughtUp(from, packet, now, &effects);
  Watched(std::move(effects));
}

}  // namespace quoin::quorum
