#include "tests/simulation/operator.h"

#include <sstream>

namespace quoin::simulation {

using Wish = quorum::MembershipPacket::Wish;

void Operator::Want(quorum::MembershipPacket wish) {
  // Nobody asks a node to stay whose disk is gone: it would be waited for as long as any silent member.
  const auto index = world_.IndexOf(wish.node);
  if (wish.wish == Wish::kCancel && index && world_.process(*index).retired()) return;
  std::erase_if(wishes_, [&](const auto& other) { return other.node == wish.node; });
  wishes_.push_back(wish);
}

bool Operator::Wants(NodeId node) const {
  return std::any_of(wishes_.begin(), wishes_.end(), [&](const auto& wish) { return wish.node == node; });
}

std::size_t Operator::Count(Wish kind) const {
  return static_cast<std::size_t>(
      std::count_if(wishes_.begin(), wishes_.end(), [&](const auto& wish) { return wish.wish == kind; }));
}

bool Operator::IsMet(const quorum::MembershipPacket& wish) const {
  const auto member = world_.ring()->members.find(wish.node);
  const bool gone = member == world_.ring()->members.end() || member->second.state == ring::MemberState::kRemoved;
  // A cancellation that comes too late has nothing to cancel.
  // Draining below N is refused, and rightly.
  const auto& members = world_.ring()->members;
  const auto active = std::count_if(members.begin(), members.end(),
                                    [](const auto& one) { return one.second.state == ring::MemberState::kActive; });
  const bool refused = !gone && member->second.state == ring::MemberState::kActive &&
                       active <= static_cast<std::ptrdiff_t>(world_.ring()->goal.replication_factor);
  if (wish.wish == Wish::kDrain && refused) return true;
  if (wish.wish == Wish::kCancel) return gone || member->second.state == ring::MemberState::kActive;
  return gone;
}

std::string Operator::Missing() const {
  static constexpr const char* kNames[] = {"join", "drain", "cancel the drain of", "remove"};
  std::ostringstream text;
  for (const auto& wish : wishes_) {
    if (world_.ring() != nullptr && IsMet(wish)) continue;
    text << (text.tellp() > 0 ? ", " : "") << "the wish to " << kNames[static_cast<std::size_t>(wish.wish)] << " "
         << wish.node;
  }
  return text.str();
}

void Operator::Ask() {
  if (world_.ring() != nullptr) {
    std::erase_if(wishes_, [&](const auto& wish) { return IsMet(wish); });
    for (const auto& wish : wishes_) {
      const std::size_t node = random_.Below(world_.node_count());
      if (world_.process(node).running()) world_.Ask(node, wish);
    }
  }
  world_.After(std::chrono::milliseconds(200), [this] { Ask(); });
}

}  // namespace quoin::simulation
