// The ring: adopting what is known to be chosen, keeping it, spreading it, and, at the controller, changing it.
#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "quorum/canary.h"
#include "quorum/node_impl.h"
#include "ring/transition.h"

namespace quoin::quorum {

void Node::Impl::Adopt(std::shared_ptr<const ring::Topology> topology, Moment now) {
  if (topology_ != nullptr) {
    if (topology->epoch <= topology_->epoch) return;
    if (topology->cluster != topology_->cluster) {
      LOG(WARNING) << "a ring of another cluster, " << topology->cluster << ", is not for " << topology_->cluster;
      return;
    }
    if (!Broken(Canary::kAdoptRingFromAccept) && !Broken(Canary::kPipelinedTopologyWrites) &&
        !Broken(Canary::kSkipJoint)) {
      const Status later = ring::CheckLater(*topology_, *topology);
      CHECK(later.ok()) << "I8: the register forgot: " << later;
    }
  } else if (options_.cluster != ClusterId{} && topology->cluster != options_.cluster) {
    LOG(WARNING) << "a ring of another cluster, " << topology->cluster << ", is not for " << options_.cluster;
    return;
  }
  const bool from_others = topology_ != nullptr;
  topology_ = std::move(topology);
  topology_dirty_ = true;
  if (from_others) NoteStanding(true);
  WatchPeers(now);
  LearnPartition(kSystemPartition, topology_->system, now);
  for (std::uint32_t p = 0; p < topology_->partition_count(); ++p) {
    LearnPartition(PartitionId{p}, topology_->partitions[p], now);
  }
  CoordinatorEffects effects;
  coordinator_.OnTopology(now, &effects);
  Coordinate(&effects);
  ListerEffects lists;
  lister_.OnTopology(now, &lists);
  List(std::move(lists), now);
}

void Node::Impl::NoteStanding(bool news) {
  const auto self = topology_->members.find(options_.self);
  const bool member = self != topology_->members.end();
  const bool stood = std::exchange(has_standing_, has_standing_ || news || member);
  if (!member) return;
  const ring::MemberState state = self->second.state;
  // Who was lost while it was away finds itself removed in what it first hears; that was nobody's wish.
  const bool removed = state == ring::MemberState::kRemoved && (stood || !news);
  leaves_ = leaves_ || state == ring::MemberState::kDraining || removed;
}

void Node::Impl::LearnPartition(PartitionId partition, const ring::Configuration& configuration, Moment now) {
  Replica* replica = Find(partition);
  if (replica == nullptr) {
    if (!configuration.replicas.Contains(options_.self) && !configuration.incoming.Contains(options_.self)) return;
    Result<Replica*> made = Make(partition, now);
    if (!made.ok()) {
      LOG(ERROR) << "partition " << partition << " can't be served: " << made.status();
      unserved_.insert(partition);
      return;
    }
    unserved_.erase(partition);
    replica = *made;
  }
  replica->Learn(configuration, now, &open());
}

void Node::Impl::RetryUnserved(Moment now) {
  if (unserved_.empty() || now.now - tried_unserved_at_ < options_.timing.request) return;
  tried_unserved_at_ = now.now;
  const std::set<PartitionId> unserved = std::exchange(unserved_, {});
  for (const PartitionId partition : unserved) {
    const bool system = partition == kSystemPartition;
    LearnPartition(partition, system ? topology_->system : topology_->ConfigurationOf(partition), now);
  }
}

void Node::Impl::Fetch(NodeId from, Moment now) {
  // One question at a time is enough, unless it isn't answered.
  if (now.now - fetched_at_ < options_.timing.heartbeat) return;
  fetched_at_ = now.now;
  Post(from, FetchTopologyPacket{topology_ == nullptr ? 0 : topology_->epoch});
}

bool Node::Impl::Push(NodeId to) {
  if (std::exchange(pushed_[to], topology_->epoch) == topology_->epoch) return false;
  Post(to, TopologyPacket{topology_});
  return true;
}

void Node::Impl::On(NodeId from, const FetchTopologyPacket& packet, Moment) {
  if (topology_ != nullptr && topology_->epoch > packet.epoch) Post(from, TopologyPacket{topology_});
}

void Node::Impl::On(NodeId, const TopologyPacket& packet, Moment now) { Adopt(packet.topology, now); }

std::vector<NodeId> Node::Impl::Controllers() const {
  if (topology_ == nullptr) return {};
  const Replica* system = Find(kSystemPartition);
  if (system != nullptr && system->leading()) return {options_.self};
  // Who is no replica of it any more hears nothing of its leaders.
  const bool replica =
      topology_->system.replicas.Contains(options_.self) || topology_->system.incoming.Contains(options_.self);
  if (system != nullptr && replica) {
    const NodeId leader = system->believed().node;
    if (leader != options_.self && topology_->system.replicas.Contains(leader) && Hears(leader)) return {leader};
  }
  std::vector<NodeId> all = topology_->system.replicas.nodes;
  const std::vector<NodeId>& incoming = topology_->system.incoming.nodes;
  all.insert(all.end(), incoming.begin(), incoming.end());
  std::erase(all, options_.self);
  return all;
}

bool Node::Impl::WantsToJoin() const {
  const bool member = topology_ != nullptr && topology_->members.contains(options_.self);
  return !member && !leaves_ && (options_.join || options_.rejoin);
}

void Node::Impl::AskToJoin(Moment now) {
  if (now.now - asked_at_ < options_.timing.attempt) return;
  asked_at_ = now.now;
  if (topology_ == nullptr) {
    if (options_.join) Post(*options_.join, FetchTopologyPacket{0});
    return;
  }
  MembershipPacket wish{.wish = MembershipPacket::Wish::kJoin, .node = options_.self, .member = options_.member};
  const auto known = topology_->members.find(options_.self);
  if (known != topology_->members.end()) {
    // Who is leaving, or has left, is not to come back by itself.
    if (known->second.state > ring::MemberState::kActive) return;
    wish.member.state = known->second.state;
    if (known->second.state == ring::MemberState::kActive && known->second == wish.member) return;
  } else if (!WantsToJoin()) {
    return;
  }
  Ask(std::move(wish), now);
}

void Node::Impl::Ask(MembershipPacket wish, Moment now) {
  wish.epoch = topology_ == nullptr ? 0 : topology_->epoch;
  On(options_.self, wish, now);
  // Who is no member hears late of the ring's changes, if at all, and a wish that speaks of an old one may come to
  // nothing: the next one will know better.
  if (topology_ != nullptr && !topology_->members.contains(options_.self)) {
    for (const NodeId node : Controllers()) Post(node, FetchTopologyPacket{topology_->epoch});
  }
  Settle(now);
}

void Node::Impl::On(NodeId, const MembershipPacket& packet, Moment now) {
  constexpr std::uint32_t kMostHops = 3;
  if (controls()) return controller_.OnWish(packet, now.now);
  if (packet.hops >= kMostHops) return;
  MembershipPacket next = packet;
  ++next.hops;
  for (const NodeId node : Controllers()) Post(node, next);
}

void Node::Impl::On(NodeId from, const ReportPacket& packet, Moment now) {
  if (!controls()) return;
  for (const MoveReport& move : packet.moves) controller_.OnReport(from, move, now.now);
}

void Node::Impl::Report(Moment now) {
  if (now.now - reported_at_ < options_.timing.resend) return;
  reported_at_ = now.now;
  ReportPacket packet;
  for (const auto& [partition, replica] : replicas_) {
    if (!replica->leading() || replica->configuration().phase == ring::Phase::kStable) continue;
    const Leader& leader = replica->leader();
    Leader::Filling filling = leader.filling();
    MoveReport move{.partition = partition,
                    .configuration = replica->configuration().version,
                    .replica = filling.replica,
                    .copied = std::move(filling.copied)};
    move.filled = leader.filled();
    move.complete = leader.carried() && leader.seals_old();
    packet.moves.push_back(move);
  }
  if (packet.moves.empty()) return;
  for (const NodeId node : Controllers()) Post(node, packet);
}

bool Node::Impl::controls() const {
  const Replica* system = Find(kSystemPartition);
  return system != nullptr && system->leading();
}

void Node::Impl::Control(Moment now) {
  Replica* system = Find(kSystemPartition);
  const bool leads = system != nullptr && system->leading();
  const kv::Ballot ballot = leads ? system->leader().ballot() : kv::Ballot();
  if (register_.ballot() != ballot) {
    register_.OnLeading(ballot);
    if (leads) controller_.Begin(now.now, ballot, progress_.get());
  }
  if (!leads) return;
  const auto submit = [&](Request request) {
    Copy copy;
    copy.request = std::move(request);
    copy.meant_for = ballot;
    system->Submit(std::move(copy), false, TopologyRegister::kToken, now, &open());
    Settle(now);
  };
  std::set<NodeId> alive = {options_.self};
  for (const auto& [node, entry] : gossip_.members()) {
    if (entry.claim.liveness <= ring::Liveness::kSuspect) alive.insert(node);
  }
  controller_.OnLiveness(alive, now.now);
  if (std::optional<Request> read = register_.Read()) submit(*std::move(read));
  if (!register_.ready() && !Broken(Canary::kPipelinedTopologyWrites)) return;
  std::optional<ring::Topology> next = controller_.Next(*topology_, now.now);
  TellProgress(now);
  if (next) submit(register_.Write(*next));
}

void Node::Impl::TellProgress(Moment now) {
  std::shared_ptr<const ClusterProgress> progress = controller_.Look(*topology_, now);
  if (progress == nullptr) return;
  progress_ = std::move(progress);
  std::set<NodeId> all;
  for (const auto& [node, member] : topology_->members) all.insert(node);
  // Who wished to join and may not is no member.
  for (const Refusal& refusal : progress_->refusals) all.insert(refusal.node);
  all.erase(options_.self);
  for (const NodeId node : all) Post(node, ProgressPacket{progress_});
}

void Node::Impl::On(NodeId, const ProgressPacket& packet, Moment) {
  const ClusterProgress& news = *packet.progress;
  const auto age = [](const ClusterProgress& progress) { return std::pair(progress.controller, progress.number); };
  if (progress_ == nullptr || age(news) > age(*progress_)) progress_ = packet.progress;
}

LeadSummary Node::Impl::Leads() const {
  LeadSummary leads;
  for (const auto& [partition, replica] : replicas_) {
    if (partition == kSystemPartition || !replica->leading()) continue;
    ++leads.partitions;
    leads.complete += replica->leader().complete();
    leads.all_equal += replica->leader().all_equal();
    leads.lagging_keys += replica->leader().lagging();
  }
  return leads;
}

}  // namespace quoin::quorum
