// Leader: the ordered write path of one partition at the node that leads it, or tries to (design section 4.2;
// docs/protocol.md, "Leader").
//
// It is a Multi-Paxos proposer (Lamport, Paxos Made Simple, section 3) with flexible quorums and per-key state instead
// of a log. Sans-I/O. It speaks to its own node's acceptor as to any other, by messages to itself.
//
// Invariants:
//   D1  it leads with ballot b only after its own acceptor has promised b durably and R replicas have promised b;
//   D2  a version is used once (I2): sequences count up within the ballot, and a ballot is above every promise that
//   this
//       node ever made, so it is never resumed;
//   D3  every state that it proposes builds on the newest one that could have been chosen (I4): a key's first state is
//       what R replicas held after their promise, proposed again unless a write quorum holds exactly that;
//   D4  nothing is told before it is chosen (I3), except where the request asks for less; and what rests upon the
//   leader's
//       authority waits for a Barrier issued after its arrival;
//   D5  an id takes effect once within a leadership, and its copies get one answer (I6);
//   D6  a leadership ends as a whole: what was proposed and isn't known to be chosen is unknown, all else certainly not
//       applied (I10).
//
// Threads: lives on one shard. Lifetime: independent of all others.
// Bounds: Options::max_ids ids, after which the leadership ends itself; Options::max_idle_keys keys beyond those with
// something under way (forgetting a key costs a first touch). Requests under way are bounded by the front end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "kv/record.h"
#include "kv/version.h"
#include "quorum/effects.h"
#include "quorum/messages.h"
#include "quorum/operation.h"
#include "ring/configuration.h"
#include "ring/quorums.h"

namespace quoin::quorum {

// One sending of a request (design section 4.6).
struct Copy {
  Request request;
  kv::Ballot meant_for;   // The leader's ballot, or for a takeover the one that is to be superseded.
  bool repeated = false;  // Another copy may exist.
  kv::Ballot lowest;      // Repeated: the lowest ballot that any copy named.
};

class Leader {
 public:
  struct Options {
    NodeId self;
    PartitionId partition;
    std::size_t max_value_bytes = 0;
    std::size_t max_ids = 65536;
    std::size_t max_idle_keys = 4096;
  };
  enum class Phase {
    kIdle,
    kOwnPromise,  // Its own acceptor is asked to promise.
    kPromises,    // The others are asked.
    kLeading,
  };

  explicit Leader(Options options) : options_(options) {}
  Leader(const Leader&) = delete;
  Leader& operator=(const Leader&) = delete;

  Phase phase() const { return phase_; }
  // The ballot that it leads or tries to lead with; meaningless when idle.
  const kv::Ballot& ballot() const { return ballot_; }

  // Begins a round above `promised`, its own acceptor's promise, and above all that it was refused for. `first`: a key
  // to be read on the way. REQUIRES: phase() == kIdle
  void Begin(const ring::Configuration& configuration, const kv::Ballot& promised, std::optional<std::string> first,
             Effects* effects);
  // Takes a copy; it is answered exactly once, by its token. REQUIRES: 1 <= key size <= kv::kMaxKeyBytes
  void Submit(Copy copy, std::uint64_t token, kv::WallTime now, Effects* effects);
  // REQUIRES: !IsRequest(message)
  void Receive(NodeId from, const Message& message, kv::WallTime now, Effects* effects);
  // Its own acceptor's promise, after every step of that one.
  void OnPromised(const kv::Ballot& promised, Effects* effects);
  // Asks again for whatever hasn't been answered.
  void Resend(Effects* effects);
  // Ends the leadership (D6), for instance because a newer ring is known.
  void End(Effects* effects);

 private:
  struct Pending {
    Copy copy;
    std::uint64_t token = 0;
  };
  // Somebody who is told `reply` when `version` of the key is chosen (or what `need` says) and the barrier confirmed.
  struct Waiter {
    kv::Version version;
    std::uint64_t barrier = 0;  // 0: none.
    Consistency need = Consistency::kQuorum;
    bool proposed = false;  // Its effect was proposed: unknown when the leadership ends.
    kv::OperationId id;     // Of a write; its other copies are told the same.
    std::uint64_t token = 0;
    Reply reply;
  };
  struct Proposal {
    kv::Version version;
    kv::RecordPtr before;         // What it was built on.
    std::optional<Code> refused;  // This node is the only replica, and its disk said so.
  };
  struct Key {
    // While it is touched.
    std::uint64_t nonce = 0;  // Of this touch: an answer to an earlier one may be older than what was written since.
    ring::ReplicaMask answered = 0;
    ring::ReplicaMask damaged = 0;
    ring::ReplicaMask holders = 0;  // Of the newest state found.
    std::deque<Pending> queue;
    // Both: the newest state, nullptr when there is none.
    kv::RecordPtr newest;
    kv::Version floor;
    // Once it is owned.
    bool owned = false;
    std::vector<kv::Version> held;   // By replica: it holds this version, or a later one of this ballot.
    std::deque<Proposal> proposals;  // Not yet chosen, oldest first.
    std::deque<Waiter> waiters;
  };
  struct Seen {
    std::optional<Reply> reply;         // Once it was told.
    std::vector<std::uint64_t> tokens;  // Of later copies that wait for it.
  };
  using Keys = std::map<std::string, Key>;

  // leader.cc
  void OnPromise(NodeId from, const Promise& promise, kv::WallTime now, Effects* effects);
  void OnHeld(NodeId from, const Held& held, kv::WallTime now, Effects* effects);
  void OnAccepted(NodeId from, const Accepted& accepted, Effects* effects);
  void OnBarrierOk(NodeId from, const BarrierOk& ok, Effects* effects);
  void OnDamaged(const Damaged& damaged, Effects* effects);
  void SendPrepare(NodeId to, Effects* effects) const;
  void SendReads(const std::string& key, std::uint64_t nonce, ring::ReplicaMask to, Effects* effects) const;
  void SendAccept(const std::string& key, const kv::RecordPtr& record, ring::ReplicaMask to, Effects* effects) const;
  void SendBarrier(Effects* effects) const;
  void Send(NodeId to, Message message, Effects* effects) const;
  ring::ReplicaMask everyone() const { return (ring::ReplicaMask{1} << quorums_->nodes().size()) - 1; }
  ring::ReplicaMask Confirmed(std::uint64_t barrier) const;
  // A barrier that is issued after now.
  std::uint64_t NextBarrier(Effects* effects);

  // leader_keys.cc
  Key& Touch(const std::string& key, Effects* effects);
  // Once enough replicas have answered, or can't.
  void FinishTouch(const std::string& key, Key& state, kv::WallTime now, Effects* effects);
  // Read repair: the replicas have said that they hold less than this state, which is known to be chosen.
  void InstallAt(ring::ReplicaMask to, const std::string& key, const Key& state, Effects* effects) const;
  void Execute(const std::string& key, Key& state, Pending pending, kv::WallTime now, Effects* effects);
  // Tells the copy what the table or the record knows of its id. False: the request is to be executed.
  bool TellEarlierResult(Key& state, const Pending& pending, Effects* effects);
  // Tells the request's answer once what it saw is chosen and this leader's authority confirmed.
  void Capture(const std::string& key, Key& state, const Pending& pending, Reply reply, Effects* effects);
  // Proposes the record as the key's next state. `keep_changed`: users see no change.
  void Propose(const std::string& key, Key& state, kv::Record record, bool keep_changed, Effects* effects);
  void ProposeAgain(const std::string& key, Key& state, Effects* effects);
  void ForgetAnIdleKey();

  // leader_answers.cc
  void OnRefused(NodeId from, const Refused& refused, Effects* effects);
  // Tells everyone of the key whose conditions are met.
  void Settle(const std::string& key, Effects* effects);
  bool IsMet(const Key& state, const Waiter& waiter) const;
  ring::ReplicaMask HoldersOf(const Key& state, const kv::Version& version) const;
  // Takes back the newest proposals that were refused, where this node is the only replica.
  void Withdraw(const std::string& key, Key& state, Effects* effects);
  void Tell(const Waiter& waiter, const Reply& reply, Effects* effects);

  const Options options_;
  Phase phase_ = Phase::kIdle;
  kv::Ballot ballot_;
  kv::Ballot superseded_;    // What its own acceptor had promised when the round began.
  std::uint64_t round_ = 0;  // The highest that it has used or heard of.
  std::uint64_t configuration_version_ = 0;
  std::optional<ring::Quorums> quorums_;  // Not when idle.

  // All of one leadership:
  std::optional<std::string> first_;
  ring::ReplicaMask promised_ = 0;
  std::deque<Pending> before_leading_;
  std::uint64_t next_sequence_ = 1;
  Keys keys_;
  std::uint64_t touches_ = 0;
  std::string hand_;  // Where ForgetAnIdleKey goes on.
  std::set<std::string> touching_;
  std::set<std::string> lagging_;     // Owned keys whose newest state some replica isn't known to hold.
  std::set<std::string> confirming_;  // Keys with waiters that need a barrier.
  std::uint64_t issued_barrier_ = 0;
  bool barrier_wanted_ = false;            // Somebody came after the last one was issued.
  std::vector<std::uint64_t> barrier_ok_;  // By replica: the latest that it answered.
  std::map<kv::OperationId, Seen> ids_;
  bool full_ = false;  // ids_ is: the leadership ends with this call.
};

}  // namespace quoin::quorum
