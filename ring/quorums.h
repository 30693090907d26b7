// Quorums: which answers are enough under one configuration.
//
// Flexible quorums (Howard, Malkhi, Spiegelman: Flexible Paxos, arXiv 1608.06696): R answers for reads and promises, W
// for writes. In a joint configuration each must be met among `replicas` and among `incoming` (design section 6).
//
// Answers are counted in bit masks over nodes(), so that the leader's per-operation tally is one integer.
//
// A value, made once per configuration; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "ring/configuration.h"

namespace quoin::ring {

// Bit i stands for nodes()[i]. At most 2 * kMaxReplicas = 18 bits are in use.
using ReplicaMask = std::uint32_t;
static_assert(2 * kMaxReplicas <= 32);

class Quorums {
 public:
  // REQUIRES: configuration.Check().ok()
  explicit Quorums(const Configuration& configuration);

  // Every node that is to receive what is written, each once: replicas in preference order, then what `incoming` adds.
  const std::vector<NodeId>& nodes() const { return nodes_; }
  std::optional<std::size_t> IndexOf(NodeId node) const;
  // 0 for a node that isn't there, so that a stranger's answer counts for nothing.
  ReplicaMask MaskOf(NodeId node) const;
  // The nodes whose answers count. Those that are only being filled don't.
  ReplicaMask counted() const { return old_ | new_; }

  bool IsReadQuorum(ReplicaMask answered) const;
  bool IsWriteQuorum(ReplicaMask answered) const;
  // Whether `answered` meet every write quorum, of this configuration and of the stable one before it, and so know of
  // whatever was chosen. Every read quorum does; where R + W is above N + 1, less than one may.
  bool MeetEveryWriteQuorum(ReplicaMask answered) const;
  // Consistency `all`: every counted node.
  bool IsAll(ReplicaMask answered) const { return (answered & counted()) == counted(); }

  // Whether no read quorum and no write quorum of `replicas` alone is left without one of `seen`. Once so many have
  // durably seen the joint version, the stable configuration before it can be obeyed no more (design section 6).
  bool SealsOld(ReplicaMask seen) const;

 private:
  ReplicaMask Add(const ReplicaSet& set);

  std::vector<NodeId> nodes_;
  ReplicaMask old_ = 0;
  ReplicaMask new_ = 0;  // 0 when only one set counts.
  std::uint32_t old_read_ = 0;
  std::uint32_t old_write_ = 0;
  std::uint32_t new_read_ = 0;
  std::uint32_t new_write_ = 0;
};

}  // namespace quoin::ring
