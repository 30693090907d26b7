#include "tests/simulation/probes.h"

#include <string>
#include <utility>
#include <variant>

namespace quoin::simulation {

std::string_view ProbeName(Probe probe) {
  static constexpr std::string_view kNames[] = {
      "takeover by another node",
      "two nodes prepare at once",
      "handover to the preferred leader",
      "refused for a higher promise",
      "damaged record met",
      "damaged record refilled",
      "record refused by a disk",
      "message of another configuration",
      "install of a chosen record",
      "comparison found a difference",
      "purge of tombstones",
      "takeover asked for by a coordinator",
      "repeated copy sent on",
      "copy passed on by a node that hears the leader",
      "unknown outcome told",
      "certainly not applied told",
      "unanswered write there after a crash",
      "move begun",
      "move joint",
      "move finished",
      "move cancelled while filling",
      "move cancelled while joint",
      "system partition moved",
      "member joined",
      "member draining",
      "drain cancelled",
      "member lost",
      "member removed",
      "ring changed under a network partition",
      "every node down at once",
      "disk wiped",
      "node replaced",
      "partition of a page refused",
      "page of one node cut short",
  };
  static_assert(std::size(kNames) == static_cast<std::size_t>(Probe::kCount));
  return kNames[static_cast<std::size_t>(probe)];
}

Probes::Probes(Counts& counts, std::function<bool()> cut) : cut_(std::move(cut)) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Probe::kCount); ++i) {
    reached_[i] = &counts.probes[std::string(ProbeName(static_cast<Probe>(i)))];
  }
}

void Probes::OnSent(NodeId from, NodeId, const quorum::PacketBody& packet) {
  if (const auto* replica = std::get_if<quorum::ReplicaPacket>(&packet)) {
    OnMessage(from, replica->partition, replica->message);
  } else if (const auto* forward = std::get_if<quorum::ForwardPacket>(&packet)) {
    if (forward->take_over) Reach(Probe::kTakeoverRequested);
    if (forward->repeated) Reach(Probe::kRepeatedCopy);
    if (forward->hops > 0) Reach(Probe::kCopyPassedOn);
  } else if (const auto* listed = std::get_if<quorum::ListedPacket>(&packet)) {
    if (!listed->refused.empty()) Reach(Probe::kPartitionNotListed);
    if (listed->page != nullptr && listed->page->examined_to) Reach(Probe::kPageCutShort);
  }
}

void Probes::OnMessage(NodeId from, PartitionId partition, const quorum::Message& message) {
  if (const auto* prepare = std::get_if<quorum::Prepare>(&message)) {
    Preparing& last = preparing_[partition];
    if (prepare->ballot > last.highest) {
      if (last.highest != kv::Ballot() && last.highest.node != from) {
        Reach(last.highest.round == prepare->ballot.round ? Probe::kContendedPrepare : Probe::kTakeover);
      }
      last.highest = prepare->ballot;
    }
  } else if (std::holds_alternative<quorum::HandOver>(message)) {
    Reach(Probe::kHandover);
  } else if (const auto* nack = std::get_if<quorum::Nack>(&message)) {
    if (nack->promised > nack->ballot) Reach(Probe::kNackAboveBallot);
  } else if (std::holds_alternative<quorum::Damaged>(message)) {
    Reach(Probe::kDamagedMet);
  } else if (std::holds_alternative<quorum::Refused>(message)) {
    Reach(Probe::kRefusedByDisk);
  } else if (std::holds_alternative<quorum::OtherConfiguration>(message)) {
    Reach(Probe::kOtherConfiguration);
  } else if (std::holds_alternative<quorum::Install>(message)) {
    Reach(Probe::kInstall);
  } else if (const auto* compared = std::get_if<quorum::Compared>(&message)) {
    if (!compared->equal) Reach(Probe::kComparisonDiffers);
  } else if (std::holds_alternative<quorum::Purge>(message)) {
    Reach(Probe::kPurge);
  }
}

void Probes::OnRing(NodeId, const ring::Topology*, const std::shared_ptr<const ring::Topology>& after) {
  if (newest_ != nullptr && after->epoch <= newest_->epoch) return;
  if (newest_ != nullptr) OnStep(*newest_, *after);
  newest_ = after;
}

void Probes::OnStep(const ring::Topology& before, const ring::Topology& after) {
  if (cut_()) Reach(Probe::kRingChangedUnderPartition);
  OnMembers(before, after);
  if (!ring::SameQuorums(before.system.replicas, after.system.replicas)) Reach(Probe::kSystemPartitionMoved);
  for (std::uint32_t p = 0; p < after.partition_count(); ++p)
    OnConfiguration(before.partitions[p], after.partitions[p]);
}

void Probes::OnMembers(const ring::Topology& before, const ring::Topology& after) {
  using ring::MemberState;
  for (const auto& [node, member] : after.members) {
    const auto known = before.members.find(node);
    const MemberState state = known == before.members.end() ? MemberState::kJoining : known->second.state;
    if (state == member.state) continue;
    if (member.state == MemberState::kActive) {
      Reach(state == MemberState::kDraining ? Probe::kDrainCancelled : Probe::kMemberJoined);
    } else if (member.state == MemberState::kDraining) {
      Reach(Probe::kMemberDraining);
    } else if (member.state == MemberState::kLost) {
      Reach(Probe::kMemberLost);
    } else if (member.state == MemberState::kRemoved) {
      Reach(Probe::kMemberRemoved);
    }
  }
}

void Probes::OnConfiguration(const ring::Configuration& before, const ring::Configuration& after) {
  using ring::Phase;
  if (before.phase == after.phase) return;
  if (after.phase == Phase::kFilling) return Reach(Probe::kMoveBegun);
  if (after.phase == Phase::kJoint) return Reach(Probe::kMoveJoint);
  if (before.phase == Phase::kJoint && after.replicas == before.incoming) return Reach(Probe::kMoveFinished);
  Reach(before.phase == Phase::kJoint ? Probe::kMoveCancelledJoint : Probe::kMoveCancelledFilling);
}

void Probes::OnAnswer(NodeId, const quorum::Request&, const quorum::Reply& reply) {
  if (reply.outcome != quorum::Outcome::kError) return;
  Reach(reply.status.code() == Code::kUnknown ? Probe::kUnknownOutcome : Probe::kNotApplied);
}

}  // namespace quoin::simulation
