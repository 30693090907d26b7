// LoneLeader: the leader of a node that has no peers, for the partitions of one shard. It is the ordered write path of
// design section 4.2 with N = 1: every quorum is this node alone, so what is durable here is chosen.
//
// Sans-I/O: driven by Submit and by the completions that it asked its environment for; it acts only through that
// environment. It has no thread, no clock and no disk of its own (it reads records that are in memory directly).
//
// Invariants:
//   L1  a state is told to nobody before it is durable (I3): writes answer after their own round, reads and refused
//       conditions capture the newest proposed state on arrival and wait until exactly that is durable;
//   L2  operations on one key take effect in the order of their arrival, and every state builds on the one before (I4);
//   L3  a version is used once (I2): sequences count up within the ballot, and the ballot belongs to this process start
//       alone, because it is above every durable promise and a partition's first write carries its promise in the same
//       batch: no record of this ballot is ever durable without it;
//   L4  at most one round is being made durable at a time, so when a round is refused, nothing that builds on it has
//   been
//       handed over: all of it is refused too, as certainly not applied;
//   L5  a key once seen past its deadline is answered only after its tombstone is durable (design section 4.5).
//
// Threads: lives on one shard.
// Lifetime: the environment must not call back after destruction.
// Bounds: none of its own; the front end admits a bounded number of requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "kv/batch.h"
#include "kv/due.h"
#include "kv/partition_state.h"
#include "kv/record.h"
#include "kv/storage.h"
#include "kv/version.h"
#include "quorum/operation.h"

namespace quoin::quorum {

// What a LoneLeader needs from outside. All callbacks come on the leader's shard, never during the call.
class LoneEnvironment {
 public:
  virtual ~LoneEnvironment() = default;
  virtual kv::WallTime Now() = 0;
  // Makes the batch durable as a whole.
  virtual void Persist(kv::Batch batch, std::function<void(const Status&)> done) = 0;
  // Reads a record where blocking on the disk is allowed.
  virtual void Load(PartitionId partition, std::string key, std::function<void(Result<kv::RecordPtr>)> done) = 0;
  // Asks for Flush() when the environment thinks it best, but not during the call: after the events that are at hand
  // have been handled, or when more company has come (quorum/flush_pace.h). Called for every proposal while no round is
  // under way; `writes` have been proposed by now.
  virtual void ScheduleFlush(std::size_t writes) = 0;
};

class LoneLeader {
 public:
  struct Options {
    kv::Ballot ballot;
    // By partition id; all promise the ballot (quorum/lone_start.h). Their length is the partition count.
    std::vector<kv::PartitionState> states;
    std::size_t max_value_bytes = 0;
  };

  LoneLeader(const kv::Storage& storage, LoneEnvironment& environment, Options options);
  LoneLeader(const LoneLeader&) = delete;
  LoneLeader& operator=(const LoneLeader&) = delete;

  // `done` is called exactly once, possibly before this returns.
  // REQUIRES: the partition belongs to this shard; 1 <= key size <= kv::kMaxKeyBytes.
  void Submit(PartitionId partition, Request request, ReplyCallback done);

  // Hands what was proposed since the last round to Persist, unless a round is still under way (when that is durable,
  // ScheduleFlush is called again).
  void Flush();
  // Writes that wait to be handed over.
  std::size_t open_writes() const { return open_.batch.count(); }

  // Looks at a record that the storage noted as due: an expired one gives way to a tombstone, a tombstone is purged,
  // and the note goes. Purging is safe at once where N = 1: all replicas agree (design section 5.4). Does nothing while
  // something happens to the key, or when its record is not in memory: the note stays for the next time.
  void Sweep(const kv::DueKey& due);

  // Nothing is waiting and nothing is under way.
  bool idle() const { return keys_.empty() && open_.empty() && persisting_.empty(); }

 private:
  // Somebody who is told `reply` when a round has become durable. When the round fails instead, a proposer is told so;
  // whoever only looked at the proposed state is executed again, on the state that then holds.
  struct Waiter {
    PartitionId partition;
    Reply reply;
    ReplyCallback done;
    std::optional<Request> again;  // Given for all but the proposer of a write.
  };
  // What one Persist makes durable, and who waits for it.
  struct Round {
    kv::Batch batch;
    std::vector<Waiter> waiters;
    std::vector<std::string> keys;  // Once per proposal, to count them off.
    std::set<PartitionId> states;   // Partitions whose state goes into the batch.

    bool empty() const { return batch.empty(); }
  };
  struct Waiting {
    Request request;
    ReplyCallback done;
  };
  // A key with something under way. Dropped when nothing is.
  struct KeyState {
    bool loading = false;
    std::deque<Waiting> waiting;           // Arrived while loading.
    kv::RecordPtr newest;                  // The newest proposed state; meaningful while there are proposals.
    std::size_t open_proposals = 0;        // In open_.
    std::size_t persisting_proposals = 0;  // In persisting_.

    bool has_proposals() const { return open_proposals + persisting_proposals > 0; }
  };

  // Applies the request to the newest state, which is known.
  void Execute(PartitionId partition, Request&& request, const kv::RecordPtr& newest, ReplyCallback&& done);
  // Adds the record to the open round as the key's newest state, and returns it with its versions.
  kv::RecordPtr Propose(PartitionId partition, const std::string& key, kv::Record record);
  // Answers when the newest state of the key is durable: at once when nothing of the key is under way.
  void AnswerWhenDurable(PartitionId partition, Request&& request, Reply reply, ReplyCallback&& done);
  void OnLoaded(PartitionId partition, const std::string& key, const Result<kv::RecordPtr>& loaded);
  void OnPersisted(const Status& status);
  void ScheduleFlush();
  // Forgets the proposals of a round that was not made durable, and tells those who waited for it.
  void Refuse(Round round, const Status& proposers_status);
  void CountOff(const Round& round, std::size_t KeyState::*proposals);

  const kv::Storage& storage_;
  LoneEnvironment& environment_;
  const kv::Ballot ballot_;
  const std::size_t max_value_bytes_;

  std::unordered_map<std::string, KeyState> keys_;  // Looked up, never walked: its order is nobody's business.
  std::vector<std::uint64_t> next_sequence_;        // By partition.
  std::vector<kv::PartitionState> states_;          // By partition.
  std::vector<bool> promised_;                      // By partition: the promise in states_ is durable.
  Round open_;                                      // Being filled.
  Round persisting_;                                // Handed to Persist; empty when none is.
  bool persist_under_way_ = false;
};

}  // namespace quoin::quorum
