#include "quorum/membership.h"

#include <glog/logging.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace quoin::quorum {
namespace {

using ring::Configuration;
using ring::Member;
using ring::MemberState;
using ring::Topology;
using enum ring::MemberState;

Status Invalid(std::string why) { return Status(Code::kInvalid, std::move(why)); }

// Everything that some configuration names.
std::set<NodeId> HoldersIn(const Topology& topology) {
  std::set<NodeId> holders;
  const auto add = [&](const Configuration& configuration) {
    holders.insert(configuration.replicas.nodes.begin(), configuration.replicas.nodes.end());
    holders.insert(configuration.incoming.nodes.begin(), configuration.incoming.nodes.end());
  };
  add(topology.system);
  for (const Configuration& configuration : topology.partitions) add(configuration);
  return holders;
}

bool MayHoldData(MemberState state) { return state == kActive || state == kDraining || state == kLost; }

// How many can take what `node` holds.
std::size_t OthersThatRemain(const Topology& topology, NodeId node) {
  return static_cast<std::size_t>(std::count_if(topology.members.begin(), topology.members.end(), [&](const auto& m) {
    return m.first != node && m.second.state == kActive && m.second.weight > 0;
  }));
}

// The most replicas that a partition has, or is going to have.
std::size_t MostReplicas(const Topology& topology) {
  std::size_t most = 0;
  for (const Configuration& c : topology.partitions) {
    most = std::max({most, c.replicas.nodes.size(), c.incoming.nodes.size()});
  }
  return most;
}

Result<MemberState> Drained(NodeId node, const Topology& topology) {
  const MemberState state = topology.members.at(node).state;
  if (state == kJoining) return kRemoved;
  if (state == kLost)
    return Invalid("node " + node.ToString() + " is lost: nothing can be moved away from it; remove it");
  if (state != kActive) return state;
  const std::size_t remain = OthersThatRemain(topology, node);
  if (remain == 0) return Invalid("node " + node.ToString() + " is the last that can hold the data");
  // A cluster that never had N nodes can't be kept from having fewer.
  const std::size_t n = topology.goal.replication_factor;
  const std::size_t can_hold = remain + (topology.members.at(node).weight > 0);
  if (can_hold >= n && remain < std::min(n, MostReplicas(topology))) {
    return Invalid("without node " + node.ToString() + " there would be " + std::to_string(remain) +
                   " active nodes, and each partition is to have " + std::to_string(n) +
                   " replicas: let another node join first");
  }
  return kDraining;
}

Result<MemberState> Removed(NodeId node, const Topology& topology, const std::set<NodeId>& alive, bool settled) {
  const MemberState state = topology.members.at(node).state;
  if (state == kLost || state == kRemoved) return state;
  if (!settled) return Status(Code::kUnavailable, "whether it is alive isn't known yet");
  if (alive.contains(node)) return Invalid("node " + node.ToString() + " is alive: drain it instead");
  if (state == kJoining) return kRemoved;
  if (OthersThatRemain(topology, node) == 0) return Invalid("no active node would be left without " + node.ToString());
  return kLost;
}

Result<MemberState> Cancelled(NodeId node, const Topology& topology) {
  const MemberState state = topology.members.at(node).state;
  if (state == kDraining || state == kLost) return kActive;
  if (state == kJoining || state == kActive) return state;
  return Invalid("node " + node.ToString() + " is " + std::string(MemberStateName(state)) +
                 ", and only a drain or a removal that is under way can be cancelled");
}

Status CheckSuccessor(NodeId node, NodeId with, const Topology& topology) {
  if (with == node) return Invalid("node " + node.ToString() + " can't replace itself");
  const auto found = topology.members.find(with);
  if (found == topology.members.end()) {
    return Invalid("node " + with.ToString() + " is no member: start it with --join first");
  }
  if (found->second.state != kActive) {
    return Invalid("node " + with.ToString() + " is " + std::string(MemberStateName(found->second.state)) +
                   ", and only an active node can take over");
  }
  if (found->second.weight == 0) return Invalid("node " + with.ToString() + " has weight 0 and takes no data");
  return Status::Ok();
}

}  // namespace

Result<MemberState> StateByWish(const MembershipPacket& wish, const Topology& topology, const std::set<NodeId>& alive,
                                bool settled) {
  using Wish = MembershipPacket::Wish;
  const auto found = topology.members.find(wish.node);
  if (found == topology.members.end()) {
    if (wish.wish == Wish::kRemove) return kRemoved;
    return Invalid("node " + wish.node.ToString() + " is no member");
  }
  switch (wish.wish) {
    case Wish::kDrain:
      return Drained(wish.node, topology);
    case Wish::kRemove:
      return Removed(wish.node, topology, alive, settled);
    case Wish::kCancel:
      return Cancelled(wish.node, topology);
    case Wish::kReplace:
      if (found->second.state == kRemoved) return kRemoved;
      QUOIN_RETURN_IF_ERROR(CheckSuccessor(wish.node, wish.with, topology));
      if (settled && alive.contains(wish.node) && found->second.state != kLost) return Drained(wish.node, topology);
      return Removed(wish.node, topology, alive, settled);
    case Wish::kJoin:
      break;
  }
  LOG(FATAL) << "a join is no matter of states";
}

void Membership::OnWish(const MembershipPacket& wish) {
  if (IsOfThePast(wish)) return;
  refusals_.erase(wish.node);
  const std::size_t wished = wish.wish == Wish::kJoin ? joins_.size() : wishes_.size();
  if (wished >= ring::kMaxMembers && !joins_.contains(wish.node) && !wishes_.contains(wish.node)) {
    return Refuse(wish, Status(Code::kUnavailable, "too many wishes at a time"));
  }
  if (wish.wish != Wish::kJoin) {
    wishes_.insert_or_assign(wish.node, wish);
    // Otherwise a node that is to go would come back at once.
    if (wish.wish != Wish::kCancel) joins_.erase(wish.node);
    return;
  }
  // A member is valid exactly if a cluster of it alone is.
  const Status valid = ring::Bootstrap(ClusterId{}, wish.node, wish.member, 1, {}).Check();
  if (!valid.ok()) return Refuse(wish, valid);
  joins_.insert_or_assign(wish.node, wish);
}

void Membership::OnLiveness(const std::set<NodeId>& alive, ring::MonotonicTime now) {
  clock_.Advance(now);
  alive_ = alive;
  for (const NodeId node : alive) heard_.insert_or_assign(node, clock_.now());
}

void Membership::Step(const Topology& chosen, Topology* next) {
  Observe(chosen);
  GoOn(chosen, next);
  LoseTheSilent(chosen, next);
  Join(chosen, next);
  Grant(chosen, next);
}

void Membership::Observe(const Topology& chosen) {
  std::erase_if(heard_, [&](const auto& entry) { return !chosen.members.contains(entry.first); });
  std::erase_if(removed_since_, [&](const auto& entry) {
    const auto found = chosen.members.find(entry.first);
    return found == chosen.members.end() || found->second.state != kRemoved;
  });
  std::erase_if(replaced_by_, [&](const auto& entry) {
    const auto found = chosen.members.find(entry.first);
    return found == chosen.members.end() || (found->second.state != kDraining && found->second.state != kLost);
  });
  for (const auto& [node, member] : chosen.members) {
    heard_.emplace(node, clock_.now());
    if (member.state == kRemoved) removed_since_.emplace(node, clock_.now());
  }
  NoteStandings(chosen);
  const auto past = [&](const auto& entry) { return IsOfThePast(entry.second); };
  std::erase_if(joins_, past);
  std::erase_if(wishes_, past);
}

void Membership::NoteStandings(const Topology& chosen) {
  if (strangers_since_ == 0) strangers_since_ = chosen.epoch;
  for (const auto& [node, member] : chosen.members) {
    const auto known = standings_.find(node);
    if (known == standings_.end() || known->second.state != member.state) {
      standings_.insert_or_assign(node, Standing{member.state, chosen.epoch});
    }
  }
  for (auto& [node, standing] : standings_) {
    if (standing.state && !chosen.members.contains(node)) standing = {std::nullopt, chosen.epoch};
  }
  while (standings_.size() > chosen.members.size() + ring::kMaxMembers) {
    const auto goes_before = [](const auto& a, const auto& b) {  // Who is no member, longest first.
      return std::pair(a.second.state.has_value(), a.second.since) <
             std::pair(b.second.state.has_value(), b.second.since);
    };
    const auto longest = std::min_element(standings_.begin(), standings_.end(), goes_before);
    strangers_since_ = std::max(strangers_since_, longest->second.since);
    standings_.erase(longest);
  }
}

bool Membership::IsOfThePast(const MembershipPacket& wish) const {
  const auto known = standings_.find(wish.node);
  return wish.epoch < (known == standings_.end() ? strangers_since_ : known->second.since);
}

void Membership::GoOn(const Topology& chosen, Topology* next) const {
  const std::set<NodeId> holders = HoldersIn(chosen);
  for (const auto& [node, member] : chosen.members) {
    const bool holds = holders.contains(node);
    MemberState& state = next->members.at(node).state;
    if (member.state == kJoining && alive_.contains(node)) state = kActive;
    if (member.state == kJoining && Silent(node)) state = kRemoved;
    if (member.state == kDraining && !holds) state = kRemoved;
    if (member.state == kLost && !holds) state = kRemoved;
    // What it holds is as good as that of any replica that missed some writes.
    if (member.state == kLost && holds && alive_.contains(node)) state = kActive;
    if (member.state == kRemoved && clock_.now() - removed_since_.at(node) >= kForgetAfter) next->members.erase(node);
  }
}

void Membership::LoseTheSilent(const Topology& chosen, Topology* next) const {
  std::size_t holders = 0, lost = 0;
  std::vector<std::pair<ring::Duration, NodeId>> silent;  // The longest first.
  for (const auto& [node, member] : chosen.members) {
    holders += MayHoldData(member.state);
    lost += member.state == kLost;
    const bool may_be_lost = next->members.contains(node) && (member.state == kActive || member.state == kDraining) &&
                             next->members.at(node).state == member.state;
    if (may_be_lost && Silent(node)) silent.push_back({heard_.at(node), node});
  }
  std::sort(silent.begin(), silent.end());
  for (const auto& [heard, node] : silent) {
    if (lost >= std::max<std::size_t>(1, holders / 3)) return;
    if (OthersThatRemain(*next, node) == 0) continue;
    next->members.at(node).state = kLost;
    ++lost;
  }
}

void Membership::Join(const Topology& chosen, Topology* next) {
  std::vector<NodeId> shown, refused;
  for (const auto& [node, wish] : joins_) {
    const auto now = chosen.members.find(node);
    Member member = wish.member;
    member.state = now == chosen.members.end() || now->second.state == kRemoved ? kJoining : now->second.state;
    if (now != chosen.members.end() && now->second == member) {
      shown.push_back(node);
      continue;
    }
    const auto then = next->members.find(node);
    if (now != chosen.members.end()) {
      // It takes another arrow already.
      if (then == next->members.end() || then->second.state != now->second.state) continue;
    } else if (next->members.size() >= ring::kMaxMembers) {
      refused.push_back(node);
      continue;
    }
    next->members.insert_or_assign(node, member);
  }
  for (const NodeId node : shown) joins_.erase(node);
  for (const NodeId node : refused) {
    joins_.erase(node);
    Refuse({.wish = Wish::kJoin, .node = node},
           Invalid("there are " + std::to_string(ring::kMaxMembers) + " members, and there can't be more"));
  }
}

void Membership::Grant(const Topology& chosen, Topology* next) {
  for (auto entry = wishes_.begin(); entry != wishes_.end();) {
    const NodeId node = entry->first;
    const MembershipPacket& wish = entry->second;
    const auto now = chosen.members.find(node);
    const auto then = next->members.find(node);
    const bool known = now != chosen.members.end() && then != next->members.end();
    const bool has_just_come = now == chosen.members.end() && then != next->members.end();
    if (has_just_come || (known && now->second.state != then->second.state)) {  // No two arrows at once.
      ++entry;
      continue;
    }
    const Result<MemberState> granted = StateByWish(wish, *next, alive_, settled());
    const bool wait = granted.code() == Code::kUnavailable;
    const bool acts = granted.ok() && known && *granted != now->second.state;
    if (acts) then->second.state = *granted;
    // Otherwise a removal that was cancelled while the node is still silent would begin again at once.
    if (acts && now->second.state == kLost) heard_.insert_or_assign(node, clock_.now());
    if (granted.ok() && known && wish.wish == Wish::kReplace) replaced_by_.insert_or_assign(node, wish.with);
    if (!granted.ok() && !wait) Refuse(wish, granted.status());
    entry = acts || wait ? std::next(entry) : wishes_.erase(entry);
  }
}

bool Membership::Silent(NodeId node) const {
  return settled() && !alive_.contains(node) && clock_.now() - heard_.at(node) >= options_.dead_node_timeout;
}

void Membership::Refuse(const MembershipPacket& wish, Status why) {
  if (refusals_.size() >= ring::kMaxMembers && !refusals_.contains(wish.node)) refusals_.erase(refusals_.begin());
  refusals_.insert_or_assign(wish.node, Refused{wish, std::move(why), ++refused_});
}

NodeId Membership::ReplacedBy(NodeId node) const {
  const auto found = replaced_by_.find(node);
  return found == replaced_by_.end() ? NodeId{} : found->second;
}

}  // namespace quoin::quorum
