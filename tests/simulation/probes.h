// Probes: rare paths, counted when a run reaches them. A simulation that never reaches a path proves nothing about it,
// so the report names those that weren't reached.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string_view>

#include "tests/simulation/counts.h"
#include "tests/simulation/witness.h"

namespace quoin::simulation {

enum class Probe : std::uint8_t {
  kTakeover,
  kContendedPrepare,
  kHandover,
  kNackAboveBallot,
  kDamagedMet,
  kDamagedRefilled,
  kRefusedByDisk,
  kOtherConfiguration,
  kInstall,
  kComparisonDiffers,
  kPurge,
  kTakeoverRequested,
  kRepeatedCopy,
  kCopyPassedOn,
  kUnknownOutcome,
  kNotApplied,
  kWriteSurfacedAfterCrash,
  kMoveBegun,
  kMoveJoint,
  kMoveFinished,
  kMoveCancelledFilling,
  kMoveCancelledJoint,
  kSystemPartitionMoved,
  kMemberJoined,
  kMemberDraining,
  kDrainCancelled,
  kMemberLost,
  kMemberRemoved,
  kRingChangedUnderPartition,
  kEverythingDown,
  kDiskWiped,
  kNodeReplaced,
  kPartitionNotListed,
  kPageCutShort,
  kCount,
};
std::string_view ProbeName(Probe probe);

class Probes final : public Witness {
 public:
  // `cut`: whether some link is cut just now. Every probe is in `counts` from the start, with 0.
  Probes(Counts& counts, std::function<bool()> cut);

  void Reach(Probe probe) { ++*reached_[static_cast<std::size_t>(probe)]; }

  void OnStart(NodeId) override {}
  void OnDurable(NodeId, const kv::Batch&) override {}
  void OnSent(NodeId from, NodeId to, const quorum::PacketBody& packet) override;
  void OnRing(NodeId node, const ring::Topology* before, const std::shared_ptr<const ring::Topology>& after) override;
  void OnAnswer(NodeId node, const quorum::Request& request, const quorum::Reply& reply) override;
  void OnDiskLost(NodeId) override {}

  // The newest ring that any node has come to know; nullptr before the first.
  const std::shared_ptr<const ring::Topology>& newest_ring() const { return newest_; }

 private:
  void OnMessage(NodeId from, PartitionId partition, const quorum::Message& message);
  void OnStep(const ring::Topology& before, const ring::Topology& after);
  void OnMembers(const ring::Topology& before, const ring::Topology& after);
  void OnConfiguration(const ring::Configuration& before, const ring::Configuration& after);

  const std::function<bool()> cut_;
  std::uint64_t* reached_[static_cast<std::size_t>(Probe::kCount)];
  std::shared_ptr<const ring::Topology> newest_;
  struct Preparing {
    kv::Ballot highest;
  };
  std::map<PartitionId, Preparing> preparing_;
};

}  // namespace quoin::simulation
