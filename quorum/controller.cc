#include "quorum/controller.h"

#include <glog/logging.h>

#include "quorum/canary.h"
#include "ring/transition.h"

namespace quoin::quorum {

void Controller::Begin(ring::MonotonicTime now, const kv::Ballot& ballot, const ClusterProgress* heard) {
  const Membership::Options membership{.dead_node_timeout = options_.dead_node_timeout,
                                       .settle = options_.settle,
                                       .longest_step = options_.longest_step};
  const Movement::Options movement{.max_moves = options_.max_moves, .move_timeout = options_.move_timeout};
  term_.emplace(Term{Membership(membership, now), Movement(movement), Actions(ballot, heard)});
}

void Controller::OnWish(const MembershipPacket& wish, ring::MonotonicTime) {
  if (term_) term_->membership.OnWish(wish);
}

void Controller::OnReport(NodeId, const MoveReport& report, ring::MonotonicTime) {
  if (!term_) return;
  term_->movement.OnReport(report);
  term_->actions.OnReport(report);
}

void Controller::OnLiveness(const std::set<NodeId>& alive, ring::MonotonicTime now) {
  if (term_) term_->membership.OnLiveness(alive, now);
}

std::optional<ring::Topology> Controller::Next(const ring::Topology& chosen, ring::MonotonicTime) {
  if (!term_) return std::nullopt;
  ring::Topology next = chosen;
  term_->membership.Step(chosen, &next);
  const Membership& members = term_->membership;
  term_->movement.Step(chosen, {.alive = members.alive(), .now = members.now(), .settled = members.settled()}, &next);
  if (next == chosen) return std::nullopt;
  ++next.epoch;
  if (!Broken(Canary::kSkipJoint)) {
    const Status legal = ring::CheckStep(chosen, next);
    CHECK(legal.ok()) << "R1: " << legal;
  }
  return next;
}

std::shared_ptr<const ClusterProgress> Controller::Look(const ring::Topology& chosen, Moment now) {
  if (!term_) return nullptr;
  return term_->actions.Look(
      {.chosen = chosen, .movement = term_->movement, .membership = term_->membership, .now = now});
}

std::vector<MoveProgress> Controller::Moves(const ring::Topology& chosen) const {
  if (!term_) return {};
  return term_->movement.Moves(chosen, term_->membership.now());
}

const std::map<NodeId, Membership::Refused>& Controller::refusals() const {
  static const std::map<NodeId, Membership::Refused> none;
  return term_ ? term_->membership.refusals() : none;
}

}  // namespace quoin::quorum
