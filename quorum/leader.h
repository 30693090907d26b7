// Leader: the ordered write path of one partition at the node that leads it, or tries to (design section 4.2;
// docs/protocol.md, "Leader").
//
// It is a Multi-Paxos proposer (Lamport, Paxos Made Simple, section 3) with flexible quorums and per-key state instead
// of a log. Sans-I/O. It speaks to its own node's acceptor as to any other, by messages to itself, but for barriers,
// whose answer it knows.
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
//       applied (I10);
//   D7  it owns every key (complete()) once it has been compared, range by range and after each one's promise, with so
//       many replicas that they and itself are a read and a write quorum, and every difference has been touched (D3);
//   D8  it proposes a floor only when every replica of a stable configuration has been found equal to it, and tells
//       nobody of a floor who isn't (I7).
//
// Threads: lives on one shard. Lifetime: independent of all others.
// Bounds: Options::max_ids ids, after which the leadership ends itself; Options::max_idle_keys keys beyond those with
// something under way (forgetting a key costs a first touch). Requests under way are bounded by the front end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "kv/record.h"
#include "kv/version.h"
#include "quorum/copy_pace.h"
#include "quorum/effects.h"
#include "quorum/feed.h"
#include "quorum/key_table.h"
#include "quorum/messages.h"
#include "quorum/operation.h"
#include "quorum/remembered.h"
#include "quorum/timing.h"
#include "quorum/watch_packet.h"
#include "ring/configuration.h"
#include "ring/quorums.h"

namespace quoin::quorum {

// One sending of a request (design section 4.6).
struct Copy {
  Request request;
  kv::Ballot meant_for;  // The leader's ballot, or for a takeover the one that is to be superseded.
  bool take_over = false;
  bool repeated = false;  // Another copy may exist.
  // What the partition had come to when the first copy that may act was sent, or earlier: every version that any copy
  // gets is above it.
  kv::Version lowest;
  std::uint64_t finished_below = 0;  // Ids of the same client with lower numbers are finished (Sending).
};

class Leader {
 public:
  struct Options {
    NodeId self;
    PartitionId partition;
    std::size_t max_value_bytes = 0;
    std::size_t max_ids = 65536;
    std::size_t max_idle_keys = 4096;
    std::uint64_t salt = 0;    // Of digests; not known to clients.
    CopyPace* pace = nullptr;  // Of its node, which outlives it. Without one it doesn't wait.
    // So many calls of Resend later nobody waits for an answer any more. 0: everybody waits for ever.
    std::uint64_t patience = 0;
  };
  enum class Phase {
    kIdle,
    kOwnPromise,  // Its own acceptor is asked to promise.
    kPromises,    // The others are asked.
    kLeading,
  };

  // A token that nobody waits for.
  static constexpr std::uint64_t kNobody = 0;

  explicit Leader(Options options) : options_(options), feed_(options.partition) {}
  Leader(const Leader&) = delete;
  Leader& operator=(const Leader&) = delete;

  Phase phase() const { return phase_; }
  // The ballot that it leads or tries to lead with; meaningless when idle.
  const kv::Ballot& ballot() const { return ballot_; }
  // All that it has proposed is at most this, and all that it will propose is above. Meaningful while it leads.
  kv::Version newest_proposed() const { return {ballot_, next_sequence_ - 1}; }

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
  // Asks again for whatever hasn't been answered, of those who can be reached. Who has waited for too long is told so.
  using Reachable = std::function<bool(NodeId)>;
  void Resend(const Reachable& reachable, Effects* effects);
  // Compares with every replica once more, so that what was lost or left over is found, and tombstones end.
  void Scrub(Effects* effects);
  // Comparisons that wait for Options::pace, which time has opened.
  void GoOn(Effects* effects);
  // Looks at a key that the storage noted as due: an expired one gives way to a tombstone (design section 4.5).
  void Sweep(const std::string& key, kv::WallTime now, Effects* effects);
  // From now on, until the end or until it is taken back, requests are refused. drained(): nobody waits for anything.
  void StopAdmitting(bool stop) { stopped_admitting_ = stop; }
  bool drained() const;

  // What follows is meaningful while it leads.
  bool complete() const { return complete_; }  // D7.
  // Every replica has been found equal since it began, the incoming ones too.
  bool all_equal() const;
  // kFilling: every new replica has been found equal, but for what is being written.
  bool filled() const;
  // kJoint: write quorums of both sets hold all that was chosen under earlier configurations. That is more than to be
  // complete: a key that is owned may still be on its way to the new set.
  bool carried() const;
  // kFilling: how far that is, for people.
  struct Filling {
    Amount replica;  // What one replica holds: counted, or estimated as long as no comparison has come to its end.
    std::map<NodeId, Amount> copied;  // What each new replica has been found to hold. Never more than `replica`.
  };
  Filling filling() const;
  // kJoint: so many of the old set have durably seen the joint that the old one can't be obeyed any more.
  bool seals_old() const { return quorums_->SealsOld(promised_); }
  // A damaged record can't be refilled under this ballot.
  bool wants_new_round() const { return wants_new_round_; }
  // The last leadership came to its end by itself, so that the next may begin at once.
  bool ran_full() const { return ran_full_; }
  // There were tombstones in the last comparison.
  bool tombstones() const;
  std::size_t lagging() const { return lagging_.size(); }
  // The replica isn't known to lack anything. REQUIRES: it is one of the configuration.
  bool CaughtUp(NodeId node) const;
  // What this leadership tells those who watch the partition.
  const Feed& feed() const { return feed_; }
  // A node subscribes, renews, or ends that. REQUIRES: phase() == kLeading
  void Subscribe(NodeId from, const WatchPacket& packet, ring::MonotonicTime now, Effects* effects);
  // From time to time while feed().on().
  void TendFeed(ring::MonotonicTime now, const NodeTiming& timing, Effects* effects);
  std::vector<Packet> TakeFed() { return feed_.TakePackets(); }
  // The highest floor that any replica is known to have: its own replica may lack tombstones up to there.
  const kv::Version& floor() const { return floor_; }
  // Ends the leadership (D6), for instance because a newer ring is known.
  void End(Effects* effects);

 private:
  struct Pending {
    Copy copy;
    std::uint64_t token = 0;
    std::uint64_t since = 0;  // Of resends_.
  };
  // Clients may use an id for several keys, each of which takes effect. Zero: no id.
  struct IdOfKey {
    kv::OperationId id;
    std::uint64_t key_digest = 0;  // DigestOfKey.

    friend auto operator<=>(const IdOfKey&, const IdOfKey&) = default;
  };
  // Somebody who is told `reply` when `version` of the key is chosen (or what `need` says) and the barrier confirmed.
  struct Waiter {
    kv::Version version;
    std::uint64_t barrier = 0;  // 0: none.
    Consistency need = Consistency::kQuorum;
    bool proposed = false;               // Its effect was proposed: unknown when the leadership ends.
    IdOfKey id;                          // Of a write; its other copies are told the same.
    std::optional<std::uint64_t> token;  // Nobody's: who waited for too long has been told so.
    std::uint64_t since = 0;             // Of resends_.
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
    std::vector<Pending> queue;
    // Both: the newest state, nullptr when there is none.
    kv::RecordPtr newest;
    kv::Version floor;
    // Once it is owned.
    bool owned = false;
    kv::Version chosen;             // This version, or a later one, is known to be chosen.
    std::vector<kv::Version> held;  // By replica: it holds this version, or a later one of this ballot.
    // Who was not asked, since it was known without them that what was found is chosen. What they lack of that,
    // comparisons find; nothing is brought to them for want of an acknowledgement.
    ring::ReplicaMask unasked = 0;
    std::vector<Proposal> proposals;  // Not yet chosen, oldest first.
    std::vector<Waiter> waiters;
    bool confirming = false;  // It is in confirming_.
    // While a replica isn't known to hold the newest state: from which resend on that is sent again, and how many
    // later.
    std::uint64_t resend_at = 0;
    std::uint32_t resend_after = 1;
  };
  struct Seen {
    std::optional<Reply> reply;         // Once it was told.
    std::vector<std::uint64_t> tokens;  // Of later copies that wait for it.
    bool unwritten = false;             // It is negative, and no record remembers it.
    std::optional<Reply> captured;      // Such a result, until it was told.
  };
  using Keys = KeyTable<Key>;
  // What one replica is found to lack, or to have left over, until that is mended.
  struct Repair {
    Compared::Entry theirs;  // As it was found; a zero version: nothing.
    kv::Version target;      // What it must hold; zero while the key isn't owned.
  };
  // The comparison with one other replica: from the first key to the last, a range at a time.
  struct Pass {
    enum class Step { kNotBegun, kOwn, kTheirs, kPaused, kWalked };
    Step step = Step::kNotBegun;
    std::uint64_t nonce = 0;  // Of the question that is open.
    std::string from;         // Of the range.
    std::optional<std::string> to;
    std::uint32_t limit = 0;
    std::vector<Compared::Entry> own;
    Amount own_amount;
    Amount walked;  // Up to `from`, in this walk
    Amount found;   // and by the last one that came to its end.
    std::uint64_t digest = 0;
    std::uint64_t start_sequence = 0;  // Everything proposed up to here was proposed before the pass began.
    std::map<std::string, Repair> repairs;
    bool ever_walked = false;
    std::uint64_t done_sequence = 0;  // start_sequence of the last walk that came to its end.
    // How often what the replica is missing was forgotten: by now, when this walk began, when the last one that came to
    // its end began. The replica is to be walked once more while these differ.
    std::uint64_t losses = 0;
    std::uint64_t losses_at_start = 0;
    std::uint64_t losses_done = 0;
    bool tombstones = false;      // Some were found, here or there, in this walk
    bool had_tombstones = false;  // and in the last one that came to its end.
    kv::Version floor;            // The replica's own, as far as it is known.

    // It was found equal, and nothing has been found or forgotten since. Walking once more doesn't put that in doubt.
    bool equal() const { return ever_walked && repairs.empty() && losses_done == losses; }
  };

  // leader.cc
  void OnPromise(NodeId from, const Promise& promise, kv::WallTime now, Effects* effects);
  void OnHeld(NodeId from, const Held& held, kv::WallTime now, Effects* effects);
  void OnAccepted(NodeId from, const Accepted& accepted, Effects* effects);
  void OnBarrierOk(NodeId from, const BarrierOk& ok, Effects* effects);
  void OnDamaged(const Damaged& damaged, Effects* effects);
  void SendPrepare(NodeId to, Effects* effects) const;
  void SendReads(const std::string& key, std::uint64_t nonce, ring::ReplicaMask to, Effects* effects) const;
  void SendAccept(const std::string& key, const kv::RecordPtr& record, ring::ReplicaMask to, Effects* effects) const;
  // An Accept of what was proposed under this ballot, an Install of what was chosen under an earlier one.
  void SendNewest(const std::string& key, const Key& state, ring::ReplicaMask to, Effects* effects) const;
  void SendBarrier(Effects* effects);
  // The key's newest state is on its way: not to be sent again before that had time to be acknowledged.
  void DelayResend(Key* state) const {
    state->resend_at = resends_ + 2;
    state->resend_after = 1;
  }
  void Send(NodeId to, Message message, Effects* effects) const;
  // Who isn't known to hold the newest state, and was asked. REQUIRES: there is one
  ring::ReplicaMask MissingAt(const Key& state) const;
  ring::ReplicaMask own() const { return quorums_->MaskOf(options_.self); }
  ring::ReplicaMask everyone() const { return (ring::ReplicaMask{1} << quorums_->nodes().size()) - 1; }
  ring::ReplicaMask Confirmed(std::uint64_t barrier) const;
  // A barrier that is issued after now.
  std::uint64_t NextBarrier(Effects* effects);

  // leader_keys.cc
  Keys::Entry& Touch(const std::string& key, Effects* effects);
  // Once enough replicas have answered, or can't.
  void FinishTouch(Keys::Entry& entry, kv::WallTime now, Effects* effects);
  void Execute(Keys::Entry& entry, Pending pending, kv::WallTime now, Effects* effects);
  // `id`, here and below: the request's, which is a write's. Tells the copy what the table or the record knows of it.
  // False: the request is to be executed.
  bool TellEarlierResult(Keys::Entry& entry, const IdOfKey& id, const Pending& pending, Effects* effects);
  // Tells the copy a negative result once that is written down, so that no other copy can come true afterwards.
  void WriteNegative(Keys::Entry& entry, const IdOfKey& id, const Pending& pending, Reply reply, Effects* effects);
  // Tells the request's answer once what it saw is chosen and this leader's authority confirmed. `id`: a read's is
  // zero.
  void Capture(Keys::Entry& entry, const IdOfKey& id, const Pending& pending, Reply reply, Effects* effects);
  // Proposes the record as the key's next state. `keep_changed`: users see no change.
  void Propose(const std::string& key, Key& state, kv::Record record, bool keep_changed, Effects* effects);
  void ProposeAgain(const std::string& key, Key& state, Effects* effects);
  // So that whoever waits until all replicas hold the newest state finds out. Afterwards there is one.
  void BringToAll(Keys::Entry& entry, Effects* effects);
  void ForgetAnIdleKey();

  // leader_passes.cc
  void BeginPasses(Effects* effects);
  // Its own replica is compared with the others; only one that has no others, with itself (for the tombstones).
  bool IsCompared(std::size_t index) const;
  void BeginPass(std::size_t index, Effects* effects);
  void AskOwn(Pass* pass, Effects* effects);
  void SendOwn(const Pass& pass, Effects* effects);
  void AskTheirs(std::size_t index, Effects* effects);
  void OnCompared(NodeId from, const Compared& compared, kv::WallTime now, Effects* effects);
  void OnTheirs(std::size_t index, const Compared& compared, Effects* effects);
  void Advance(Pass* pass, const std::optional<std::string>& to, Effects* effects);
  void GoOn(Pass* pass, Effects* effects);
  void AddRepair(std::size_t index, const std::string& key, Compared::Entry theirs, Effects* effects);
  // The key is owned: what is to be done at the replica.
  void DecideRepair(std::size_t index, Keys::Entry& entry, Effects* effects);
  // At each; those to which the newest state is being brought.
  ring::ReplicaMask DecideRepairs(Keys::Entry& entry, Effects* effects);
  // The replica has said that it holds the version, or a later one.
  void OnHolds(NodeId from, const std::string& key, const kv::Version& version, Effects* effects);
  // The same of an owned key, and all that follows from it: what is chosen, who is answered, what the feed may tell.
  void Holds(std::size_t index, Keys::Entry& entry, const kv::Version& version, Effects* effects);
  // After anything that may have brought a comparison forward.
  void OnProgress(Effects* effects);
  void ConsiderPurge(Effects* effects);
  // Of every lagging key the replica holds what counts up to the floor. A later proposal must not hide an earlier one
  // that it lacks: told of the floor, it would claim more than the others hold.
  bool HoldsUpTo(std::size_t index, const kv::Version& floor) const;
  void SendPurges(ring::ReplicaMask reached, Effects* effects) const;
  void ResendPasses(ring::ReplicaMask reached, Effects* effects);
  bool IsStable() const { return quorums_->counted() == everyone() && !joint_; }

  // leader_feed.cc
  void TurnFeedOn();
  // Whether its own replica holds everything that was visible before the feed was turned on (F2).
  bool IsFeedReady();
  bool IsHeldAndChosen(const std::string& key, const kv::Version& version) const;
  // Passes on what is settled, as far as that goes.
  void AdvanceFeed(Effects* effects);
  // What it has proposed up to here can be settled.
  kv::Version NewestCertain() const;

  // leader_answers.cc
  void OnRefused(NodeId from, const Refused& refused, Effects* effects);
  // Tells everyone of the key whose conditions are met.
  void Settle(Keys::Entry& entry, Effects* effects);
  // The same, without a look at confirming_: whether the key belongs there.
  bool SettleWaiters(Key& state, Effects* effects);
  bool IsMet(const Key& state, const Waiter& waiter) const;
  ring::ReplicaMask HoldersOf(const Key& state, const kv::Version& version) const;
  // Drops what is known of the client's ids with lower numbers; from now on their copies are refused.
  void ForgetFinished(std::uint64_t client, std::uint64_t below);
  // Once the table of ids is full and nothing that was proposed has a waiter.
  void EndIfFull(Effects* effects);
  // Takes back the newest proposals that were refused, where this node is the only replica.
  void Withdraw(Keys::Entry& entry, Effects* effects);
  // `id`: the waiter's.
  void Tell(std::optional<std::uint64_t> token, const IdOfKey& id, Reply reply, Effects* effects);
  bool IsTooLong(std::uint64_t since) const { return options_.patience != 0 && resends_ - since >= options_.patience; }
  // Tells everyone who has waited for longer than Options::patience for R replicas or for a barrier.
  void GiveUpWaiting(Effects* effects);
  // Whether any of the key's waiters goes on waiting for a barrier.
  bool GiveUpWaiters(Key& state, Effects* effects);
  // Whether the waiter is of no use any more.
  bool GiveUp(Waiter& waiter, Effects* effects);

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
  std::uint64_t resends_ = 0;                          // Calls of Resend.
  ring::ReplicaMask reached_ = ~ring::ReplicaMask{0};  // At the last one; to begin with, everyone.
  // Owned keys whose newest state some replica isn't known to hold, each with the first state of which that is so.
  std::map<std::string, kv::Version> lagging_;
  std::vector<Keys::Entry*> confirming_;  // Keys with waiters that need a barrier; ascending.
  std::uint64_t issued_barrier_ = 0;
  bool barrier_wanted_ = false;            // Somebody came after the last one was issued.
  std::vector<std::uint64_t> barrier_ok_;  // By replica: the latest that it answered.
  std::map<IdOfKey, Seen> ids_;
  std::vector<Pass> passes_;  // By replica; its own isn't used, but for the floor.
  bool filling_ = false;
  bool joint_ = false;
  std::optional<Amount> estimate_;  // Of what its own replica holds.
  bool complete_ = false;
  bool purge_considered_ = false;  // Since the last comparison came to its end.
  bool stopped_admitting_ = false;
  bool wants_new_round_ = false;
  kv::Version floor_;     // The highest that any replica is known to have.
  FinishedIds finished_;  // Not in ids_.
  bool full_ = false;     // ids_ is: writes are refused until nothing is proposed, and then the leadership ends.
  bool ran_full_ = false;
  std::uint64_t complete_touch_ = 0;  // Touches with higher numbers began when it was complete.
  Feed feed_;
  std::map<std::string, kv::Version> before_feed_;  // Not yet held and chosen when the feed was turned on.
  std::optional<kv::Version> feed_from_;            // What was proposed up to here must be settled before it begins.
  // The lowest that was withdrawn and may be there again, at the same version, after a restart. Nothing above it can
  // be settled: whoever goes on from there would not be told of it.
  std::optional<kv::Version> uncertain_;
};

}  // namespace quoin::quorum
