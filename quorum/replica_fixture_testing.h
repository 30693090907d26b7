// ReplicaTest: a single Replica, for tests that play all the others.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "quorum/read_range.h"
#include "quorum/replica.h"
#include "quorum/replica_testing.h"
#include "quorum/request_testing.h"
#include "quorum/rounds.h"

namespace quoin::quorum {

class Neighbours final : public Surroundings {
 public:
  bool Hears(NodeId node) const override { return hears.contains(node.value); }
  bool SaysUnheard(NodeId reporter, NodeId about) const override {
    return Hears(reporter) && unheard.contains({reporter.value, about.value});
  }
  bool disk_takes_writes() const override { return disk; }
  ring::Random& random() override { return random_; }

  std::set<std::uint64_t> hears = {1, 2, 3, 4};
  std::set<std::pair<std::uint64_t, std::uint64_t>> unheard;  // (reporter, about)
  bool disk = true;

 private:
  struct Least final : ring::Random {
    std::uint64_t Next() override { return 0; }
  };
  Least random_;
};

inline ring::Configuration SetOf(std::uint64_t version, std::vector<NodeId> nodes) {
  ring::Configuration configuration;
  configuration.version = version;
  configuration.replicas = ring::MajoritySet(std::move(nodes));
  return configuration;
}
inline ring::Configuration MoveOf(std::uint64_t version, ring::Phase phase, std::vector<NodeId> from,
                                  std::vector<NodeId> to) {
  ring::Configuration configuration = SetOf(version, std::move(from));
  configuration.phase = phase;
  configuration.incoming = ring::MajoritySet(std::move(to));
  return configuration;
}
inline const std::vector<NodeId> kOld = {NodeId{1}, NodeId{2}, NodeId{3}};
inline const std::vector<NodeId> kNew = {NodeId{1}, NodeId{2}, NodeId{4}};

// One replica, whose node's disk is quick; the other replicas are played by the test.
class ReplicaTest : public testing::Test {
 protected:
  // The process of that node starts, on what its disk holds.
  void Start(std::uint64_t self) {
    self_ = NodeId{self};
    rounds_ = Rounds();
    sent_.clear();
    replica_.emplace(storage_, *storage_.GetPartitionState(PartitionId{0}),
                     Leader::Options{.self = self_, .partition = PartitionId{0}, .max_value_bytes = 1000}, timing_,
                     neighbours_, Now());
  }
  void StartWith(std::uint64_t self, const ring::Configuration& configuration) {
    Start(self);
    Learn(configuration);
  }
  Moment Now() const { return {ring::MonotonicTime(now_), kv::WallTime(std::chrono::milliseconds(1000))}; }
  void Learn(const ring::Configuration& configuration) {
    replica_->Learn(configuration, Now(), &rounds_.open());
    Work();
  }
  void Receive(std::uint64_t from, const Message& message) {
    replica_->Receive(NodeId{from}, message, Now(), &rounds_.open());
    Work();
  }
  // Ticks every millisecond until so much time has passed.
  void Pass(ring::Duration time) {
    for (const ring::Duration end = now_ + time; now_ < end;) {
      now_ += std::chrono::milliseconds(1);
      replica_->OnTick(Now(), &rounds_.open());
      Work();
    }
  }
  // The milliseconds until the replica begins a round; -1: it didn't within a second.
  int MillisecondsUntilItBegins() {
    for (int passed = 0; passed <= 1000; ++passed) {
      if (replica_->leader().phase() != Leader::Phase::kIdle) return passed;
      Pass(std::chrono::milliseconds(1));
    }
    return -1;
  }
  std::optional<NodeId> Submit(Request request, const kv::Ballot& meant_for, bool take_over) {
    Copy copy{.request = std::move(request), .meant_for = meant_for, .take_over = take_over, .lowest = {}};
    const auto better = replica_->Submit(std::move(copy), take_over, ++token_, Now(), &rounds_.open());
    Work();
    return better;
  }
  // What others promised to `leader` is promised here, too.
  void Follow(const kv::Ballot& leader) {
    Receive(leader.node.value, Prepare{replica_->configuration().version, leader, {}});
    sent_.clear();
  }
  // The other replicas say yes to whatever they were asked.
  void AnswerFor(std::uint64_t node) {
    for (int i = 0; i < 10; ++i) {
      for (const auto& [to, message] : std::exchange(sent_, {})) {
        if (to != node) {
          sent_.emplace_back(to, message);
        } else if (const auto* prepare = std::get_if<Prepare>(&message)) {
          Receive(node, Promise{prepare->ballot, std::nullopt, std::nullopt});
        } else if (const auto* compare = std::get_if<Compare>(&message)) {
          Receive(node, Compared{.ballot = compare->ballot, .nonce = compare->nonce, .equal = true});
        } else if (const auto* accept = std::get_if<Accept>(&message)) {
          Receive(node, Accepted{accept->key, accept->record->accepted});
        } else if (const auto* barrier = std::get_if<Barrier>(&message)) {
          Receive(node, BarrierOk{barrier->ballot, barrier->nonce});
        }
      }
    }
  }
  // Leads, and has found the others equal.
  void Lead() {
    ASSERT_GE(MillisecondsUntilItBegins(), 0);
    for (const NodeId node : replica_->configuration().replicas.nodes) AnswerFor(node.value);
    ASSERT_TRUE(replica_->leading());
    ASSERT_TRUE(replica_->leader().all_equal());
    sent_.clear();
  }
  template <typename T>
  int Sent() const {
    return static_cast<int>(std::count_if(sent_.begin(), sent_.end(),
                                          [](const auto& one) { return std::holds_alternative<T>(one.second); }));
  }
  void Store(const std::string& key, const kv::Ballot& ballot) {
    Receive(ballot.node.value, Accept{replica_->configuration().version, key, RecordOf({ballot, 1}, "v")});
  }
  bool Holds(const std::string& key) { return *storage_.Get(PartitionId{0}, key) != nullptr; }

  NodeTiming timing_;
  Neighbours neighbours_;
  std::optional<Replica> replica_;
  std::map<std::uint64_t, Reply> answers_;
  std::uint64_t token_ = 0;

 private:
  // Delivers what it says to itself, and makes everything durable at once.
  void Work() {
    Effects& open = rounds_.open();
    for (bool moved = true; moved;) {
      moved = false;
      for (Answer& answer : std::exchange(open.answers, {})) answers_[answer.token] = std::move(answer.reply);
      Post(std::exchange(open.now, {}), &moved);
      const std::vector<RangeWanted> ranges = std::exchange(open.ranges_when_durable, {});
      if (open.when_durable.empty() && open.batch.empty() && ranges.empty()) continue;
      kv::Batch batch = rounds_.Seal();
      replica_->acceptor().Seal(&batch);
      CHECK(storage_.Write(batch).ok());
      replica_->acceptor().OnDurable();
      Post(rounds_.OnDurable(), &moved);
      for (const RangeWanted& range : ranges) {
        replica_->OnRange(range, ReadRange(*storage_.TakeSnapshot(), range), Now(), &open);
      }
      moved = true;
    }
  }
  void Post(std::vector<Envelope> envelopes, bool* moved) {
    for (const Envelope& envelope : envelopes) {
      if (envelope.to == self_) {
        *moved = true;
        replica_->Receive(self_, envelope.message, Now(), &rounds_.open());
      } else {
        sent_.emplace_back(envelope.to.value, envelope.message);
      }
    }
  }

 protected:
  std::vector<std::pair<std::uint64_t, Message>> sent_;  // To the others.

  TestStorage storage_{NodeId{1}};

 private:
  NodeId self_;
  Rounds rounds_;
  ring::Duration now_{std::chrono::seconds(10)};
};

}  // namespace quoin::quorum
