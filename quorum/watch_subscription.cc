#include "quorum/watch_subscription.h"

#include <algorithm>
#include <utility>

#include "ring/configuration.h"
#include "ring/quorums.h"

namespace quoin::quorum {
namespace {

// In parts, and in multiples, of Options::attempt.
constexpr int kRest = 4;
constexpr int kRenewEvery = 5;
constexpr int kSilence = 15;
constexpr int kProbeEvery = 10;
// Who has so much to acknowledge doesn't wait for the next renewal.
constexpr std::size_t kAcknowledgeEvents = 256;
constexpr std::size_t kAcknowledgeBytes = std::size_t{1} << 20;

}  // namespace

std::optional<NodeId> WatchSubscription::NextReplica(NodeId except) {
  const ring::Quorums quorums(routes_.topology()->ConfigurationOf(partition_));
  std::vector<NodeId> heard;
  for (const NodeId node : quorums.nodes()) {
    if (node != except && (quorums.MaskOf(node) & quorums.counted()) != 0 && routes_.Hears(node)) heard.push_back(node);
  }
  if (heard.empty()) return std::nullopt;
  return heard[turn_++ % heard.size()];
}

std::optional<NodeId> WatchSubscription::Trusted(ring::MonotonicTime now) const {
  const kv::Ballot believed = Believed();
  const ring::Quorums quorums(routes_.topology()->ConfigurationOf(partition_));
  const bool counts = (quorums.MaskOf(believed.node) & quorums.counted()) != 0;
  // Whoever said no while it prepared may lead by now.
  const bool trusted = believed > refused_ || now - refused_at_ >= options_.attempt / 2;
  if (counts && trusted && routes_.Hears(believed.node)) return believed.node;
  return std::nullopt;
}

void WatchSubscription::Break(ring::MonotonicTime now, ring::Duration rest) {
  name_ = 0;
  on_ = stands_ = false;
  early_.clear();
  not_before_ = now + rest;
}

void WatchSubscription::Send(ring::MonotonicTime now, bool begins, std::vector<Packet>* packets) {
  WatchPacket packet;
  packet.partition = partition_;
  packet.subscription = name_;
  packet.begins = begins;
  packet.acknowledged = next_number_ - 1;
  if (begins || filter_->version > confirmed_) {
    packet.filter = filter_;
    sent_filter_ = filter_->version;
  }
  sent_at_ = now;
  unacknowledged_events_ = unacknowledged_bytes_ = 0;
  packets->push_back({to_, std::move(packet)});
}

void WatchSubscription::Tend(ring::MonotonicTime now, std::uint64_t* next_name, std::vector<Packet>* packets) {
  if (filter_ == nullptr || routes_.topology() == nullptr) return;
  if (name_ == 0) {
    if (now < not_before_) return;
    std::optional<NodeId> node = Trusted(now);
    if (!node) node = NextReplica(NodeId{});
    if (!node) return;
    name_ = (*next_name)++;
    to_ = *node;
    ballot_ = {};
    next_number_ = 1;
    confirmed_ = 0;
    heard_at_ = probed_at_ = now;
    return Send(now, true, packets);
  }
  const bool filter_news = filter_->version > sent_filter_;
  const bool much = unacknowledged_events_ >= kAcknowledgeEvents || unacknowledged_bytes_ >= kAcknowledgeBytes;
  const ring::Duration every =
      on_ && filter_->version == confirmed_ ? kRenewEvery * options_.attempt : options_.attempt;
  // Until the leader has said that it stands, the first packet may be lost.
  if (filter_news || much || now - sent_at_ >= every) Send(now, !stands_, packets);
  if (on_ && now - probed_at_ >= kProbeEvery * options_.attempt) {
    // A leader that the others have left behind, and that only this node still reaches, goes on as if nothing were.
    probed_at_ = now;
    WatchPacket probe;
    probe.partition = partition_;
    if (const std::optional<NodeId> node = NextReplica(to_)) packets->push_back({*node, std::move(probe)});
  }
}

void WatchSubscription::End(std::vector<Packet>* packets) const {
  if (name_ == 0) return;
  WatchPacket packet;
  packet.partition = partition_;
  packet.subscription = name_;
  packet.ends = true;
  packets->push_back({to_, std::move(packet)});
}

bool WatchSubscription::OnEnd(NodeId from, const WatchedPacket& packet, ring::MonotonicTime now) {
  hint_ = std::max(hint_, packet.ballot);
  if (packet.subscription == 0 || packet.subscription != name_ || from != to_) return false;
  ring::Duration rest = options_.attempt / kRest;
  if (packet.end == WatchedPacket::End::kNotLeading) {
    const kv::Ballot believed = Believed();
    if (believed.node == from) {
      refused_ = std::max(refused_, believed);
      refused_at_ = now;
    } else if (Trusted(now)) {
      rest = ring::Duration(0);  // It knows better. (Otherwise the next to be asked may be the same: seed 2878.)
    }
  }
  Break(now, rest);
  return true;
}

bool WatchSubscription::Receive(NodeId from, const WatchedPacket& packet, ring::MonotonicTime now,
                                const std::function<void(const WatchedPacket&)>& deliver) {
  const bool was_on = on_;
  if (packet.end != WatchedPacket::End::kNone) return OnEnd(from, packet, now) && was_on;
  if (packet.subscription != name_ || from != to_ || name_ == 0) return false;
  if (packet.number > 0 && packet.ballot < position_.ballot) {
    // It doesn't know yet that another one leads, whose packets have come here.
    Break(now, options_.attempt / kRest);
    return was_on;
  }
  const bool has_begun = next_number_ > 1 || !early_.empty();
  if (has_begun && packet.ballot < ballot_) return false;  // Late.
  if (has_begun && packet.ballot > ballot_) {
    // A late copy of the first packet subscribed at another leadership of the same node, whose numbers say nothing.
    hint_ = std::max(hint_, packet.ballot);
    Break(now, ring::Duration(0));
    return was_on;
  }
  heard_at_ = now;
  stands_ = true;
  ballot_ = packet.ballot;
  hint_ = std::max(hint_, packet.ballot);
  if (packet.number < next_number_) return false;  // It waits for the feed to begin, or came twice.
  if (packet.number > next_number_) {
    if (early_.empty()) early_since_ = now;
    early_.emplace(packet.number, packet);
    if (early_.size() <= kMaxEarly) return false;
    Break(now, ring::Duration(0));
    return was_on;
  }
  Deliver(packet, deliver);
  while (name_ != 0 && !early_.empty() && early_.begin()->first <= next_number_) {
    const WatchedPacket next = std::move(early_.extract(early_.begin()).mapped());
    early_since_ = now;
    if (next.number == next_number_) Deliver(next, deliver);
  }
  return false;
}

void WatchSubscription::Deliver(const WatchedPacket& packet, const std::function<void(const WatchedPacket&)>& deliver) {
  on_ = true;
  ++next_number_;
  confirmed_ = packet.filter;
  unacknowledged_events_ += packet.events.size();
  for (const FedEvent& event : packet.events) unacknowledged_bytes_ += event.key.size() + event.record->value.size();
  deliver(packet);
  position_ = packet.position;
}

bool WatchSubscription::OnUnreachable(NodeId node, ring::MonotonicTime now) {
  if (name_ == 0 || to_ != node) return false;
  const bool was_on = on_;
  Break(now, ring::Duration(0));
  return was_on;
}

bool WatchSubscription::OnTick(ring::MonotonicTime now) {
  if (name_ == 0) return false;
  const bool was_on = on_;
  const bool silent = now - heard_at_ >= (stands_ ? kSilence : 2) * options_.attempt;
  const bool missing = !early_.empty() && now - early_since_ >= options_.attempt;
  // Somebody else leads, or is about to.
  const bool superseded = stands_ && Believed() > std::max(ballot_, refused_);
  // Whoever was only asked may be dead, and another one may know better.
  if (!silent && !missing && !superseded) return false;
  if (silent && !stands_) {
    refused_ = std::max(refused_, Believed());
    refused_at_ = now;
  }
  Break(now, ring::Duration(0));
  return was_on;
}

}  // namespace quoin::quorum
