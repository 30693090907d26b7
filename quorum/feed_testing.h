// A Feed, the leader and the subscribers of which are played by the test: what it tells, as lines.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "quorum/feed.h"
#include "quorum/watch_testing.h"

namespace quoin::quorum {

inline constexpr PartitionId kPartition{3};
inline constexpr kv::Ballot kBallot{4, NodeId{1}};
inline constexpr ring::Duration kExpiry = std::chrono::seconds(5);
inline constexpr ring::Duration kTellEvery = std::chrono::milliseconds(100);

inline kv::Version At(std::uint64_t sequence) { return {kBallot, sequence}; }

class FeedTest : public testing::Test {
 protected:
  // A feed of a leadership that has proposed up to `newest`.
  void TurnOn(std::uint64_t newest) { feed_.TurnOn(kBallot, At(newest)); }
  void Begin() { feed_.Begin(&effects_); }

  void Receive(std::uint64_t node, const WatchPacket& packet) { feed_.Receive(NodeId{node}, packet, now_, &effects_); }
  static WatchPacket Renewal(std::uint64_t name, std::uint64_t acknowledged) {
    WatchPacket packet{.partition = kPartition, .subscription = name};
    packet.acknowledged = acknowledged;
    return packet;
  }
  static WatchPacket WithFilter(WatchPacket packet, std::vector<WatchTarget> targets, std::uint64_t version) {
    packet.filter = std::make_shared<const WatchFilter>(WatchFilter{version, std::move(targets)});
    return packet;
  }
  void Subscribe(std::uint64_t node, std::uint64_t name, std::vector<WatchTarget> targets = {PrefixTarget("")}) {
    WatchPacket packet = WithFilter(Renewal(name, 0), std::move(targets), 1);
    packet.begins = true;
    Receive(node, packet);
  }
  // One subscription of node 2, named 10, that has been told that it began.
  void BeginFor2(std::vector<WatchTarget> targets = {PrefixTarget("")}) {
    TurnOn(5);
    Subscribe(2, 10, std::move(targets));
    Begin();
    ASSERT_THAT(Take(), testing::ElementsAre("2: #1 at 5"));
  }

  void Propose(const std::string& key, const std::string& value, std::uint64_t sequence, bool silent = false) {
    kv::Record record;
    record.accepted = record.changed = At(sequence);
    record.value = value;
    Feed::Proposal proposal{key, std::make_shared<const kv::Record>(std::move(record)), At(sequence)};
    proposal.silent = silent;
    feed_.OnProposed(std::move(proposal));
  }
  void Pass() { feed_.Pass(&effects_); }
  void Happens(const std::string& key, const std::string& value, std::uint64_t sequence) {
    Propose(key, value, sequence);
    Pass();
  }
  void Tick(ring::Duration passes) {
    now_ += passes;
    feed_.OnTick(now_, kExpiry, kTellEvery, &effects_);
  }

  // "2: #3 at 9 a=1 b=2", "2: waits", "2: ends (behind)"; `sizes`: how large each value is instead of what it is.
  std::vector<std::string> Take(bool sizes = false) {
    effects_.fed.clear();
    std::vector<std::string> lines;
    for (const Packet& packet : feed_.TakePackets()) {
      const auto& told = std::get<WatchedPacket>(packet.body);
      EXPECT_EQ(told.partition, kPartition);
      EXPECT_EQ(told.ballot, kBallot);
      filters_.push_back(told.filter);
      std::string line = std::to_string(packet.to.value) + ": ";
      if (told.end != WatchedPacket::End::kNone) {
        constexpr const char* kEnds[] = {"", "not leading", "unknown", "behind"};
        line += "ends (" + std::string(kEnds[static_cast<int>(told.end)]) + ")";
      } else if (told.number == 0) {
        line += "waits";
      } else {
        line += "#" + std::to_string(told.number) + " at " + std::to_string(told.position.sequence);
      }
      for (const FedEvent& event : told.events) {
        const std::string& value = event.record->value;
        line += " " + event.key + "=" + (sizes ? std::to_string(value.size()) : value);
      }
      lines.push_back(std::move(line));
    }
    return lines;
  }

  Feed feed_{kPartition};
  Effects effects_;
  ring::MonotonicTime now_{std::chrono::seconds(100)};
  std::vector<std::uint64_t> filters_;  // Of all packets that were taken.
};

}  // namespace quoin::quorum
