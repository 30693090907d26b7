#include "ring/gossip.h"

#include <glog/logging.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace quoin::ring {
namespace {

bool IsPresent(Liveness liveness) { return liveness == Liveness::kAlive || liveness == Liveness::kSuspect; }

}  // namespace

Gossip::Gossip(const GossipConfig& config, NodeId self, std::string address, Random* random, MonotonicTime now)
    : config_(config),
      self_(self),
      random_(random),
      clock_(config.longest_step, now),
      // Numbers of an earlier life of this node must not answer questions of this one.
      next_number_(random->Next() >> 16),
      next_probe_at_(
          static_cast<std::int64_t>(random->Below(static_cast<std::uint64_t>(config.probe_interval.count())))) {
  CHECK(config.probe_timeout < config.probe_interval);
  CHECK_GT(config.dead_ping_period, 0u);
  CHECK_LE(address.size(), kMaxGossipAddressBytes);
  // So that the sender's own claim and one more always fit beside the values (G3).
  CHECK_GE(config.max_message_bytes, 1000u);
  table_.Pin({.node = self, .address = std::move(address)}, Duration::zero());
}

GossipEffects Gossip::SetMembers(const std::map<NodeId, std::string>& members, MonotonicTime now) {
  clock_.Advance(now);
  GossipEffects effects;
  std::vector<MemberUpdate> left;
  for (const auto& [node, entry] : table_.entries()) {
    if (node == self_ || !entry.pinned || members.contains(node)) continue;
    left.push_back(entry.claim);
  }
  for (MemberUpdate& claim : left) {
    table_.Unpin(claim.node);
    claim.liveness = Liveness::kLeft;
    Hear(claim, &effects);
  }
  for (const auto& [node, address] : members) {
    if (node == self_) continue;
    const MemberUpdate claim{.node = node, .address = address};
    if (table_.Pin(claim, clock_.now())) effects.changes.push_back(claim);
  }
  return effects;
}

GossipEffects Gossip::Learn(NodeId node, const std::string& address, MonotonicTime now) {
  clock_.Advance(now);
  GossipEffects effects;
  // What is known already was said by the node itself, or is for it to object to.
  if (table_.Find(node) == nullptr) Hear({.node = node, .address = address}, &effects);
  return effects;
}

void Gossip::SetValue(std::uint32_t key, SharedValue value) {
  CHECK_LE(value.bytes.size(), kMaxSharedValueBytes);
  SharedValue& known = values_[key];
  CHECK_LE(values_.size(), kMaxSharedValues);
  if (known < value) known = std::move(value);
}

void Gossip::Leave() {
  MemberUpdate claim = own();
  claim.liveness = Liveness::kLeft;
  table_.Apply(claim, clock_.now());
}

GossipEffects Gossip::Ping(NodeId node, MonotonicTime now) {
  clock_.Advance(now);
  GossipEffects effects;
  Send(node, GossipKind::kPing, next_number_++, node, &effects);
  return effects;
}

GossipEffects Gossip::OnTick(MonotonicTime now) {
  const Duration here = clock_.Advance(now);
  GossipEffects effects;
  if (probe_ && !probe_->answered && !probe_->asked_others && here >= probe_->started + config_.probe_timeout) {
    probe_->asked_others = true;
    AskOthers(&effects);
  }
  if (here >= next_probe_at_) {
    // Never two at once, however late the tick.
    next_probe_at_ = std::max(next_probe_at_ + config_.probe_interval, here + config_.probe_interval / 2);
    StartProbe(&effects);
    if (++intervals_ % config_.dead_ping_period == 0) PingSomeoneDead(&effects);
    std::erase_if(relays_, [&](const auto& relay) { return here >= relay.second.started + config_.probe_interval; });
    table_.Forget(here - config_.forget_after);
  }
  EndSuspicions(&effects);
  return effects;
}

GossipEffects Gossip::OnMessage(NodeId from, const GossipMessage& message, MonotonicTime now) {
  clock_.Advance(now);
  GossipEffects effects;
  if (from == self_) return effects;
  for (const MemberUpdate& update : message.updates) Hear(update, &effects);
  HearValues(message.values, &effects);
  switch (message.kind) {
    case GossipKind::kPing:
      Send(from, GossipKind::kAck, message.probe, self_, &effects);
      break;
    case GossipKind::kPingRequest:
      OnPingRequest(from, message, &effects);
      break;
    case GossipKind::kAck:
      OnAck(from, message, &effects);
      break;
  }
  return effects;
}

void Gossip::StartProbe(GossipEffects* effects) {
  if (probe_ && !probe_->answered) {
    const MemberTable::Entry* entry = table_.Find(probe_->target);
    if (entry != nullptr && entry->claim.liveness == Liveness::kAlive) {
      MemberUpdate claim = entry->claim;
      claim.liveness = Liveness::kSuspect;
      Hear(claim, effects);
    }
  }
  probe_.reset();
  const std::optional<NodeId> target = NextTarget();
  if (!target) return;
  probe_ = Probe{.number = next_number_++, .target = *target, .started = clock_.now()};
  Send(*target, GossipKind::kPing, probe_->number, *target, effects);
}

void Gossip::AskOthers(GossipEffects* effects) {
  std::vector<NodeId> others;
  for (const auto& [node, entry] : table_.entries()) {
    if (node != self_ && node != probe_->target && entry.claim.liveness == Liveness::kAlive) others.push_back(node);
  }
  Shuffle(&others);
  if (others.size() > config_.indirect_probes) others.resize(config_.indirect_probes);
  for (const NodeId other : others) {
    Send(other, GossipKind::kPingRequest, probe_->number, probe_->target, effects);
  }
}

void Gossip::PingSomeoneDead(GossipEffects* effects) {
  std::vector<NodeId> dead;
  for (const auto& [node, entry] : table_.entries()) {
    if (entry.claim.liveness == Liveness::kDead) dead.push_back(node);
  }
  if (dead.empty()) return;
  // Nobody waits for the answer: what brings the node back is its objection.
  const NodeId node = dead[random_->Below(dead.size())];
  Send(node, GossipKind::kPing, next_number_++, node, effects);
}

void Gossip::EndSuspicions(GossipEffects* effects) {
  const Duration patience = config_.probe_interval * config_.suspicion_factor * Rounds();
  std::vector<MemberUpdate> died;
  for (const auto& [node, entry] : table_.entries()) {
    if (entry.claim.liveness == Liveness::kSuspect && clock_.now() >= entry.since + patience) {
      died.push_back(entry.claim);
    }
  }
  for (MemberUpdate& claim : died) {
    claim.liveness = Liveness::kDead;
    Hear(claim, effects);
  }
}

void Gossip::OnPingRequest(NodeId from, const GossipMessage& message, GossipEffects* effects) {
  if (message.target == self_) {
    Send(from, GossipKind::kAck, message.probe, self_, effects);
    return;
  }
  // An asker that gets no answer asks again, and others too; so a full table costs nothing but a little time.
  if (table_.Find(message.target) == nullptr || relays_.size() >= kMaxRelays) return;
  const std::uint64_t number = next_number_++;
  relays_.emplace(number, Relay{.asker = from, .asked_number = message.probe, .started = clock_.now()});
  Send(message.target, GossipKind::kPing, number, message.target, effects);
}

void Gossip::OnAck(NodeId from, const GossipMessage& message, GossipEffects* effects) {
  if (probe_ && probe_->number == message.probe && probe_->target == message.target) {
    probe_->answered = true;
    return;
  }
  const auto relay = relays_.find(message.probe);
  if (relay == relays_.end() || message.target != from) return;
  Send(relay->second.asker, GossipKind::kAck, relay->second.asked_number, from, effects);
  relays_.erase(relay);
}

std::optional<NodeId> Gossip::NextTarget() {
  // Twice through at most: the rest of this round, then a new one.
  for (int round = 0; round < 2; ++round) {
    while (!to_probe_.empty()) {
      const NodeId node = to_probe_.back();
      to_probe_.pop_back();
      const MemberTable::Entry* entry = table_.Find(node);
      if (entry != nullptr && IsPresent(entry->claim.liveness)) return node;
    }
    for (const auto& [node, entry] : table_.entries()) {
      if (node != self_ && IsPresent(entry.claim.liveness)) to_probe_.push_back(node);
    }
    Shuffle(&to_probe_);
  }
  return std::nullopt;
}

void Gossip::Shuffle(std::vector<NodeId>* nodes) {
  for (std::size_t i = nodes->size(); i > 1; --i) std::swap((*nodes)[i - 1], (*nodes)[random_->Below(i)]);
}

std::uint32_t Gossip::Rounds() const { return static_cast<std::uint32_t>(std::bit_width(table_.entries().size())); }

void Gossip::Send(NodeId to, GossipKind kind, std::uint64_t probe, NodeId target, GossipEffects* effects) {
  GossipMessage message{.kind = kind, .probe = probe, .target = target, .values = values_};
  message.updates = table_.Tell(to, self_, config_.max_message_bytes - EncodedBytesWithoutUpdates(message),
                                config_.retelling_factor * Rounds(), config_.refreshers);
  effects->send.push_back({to, std::move(message)});
}

void Gossip::Hear(const MemberUpdate& update, GossipEffects* effects) {
  if (update.node == self_) {
    HearOfSelf(update);
  } else if (table_.Apply(update, clock_.now())) {
    effects->changes.push_back(update);
  }
}

void Gossip::HearOfSelf(const MemberUpdate& update) {
  // What is older than our own word dies out by itself; who has left has nothing to object.
  if (update.incarnation < own().incarnation || update == own()) return;
  if (own().liveness == Liveness::kLeft || update.incarnation >= kMaxIncarnation) return;
  MemberUpdate objection = own();
  objection.incarnation = update.incarnation + 1;
  table_.Apply(objection, clock_.now());
}

void Gossip::HearValues(const std::map<std::uint32_t, SharedValue>& values, GossipEffects* effects) {
  for (const auto& [key, value] : values) {
    const auto known = values_.find(key);
    if (known == values_.end() && values_.size() >= kMaxSharedValues) continue;
    if (known != values_.end() && !(known->second < value)) continue;
    values_[key] = value;
    effects->newer_values.push_back(key);
  }
}

}  // namespace quoin::ring
