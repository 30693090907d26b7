// WatchSubscription: a node's tie to the feed of one partition, at whichever node leads it (docs/watch.md, "How it is
// kept").
//
// It looks for the leader, subscribes, renews, and puts the leader's packets in order. Whatever goes wrong (a packet
// that is missing, another leader, silence) breaks it as a whole, and it begins anew under another name.
//
// Invariants:
//   B1  packets are delivered in the order of their numbers, none is left out, each once, while it is on(); all of them
//       are of one leadership;
//   B2  a filter is confirmed() only by a packet that the leader sent after it went by that filter.
//
// Threads: lives on one shard. Lifetime: the routes outlive it.
// Bounds: kMaxEarly packets that came ahead of a missing one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "kv/version.h"
#include "quorum/coordinator.h"
#include "quorum/packet.h"
#include "quorum/watch_packet.h"
#include "ring/monotonic_time.h"

namespace quoin::quorum {

class WatchSubscription {
 public:
  static constexpr std::size_t kMaxEarly = 256;

  struct Options {
    ring::Duration attempt{};  // How long it waits for an answer. It renews every 5, and is broken by 15 of silence.
    // The highest ballot that the node has heard of.
    std::function<kv::Ballot(PartitionId)> believed;
  };

  WatchSubscription(PartitionId partition, const Options& options, const Routes& routes)
      : partition_(partition), options_(options), routes_(routes) {}
  WatchSubscription(const WatchSubscription&) = delete;
  WatchSubscription& operator=(const WatchSubscription&) = delete;

  // The leader's feed has begun, and its packets are being delivered.
  bool on() const { return on_; }
  // What the leader is to go by from now on; it is told at the next OnTick or Tend.
  void SetFilter(std::shared_ptr<const WatchFilter> filter) { filter_ = std::move(filter); }
  // The version of the filter that all later events go through. REQUIRES of this and what follows: on()
  std::uint64_t confirmed() const { return confirmed_; }
  const kv::Version& position() const { return position_; }
  NodeId leader() const { return to_; }
  std::uint64_t name() const { return name_; }

  // Takes what the packet makes deliverable, one after another, by way of `deliver`; number 1 begins. position() is
  // still that of the packet before. True: it broke; position() is that of the last packet.
  bool Receive(NodeId from, const WatchedPacket& packet, ring::MonotonicTime now,
               const std::function<void(const WatchedPacket&)>& deliver);
  // The node isn't heard any more. True: it broke.
  bool OnUnreachable(NodeId node, ring::MonotonicTime now);
  // What time demands. True: it broke.
  bool OnTick(ring::MonotonicTime now);
  // The leader went by its word, and that doesn't help.
  void Break(ring::MonotonicTime now, ring::Duration rest);
  // Subscribes, renews and acknowledges, as far as that is due. `next_name`: a counter that no two share.
  void Tend(ring::MonotonicTime now, std::uint64_t* next_name, std::vector<Packet>* packets);
  // Nothing is wanted any more.
  void End(std::vector<Packet>* packets) const;

 private:
  // Who is believed to lead, if that one can be asked.
  std::optional<NodeId> Trusted(ring::MonotonicTime now) const;
  // Another of the replicas, in turn.
  std::optional<NodeId> NextReplica(NodeId except);
  void Send(ring::MonotonicTime now, bool begins, std::vector<Packet>* packets);
  void Deliver(const WatchedPacket& packet, const std::function<void(const WatchedPacket&)>& deliver);
  bool OnEnd(NodeId from, const WatchedPacket& packet, ring::MonotonicTime now);
  kv::Ballot Believed() const { return std::max(hint_, options_.believed(partition_)); }

  const PartitionId partition_;
  const Options& options_;
  const Routes& routes_;
  std::shared_ptr<const WatchFilter> filter_;

  // Of the subscription that was asked for last; name 0: none.
  std::uint64_t name_ = 0;
  NodeId to_;
  bool on_ = false;
  bool stands_ = false;  // The leader has said so.
  kv::Ballot ballot_;
  std::uint64_t next_number_ = 1;
  std::uint64_t confirmed_ = 0;
  std::uint64_t sent_filter_ = 0;
  kv::Version position_;
  std::map<std::uint64_t, WatchedPacket> early_;
  ring::MonotonicTime early_since_;
  std::size_t unacknowledged_events_ = 0;
  std::size_t unacknowledged_bytes_ = 0;
  ring::MonotonicTime heard_at_;
  ring::MonotonicTime sent_at_;
  ring::MonotonicTime probed_at_;

  // Of all of them.
  kv::Ballot hint_;     // The highest that anybody has told.
  kv::Ballot refused_;  // Whose holder said that it doesn't lead.
  ring::MonotonicTime refused_at_;
  ring::MonotonicTime not_before_;
  std::size_t turn_ = 0;
};

}  // namespace quoin::quorum
