// How much each action copies, how fast, and how long that will take.
#include <algorithm>
#include <utility>

#include "quorum/actions.h"

namespace quoin::quorum {
namespace {

using ring::Configuration;
using ring::Topology;

constexpr std::chrono::seconds kSampleEvery{1};
constexpr std::chrono::seconds kRateOver{10};

const Configuration& ConfigurationIn(const Topology& topology, PartitionId partition) {
  return partition == kSystemPartition ? topology.system : topology.partitions[partition.value];
}

std::uint64_t PerSecond(std::uint64_t from, std::uint64_t to, ring::Duration time) {
  if (to <= from || time <= ring::Duration::zero()) return 0;
  return static_cast<std::uint64_t>(static_cast<double>(to - from) / std::chrono::duration<double>(time).count());
}

std::optional<std::uint64_t> SecondsLeft(const Amount& total, const Amount& copied, const Amount& per_second) {
  const auto left = [](std::uint64_t of, std::uint64_t done, std::uint64_t rate) {
    return (of - std::min(of, done) + rate - 1) / rate;
  };
  if (per_second.bytes > 0) return left(total.bytes, copied.bytes, per_second.bytes);
  if (per_second.keys > 0) return left(total.keys, copied.keys, per_second.keys);
  return std::nullopt;
}

}  // namespace

void Actions::SumUp(const Topology& chosen) {
  for (auto& [node, running] : running_) {
    running.left = 0;
    running.action.copied = running.action.total = running.action.moved;
  }
  for (const auto& [partition, pending] : pending_) {
    for (const auto& [node, copies] : pending.copies) {
      Running& running = running_.at(node);
      ++running.left;
      running.action.total += Times(ReplicaOf(partition), copies);
      running.action.copied += CopiedOf(partition, ConfigurationIn(chosen, partition), node);
    }
  }
  for (auto& [node, running] : running_) {
    Action& action = running.action;
    if (std::exchange(running.seeded, false) && action.partitions > action.partitions_done + running.left) {
      // Done while nobody kept account; as much as others is as good a guess as any.
      const std::uint32_t unseen = action.partitions - action.partitions_done - running.left;
      const Amount guess = PartOf(action.total, unseen, action.partitions_done + running.left);
      action.partitions_done += unseen;
      for (Amount* amount : {&action.moved, &action.copied, &action.total}) *amount += guess;
    }
    action.partitions = action.partitions_done + running.left;
  }
}

Amount Actions::ReplicaOf(PartitionId partition) const {
  const auto known = reports_.find(partition);
  if (known != reports_.end()) return known->second.replica;
  if (partition == kSystemPartition) return {};
  // Keys are spread by their hash, so partitions are alike.
  const std::size_t reported = reports_.size() - reports_.count(kSystemPartition);
  return reported == 0 ? Amount{} : PartOf(reported_, 1, reported);
}

Amount Actions::CopiedOf(PartitionId partition, const Configuration& configuration, NodeId action) const {
  const auto known = reports_.find(partition);
  if (configuration.phase == ring::Phase::kStable || known == reports_.end()) return {};
  const bool join = running_.at(action).action.kind == Action::Kind::kJoin;
  const bool filled = configuration.phase == ring::Phase::kJoint;
  Amount sum;
  for (const NodeId node : configuration.incoming.nodes) {
    if (configuration.replicas.Contains(node) || (join && node != action)) continue;
    if (filled) sum += known->second.replica;
    const auto copied = known->second.copied.find(node);
    const bool current = known->second.configuration == configuration.version;
    if (!filled && current && copied != known->second.copied.end()) sum += copied->second;
  }
  return sum;
}

void Actions::MeasureRates(Moment now) {
  for (auto& [node, running] : running_) {
    std::deque<Sample>& samples = running.samples;
    Action& action = running.action;
    if (samples.empty() || now.now - samples.back().at >= kSampleEvery) samples.push_back({now.now, action.copied});
    while (samples.size() > 2 && now.now - samples[1].at >= kRateOver) samples.pop_front();
    const Sample& oldest = samples.front();
    const ring::Duration time = now.now - oldest.at;
    action.per_second = {};
    if (time >= kSampleEvery) {
      action.per_second = {PerSecond(oldest.copied.keys, action.copied.keys, time),
                           PerSecond(oldest.copied.bytes, action.copied.bytes, time)};
    }
    action.seconds_left = SecondsLeft(action.total, action.copied, action.per_second);
  }
}

}  // namespace quoin::quorum
