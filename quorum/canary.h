// Canaries: deliberate bugs of the protocol, each of which the simulator must catch (docs/simulation.md has the table).
//
// They exist only where QUOIN_CANARIES is defined, which is in a second, testonly build of these sources
// (//quorum:node_with_canaries). Everywhere else Broken() is a constant false and its branch is not even compiled in.
#pragma once

#include <cstdint>

namespace quoin::quorum {

enum class Canary : std::uint8_t {
  kNone,
  kAnswerBeforeDurable,            // What should wait for its round leaves at once.
  kForgetPromiseAtRestart,         // The durable promise isn't read.
  kLowerPromise,                   // A Prepare below the promise is taken.
  kSkipQuorumReadOnFirstTouch,     // A leader believes its own replica.
  kSkipReproposingAfterTakeover,   // What a minority holds is taken for chosen.
  kCountAcceptBelowPromise,        // An Accept below the promise is answered as if it had been stored.
  kBarrierBeforeTheRead,           // A read is told on a barrier that was confirmed before it came.
  kReadWithAcceptInFlight,         // A read is told before what it saw is chosen.
  kReuseSequence,                  // Two proposals under one version.
  kEarlyPurge,                     // Tombstones go without all replicas having been found equal.
  kInstallWithoutComparison,       // An Install replaces whatever is there.
  kDropOperationIdsAtTakeover,     // A record's remembered ids are not looked at.
  kRetryAppliedTwice,              // A later copy within a leadership is executed again.
  kUnknownReportedAsFailed,        // The end of a leadership, or of the patience with one, says "not applied".
  kWrongMajorityInJoint,           // A joint configuration counts the quorums of the old set alone.
  kSkipJoint,                      // From filling to the new stable configuration.
  kStableBeforeFull,               // Through a move without waiting for anything to be copied.
  kObeyOldConfiguration,           // Messages of older configurations are served.
  kExpiredReadWithoutTombstone,    // "Absent" is told of an expired key that nobody deleted.
  kWipedDiskKeepsItsId,            // An emptied disk comes back as the node that it was.
  kReadWithoutAdmitted,            // A peer is told what is durable, not what is admitted.
  kBlindWriteAfterRestart,         // The durable `highest` is taken, for good, for the bound of what was stored.
  kReadNewestNotCaptured,          // A read tells the newest chosen state at its end, though that may not be its own.
  kOwnershipFromReadQuorum,        // R equal copies are enough to own a key, where R < W.
  kInstallKeepsPromise,            // An Install above the promise leaves it.
  kBallotBeforeOwnPromise,         // Prepares leave before the proposer's own promise is durable.
  kPipelinedTopologyWrites,        // The next ring is proposed before the one before is chosen.
  kAdoptRingFromAccept,            // A ring is adopted when it is accepted.
  kEqualFromEarlierConfiguration,  // "Equal" and "complete" of an earlier configuration version count.
  kReturningReplicaKeepsRecords,   // A replica that enters a configuration doesn't erase what it had.
  kNegativeAnswerNotWritten,       // The negative answer to a repeated request isn't chosen before it is told.
  kTombstoneFloorForgotten,        // A missing key counts as holding nothing, whatever the floor.
  kNackEndsNothing,                // A leader goes on after a Nack above its ballot.
  kDamagedAsMissing,               // A damaged record is told as an absent one.
  kLeaderlessReadFromOne,          // A leaderless read tells the newest version though no write quorum holds it.
  kResumeBallotAfterRestart,       // A restarted node leads on with the ballot that it had.
  kListFromOne,                    // A page tells the newest version of a key though no write quorum holds it.
  kListBeyondExamined,             // A page goes on to where the last of its replicas stopped looking.
  kListDropsUnsettled,             // A key on which a page's replicas don't agree is left out.
  kListShowsExpired,               // A page shows keys past their deadlines.
  kListOfAnyConfiguration,         // A node answers for what its replicas hold, whatever configuration is asked of.
  kFeedBeforeChosen,               // Watches are told of what was proposed, before it is chosen.
  kFeedBeforeComplete,             // A feed begins before its leader owns every key.
  kNoCatchUpAfterBreak,            // A watch goes on with the new leader's feed as if nothing had been missed.
  kCount,
};

// "forget-promise-at-restart"; "" for kNone and kCount.
const char* CanaryName(Canary canary);

#ifdef QUOIN_CANARIES
// The one bug that is switched on. One simulation runs in a process at a time.
extern Canary canary_on;
inline bool Broken(Canary canary) { return canary_on == canary; }
#else
constexpr bool Broken(Canary) { return false; }
#endif

}  // namespace quoin::quorum
