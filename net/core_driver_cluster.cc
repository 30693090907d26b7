// CoreDriver: what front ends and links are told of the cluster, and the wishes of operators.
#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "net/core_driver.h"

namespace quoin::net {
namespace {

using Wish = quorum::MembershipPacket::Wish;

// Whether the controller says that the node is being replaced like that.
bool ShowsReplacement(const quorum::ClusterProgress* progress, const quorum::MembershipPacket& wish) {
  using Action = quorum::Action;
  return progress != nullptr &&
         std::any_of(progress->actions.begin(), progress->actions.end(), [&](const Action& action) {
           return action.kind == Action::Kind::kReplace && action.state == Action::State::kRunning &&
                  action.node == wish.node && action.with == wish.with;
         });
}

// Whether the ring shows what was wished, or makes it pointless.
bool IsGranted(const ring::Topology& topology, const quorum::ClusterProgress* progress,
               const quorum::MembershipPacket& wish) {
  const auto member = topology.members.find(wish.node);
  if (member == topology.members.end()) return wish.wish != Wish::kJoin;
  switch (wish.wish) {
    case Wish::kJoin:
    case Wish::kCancel:
      return member->second.state == ring::MemberState::kActive;
    case Wish::kDrain:
      return member->second.state >= ring::MemberState::kDraining;
    case Wish::kReplace:  // Who takes over from a node that leaves, the ring doesn't show.
      return member->second.state == ring::MemberState::kRemoved ||
             (member->second.state >= ring::MemberState::kDraining && ShowsReplacement(progress, wish));
    case Wish::kRemove:
      return member->second.state >= ring::MemberState::kLost;
  }
  LOG(FATAL) << "no such wish: " << static_cast<int>(wish.wish);
}

}  // namespace

std::shared_ptr<const ClusterSnapshot> CoreDriver::Snapshot() const {
  const std::lock_guard lock(snapshot_mutex_);
  return snapshot_;
}

void CoreDriver::Ask(const quorum::MembershipPacket& wish) {
  shards_.Post(shard_, [this, wish] {
    // The last one about a node counts.
    std::erase_if(wishes_, [&](const OpenWish& other) { return other.packet.node == wish.node; });
    const auto now = std::chrono::steady_clock::now();
    wishes_.push_back({.packet = wish, .until = now + kWishPatience, .next = now});
    RepeatWishes();
    ScheduleAct();
  });
}

void CoreDriver::RepeatWishes() {
  if (wishes_.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  const std::shared_ptr<const ring::Topology> topology = node_->topology();
  const std::shared_ptr<const quorum::ClusterProgress> progress = node_->progress();
  std::erase_if(wishes_, [&](const OpenWish& wish) {
    const bool granted = topology != nullptr && IsGranted(*topology, progress.get(), wish.packet);
    return now >= wish.until || (wish.sent && granted);
  });
  for (OpenWish& wish : wishes_) {
    if (now < wish.next) continue;
    wish.next = now + kWishInterval;
    wish.sent = true;
    node_->Ask(wish.packet, Now());
  }
}

void CoreDriver::TellOwnState(const ring::Topology& topology) {
  const auto self = topology.members.find(self_);
  const auto state = self == topology.members.end() ? std::optional<ring::MemberState>() : self->second.state;
  if (state == own_state_) return;
  if (state) {
    LOG(INFO) << "this node is " << ring::MemberStateName(*state) << " in cluster " << topology.cluster << " of "
              << topology.members.size() << (topology.members.size() == 1 ? " node" : " nodes");
  }
  if (!state && node_->WantsToJoin()) {
    LOG_IF(WARNING, own_state_.has_value()) << "the cluster has forgotten this node while it was away; it asks to join";
  } else if ((!state && own_state_ && own_state_ != ring::MemberState::kRemoved) ||
             state == ring::MemberState::kRemoved) {
    LOG(WARNING)
        << "this node is no member of its cluster any more; it serves by asking the others, as long as it runs. "
           "To take it in again, start it anew with --join";
  }
  own_state_ = state;
}

void CoreDriver::OnRing(const ring::Topology& topology) {
  TellOwnState(topology);
  if (!links_.set_peers) return;
  std::map<NodeId, std::string> peers;
  for (const auto& [node, member] : topology.members) {
    if (node != self_) peers.emplace(node, member.peer_address);
  }
  links_.set_peers(peers);
}

void CoreDriver::Publish() {
  published_at_ = std::chrono::steady_clock::now();
  auto snapshot = std::make_shared<ClusterSnapshot>();
  snapshot->self = self_;
  snapshot->topology = node_->topology();
  snapshot->disk_hangs = DiskHangs();
  const bool new_ring = snapshot->topology != published_;
  published_ = snapshot->topology;
  if (snapshot->topology != nullptr) {
    const ring::Topology& topology = *snapshot->topology;
    for (std::uint32_t p = 0; p < topology.partition_count(); ++p) {
      snapshot->leaders.push_back(node_->LeaderOf(PartitionId{p}).value_or(NodeId{}));
    }
    snapshot->controller = node_->LeaderOf(quorum::kSystemPartition).value_or(NodeId{});
    for (const auto& [node, member] : topology.members) {
      if (node_->Hears(node)) snapshot->heard.insert(node);
    }
    snapshot->leads = node_->Leads();
    snapshot->progress = node_->progress();
    if (new_ring) OnRing(topology);
  }
  const std::lock_guard lock(snapshot_mutex_);
  snapshot_ = std::move(snapshot);
}

}  // namespace quoin::net
