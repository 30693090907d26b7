// Feed: what happens in one partition, told by its leader to the nodes that watch it (docs/watch.md, "How it is kept").
//
// A part of Leader, which tells it of every proposal while anybody subscribes, and asks for nothing otherwise.
// Sans-I/O: it puts packets out, and says so in Effects::fed.
//
// Invariants:
//   F1  an event is told once its proposal is chosen and held durably by the leader's own replica, in the order of
//       versions (W1);
//   F2  every proposal at or below position() is settled so, or withdrawn for good, and the own replica holds what any
//       of them and any earlier leadership left behind; before begun() there is no position;
//   F3  a subscriber's packets count up from 1, and what its filter covers and comes after a packet's position is in
//       the packets after that.
//
// Threads: lives on one shard. Lifetime: its leader's.
// Bounds: one subscriber per node; kMaxEvents events and kMaxBytes of them that one has not acknowledged, besides one
// event; all subscribers together are given the proposals that are under way, which the leader bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "kv/record.h"
#include "kv/version.h"
#include "quorum/effects.h"
#include "quorum/packet.h"
#include "quorum/target_table.h"
#include "quorum/watch_packet.h"
#include "ring/monotonic_time.h"

namespace quoin::quorum {

class Feed {
 public:
  static constexpr std::size_t kMaxEvents = 16384;
  static constexpr std::size_t kMaxBytes = std::size_t{16} << 20;
  // Of one packet; a larger event has one of its own.
  static constexpr std::size_t kMaxPacketBytes = std::size_t{256} << 10;

  struct Proposal {
    std::string key;
    kv::RecordPtr record;
    kv::Version version;
    bool again = false;   // FedEvent's.
    bool silent = false;  // Users see nothing of it, and never would.
    bool withdrawn = false;
  };

  explicit Feed(PartitionId partition) : partition_(partition) {}
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // Somebody subscribes: proposals are to be told. If not, nothing else needs to be called.
  bool on() const { return on_; }
  bool begun() const { return begun_; }
  // REQUIRES: begun()
  const kv::Version& position() const { return position_; }
  // Whether the node's subscription is the one of this name, has been told that it began, and may ask for readings.
  bool Serves(NodeId node, std::uint64_t subscription) const;
  std::size_t subscribers() const { return subscribers_.size(); }

  // --- The leader's side. From on() to End() it reports every proposal.
  // Turns the feed on. `newest`: what the leader has proposed by now.
  void TurnOn(const kv::Ballot& ballot, const kv::Version& newest);
  // All that F2 asks for is so.
  void Begin(Effects* effects);
  void OnProposed(Proposal proposal) { proposals_.push_back(std::move(proposal)); }
  void OnWithdrawn(const kv::Version& version);
  // The oldest proposal that isn't settled; nullptr: none.
  const Proposal* next() const { return proposals_.empty() ? nullptr : &proposals_.front(); }
  // It is chosen and held, or withdrawn. REQUIRES: next() != nullptr
  void Pass(Effects* effects);
  // The leadership is over: everybody is told, and the feed is off.
  void End(Effects* effects);

  // --- The subscribers' side. REQUIRES: on()
  void Receive(NodeId from, const WatchPacket& packet, ring::MonotonicTime now, Effects* effects);
  // `expiry`: who has not renewed for so long is forgotten. `tell_every`: between two packets without an event.
  void OnTick(ring::MonotonicTime now, ring::Duration expiry, ring::Duration tell_every, Effects* effects);

  // What is to be sent, in order.
  std::vector<Packet> TakePackets();

 private:
  struct Unacknowledged {
    std::uint64_t number = 0;
    std::size_t events = 0;
    std::size_t bytes = 0;
  };
  struct Subscriber {
    std::uint64_t subscription = 0;
    std::uint64_t filter_version = 0;
    TargetTable<bool> filter;
    std::uint64_t numbered = 0;  // Packets.
    std::deque<Unacknowledged> unacknowledged;
    std::size_t events = 0;  // Sums of those, and of what is pending.
    std::size_t bytes = 0;
    std::vector<FedEvent> pending;
    std::size_t pending_bytes = 0;
    bool answer = false;  // It is to be sent a packet even without an event.
    kv::Version told;     // The position in its last packet.
    ring::MonotonicTime renewed_at;
    ring::MonotonicTime told_at;
  };
  using Subscribers = std::map<NodeId, Subscriber>;

  void Touch(Effects* effects);  // There is something to take.
  void Acknowledge(Subscriber* subscriber, std::uint64_t number);
  void Tell(NodeId node, const kv::Version& position, Subscriber* subscriber);
  void Dismiss(NodeId node, std::uint64_t subscription, WatchedPacket::End why);
  void TurnOffIfIdle();

  const PartitionId partition_;
  bool on_ = false;
  bool begun_ = false;
  bool touched_ = false;
  kv::Ballot ballot_;
  kv::Version position_;
  std::deque<Proposal> proposals_;  // In the order of their versions.
  Subscribers subscribers_;
  std::vector<Packet> packets_;
};

}  // namespace quoin::quorum
