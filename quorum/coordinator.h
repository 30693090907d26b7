// Coordinator: the part of a node that takes clients' requests and gets them executed somewhere (design sections 4.3,
// 4.4, 4.6 and 4.7; docs/protocol.md, "Coordinator").
//
// Writes, and reads that need a leader, travel as *copies*: one ForwardPacket to one replica, under the coordinator's
// own number. A copy goes to the believed leader; when that one isn't heard, doesn't answer or says no, to one of the
// other replicas after another, which is to take over unless it knows better. A get without conditions reads from a
// quorum of replicas first, without the leader (coordinator_reads.cc), unless a write on its key is under way here, which
// it follows.
//
// Invariants:
//   K1  a token is answered exactly once;
//   K2  of a write, "certainly not applied" is told only when no copy of it can still act: each was answered so, and
//   the
//       client hasn't said that it sent others. Otherwise an error is kUnknown (I10);
//   K3  a negative result (absent, condition failed, rejected) is told only when no other copy can act, or when the
//   copy
//       that got it was sent as repeated: then it was chosen before it was told, and later copies get the same;
//   K4  a copy that is sent while another may act is `repeated`, and names the lowest version that any of those named;
//   K5  a leaderless read tells what a write quorum holds and nobody of a read quorum exceeds, not past its deadline;
//   K6  at most hedge_percent of the leaderless reads ask one replica more because another is late;
//   K7  the same calls lead to the same packets: only ordered containers are walked.
//
// A request with the client's own id counts as repeated from the first (Sending): its first copy may be on its way, or
// lie unread at a paused node, while the client has long sent it again elsewhere.
//
// Threads: lives on one shard. Lifetime: the routes outlive it.
// Bounds: max_under_way requests; copies of a request: one per `attempt`, and a few refused ones; a version per
// partition; the ids of those requests, and for some time of those whose outcome was told as unknown.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "kv/version.h"
#include "quorum/effects.h"
#include "quorum/messages.h"
#include "quorum/operation.h"
#include "quorum/packet.h"
#include "quorum/timing.h"
#include "ring/configuration.h"
#include "ring/monotonic_time.h"
#include "ring/quorums.h"
#include "ring/topology.h"

namespace quoin::quorum {

// What a coordinator asks of its node.
class Routes {
 public:
  virtual ~Routes() = default;
  virtual NodeId self() const = 0;
  // The newest one that is known to be chosen; nullptr before the node has joined.
  virtual const ring::Topology* topology() const = 0;
  // True of the node itself.
  virtual bool Hears(NodeId node) const = 0;
  // What this node's own replica has promised; zero when it holds none.
  virtual kv::Ballot PromisedBy(PartitionId partition) const = 0;
};

struct CoordinatorEffects {
  std::vector<Packet> packets;  // Also to the node itself.
  std::vector<Answer> answers;
  std::vector<Answer> settled;  // To Coordinator::Settle.
};

class Coordinator {
 public:
  struct Options {
    ring::Duration attempt = std::chrono::milliseconds(200);  // How long it waits for one copy.
    ring::Duration request = std::chrono::seconds(5);         // How long it tries altogether.
    std::uint64_t boot = 0;  // Random, new with every process: no two processes give the same id or number.
    std::size_t max_under_way = 4096;
    unsigned hedge_percent = 5;
  };

  Coordinator(Options options, const Routes& routes);
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  // A write without an id gets one; `sending` is about those that have one.
  // REQUIRES: 1 <= key size <= kv::kMaxKeyBytes; no other request under way has this token.
  void Submit(Request request, const Sending& sending, std::uint64_t token, Moment now, CoordinatorEffects* effects);
  // A linearizable get for the node itself, not for a client (quorum/lister.h). Its tokens are apart from those of
  // Submit. REQUIRES: as Submit.
  void Settle(std::string key, std::uint64_t token, Moment now, CoordinatorEffects* effects);
  // The number says which copy it is; who tells it doesn't matter.
  void OnForwarded(NodeId from, ForwardedPacket answer, Moment now, CoordinatorEffects* effects);
  // REQUIRES: !held.ballot
  void OnHeld(NodeId from, PartitionId partition, const Held& held, Moment now, CoordinatorEffects* effects);
  // The node isn't heard any more (Routes::Hears says so, too).
  void OnUnreachable(NodeId node, Moment now, CoordinatorEffects* effects);
  // Routes::topology() is another.
  void OnTopology(Moment now, CoordinatorEffects* effects);
  void OnTick(Moment now, CoordinatorEffects* effects);

  std::size_t under_way() const { return requests_.size(); }
  // The highest ballot that this node has heard of; its node is believed to lead. Zero: none is known.
  kv::Ballot BelievedIn(PartitionId partition) const;

  // Numbers of copies and nonces of reads stay below, so that the node may use the highest bits for its own ends.
  static constexpr std::uint64_t kNumbersEnd = std::uint64_t{1} << 63;

 private:
  enum class Step {
    kReading,   // Without the leader.
    kAwaiting,  // The answer to the copy `current`.
    kResting,   // Until the next copy.
  };
  struct SentCopy {
    std::uint64_t number = 0;
    NodeId to;
    kv::Ballot meant_for;
    kv::Version lowest;  // What it named.
    bool repeated = false;
    bool take_over = false;
  };
  // A read without the leader, under one configuration.
  struct Reading {
    explicit Reading(const ring::Configuration& configuration)
        : configuration(configuration.version), quorums(configuration) {}

    std::uint64_t nonce = 0;
    std::uint64_t configuration;
    ring::Quorums quorums;
    ring::ReplicaMask asked = 0;
    std::map<NodeId, Content> held;  // Of those that were asked.
    ring::MonotonicTime since;
    bool late = false;  // It was time to hedge.
  };
  using Dues = std::set<std::pair<ring::MonotonicTime, std::uint64_t>>;  // With serials.
  struct Pending {
    std::uint64_t serial = 0;
    Request request;
    bool repeated = false;   // The client says so.
    bool client_id = false;  // The id is the client's, so that it may send the request again elsewhere.
    bool own_id = false;     // It is in own_ids_.
    bool writes = false;     // It counts in writing_.
    std::uint64_t finished_below = 0;  // What the client said.
    std::uint64_t token = 0;
    bool settles = false;  // The node's own, as Settle says.
    PartitionId partition;
    ring::MonotonicTime since;
    ring::MonotonicTime deadline;
    std::optional<Dues::iterator> due;
    Step step = Step::kResting;
    std::optional<Reading> reading;  // Exactly in kReading.

    kv::Version client_knew;           // No copy of the client's is executed at it or below.
    std::uint64_t current = 0;         // kAwaiting: the copy's number.
    std::vector<SentCopy> open;        // Sent and not answered, ascending. Each may still act.
    std::optional<kv::Version> unknown;  // The lowest version that a copy named whose outcome was told as unknown.
    unsigned refusals = 0;                   // Answers after which the next copy left at once.
    unsigned rests = 0;
    unsigned silences = 0;   // Copies that weren't answered in time.
    unsigned dead_ends = 0;  // Answers that another copy will hardly change.
    kv::Ballot distrusted;   // The leader of this ballot, and of lower ones, didn't serve.
    std::set<NodeId> tried;  // Others that didn't serve, since all had their turn.
    NodeId last;             // The last of all that didn't serve.
  };

  // The ids that were made here, by one maker, and may still matter.
  struct OwnIds {
    std::set<std::uint64_t> open;
    std::uint64_t highest = 0;
  };
  // An id whose outcome was told as unknown: the client may ask again for some time.
  struct Abandoned {
    ring::MonotonicTime until;
    kv::OperationId id;
  };

  // coordinator.cc
  void Begin(Pending& pending, const Sending& sending, Moment now, CoordinatorEffects* effects);
  // Below it, all ids of that client are finished.
  std::uint64_t FinishedBelow(const Pending& pending) const;
  const ring::Configuration& ConfigurationOf(const Pending& pending) const;
  // Whether this node is the key's only replica, and works on the copy `current`. REQUIRES: kAwaiting.
  bool IsLone(const Pending& pending) const;
  // Sends a copy to whoever is the best to try now, or rests.
  void Attempt(Pending& pending, Moment now, CoordinatorEffects* effects);
  // After an answer that didn't help: at once for a few times, and then more and more slowly.
  void Retry(Pending& pending, Moment now, CoordinatorEffects* effects);
  void Rest(Pending& pending, Moment now);
  // The one to send a copy to, and whether it is to take over; nullopt: nobody is heard.
  std::optional<std::pair<NodeId, bool>> Choose(Pending& pending) const;
  void SendCopy(Pending& pending, NodeId to, bool take_over, Moment now, CoordinatorEffects* effects);
  // The copy is out of the race; `silent`: it wasn't even answered.
  static void Blame(Pending& pending, const SentCopy& copy, bool silent);
  void OnError(Pending& pending, const SentCopy& copy, bool current, const ForwardedPacket& answer, Moment now,
               CoordinatorEffects* effects);
  // No copy of a write can still act (K2).
  static bool IsCertain(const Pending& pending);
  void GiveUp(const Pending& pending, CoordinatorEffects* effects);
  // Destroys the pending request.
  void Finish(const Pending& pending, Reply reply, CoordinatorEffects* effects, const kv::Version& known = {});
  void SetDue(Pending& pending, ring::MonotonicTime due);
  // All requests, in the order of their coming.
  std::vector<Pending*> InOrder();
  // REQUIRES: kAwaiting.
  static const SentCopy& CurrentCopy(const Pending& pending);
  std::uint64_t NextNumber(Pending& pending);

  // coordinator_reads.cc
  // False: there aren't enough replicas that are heard.
  bool BeginReading(Pending& pending, Moment now, CoordinatorEffects* effects);
  // One more replica that is heard and wasn't asked; false: there is none.
  bool AskAnother(Pending& pending, CoordinatorEffects* effects);
  void DecideReading(Pending& pending, Moment now, CoordinatorEffects* effects);
  void OnReadingDue(Pending& pending, Moment now, CoordinatorEffects* effects);
  void EndReading(Pending& pending);

  const Options options_;
  const Routes& routes_;
  std::uint64_t last_serial_ = 0;
  std::uint64_t last_id_ = 0;
  std::uint64_t last_number_;
  std::map<std::uint64_t, OwnIds> own_ids_;                      // By client.
  std::deque<Abandoned> abandoned_;                              // Roughly by time.
  std::unordered_map<std::uint64_t, Pending> requests_;    // By serial. Not walked, but for InOrder.
  std::unordered_map<std::uint64_t, Pending*> by_number_;  // Of a copy, or nonce of a read. Not walked.
  std::unordered_map<std::string, std::size_t> writing_;  // Writes under way, by key.
  Dues due_;
  std::unordered_map<std::uint32_t, kv::Version> newest_;  // By partition: the highest that answers named. Not walked.
  unsigned hedge_hundredths_ = 0;                                // What may be spent: a hedge costs 100.
};

}  // namespace quoin::quorum
