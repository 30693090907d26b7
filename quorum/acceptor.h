// Acceptor: one replica's part in agreeing (design section 4.1; docs/protocol.md, "Acceptor").
//
// Single-decree Paxos acceptors (Lamport, Paxos Made Simple, section 2.2) with one promise for the whole partition and
// one accepted state per key. Sans-I/O: it takes messages and completions and adds to the given Effects.
//
// Invariants:
//   A1  the promise never goes down (I1), and an answer that rests upon it leaves only once it is durable;
//   A2  a record gives way only to one of a higher version, and a version means one record (I2, I4);
//   A3  what tells of records includes all that was admitted before and leaves when that is durable (I3);
//   A4  a damaged record is never told as missing, and is overwritten only by what is certainly newer;
//   A5  messages on one key are admitted in the order of their arrival; one whose record isn't in memory holds up its
//       key's others, not the partition's;
//   A6  a tombstone goes only when it is at or below the floor, which went into the same round or an earlier one (I7).
//
// Threads: lives on one shard. Lifetime: the storage outlives it.
// Bounds: kMaxWaiting messages wait for loads; Accepts beyond are refused, other messages dropped; kMaxCompares ranges
// are read for others at a time, and more are dropped; their senders ask again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/ids.h"
#include "base/status.h"
#include "kv/partition_state.h"
#include "kv/storage.h"
#include "quorum/effects.h"
#include "quorum/messages.h"
#include "quorum/replica_invariants.h"
#include "quorum/replica_state.h"

namespace quoin::quorum {

class Acceptor {
 public:
  static constexpr std::size_t kMaxWaiting = 1024;
  static constexpr std::size_t kMaxCompares = 64;
  static constexpr std::size_t kPurgeStep = 256;  // Records that are looked at for a purge at a time.

  Acceptor(const kv::Storage& storage, PartitionId partition, const std::optional<kv::PartitionState>& durable);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  const kv::Ballot& promised() const { return state_.promised(); }
  std::uint64_t configuration_version() const { return state_.configuration_version(); }
  // Nothing above was ever stored here.
  const kv::Version& bound() const { return state_.bound(); }
  const kv::Version& floor() const { return state_.floor(); }
  // What the storage holds is of an earlier membership, and is about to go.
  bool erasing() const { return state_.erasing(); }
  // The newest admitted state of the key; nullopt when it isn't in memory.
  std::optional<Content> Find(const std::string& key) const { return state_.Find(key); }

  // REQUIRES: IsRequest(message)
  void Receive(NodeId from, const Message& message, Effects* effects);
  // The end of a load that was asked for. Errors count as damage for as long as they last.
  void OnLoaded(const std::string& key, const Result<kv::RecordPtr>& loaded, Effects* effects);
  // False: nobody waits for the range any more, and it needn't be read.
  bool StillWants(const RangeWanted& range);
  // The end of a range that was asked for.
  void OnRange(const RangeWanted& range, const RangeFound& found, Effects* effects);
  // A newer ring is known to be chosen. Older ones change nothing. `erase`: this node enters the configuration, or has
  // left it, and what it holds is not to be seen again (design section 5.4).
  void Learn(std::uint64_t configuration_version, bool erase, Effects* effects);

  // The round that is being gathered is handed over. False: nothing of this replica is in it, and OnDurable need not be
  // called.
  bool Seal(kv::Batch* batch) { return state_.Seal(batch); }
  void OnDurable() { state_.OnDurable(); }
  // After kUnknown and kReadOnly nothing is stored or promised any more; reads and barriers go on.
  void OnRefused(Code code);

 private:
  struct Waiting {
    NodeId from;
    Message message;
  };
  struct Gate {
    std::deque<Waiting> waiting;
    std::uint64_t erasures = 0;  // When the load began.
  };

  // True when the message is for the replica's own configuration; otherwise it has been answered.
  bool CheckConfiguration(NodeId from, const Message& message, Effects* effects);
  // The key whose record must be known before the message is admitted, if any.
  const std::string* KeyNeeded(const Message& message) const;
  // Too much waits already.
  void TurnAway(NodeId from, const Message& message, Effects* effects) const;
  void Admit(NodeId from, const Message& message, Effects* effects);

  void On(NodeId from, const Prepare& prepare, Effects* effects);
  void On(NodeId from, const Accept& accept, Effects* effects);
  void On(NodeId from, const Install& install, Effects* effects);
  void On(NodeId from, const Barrier& barrier, Effects* effects);
  void On(NodeId from, const Read& read, Effects* effects);
  void On(NodeId from, const Compare& compare, Effects* effects);
  void On(NodeId from, const Purge& purge, Effects* effects);

  // acceptor_ranges.cc
  void WantRange(std::uint64_t token, std::string from, std::optional<std::string> to, std::size_t limit,
                 Effects* effects) const;
  void TellCompared(NodeId from, const Compare& compare, const RangeFound& found, Effects* effects);
  void PurgeFrom(std::string from, Effects* effects);
  void PurgeFound(const RangeFound& found, Effects* effects);

  // Stores the record if it is newer. False: the record there is damaged, and this one may be older.
  bool StoreIfNewer(const std::string& key, const kv::RecordPtr& record, Effects* effects);
  Content FindLoaded(const std::string& key) const;

  void SendNow(NodeId to, Message message, Effects* effects) const;
  void SendWhenDurable(NodeId to, Message message, Effects* effects, std::optional<Refused> if_refused = {}) const;

  const PartitionId partition_;
  ReplicaState state_;
  ReplicaInvariants invariants_;
  std::optional<Code> stopped_;  // Why nothing is stored any more.
  // Keys whose record is being read, with what waits for it.
  std::map<std::string, Gate> gates_;
  std::size_t waiting_ = 0;
  // Ranges that are being read for a comparison, by token. Token 0 is the purge's.
  std::map<std::uint64_t, std::pair<NodeId, Compare>> compares_;
  std::uint64_t last_token_ = 0;
  bool purging_ = false;      // Tombstones below the floor are being looked for.
  bool purge_again_ = false;  // And once more from the beginning.
  // Since the range that is being read for it was asked for: keys that were stored, and how often all was erased.
  std::set<std::string> stored_meanwhile_;
  std::uint64_t purge_erasures_ = 0;
};

}  // namespace quoin::quorum
