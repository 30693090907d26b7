#include "tests/figures/scale.h"

#include <glog/logging.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "quorum/node_testing.h"
#include "ring/placement.h"
#include "tests/figures/table.h"

namespace quoin::figures {
namespace {

using quorum::MembershipPacket;
using quorum::TestNodes;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kWatched = seconds(10);
constexpr auto kLongest = hours(2);  // Virtual.
constexpr auto kLook = milliseconds(50);

// Looks now and then only: with many nodes that costs more than the nodes do.
bool RunUntilSo(TestNodes* nodes, const std::function<bool()>& so) {
  for (const auto end = nodes->now().now + kLongest; nodes->now().now < end; nodes->Run(kLook)) {
    if (so()) return true;
  }
  return so();
}

std::uint64_t ControllerOf(const TestNodes& nodes, std::size_t count) {
  for (std::uint64_t id = 1; id <= count; ++id) {
    if (nodes.IsUp(id) && nodes.node(id).controls()) return id;
  }
  return 0;
}

// Sees every chosen ring at the controller, and counts the replicas whose copying begins.
class MoveCounter {
 public:
  explicit MoveCounter(const ring::Topology& before) : seen_(before) {}

  void Look(const ring::Topology& now) {
    if (now.epoch == seen_.epoch) return;
    epochs += now.epoch - seen_.epoch;
    for (std::uint32_t p = 0; p < now.partition_count(); ++p) {
      const ring::Configuration& before = seen_.partitions[p];
      const ring::Configuration& after = now.partitions[p];
      if (after.version == before.version || after.phase != ring::Phase::kFilling) continue;
      for (const NodeId node : after.incoming.nodes) moves += !after.replicas.Contains(node);
    }
    seen_ = now;
  }

  std::uint64_t moves = 0;
  std::uint64_t epochs = 0;

 private:
  ring::Topology seen_;
};

// Of a placement for these members, upon where everything is in `topology`.
std::uint64_t Optimum(const ring::Topology& topology, const std::set<std::uint64_t>& members) {
  std::vector<ring::PlacementNode> nodes;
  for (const std::uint64_t id : members) nodes.push_back({.id = NodeId{id}, .zone = {}});
  const auto placed =
      ring::Place(nodes, topology.partition_count(), topology.goal.replication_factor, ring::ReplicaListsOf(topology));
  CHECK(placed.ok()) << placed.status();
  return placed->moves_lower_bound;
}

// Runs until everything is settled and balanced over exactly these members.
Change Watch(TestNodes* nodes, const ring::Topology& before, const std::set<std::uint64_t>& members) {
  Change change{.optimum = Optimum(before, members)};
  MoveCounter counter(before);
  const auto begun = nodes->now().now;
  const std::size_t ids = *members.rbegin();
  // Each ring is told to somebody before the next one is chosen.
  nodes->on_sent = [&](const TestNodes::Sent& sent) {
    const auto* told = std::get_if<quorum::TopologyPacket>(&sent.body);
    if (told != nullptr && told->topology->epoch > before.epoch + counter.epochs) counter.Look(*told->topology);
  };
  const auto done = [&] {
    const std::uint64_t controller = ControllerOf(*nodes, ids);
    if (controller == 0) return false;
    const auto ring = nodes->node(controller).topology();
    counter.Look(*ring);
    if (Optimum(*ring, members) != 0) return false;
    for (const std::uint64_t id : members) {
      const auto member = ring->members.find(NodeId{id});
      if (member == ring->members.end() || member->second.state != ring::MemberState::kActive) return false;
    }
    for (const auto& [id, member] : ring->members) {
      if (members.contains(id.value)) continue;
      if (member.state != ring::MemberState::kRemoved) return false;
      if (nodes->IsUp(id.value)) nodes->Kill(id.value);  // Its operator may stop it now.
    }
    return nodes->Settled();
  };
  CHECK(RunUntilSo(nodes, done)) << "not settled after hours";
  nodes->on_sent = nullptr;
  change.moves = counter.moves;
  change.epochs = counter.epochs;
  change.time = nodes->now().now - begun;
  return change;
}

Range RangeOf(const std::map<std::uint64_t, std::uint64_t>& counts) {
  Range range{counts.begin()->second, counts.begin()->second};
  for (const auto& [id, count] : counts) {
    range.least = std::min(range.least, count);
    range.most = std::max(range.most, count);
  }
  return range;
}

void MeasureBalance(const TestNodes& nodes, std::size_t count, ScaleFigures* figures) {
  const auto ring = nodes.ring();
  CHECK(ring != nullptr);
  std::map<std::uint64_t, std::uint64_t> replicas;
  std::map<std::uint64_t, std::uint64_t> leaders;
  std::map<std::uint64_t, std::set<NodeId>> shared;
  for (std::uint64_t id = 1; id <= count; ++id) {
    replicas[id] = leaders[id] = 0;
    shared[id];
  }
  for (std::uint32_t p = 0; p < ring->partition_count(); ++p) {
    const std::uint64_t leader = nodes.LeaderOf(PartitionId{p});
    CHECK_NE(leader, 0u);
    ++leaders[leader];
    const auto& holders = ring->partitions[p].replicas.nodes;
    for (const NodeId node : holders) {
      ++replicas[node.value];
      shared[node.value].insert(holders.begin(), holders.end());
    }
  }
  std::map<std::uint64_t, std::uint64_t> peers;
  for (const auto& [id, others] : shared) peers[id] = others.empty() ? 0 : others.size() - 1;
  figures->replicas = RangeOf(replicas);
  figures->leaders = RangeOf(leaders);
  figures->peers = RangeOf(peers);
}

void MeasureChatter(TestNodes* nodes, std::size_t count, ScaleFigures* figures) {
  nodes->ClearCounts();
  nodes->Run(kWatched);
  const double node_seconds = static_cast<double>(count) * kWatched.count();
  for (const auto& [kind, sent] : nodes->sent) {
    double& rate = kind == "heartbeat" ? figures->heartbeats : kind == "gossip" ? figures->gossip : figures->others;
    rate += sent / node_seconds;
  }
}

}  // namespace

ScaleFigures MeasureScale(std::size_t count, std::uint32_t partitions) {
  ScaleFigures figures{.nodes = count};
  TestNodes nodes(partitions);
  nodes.gossip = {};
  nodes.timing.scrub = hours(1);
  std::set<std::uint64_t> members;
  for (std::uint64_t id = 1; id <= count; ++id) {
    nodes.Add(id);
    members.insert(id);
    if (id == 1) nodes.Run(seconds(1));
  }
  const ring::Topology first = *nodes.node(1).topology();
  Watch(&nodes, first, members);
  nodes.Run(seconds(20));  // Leaders are handed over to those who are preferred.
  MeasureBalance(nodes, count, &figures);
  MeasureChatter(&nodes, count, &figures);

  const ring::Topology before_join = *nodes.ring();
  const std::uint64_t newcomer = count + 1;
  nodes.Add(newcomer);
  members.insert(newcomer);
  figures.join = Watch(&nodes, before_join, members);
  nodes.Run(seconds(10));

  const ring::Topology before_drain = *nodes.ring();
  members.erase(newcomer);
  nodes.node(1).Ask({.wish = MembershipPacket::Wish::kDrain, .node = NodeId{newcomer}}, nodes.now());
  figures.drain = Watch(&nodes, before_drain, members);
  return figures;
}

void PrintScale(std::uint32_t partitions, const std::vector<std::size_t>& sizes, std::ostream& out) {
  const quorum::NodeTiming timing;
  out << "## Size\n\n"
      << partitions << " partitions, N = 3, a packet takes 1 ms and a disk as long, heartbeat "
      << timing.heartbeat.count() / 1000 << " ms, tick " << timing.tick.count() / 1000
      << " ms, gossip once a second, 8 partitions move at a time; empty partitions.\n\n";
  const auto range = [](const Range& range) {
    return std::to_string(range.least) + " - " + std::to_string(range.most);
  };
  const auto moves = [](const Change& change) {
    return std::to_string(change.moves) + " / " + std::to_string(change.optimum);
  };
  const auto time = [](const Change& change) { return Decimal(change.time.count() / 1e6, 1); };
  Table table({"nodes", "heartbeats /node/s", "gossip /node/s", "others /node/s", "peers", "replicas", "leaders",
               "moves of a join / optimum", "rings", "s", "moves of a drain / optimum", "rings", "s"});
  for (const std::size_t nodes : sizes) {
    const ScaleFigures figures = MeasureScale(nodes, partitions);
    table.Add({std::to_string(nodes), Decimal(figures.heartbeats, 1), Decimal(figures.gossip, 2),
               Decimal(figures.others, 2), range(figures.peers), range(figures.replicas), range(figures.leaders),
               moves(figures.join), std::to_string(figures.join.epochs), time(figures.join), moves(figures.drain),
               std::to_string(figures.drain.epochs), time(figures.drain)});
    LOG(INFO) << nodes << " nodes done";
  }
  out << table << "\n";
}

}  // namespace quoin::figures
