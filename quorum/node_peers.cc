// Who is there: heartbeats, gossip, links.
#include <algorithm>
#include <string>
#include <utility>

#include "quorum/node_impl.h"

namespace quoin::quorum {
namespace {

// The key of gossip's shared values under which the newest epoch goes around.
constexpr std::uint32_t kEpochKey = 1;

}  // namespace

bool Node::Impl::Hears(NodeId node) const {
  if (node == options_.self) return true;
  if (peers_.contains(node)) {
    if (!detector_.Hears(node)) return false;
    // Who doesn't hear this node can't work with it.
    const auto says = unheard_by_.find(node);
    return says == unheard_by_.end() || !std::binary_search(says->second.begin(), says->second.end(), options_.self);
  }
  if (reset_.contains(node)) return false;
  const auto member = gossip_.members().find(node);
  return member != gossip_.members().end() && member->second.claim.liveness <= ring::Liveness::kSuspect;
}

bool Node::Impl::SaysUnheard(NodeId reporter, NodeId about) const {
  if (!Hears(reporter)) return false;
  const auto lists = [&](NodeId who, NodeId whom) {
    const auto says = unheard_by_.find(who);
    return says != unheard_by_.end() && std::binary_search(says->second.begin(), says->second.end(), whom);
  };
  // Also when it is `about` itself who doesn't hear the reporter, as long as its word reaches this node.
  return lists(reporter, about) || (detector_.Hears(about) && lists(about, reporter));
}

void Node::Impl::WatchPeers(Moment now) {
  std::set<NodeId> peers;
  const auto add = [&](const ring::Configuration& configuration) {
    const auto& replicas = configuration.replicas;
    const auto& incoming = configuration.incoming;
    if (!replicas.Contains(options_.self) && !incoming.Contains(options_.self)) return;
    peers.insert(replicas.nodes.begin(), replicas.nodes.end());
    peers.insert(incoming.nodes.begin(), incoming.nodes.end());
  };
  add(topology_->system);
  for (const ring::Configuration& configuration : topology_->partitions) add(configuration);
  peers.erase(options_.self);
  for (const NodeId peer : peers_) {
    if (peers.contains(peer)) continue;
    detector_.Forget(peer);
    unheard_by_.erase(peer);
  }
  for (const NodeId peer : peers) {
    if (!peers_.contains(peer)) detector_.Watch(peer, now.now);
  }
  if (peers != peers_) tell_everyone_ = true;
  peers_ = std::move(peers);
  std::map<NodeId, std::string> members;
  for (const auto& [node, member] : topology_->members) members.emplace(node, member.peer_address);
  Act(gossip_.SetMembers(members, now.now), now);
  gossip_.SetValue(kEpochKey, {topology_->epoch, {}});
}

void Node::Impl::SendHeartbeats(Moment now) {
  if (topology_ == nullptr || now.now - heartbeat_at_ < options_.timing.heartbeat) return;
  // Who has news, or has not run, does not catch up.
  const bool late = now.now - heartbeat_at_ >= 2 * options_.timing.heartbeat;
  heartbeat_at_ = late ? now.now : heartbeat_at_ + options_.timing.heartbeat;
  // So many peers in each interval, so that heartbeats cost a node the same in a cluster of 5 and of 50.
  constexpr std::size_t kPeersPerInterval = 4;
  const std::size_t turns = std::max<std::size_t>(1, (peers_.size() + kPeersPerInterval - 1) / kPeersPerInterval);
  HeartbeatPacket packet;
  packet.heartbeat = {options_.boot, ++heartbeats_, disk_takes_writes(), turns * options_.timing.heartbeat};
  packet.epoch = topology_->epoch;
  for (const NodeId peer : peers_) {
    if (!detector_.Hears(peer)) packet.unheard.push_back(peer);
  }
  const bool everyone = std::exchange(tell_everyone_, false) || late;
  std::size_t place = 0;
  turn_ = (turn_ + 1) % turns;
  for (const NodeId peer : peers_) {
    if (everyone || place++ % turns == turn_) Post(peer, packet);
  }
}

void Node::Impl::LookAtHearing(Moment now) {
  if (topology_ == nullptr) return;
  std::set<NodeId> heard;
  for (const auto& [node, member] : topology_->members) {
    if (Hears(node)) heard.insert(node);
  }
  if (heard == was_heard_) return;
  CoordinatorEffects effects;
  ListerEffects lists;
  WatchEffects watches;
  for (const NodeId node : was_heard_) {
    if (heard.contains(node)) continue;
    coordinator_.OnUnreachable(node, now, &effects);
    lister_.OnUnreachable(node, now, &lists);
    watch_hub_.OnUnreachable(node, now, &watches);
    GiveUpRelays(node);
  }
  was_heard_ = std::move(heard);
  // Whoever waits for others to say that they don't hear a leader should not wait for the next interval.
  heartbeat_at_ = now.now - 2 * options_.timing.heartbeat;
  SendHeartbeats(now);
  for (const auto& [partition, replica] : replicas_) replica->OnHearing(now, &open());
  Coordinate(&effects);
  List(std::move(lists), now);
  Watched(std::move(watches));
}

void Node::Impl::On(NodeId from, const HeartbeatPacket& packet, Moment now) {
  reset_.erase(from);
  detector_.OnHeartbeat(from, packet.heartbeat, now.now);
  std::vector<NodeId> unheard = packet.unheard;
  std::sort(unheard.begin(), unheard.end());
  const bool news = peers_.contains(from) && unheard_by_[from] != unheard;
  if (news) unheard_by_[from] = std::move(unheard);
  if (topology_ == nullptr || packet.epoch > topology_->epoch) Fetch(from, now);
  LookAtHearing(now);
  if (news) {
    for (const auto& [partition, replica] : replicas_) replica->OnHearing(now, &open());
  }
}

void Node::Impl::LinkReset(NodeId peer, Moment now) {
  reset_.insert(peer);
  if (peers_.contains(peer)) detector_.OnLinkReset(peer, now.now);
  // First the heartbeat that says so: whoever is asked to take over must know that this node doesn't hear the peer.
  LookAtHearing(now);
  CoordinatorEffects effects;
  coordinator_.OnUnreachable(peer, now, &effects);
  Coordinate(&effects);
  ListerEffects lists;
  lister_.OnUnreachable(peer, now, &lists);
  List(std::move(lists), now);
  WatchEffects watches;
  watch_hub_.OnUnreachable(peer, now, &watches);
  Watched(std::move(watches));
  GiveUpRelays(peer);
  Settle(now);
}

void Node::Impl::AskThoseReset(Moment now) {
  if (reset_.empty() || topology_ == nullptr || now.now - asked_reset_at_ < options_.timing.attempt) return;
  asked_reset_at_ = now.now;
  std::erase_if(reset_, [&](NodeId node) { return !topology_->members.contains(node); });
  for (const NodeId node : reset_) {
    // Peers have heartbeats. Gossip alone would come to the others in their turn, one in a second.
    if (!peers_.contains(node)) Act(gossip_.Ping(node, now.now), now);
  }
}

void Node::Impl::On(NodeId from, const ring::GossipMessage& message, Moment now) {
  reset_.erase(from);
  Act(gossip_.OnMessage(from, message, now.now), now);
  const auto epoch = message.values.find(kEpochKey);
  const std::uint64_t known = topology_ == nullptr ? 0 : topology_->epoch;
  if (epoch == message.values.end()) return;
  if (epoch->second.version > known) Fetch(from, now);
  if (epoch->second.version == known && topology_ != nullptr && !has_standing_) NoteStanding(false);
}

void Node::Impl::Act(ring::GossipEffects effects, Moment) {
  for (auto& outgoing : effects.send) Post(outgoing.to, std::move(outgoing.message));
}

}  // namespace quoin::quorum
