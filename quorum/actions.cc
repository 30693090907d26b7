#include "quorum/actions.h"

#include <algorithm>
#include <string>
#include <tuple>

namespace quoin::quorum {
namespace {

using ring::Configuration;
using ring::MemberState;
using ring::Topology;

constexpr NodeId kBalance{};  // Whose key in running_ no node has.
constexpr std::size_t kMaxEnded = 16;
constexpr std::chrono::milliseconds kLookEvery{250};
constexpr std::chrono::milliseconds kTellEvery{500};
// A packet may get lost, and a node may have been away.
constexpr std::chrono::seconds kTellAgainAfter{5};
constexpr std::chrono::seconds kTellOldAgainAfter{30};
constexpr std::chrono::minutes kNewsFor{1};

const Configuration& ConfigurationIn(const Topology& topology, PartitionId partition) {
  return partition == kSystemPartition ? topology.system : topology.partitions[partition.value];
}

std::set<NodeId> SetOf(const std::vector<NodeId>& nodes) { return {nodes.begin(), nodes.end()}; }

bool HoldsAnything(const Topology& topology, NodeId node) {
  return std::any_of(topology.partitions.begin(), topology.partitions.end(),
                     [&](const Configuration& configuration) { return configuration.replicas.Contains(node); });
}

// Whether both tell of the same actions in the same states, and of the same refusals: numbers may wait.
bool SameNews(const ClusterProgress& a, const ClusterProgress& b) {
  const auto same_action = [](const Action& x, const Action& y) {
    return std::tie(x.kind, x.state, x.node, x.with) == std::tie(y.kind, y.state, y.node, y.with);
  };
  const auto same_refusal = [](const Refusal& x, const Refusal& y) {
    return std::tie(x.wish, x.node, x.with, x.reason) == std::tie(y.wish, y.node, y.with, y.reason);
  };
  return std::equal(a.actions.begin(), a.actions.end(), b.actions.begin(), b.actions.end(), same_action) &&
         std::equal(a.refusals.begin(), a.refusals.end(), b.refusals.begin(), b.refusals.end(), same_refusal);
}

}  // namespace

Actions::Actions(const kv::Ballot& controller, const ClusterProgress* heard) : controller_(controller) {
  if (heard == nullptr) return;
  for (const Action& action : heard->actions) {
    if (action.state == Action::State::kRunning) {
      running_[action.node] = {.action = action, .seeded = true};
    } else {
      ended_.push_back(action);
    }
  }
  for (const Refusal& refusal : heard->refusals) refusals_.insert_or_assign(refusal.node, refusal);
}

void Actions::OnReport(const MoveReport& report) {
  if (report.copied.empty()) return;
  Report& known = reports_[report.partition];
  if (report.configuration < known.configuration) return;
  if (report.configuration > known.configuration) known.copied.clear();
  known.configuration = report.configuration;
  if (report.partition != kSystemPartition) {
    reported_ += report.replica;
    reported_.keys -= known.replica.keys;
    reported_.bytes -= known.replica.bytes;
  }
  known.replica = report.replica;
  // A leader that has just begun compares once more what is there already.
  for (const auto& [node, copied] : report.copied) {
    Amount& most = known.copied[node];
    if (copied.keys > most.keys) most = copied;
  }
}

std::shared_ptr<const ClusterProgress> Actions::Look(const Sight& sight) {
  NoteRefusals(sight);
  const bool news = epoch_ != sight.chosen.epoch;
  if (!news && sight.now.now - looked_at_ < kLookEvery) return nullptr;
  looked_at_ = sight.now.now;
  if (news || !running_.empty()) {
    if (news) Credit(sight.chosen);
    FollowMembers(sight);
    FindPending(sight);
    SumUp(sight.chosen);
    EndTheFinished(sight);
    MeasureRates(sight.now);
    epoch_ = sight.chosen.epoch;
  }
  Forget(sight.now.wall);
  return Tell(sight.now.now);
}

void Actions::Credit(const Topology& chosen) {
  for (const auto& [partition, pending] : pending_) {
    const Configuration& now = ConfigurationIn(chosen, partition);
    if (now.phase != ring::Phase::kStable || SetOf(now.replicas.nodes) != pending.goal) continue;
    for (const auto& [node, copies] : pending.copies) {
      const auto running = running_.find(node);
      if (running == running_.end()) continue;
      ++running->second.action.partitions_done;
      running->second.action.moved += Times(ReplicaOf(partition), copies);
    }
  }
}

void Actions::FollowMembers(const Sight& sight) {
  std::vector<NodeId> gone;
  for (const auto& [node, running] : running_) {
    if (node != kBalance && !sight.chosen.members.contains(node)) gone.push_back(node);
  }
  for (const auto& [node, member] : sight.chosen.members) {
    if (member.state == MemberState::kRemoved && IsRunning(node)) gone.push_back(node);
  }
  for (const NodeId node : gone) {
    const bool joins = running_.at(node).action.kind == Action::Kind::kJoin;
    End(node, joins ? Action::State::kCancelled : Action::State::kDone, sight.now.wall);
  }
  for (const auto& [node, member] : sight.chosen.members) FollowMember(node, member, sight);
}

void Actions::FollowMember(NodeId node, const ring::Member& member, const Sight& sight) {
  const bool joins = IsRunning(node) && running_.at(node).action.kind == Action::Kind::kJoin;
  switch (member.state) {
    case MemberState::kRemoved:
      return;
    case MemberState::kJoining:
      if (!IsRunning(node)) Begin(node, Action::Kind::kJoin, sight);
      return;
    case MemberState::kActive:
      if (IsRunning(node) && !joins) End(node, Action::State::kCancelled, sight.now.wall);
      // A new controller, which nobody has told of the join.
      if (!epoch_ && !IsRunning(node) && member.weight > 0 && !HoldsAnything(sight.chosen, node)) {
        Begin(node, Action::Kind::kJoin, sight);
      }
      return;
    case MemberState::kDraining:
    case MemberState::kLost:
      break;
  }
  if (joins) End(node, Action::State::kCancelled, sight.now.wall);
  const NodeId with = sight.membership.ReplacedBy(node);
  const Action::Kind leaves = member.state == MemberState::kLost ? Action::Kind::kRemove : Action::Kind::kDrain;
  if (!IsRunning(node)) Begin(node, leaves, sight);
  Action& action = running_.at(node).action;
  if (with != NodeId{}) {
    action.kind = Action::Kind::kReplace;
    action.with = with;
  } else if (action.kind != Action::Kind::kReplace) {
    action.kind = leaves;
  }
}

void Actions::FindPending(const Sight& sight) {
  pending_.clear();
  const auto look_at = [&](PartitionId partition, const Configuration& configuration) {
    const std::set<NodeId> from = SetOf(configuration.replicas.nodes);
    std::set<NodeId> goal = SetOf(sight.movement.Goal(partition, configuration).nodes);
    if (from == goal) return;
    std::map<NodeId, std::uint32_t> copies;
    const auto added = static_cast<std::uint32_t>(
        std::count_if(goal.begin(), goal.end(), [&](NodeId node) { return !from.contains(node); }));
    for (const NodeId node : goal) {
      const auto running = running_.find(node);
      if (from.contains(node) || running == running_.end()) continue;
      if (running->second.action.kind == Action::Kind::kJoin) copies.emplace(node, 1);
    }
    for (const NodeId node : from) {
      const auto running = running_.find(node);
      if (goal.contains(node) || running == running_.end()) continue;
      if (running->second.action.kind != Action::Kind::kJoin) copies.emplace(node, added);
    }
    if (copies.empty()) {
      copies.emplace(kBalance, added);
      if (!IsRunning(kBalance)) Begin(kBalance, Action::Kind::kBalance, sight);
    }
    pending_.emplace(partition, Pending{std::move(goal), std::move(copies)});
  };
  look_at(kSystemPartition, sight.chosen.system);
  for (std::uint32_t p = 0; p < sight.chosen.partition_count(); ++p) {
    look_at(PartitionId{p}, sight.chosen.partitions[p]);
  }
}

void Actions::EndTheFinished(const Sight& sight) {
  std::vector<NodeId> finished;
  for (const auto& [node, running] : running_) {
    if (running.left > 0) continue;
    const auto member = sight.chosen.members.find(node);
    const bool active = member != sight.chosen.members.end() && member->second.state == MemberState::kActive;
    if (node == kBalance || (running.action.kind == Action::Kind::kJoin && active)) finished.push_back(node);
  }
  for (const NodeId node : finished) End(node, Action::State::kDone, sight.now.wall);
}

void Actions::NoteRefusals(const Sight& sight) {
  for (const auto& [node, refused] : sight.membership.refusals()) {
    if (std::exchange(refusals_seen_[node], refused.serial) == refused.serial) continue;
    refusals_[node] = {.wish = refused.wish.wish,
                       .node = node,
                       .with = refused.wish.with,
                       .at = sight.now.wall,
                       .reason = refused.why.message().substr(0, kMaxReasonBytes)};
  }
}

void Actions::Forget(kv::WallTime now) {
  while (!ended_.empty() && (ended_.size() > kMaxEnded || now - ended_.front().ended > kRememberActionsFor)) {
    ended_.pop_front();
  }
  std::erase_if(refusals_, [&](const auto& refusal) { return now - refusal.second.at > kRememberActionsFor; });
  while (refusals_.size() > kMaxRefusals) {
    refusals_.erase(std::min_element(refusals_.begin(), refusals_.end(),
                                     [](const auto& a, const auto& b) { return a.second.at < b.second.at; }));
  }
}

Actions::Running& Actions::Begin(NodeId node, Action::Kind kind, const Sight& sight) {
  refusals_.erase(node);
  Running& running = running_[node];
  running = {};
  running.action.kind = kind;
  running.action.node = node;
  running.action.since = sight.now.wall;
  return running;
}

void Actions::End(NodeId node, Action::State how, kv::WallTime now) {
  refusals_.erase(node);
  Action action = std::move(running_.extract(node).mapped().action);
  // A plan for balance that another plan took the place of before anything was moved is no news.
  if (node == kBalance && action.partitions_done == 0) return;
  action.state = how;
  action.ended = now;
  action.per_second = {};
  action.seconds_left.reset();
  if (how == Action::State::kDone) {
    action.partitions_done = action.partitions;
    action.copied = action.total;
  }
  ended_.push_back(action);
}

std::shared_ptr<const ClusterProgress> Actions::Tell(ring::MonotonicTime now) {
  auto progress = std::make_shared<ClusterProgress>();
  for (const auto& [node, running] : running_) progress->actions.push_back(running.action);
  std::stable_sort(progress->actions.begin(), progress->actions.end(),
                   [](const Action& a, const Action& b) { return a.since < b.since; });
  progress->actions.resize(std::min(progress->actions.size(), kMaxActions - kMaxEnded));
  progress->actions.insert(progress->actions.end(), ended_.begin(), ended_.end());
  for (const auto& [node, refusal] : refusals_) progress->refusals.push_back(refusal);
  std::stable_sort(progress->refusals.begin(), progress->refusals.end(),
                   [](const Refusal& a, const Refusal& b) { return a.at < b.at; });
  if (told_ != nullptr) {
    const bool old = running_.empty() || now - news_at_ > kNewsFor;
    const bool same = progress->actions == told_->actions && progress->refusals == told_->refusals;
    ring::Duration wait{0};
    if (same) {
      wait = old ? kTellOldAgainAfter : kTellAgainAfter;
    } else if (SameNews(*progress, *told_)) {
      wait = kTellEvery;
    } else {
      news_at_ = now;
    }
    if (now - told_at_ < wait) return nullptr;
  }
  progress->controller = controller_;
  progress->number = ++number_;
  told_at_ = now;
  told_ = std::move(progress);
  return told_;
}

}  // namespace quoin::quorum
