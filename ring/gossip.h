// Gossip: who is there, and what everyone should know.
//
// After Das, Gupta, Motivala: SWIM (DSN 2002), with suspicion (section 4.2) and round-robin probing (4.3). Each node
// pings one other per interval; who doesn't answer is asked for through a few others, then suspected, then, unless it
// objects in time, called dead. News ride on these messages, so a node sends and receives the same number per second in
// a cluster of 5 and of 50.
//
// Where it departs from the paper, and why:
//   - dead is no last word: a node that hears itself called dead raises its incarnation and is alive again. Who is a
//     member the ring decides, not gossip;
//   - a node that is suspected or called dead is told so in whatever is sent to it, and dead members are pinged now and
//     then, so that two halves that were cut apart find each other again;
//   - each message also refreshes a few old claims in turn, which takes the place of full exchanges of tables;
//   - time counts only while this node itself ran (SuspicionClock).
//
// Invariants:
//   G1  a node never claims anything but alive or left of itself, and its incarnation only goes up;
//   G2  of a shared value only newer versions are taken over, so what a node knows never goes back;
//   G3  no message is above `max_message_bytes`.
//
// OnTick must come at least every `longest_step`. Everything else happens when messages arrive. Lives on its owner's
// shard. Bounds: kMaxMembers nodes, kMaxRelays questions passed on, kMaxSharedValues values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "ring/gossip_message.h"
#include "ring/member_table.h"
#include "ring/monotonic_time.h"
#include "ring/random.h"
#include "ring/suspicion_clock.h"

namespace quoin::ring {

struct GossipConfig {
  Duration probe_interval = std::chrono::seconds(1);
  Duration probe_timeout = std::chrono::milliseconds(300);  // Then others are asked to try.
  std::size_t indirect_probes = 3;
  // Times log2 of the number of nodes, in probe intervals: how long a suspect may take to object. News reach all in
  // about log2 intervals, and so does the objection.
  std::uint32_t suspicion_factor = 3;
  // Times log2 of the number of nodes: on how many messages each piece of news rides.
  std::uint32_t retelling_factor = 3;
  std::size_t refreshers = 2;          // Old claims per message.
  std::uint32_t dead_ping_period = 5;  // Every so many intervals a dead member is pinged, if there is one.
  Duration forget_after = std::chrono::minutes(10);
  Duration longest_step = std::chrono::milliseconds(500);
  std::size_t max_message_bytes = 1200;
};

inline constexpr std::size_t kMaxRelays = 64;

struct GossipEffects {
  struct Outgoing {
    NodeId to;
    GossipMessage message;
  };
  std::vector<Outgoing> send;
  // Claims about others that this node has just begun to believe, in order.
  std::vector<MemberUpdate> changes;
  // Shared values that have just become newer, by another node's word.
  std::vector<std::uint32_t> newer_values;
};

class Gossip {
 public:
  // `random` must outlive this object.
  Gossip(const GossipConfig& config, NodeId self, std::string address, Random* random, MonotonicTime now);

  // The ring's members and their peer addresses (this node may be among them). Members are pinned; who was a member and
  // is none any more is said to have left.
  GossipEffects SetMembers(const std::map<NodeId, std::string>& members, MonotonicTime now);
  // A node that is known by other means: the one that we join through.
  GossipEffects Learn(NodeId node, const std::string& address, MonotonicTime now);
  // Takes the value over if it is newer than what is known. REQUIRES: the bounds of gossip_message.h.
  void SetValue(std::uint32_t key, SharedValue value);
  // Says goodbye: from now on this node claims to have left.
  void Leave();

  GossipEffects OnTick(MonotonicTime now);
  // Asks the node out of turn. What it answers is news of it like any other.
  GossipEffects Ping(NodeId node, MonotonicTime now);
  GossipEffects OnMessage(NodeId from, const GossipMessage& message, MonotonicTime now);

  const std::map<NodeId, MemberTable::Entry>& members() const { return table_.entries(); }
  const std::map<std::uint32_t, SharedValue>& values() const { return values_; }
  std::uint64_t incarnation() const { return own().incarnation; }

 private:
  struct Probe {
    std::uint64_t number;
    NodeId target;
    Duration started;
    bool asked_others = false;
    bool answered = false;
  };
  // A question that another node asked through this one.
  struct Relay {
    NodeId asker;
    std::uint64_t asked_number;
    Duration started;
  };

  const MemberUpdate& own() const { return table_.Find(self_)->claim; }
  // About log2 of the number of nodes known, at least 1.
  std::uint32_t Rounds() const;
  void Send(NodeId to, GossipKind kind, std::uint64_t probe, NodeId target, GossipEffects* effects);
  void Hear(const MemberUpdate& update, GossipEffects* effects);
  void HearOfSelf(const MemberUpdate& update);
  void HearValues(const std::map<std::uint32_t, SharedValue>& values, GossipEffects* effects);

  void StartProbe(GossipEffects* effects);
  void AskOthers(GossipEffects* effects);
  void PingSomeoneDead(GossipEffects* effects);
  void EndSuspicions(GossipEffects* effects);
  void OnPingRequest(NodeId from, const GossipMessage& message, GossipEffects* effects);
  void OnAck(NodeId from, const GossipMessage& message, GossipEffects* effects);
  std::optional<NodeId> NextTarget();
  void Shuffle(std::vector<NodeId>* nodes);

  const GossipConfig config_;
  const NodeId self_;
  Random* const random_;
  SuspicionClock clock_;
  MemberTable table_;
  std::map<std::uint32_t, SharedValue> values_;

  std::uint64_t next_number_;
  Duration next_probe_at_;
  std::uint64_t intervals_ = 0;
  std::optional<Probe> probe_;
  std::vector<NodeId> to_probe_;  // The rest of this round, last first.
  std::map<std::uint64_t, Relay> relays_;
};

}  // namespace quoin::ring
