// A WatchHub over one partition, the leader of which is played by the test: what was sent and told, as lines.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "quorum/coordinator_testing.h"
#include "quorum/watch_hub.h"
#include "quorum/watch_testing.h"

namespace quoin::quorum {

inline constexpr PartitionId kPartition{0};
inline constexpr std::uint64_t kLeader = 1;

inline kv::Version At(std::uint64_t sequence) { return {B(4, kLeader), sequence}; }

// A state of a key, under `accepted`; changed there, too, unless that is given.
struct State {
  std::string key;
  std::string value;  // Empty: a tombstone.
  std::uint64_t accepted = 0;
  std::uint64_t changed = 0;

  kv::RecordPtr record() const {
    kv::Record record;
    record.accepted = At(accepted);
    record.changed = At(changed == 0 ? accepted : changed);
    record.value = value;
    record.tombstone = value.empty();
    return std::make_shared<const kv::Record>(std::move(record));
  }
};
struct Reading {
  std::vector<State> states;
  std::uint64_t position = 0;
  std::uint64_t until = 0;
  std::uint64_t floor = 0;
  std::optional<std::string> examined_to = std::nullopt;
};

class WatchHubTest : public testing::Test {
 protected:
  WatchHubTest() {
    options_.believed = [](PartitionId) { return B(4, kLeader); };
  }
  ~WatchHubTest() override {
    for (const auto& [token, view] : views_) EXPECT_THAT(view.complaints(), testing::IsEmpty()) << "watch " << token;
  }

  WatchHub& hub() {
    if (!hub_) hub_.emplace(options_, routes_);
    return *hub_;
  }
  std::uint64_t Watch(std::vector<WatchTarget> targets, std::optional<std::uint64_t> from = std::nullopt,
                      bool state = true) {
    std::optional<WatchPositions> positions;
    if (from) positions = WatchPositions{{kPartition, At(*from)}};
    Do([&](WatchEffects* effects) {
      hub().Watch(WatchOf(std::move(targets), std::move(positions), state), ++last_token_, now_, effects);
    });
    return last_token_;
  }
  void Pass(ring::Duration time) {
    now_.now += time;
    Do([&](WatchEffects* effects) { hub().OnTick(now_, effects); });
  }
  // The feed's next packet.
  void Feed(std::uint64_t position, const std::vector<State>& events = {}, std::uint64_t again = 0) {
    WatchedPacket packet{.partition = kPartition, .subscription = subscription_, .ballot = B(4, kLeader)};
    packet.number = ++number_;
    packet.filter = filter_;
    packet.position = At(position);
    for (const State& state : events) packet.events.push_back({state.key, state.record(), state.accepted == again});
    Do([&](WatchEffects* effects) { hub().OnWatched(NodeId{kLeader}, packet, now_, effects); });
  }
  // Of another leadership, under any name and without an event.
  void FeedAt(const kv::Ballot& ballot, std::uint64_t subscription, std::uint64_t number, std::uint64_t sequence) {
    WatchedPacket packet{.partition = kPartition, .subscription = subscription, .ballot = ballot};
    packet.number = number;
    packet.filter = filter_;
    packet.position = {ballot, sequence};
    Do([&](WatchEffects* effects) { hub().OnWatched(NodeId{kLeader}, packet, now_, effects); });
  }
  // The leader's answer to the oldest question that wasn't answered.
  void Answer(const Reading& reading) {
    ASSERT_FALSE(questions_.empty());
    CaughtUpPacket packet{.partition = kPartition, .subscription = questions_.front().subscription};
    packet.number = questions_.front().number;
    questions_.erase(questions_.begin());
    packet.position = At(reading.position);
    if (reading.until > 0) packet.until = At(reading.until);
    if (reading.floor > 0) packet.floor = At(reading.floor);
    for (const State& state : reading.states) packet.entries.push_back({state.key, state.record()});
    packet.examined_to = reading.examined_to;
    Do([&](WatchEffects* effects) { hub().OnCaughtUp(NodeId{kLeader}, packet, now_, effects); });
  }
  // A packet is missing for too long.
  void Break() {
    ++number_;
    Feed(0);
    Pass(options_.attempt);
    Pass(options_.attempt);
  }

  std::vector<std::string> Told(std::uint64_t token) { return views_[token].TakeLines(); }
  // The latest one's name.
  std::uint64_t subscription() const { return subscription_; }
  // What was sent since the last look: "subscribe a room/* v1", "renew", "end", "read room/* after x above 5".
  std::vector<std::string> Sent() { return std::exchange(sent_, {}); }
  std::optional<std::uint64_t> PositionOf(std::uint64_t token) {
    const WatchPositions positions = hub().PositionsOf(token);
    const auto found = positions.find(kPartition);
    return found == positions.end() ? std::nullopt : std::optional(found->second.sequence);
  }
  // One watch of every key, which has been told a=1 and is live at position 5.
  std::uint64_t LiveWatch() {
    const std::uint64_t token = Watch({PrefixTarget("")});
    Pass(options_.attempt);
    Feed(5);
    Answer({.states = {{"a", "1", 3}}, .position = 5});
    EXPECT_THAT(Told(token), testing::ElementsAre("a=1", "synced"));
    Sent();
    return token;
  }

  WatchHub::Options options_;
  FakeRoutes routes_;
  std::vector<std::string> all_sent_;

  static std::string NameOf(const WatchTarget& target) {
    return target.text + (target.kind == WatchTarget::Kind::kPrefix ? "*" : "");
  }
  template <typename Call>
  void Do(const Call& call) {
    WatchEffects effects;
    call(&effects);
    for (const WatchNews& news : effects.news) views_[news.token].Take(news);
    for (const Packet& packet : effects.packets) {
      if (const auto* watch = std::get_if<WatchPacket>(&packet.body)) Note(*watch);
      if (const auto* question = std::get_if<CatchUpPacket>(&packet.body)) {
        questions_.push_back(*question);
        std::string line = "read " + NameOf(question->target);
        if (question->after) line += " after " + *question->after;
        if (question->above != kv::Version()) line += " above " + std::to_string(question->above.sequence);
        Note(line);
      }
    }
  }
  void Note(const WatchPacket& packet) {
    if (packet.subscription == 0) return;
    if (packet.begins && packet.subscription != subscription_) {
      subscription_ = packet.subscription;
      number_ = 0;
      questions_.clear();
    }
    std::string line = packet.ends ? "end" : packet.begins ? "subscribe" : "renew";
    if (packet.filter != nullptr) {
      filter_ = packet.filter->version;
      for (const WatchTarget& target : packet.filter->targets) line += " " + NameOf(target);
      line += " v" + std::to_string(filter_);
    }
    Note(line);
  }
  void Note(const std::string& line) {
    sent_.push_back(line);
    all_sent_.push_back(line);
  }

  WatchView& View(std::uint64_t token) { return views_[token]; }

  std::optional<WatchHub> hub_;
  Moment now_{ring::MonotonicTime(std::chrono::seconds(100)), kWall};
  std::uint64_t last_token_ = 0;
  std::map<std::uint64_t, WatchView> views_;
  std::vector<std::string> sent_;
  std::uint64_t subscription_ = 0;  // The latest one's name,
  std::uint64_t number_ = 0;        // the number of its last packet,
  std::uint64_t filter_ = 0;        // and the filter that the leader goes by.
  std::vector<CatchUpPacket> questions_;
};

}  // namespace quoin::quorum
