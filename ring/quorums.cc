#include "ring/quorums.h"

#include <glog/logging.h>

#include <algorithm>
#include <bit>

namespace quoin::ring {
namespace {

std::uint32_t Count(ReplicaMask mask) { return static_cast<std::uint32_t>(std::popcount(mask)); }

}  // namespace

Quorums::Quorums(const Configuration& configuration)
    : old_read_(configuration.replicas.read_quorum), old_write_(configuration.replicas.write_quorum) {
  const Status valid = configuration.Check();
  CHECK(valid.ok()) << valid;
  old_ = Add(configuration.replicas);
  const ReplicaMask incoming = Add(configuration.incoming);
  if (configuration.phase != Phase::kJoint) return;
  new_ = incoming;
  new_read_ = configuration.incoming.read_quorum;
  new_write_ = configuration.incoming.write_quorum;
}

ReplicaMask Quorums::Add(const ReplicaSet& set) {
  ReplicaMask mask = 0;
  for (const NodeId node : set.nodes) {
    if (!IndexOf(node)) nodes_.push_back(node);
    mask |= MaskOf(node);
  }
  return mask;
}

std::optional<std::size_t> Quorums::IndexOf(NodeId node) const {
  const auto found = std::find(nodes_.begin(), nodes_.end(), node);
  if (found == nodes_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - nodes_.begin());
}

ReplicaMask Quorums::MaskOf(NodeId node) const {
  const std::optional<std::size_t> index = IndexOf(node);
  return index ? ReplicaMask{1} << *index : 0;
}

bool Quorums::IsReadQuorum(ReplicaMask answered) const {
  return Count(answered & old_) >= old_read_ && Count(answered & new_) >= new_read_;
}

bool Quorums::IsWriteQuorum(ReplicaMask answered) const {
  return Count(answered & old_) >= old_write_ && Count(answered & new_) >= new_write_;
}

bool Quorums::MeetEveryWriteQuorum(ReplicaMask answered) const {
  // Those of a joint hold one of its `replicas`.
  return Count(old_ & ~answered) < old_write_;
}

bool Quorums::SealsOld(ReplicaMask seen) const { return Count(old_ & ~seen) < std::min(old_read_, old_write_); }

}  // namespace quoin::ring
