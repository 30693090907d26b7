// Replica: one node's part in one partition: its acceptor, its leader, and when the one becomes the other (design
// section 4.3).
//
// Who leads is whoever holds the highest ballot. A replica *believes* in the holder of the highest ballot that it has
// promised or heard of, and tries to lead itself only when that one is gone:
//   - it is this replica, which has restarted, or ended its leadership for some reason of its own;
//   - it is no replica of the configuration any more; or
//   - so many of the replicas that this one hears say that they don't hear it (this one included) that they are a read
//     quorum. As long as a write quorum hears the leader there is none, so neither an overload nor a cut link between
//     two nodes makes leaders fight.
// Those who see the leader gone try in the order of preference, one after another, and back off after each failure.
// Nothing of that is needed for safety.
//
// Invariants:
//   E1  the leader works under the acceptor's configuration version, or it is idle;
//   E2  nothing begins or is proposed here while the disk doesn't take writes.
//
// Threads: lives on one shard. Lifetime: the storage and the surroundings outlive it. Bounds: Acceptor's and Leader's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "kv/partition_state.h"
#include "kv/storage.h"
#include "quorum/acceptor.h"
#include "quorum/effects.h"
#include "quorum/leader.h"
#include "quorum/messages.h"
#include "quorum/timing.h"
#include "ring/configuration.h"
#include "ring/quorums.h"
#include "ring/random.h"

namespace quoin::quorum {

// What a replica asks of its node.
class Surroundings {
 public:
  virtual ~Surroundings() = default;
  // Whether this node and the other hear each other.
  virtual bool Hears(NodeId node) const = 0;
  // Whether `reporter` says that it doesn't hear `about`, as far as this node hears the reporter.
  virtual bool SaysUnheard(NodeId reporter, NodeId about) const = 0;
  virtual bool disk_takes_writes() const = 0;
  virtual ring::Random& random() = 0;
};

class Replica {
 public:
  Replica(const kv::Storage& storage, const std::optional<kv::PartitionState>& durable, Leader::Options options,
          const NodeTiming& timing, Surroundings& surroundings, Moment now);
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  // The configuration is part of a ring that is known to be chosen. Older ones change nothing.
  void Learn(const ring::Configuration& configuration, Moment now, Effects* effects);
  void Receive(NodeId from, const Message& message, Moment now, Effects* effects);
  void OnTick(Moment now, Effects* effects);
  // Somebody is heard, or not heard, that was not so before.
  void OnHearing(Moment now, Effects* effects) { Consider(now, effects); }

  // Takes a copy, or begins to lead for it when `take_over` and the leader is gone; nullopt. Or says to whom the copy
  // is better passed on. Otherwise it is refused by an answer.
  std::optional<NodeId> Submit(Copy copy, bool take_over, std::uint64_t token, Moment now, Effects* effects);

  Acceptor& acceptor() { return acceptor_; }
  const Acceptor& acceptor() const { return acceptor_; }
  Leader& leader() { return leader_; }
  const Leader& leader() const { return leader_; }
  const ring::Configuration& configuration() const { return configuration_; }
  bool leading() const { return leader_.phase() == Leader::Phase::kLeading; }
  // Whether what the storage holds is what a counted replica of this configuration holds (docs/protocol.md, "Pages of
  // keys").
  bool CanBeListed(std::uint64_t configuration) const {
    return acceptor_.configuration_version() == configuration && configuration_.version == configuration &&
           Counts(self_) && !acceptor_.erasing();
  }
  // The highest ballot known here; its node is whom this replica believes to lead.
  kv::Ballot believed() const;
  // The end of a range's read that the acceptor asked for.
  void OnRange(const RangeWanted& range, const RangeFound& found, Moment now, Effects* effects);
  // After anything else happened to the acceptor from outside of Receive.
  void OnPromised(Effects* effects) { leader_.OnPromised(acceptor_.promised(), effects); }

 private:
  bool Counts(NodeId node) const;
  bool IsLeaderGone() const;
  // How many replicas that are heard come before this one.
  std::size_t Rank() const;
  void Consider(Moment now, Effects* effects);
  bool MayBegin(Moment now) const;
  void Begin(std::optional<std::string> first, Moment now, Effects* effects);
  // Who had better lead than this replica, which leads; nullopt: nobody.
  std::optional<NodeId> Successor() const;
  void ConsiderHandover(Moment now, Effects* effects);

  const NodeId self_;
  const PartitionId partition_;
  const NodeTiming& timing_;
  Surroundings& surroundings_;
  Acceptor acceptor_;
  Leader leader_;
  ring::Configuration configuration_;     // Version 0: none known yet.
  std::optional<ring::Quorums> quorums_;  // Of that.
  kv::Ballot heard_of_;                   // From Nacks.
  ring::MonotonicTime heard_of_at_;
  ring::MonotonicTime not_before_;  // Of the next try to lead.
  std::uint32_t failures_ = 0;      // Tries that didn't come to lead, since the last one that did.
  std::optional<ring::MonotonicTime> gone_since_;
  ring::MonotonicTime resent_at_;
  ring::MonotonicTime scrubbed_at_;
  // While it leads: since when, and until when, each read of what its own replica holds has failed.
  std::optional<ring::MonotonicTime> unread_since_;
  ring::MonotonicTime unread_at_;
  // Handing over: to whom, since when, and when admission stopped.
  std::optional<NodeId> successor_;
  ring::MonotonicTime successor_since_;
  std::optional<ring::MonotonicTime> stopped_admitting_at_;
};

}  // namespace quoin::quorum
