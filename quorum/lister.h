// Lister: the part of a node that puts pages of keys together for its clients (docs/protocol.md, "Pages of keys").
//
// A page is made in steps. In each, enough replicas of every partition are asked what they hold from one place on, one
// packet per node; what they agree on is told, every other key is settled by a linearizable get. The next step begins
// where the first of the replicas stopped looking.
//
// Invariants:
//   G1  a token is answered exactly once;
//   G2  a key in the page carries a state that it had at some moment since the page was asked for; a key of the page's
//       range that isn't in it was absent at some such moment. The range ends with the last entry, or, when there is no
//       more, with the prefix;
//   G3  the answers that one partition is judged by were given under one configuration;
//   G4  a page without entries says that there is no more;
//   G5  the same calls lead to the same packets: only ordered containers are walked.
//
// Threads: lives on one shard. Lifetime: the routes outlive it.
// Bounds: max_under_way pages; each holds what one packet per node and try carries (scan.limit keys, scan.max_bytes),
// and has at most kMaxSettling gets under way.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "kv/record.h"
#include "quorum/coordinator.h"
#include "quorum/effects.h"
#include "quorum/keyspace.h"
#include "quorum/merge_pages.h"
#include "quorum/packet.h"
#include "quorum/timing.h"
#include "ring/configuration.h"
#include "ring/monotonic_time.h"
#include "ring/quorums.h"

namespace quoin::quorum {

struct ScanAnswer {
  std::uint64_t token = 0;
  Result<ScanPage> page;  // kUnavailable: not in time. A read has no unknown outcome.
};

struct ListerEffects {
  struct Settle {  // A linearizable get, answered with OnSettled.
    std::uint64_t token = 0;
    std::string key;
  };
  std::vector<Packet> packets;  // Also to the node itself.
  std::vector<Settle> settle;
  std::vector<ScanAnswer> answers;
};

class Lister {
 public:
  static constexpr std::size_t kMaxSettling = 16;

  struct Options {
    ring::Duration attempt = std::chrono::milliseconds(200);  // How long it waits for replicas before it asks again.
    ring::Duration request = std::chrono::seconds(5);         // How long it tries altogether.
    std::uint64_t boot = 0;  // Random, new with every process: no two processes give the same number.
    std::size_t max_under_way = 256;
  };

  Lister(Options options, const Routes& routes);
  Lister(const Lister&) = delete;
  Lister& operator=(const Lister&) = delete;

  // REQUIRES: scan.limit >= 1; no other scan under way has this token.
  void Scan(ScanRequest scan, std::uint64_t token, Moment now, ListerEffects* effects);
  void OnListed(NodeId from, const ListedPacket& listed, Moment now, ListerEffects* effects);
  // The answer to a get that was asked for; of one that nobody waits for any more, too.
  void OnSettled(const Answer& answer, Moment now, ListerEffects* effects);
  // The node isn't heard any more (Routes::Hears says so, too).
  void OnUnreachable(NodeId node, Moment now, ListerEffects* effects);
  // Routes::topology() is another.
  void OnTopology(Moment now, ListerEffects* effects);
  void OnTick(Moment now, ListerEffects* effects);

  std::size_t under_way() const { return pages_.size(); }

 private:
  enum class Step { kAsking, kSettling };
  struct Part {
    explicit Part(const ring::Configuration& its) : configuration(its.version), view{ring::Quorums(its), {}} {}

    std::uint64_t configuration;
    ring::ReplicaMask asked = 0;    // And they may still answer, or have.
    ring::ReplicaMask refused = 0;  // Not to be asked again before a while.
    ring::ReplicaMask silent = 0;   // Asked long ago, in vain so far: the last to be asked again.
    PartView view;
  };
  struct Ask {
    NodeId node;
    std::vector<ListPart> parts;
  };
  struct Pending {
    std::uint64_t serial = 0;
    std::uint64_t token = 0;
    ScanRequest scan;
    ring::MonotonicTime deadline;
    ring::MonotonicTime due;  // As it stands in due_.
    Step step = Step::kAsking;

    // The step that is under way; it begins above `position`.
    std::optional<std::string> position;
    ring::MonotonicTime since;
    unsigned tries = 0;
    std::map<PartitionId, Part> parts;
    std::map<std::uint64_t, Ask> asks;  // By number: not answered yet.

    // What the step has found, and how far it has gone into the page.
    MergedPages merged;
    std::size_t next = 0;                           // Of merged.keys.
    std::map<std::size_t, kv::RecordPtr> settled;   // By place in merged.keys; nullptr: absent.
    std::map<std::uint64_t, std::size_t> settling;  // Places by number of the get.

    ScanPage page;
    std::size_t size_bytes = 0;
  };

  // lister.cc
  void BeginStep(Pending& pending, Moment now, ListerEffects* effects);
  // Makes sure that enough replicas of each partition have answered or may; or, with `more`, of each that lacks answers
  // one replica more than that.
  void AskMissing(Pending& pending, bool more, ListerEffects* effects);
  void OnAskingDue(Pending& pending, Moment now, ListerEffects* effects);
  // The best replica to ask that isn't asked; nullopt: there is none that is heard.
  std::optional<NodeId> Choose(const Part& part) const;
  static bool IsEnough(const Part& part, ring::ReplicaMask mask);
  static ring::ReplicaMask AnsweredOf(const Part& part);
  // Every chosen record of the partition is among what was answered.
  static bool IsCovered(const Part& part);
  void Forget(Pending& pending);  // What is under way for the step.
  void SetDue(Pending& pending, ring::MonotonicTime due);
  // Both destroy the pending page.
  void GiveUp(Pending& pending, ListerEffects* effects);
  void Finish(Pending& pending, Result<ScanPage> page, ListerEffects* effects);

  // lister_pages.cc
  void Merge(Pending& pending, Moment now, ListerEffects* effects);
  // Goes on through what was found, as far as it is settled.
  void Advance(Pending& pending, Moment now, ListerEffects* effects);
  void SettleNext(Pending& pending, ListerEffects* effects);
  // False: the page is full.
  static bool Add(Pending& pending, const std::string& key, kv::RecordPtr record);

  const Options options_;
  const Routes& routes_;
  std::uint64_t last_serial_ = 0;
  std::uint64_t last_number_;
  std::map<std::uint64_t, Pending> pages_;                       // By serial.
  std::map<std::uint64_t, std::uint64_t> serials_;               // By number of a packet, or of a get.
  std::set<std::pair<ring::MonotonicTime, std::uint64_t>> due_;  // With serials.
};

}  // namespace quoin::quorum
