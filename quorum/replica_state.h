// ReplicaState: what one replica holds of one partition, with what is admitted and not yet durable laid over what is.
//
// Invariants:
//   P1  the newest admitted state is what Find answers; older ones are gone (no log);
//   P2  no stored record's ballot is above the promise: both change in the same round;
//   P3  nothing above bound() was ever stored in this partition on this node. After a restart that is the last version
//       of the promise's ballot, by P2; the durable `highest` is older than the records and says too little;
//   P4  a promise, configuration version or floor that isn't durable goes into the next round, whatever that is for. So
//       nothing leaves under a promise that a crash could take back;
//   P5  after EraseAll nothing of before is seen or kept, and nothing is stored before the erasure is part of a round.
//
// Threads: lives on one shard. Lifetime: the storage outlives it.
// Bounds: holds the records of two rounds, which its driver bounds.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/ids.h"
#include "base/status.h"
#include "kv/batch.h"
#include "kv/partition_state.h"
#include "kv/record.h"
#include "kv/storage.h"
#include "quorum/messages.h"
#include "quorum/replica_invariants.h"

namespace quoin::quorum {

class ReplicaState {
 public:
  // `durable`: as Storage::GetPartitionState says; nullopt: this node has never held anything of the partition.
  ReplicaState(const kv::Storage& storage, PartitionId partition, const std::optional<kv::PartitionState>& durable);

  const kv::Ballot& promised() const { return state_.promised; }
  // What the last rise of the promise replaced; nullopt: not known since the restart.
  const std::optional<kv::Ballot>& previous() const { return previous_; }
  std::uint64_t configuration_version() const { return state_.configuration_version; }
  const kv::Version& bound() const { return bound_; }
  const kv::Version& floor() const { return state_.purge_floor; }
  // How often everything was erased: a load that began before must not bring back what it read.
  std::uint64_t erasures() const { return erasures_; }
  // Everything is to go, and the storage still has it.
  bool erasing() const { return erasure_ != Erasure::kNone; }
  ReplicaMarks marks() const { return {state_.promised, bound_}; }

  // The newest admitted state of the key; nullopt when it isn't in memory.
  std::optional<Content> Find(std::string_view key) const;
  // Without what is admitted: only a canary asks so.
  Content FindDurable(std::string_view key) const { return ContentOf(storage_.Get(partition_, key)); }
  // Makes Find answer with what was loaded, until TakeBack. REQUIRES: nothing of the key was admitted since the load
  // began.
  void Lend(std::string key, const Result<kv::RecordPtr>& loaded);
  // The same for what Find has just said: the storage may not say it a second time.
  void Lend(std::string key, Content found);
  void TakeBack() { lent_.reset(); }

  // Raises the promise; nothing happens when it is as high.
  void RaisePromise(const kv::Ballot& ballot);
  // REQUIRES: above the version now.
  void RaiseConfigurationVersion(std::uint64_t version);
  // Admits the record in place of `held`. REQUIRES: held < record->accepted, whose ballot is promised.
  void Store(const std::string& key, const kv::Version& held, const kv::RecordPtr& record, kv::Batch* batch);

  // REQUIRES: above the floor now.
  void RaiseFloor(const kv::Version& floor);
  // Takes away a tombstone at or below the floor. REQUIRES: Find says that it is the key's newest state.
  void EraseTombstone(const std::string& key, kv::Batch* batch);
  // Erases all records and the floor; the promise stays.
  void EraseAll(kv::Batch* batch);
  // P5, after a refused round: whoever is about to store calls it first.
  void EnsureErased(kv::Batch* batch);

  // The round is handed over: adds the partition's state where that is needed (P4). False: nothing of this replica is
  // in the round, so that OnDurable need not be called.
  bool Seal(kv::Batch* batch);
  void OnDurable();
  // Forgets all records that aren't durable. The promise stays: refusing more is safe.
  void OnRefused();

 private:
  struct Admitted {
    kv::RecordPtr record;  // nullptr: erased.
    bool sealed = false;
  };
  // How far an erasure of everything has come. While it isn't kNone, what the storage holds doesn't count.
  enum class Erasure { kNone, kWanted, kOpen, kSealed };
  Content ContentOf(const Result<kv::RecordPtr>& stored) const;

  const kv::Storage& storage_;
  const PartitionId partition_;
  kv::PartitionState state_;  // Its `highest` is filled in when it is written.
  std::optional<kv::Ballot> previous_;
  kv::Version bound_;
  bool blind_ = false;         // A canary's.
  bool dirty_ = false;         // state_ has changed since it was last sealed.
  bool sealed_dirty_ = false;  // The sealed round holds a change of state_.
  std::map<std::string, Admitted, std::less<>> admitted_;
  std::optional<std::pair<std::string, Content>> lent_;
  Erasure erasure_ = Erasure::kNone;
  std::uint64_t erasures_ = 0;
};

}  // namespace quoin::quorum
