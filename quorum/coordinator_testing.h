// A coordinator, a script of what its node says, and what it sent and told, as lines. No time passes but by Wait().
//
// Nodes are 1, 2, 3, ...; the coordinator's own is 9 unless a test says otherwise, and holds nothing.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "quorum/coordinator.h"

namespace quoin::quorum {
using std::chrono::milliseconds;

inline constexpr kv::WallTime kWall{milliseconds(1'000'000)};

inline kv::Ballot B(std::uint64_t round, std::uint64_t node) { return {round, NodeId{node}}; }
inline std::string NameOf(const kv::Ballot& ballot) {
  return std::to_string(ballot.round) + "." + std::to_string(ballot.node.value);
}
// "3.1#41"; without the sequence where it is 0.
inline std::string NameOf(const kv::Version& version) {
  return NameOf(version.ballot) + (version.sequence == 0 ? "" : "#" + std::to_string(version.sequence));
}

struct FakeRoutes : Routes {
  NodeId self() const override { return own; }
  const ring::Topology* topology() const override { return joined ? &ring : nullptr; }
  bool Hears(NodeId node) const override { return node == own || !unheard.contains(node); }
  kv::Ballot PromisedBy(PartitionId) const override { return promised; }

  NodeId own{9};
  bool joined = true;
  ring::Topology ring = ring::Bootstrap(ClusterId{1}, NodeId{1}, {}, 1, {});
  std::set<NodeId> unheard;
  kv::Ballot promised;
};

inline ring::ReplicaSet SetOf(std::vector<NodeId> nodes, std::uint32_t r = 0, std::uint32_t w = 0) {
  ring::ReplicaSet set = ring::MajoritySet(std::move(nodes));
  if (r != 0) set.read_quorum = r;
  if (w != 0) set.write_quorum = w;
  return set;
}

inline Request Make(Operation operation, std::uint64_t id = 0) {
  Request request;
  request.key = "k";
  request.operation = std::move(operation);
  if (id != 0) request.id = {.client = 77, .number = id};
  return request;
}
inline Request GetOf(Consistency consistency = Consistency::kQuorum) {
  Request request = Make(Get{});
  request.consistency = consistency;
  return request;
}
inline Request PutOf(std::uint64_t id = 0) { return Make(Put{.value = "v", .content_type = {}, .ttl = {}}, id); }

inline Reply Done() { return {}; }
inline Reply Negative() {
  Reply reply;
  reply.outcome = Outcome::kConditionFailed;
  return reply;
}
inline Reply Error(Code code) {
  Reply reply;
  reply.outcome = Outcome::kError;
  reply.status = Status(code, "scripted");
  return reply;
}

// The key has forgotten old ids: this copy did nothing, and an earlier one may have.
inline Reply Forgotten() {
  Reply reply = Error(Code::kUnknown);
  reply.not_by_this_copy = true;
  return reply;
}

inline kv::Record RecordOf(std::string value, std::uint64_t sequence) {
  kv::Record record;
  record.value = std::move(value);
  record.accepted = record.changed = {B(1, 1), sequence};
  return record;
}
inline Content Holds(kv::Record record) {
  return {Content::Kind::kRecord, std::make_shared<const kv::Record>(std::move(record)), {}};
}
inline Content Holds(std::string value, std::uint64_t sequence) { return Holds(RecordOf(std::move(value), sequence)); }
inline Content HoldsNothing(std::uint64_t floor = 0) {
  Content content;
  if (floor != 0) content.floor = {B(1, 1), floor};
  return content;
}
inline Content Damage() { return {Content::Kind::kDamaged, nullptr, {}}; }

class CoordinatorTest : public testing::Test {
 protected:
  CoordinatorTest() {
    Configure(SetOf({NodeId{1}, NodeId{2}, NodeId{3}}));
    routes_.promised = {};
    Restart();
  }

  void Configure(ring::ReplicaSet replicas, ring::Phase phase = ring::Phase::kStable, ring::ReplicaSet incoming = {}) {
    ring::Configuration& configuration = routes_.ring.partitions[0];
    ++configuration.version;
    configuration.replicas = std::move(replicas);
    configuration.phase = phase;
    configuration.incoming = std::move(incoming);
  }
  void Restart() {
    coordinator_.emplace(Options(), routes_);
    if (leader_ != kv::Ballot{}) Learn(leader_);
  }
  Coordinator::Options Options() const {
    return {.attempt = milliseconds(200),
            .request = milliseconds(2000),
            .boot = 0xb007,
            .max_under_way = max_under_way_,
            .hedge_percent = hedge_percent_};
  }
  // As if an answer had told of this leader.
  void Learn(kv::Ballot ballot) { routes_.promised = leader_ = ballot; }

  std::uint64_t Submit(Request request, const Sending& sending = {}) {
    coordinator_->Submit(std::move(request), sending, ++tokens_, now_, &effects_);
    return tokens_;
  }
  void Answer(const ForwardPacket& copy, Reply reply, kv::Ballot ballot = {}, std::uint64_t sequence = 0) {
    coordinator_->OnForwarded(NodeId{1}, {copy.number, std::move(reply), {ballot, sequence}}, now_, &effects_);
  }
  void Hold(std::uint64_t node, const Read& read, Content content) {
    coordinator_->OnHeld(NodeId{node}, PartitionId{0}, {std::nullopt, read.key, read.nonce, std::move(content)}, now_,
                         &effects_);
  }
  void Lose(std::uint64_t node) {
    routes_.unheard.insert(NodeId{node});
    coordinator_->OnUnreachable(NodeId{node}, now_, &effects_);
  }
  void Wait(milliseconds time) {
    const ring::MonotonicTime until = now_.now + time;
    while (now_.now < until) {
      now_.now += milliseconds(5);
      now_.wall += milliseconds(5);
      coordinator_->OnTick(now_, &effects_);
    }
  }

  // What was sent since the last look: "2 copy for 1.1 repeated since 0.0 take over", "1 read".
  std::vector<std::string> Sent() {
    std::vector<std::string> lines;
    copies_.clear();
    reads_.clear();
    for (const Packet& packet : std::exchange(effects_.packets, {})) {
      std::string line = std::to_string(packet.to.value);
      if (const auto* copy = std::get_if<ForwardPacket>(&packet.body)) {
        line += " copy for " + NameOf(copy->meant_for);
        if (copy->repeated) line += " repeated since " + NameOf(copy->lowest);
        if (copy->take_over) line += " take over";
        copies_.push_back(*copy);
      } else {
        const auto& message = std::get<ReplicaPacket>(packet.body).message;
        EXPECT_FALSE(std::get<Read>(message).ballot.has_value());
        reads_.push_back(std::get<Read>(message));
        line += " read";
      }
      lines.push_back(line);
    }
    return lines;
  }
  // The only copy that was sent since the last look.
  ForwardPacket TheCopy() {
    const auto sent = Sent();
    EXPECT_EQ(sent.size(), 1u) << testing::PrintToString(sent);
    EXPECT_EQ(copies_.size(), 1u);
    return copies_.empty() ? ForwardPacket() : copies_[0];
  }
  // What was told since the last look, by token: "7 absent", "8 unavailable, led by 1.1".
  std::vector<std::string> Told() {
    std::vector<std::string> lines;
    for (const auto& [token, reply] : std::exchange(effects_.answers, {})) {
      std::string line = std::to_string(token) + " ";
      switch (reply.outcome) {
        case Outcome::kDone:
          line += reply.record != nullptr ? reply.record->value : "done";
          break;
        case Outcome::kAbsent:
          line += "absent";
          break;
        case Outcome::kConditionFailed:
          line += "condition failed";
          break;
        case Outcome::kRejected:
          line += "rejected";
          break;
        case Outcome::kError:
          // Not applied, and the client may send the same again with the version that it is told.
          if (reply.status.code() == Code::kUnavailable && reply.not_by_this_copy) {
            line += "ballot required";
          } else {
            line += CodeName(reply.status.code());
          }
          break;
      }
      if (reply.known != kv::Version{}) line += ", led by " + NameOf(reply.known);
      lines.push_back(line);
    }
    return lines;
  }

  FakeRoutes routes_;
  std::optional<Coordinator> coordinator_;
  CoordinatorEffects effects_;
  Moment now_{ring::MonotonicTime(milliseconds(1000)), kWall};
  kv::Ballot leader_;
  std::uint64_t tokens_ = 0;
  std::size_t max_under_way_ = 100;
  unsigned hedge_percent_ = 100;
  std::vector<ForwardPacket> copies_;
  std::vector<Read> reads_;
};

}  // namespace quoin::quorum
