// Configuration: which nodes hold one partition, which of their answers make a quorum, and what may follow what.
//
//   stable(A) --> filling(A, B) --> joint(A, B) --> stable(B)
//      ^               |                 |
//      +---------------+-----------------+              cancelled
//
// Invariants of a configuration that passes Check():
//   C1  R + W > N and 2 W > N in `replicas`, and in `incoming` when there is one;
//   C2  no node stands twice in a set, and a set has 1 to kMaxReplicas nodes;
//   C3  `incoming` is empty exactly in the phase kStable;
//   C4  one version names one configuration: any change of it takes the next version.
//
// Plain values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"

namespace quoin::ring {

inline constexpr std::size_t kMaxReplicas = 9;

constexpr std::uint32_t MajorityOf(std::size_t count) { return static_cast<std::uint32_t>(count / 2 + 1); }

// N nodes in preference order (the first is the preferred leader), with the sizes of their quorums.
struct ReplicaSet {
  std::vector<NodeId> nodes;
  std::uint32_t read_quorum = 0;   // R
  std::uint32_t write_quorum = 0;  // W

  bool empty() const { return nodes.empty(); }
  bool Contains(NodeId node) const;
  // C1 and C2; kInvalid says which number is wrong and what would be right.
  Status Check() const;
  // "{a, b, c} R=2 W=2"
  std::string ToString() const;

  friend bool operator==(const ReplicaSet&, const ReplicaSet&) = default;
};

// R and W both majorities.
ReplicaSet MajoritySet(std::vector<NodeId> nodes);

// Whether every quorum of the one is one of the other, too: the same nodes in any order, the same R and W.
bool SameQuorums(const ReplicaSet& a, const ReplicaSet& b);

enum class Phase : std::uint8_t {
  kStable = 0,
  kFilling = 1,  // `incoming` receives Accepts and Installs, and counts in no quorum.
  kJoint = 2,    // Every quorum must be met in `replicas` and in `incoming`.
};

struct Configuration {
  std::uint64_t version = 0;  // From 1.
  Phase phase = Phase::kStable;
  ReplicaSet replicas;
  ReplicaSet incoming;

  // C1 to C3; kInvalid.
  Status Check() const;
  // Whether `next` may be proposed once this one is chosen. What must be true in the cluster before (who has seen the
  // joint version, that B is equal) is for the proposer to know; here is only what the values themselves can say:
  //   - either nothing changes, or the version goes up by one;
  //   - replicas and R and W change only from joint to stable, except that a stable configuration may change the order
  //   of
  //     preference at once: every quorum stays what it was;
  //   - a move that has begun ends with its own `incoming` or with what there was before.
  // REQUIRES: both pass Check().
  Status CheckNext(const Configuration& next) const;
  // "v4 joint {a, b, c} R=2 W=2 -> {a, b, d} R=2 W=2"
  std::string ToString() const;

  friend bool operator==(const Configuration&, const Configuration&) = default;
};

std::ostream& operator<<(std::ostream& out, const ReplicaSet& set);
std::ostream& operator<<(std::ostream& out, const Configuration& configuration);

}  // namespace quoin::ring
