#include "quorum/node_testing.h"

#include <glog/logging.h>

#include <set>

#include "quorum/cluster_testing.h"
#include "quorum/read_range.h"

namespace quoin::quorum {
namespace {

constexpr ring::Duration kStep = std::chrono::milliseconds(1);
constexpr ClusterId kCluster{77};

std::string NameOf(const PacketBody& body) {
  struct Name {
    std::string operator()(const ReplicaPacket& packet) const { return KindOf(packet.message); }
    std::string operator()(const HeartbeatPacket&) const { return "heartbeat"; }
    std::string operator()(const ring::GossipMessage&) const { return "gossip"; }
    std::string operator()(const ForwardPacket&) const { return "forward"; }
    std::string operator()(const ForwardedPacket&) const { return "forwarded"; }
    std::string operator()(const FetchTopologyPacket&) const { return "fetch-topology"; }
    std::string operator()(const TopologyPacket&) const { return "topology"; }
    std::string operator()(const MembershipPacket&) const { return "membership"; }
    std::string operator()(const ReportPacket&) const { return "report"; }
  };
  return std::visit(Name(), body);
}

}  // namespace

std::uint64_t TestNodes::Generator::Next() {
  // SplitMix64 (Steele, Lea, Flood 2014).
  std::uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

TestNodes::TestNodes(std::uint32_t partitions, ring::ReplicationGoal goal) : partitions_(partitions), goal_(goal) {}

void TestNodes::Add(std::uint64_t id) {
  kv::Identity identity{.node = NodeId{id}, .cluster = kCluster, .partition_count = partitions_};
  hosts_[id].storage = std::make_unique<kv::MemoryStorage>(kv::MemoryStorage::Options{.identity = identity});
  Start(id);
}

void TestNodes::Start(std::uint64_t id) {
  NodeOptions options;
  options.self = NodeId{id};
  options.boot = ++boots_;
  options.member.peer_address = "node-" + std::to_string(id) + ":7080";
  options.member.client_address = "node-" + std::to_string(id) + ":8080";
  if (id != hosts_.begin()->first) options.join = NodeId{hosts_.begin()->first};
  options.cluster = kCluster;
  options.partition_count = partitions_;
  options.goal = goal_;
  options.max_value_bytes = 10'000;
  options.timing = timing;
  options.detector.phi.heartbeat_interval = timing.heartbeat;
  options.detector.phi.least_deviation = timing.heartbeat / 4;
  options.gossip.probe_interval = std::chrono::milliseconds(100);
  options.gossip.probe_timeout = std::chrono::milliseconds(30);
  Host& host = hosts_.at(id);
  host.round.reset();
  Result<std::unique_ptr<Node>> node = Node::Start(*host.storage, std::move(options), random_, now());
  CHECK(node.ok()) << node.status();
  host.node = *std::move(node);
  Pump(id);
}

void TestNodes::Kill(std::uint64_t id, bool resets_links) {
  hosts_.at(id).node.reset();
  hosts_.at(id).round.reset();
  std::erase_if(network_, [&](const auto& flight) { return flight.second.to == id; });
  for (auto& [other, host] : hosts_) {
    if (!resets_links || host.node == nullptr) continue;
    host.node->OnLinkReset(NodeId{id}, now());
    Pump(other);
  }
}

void TestNodes::Pump(std::uint64_t id) {
  Host& host = hosts_.at(id);
  for (bool moved = true; moved;) {
    moved = false;
    Node::Output output = host.node->TakeOutput();
    for (Packet& packet : output.packets) {
      ++sent[NameOf(packet.body)];
      Sent flight{id, packet.to.value, std::move(packet.body)};
      if (on_sent) on_sent(flight);
      if (!drop || !drop(flight)) network_.emplace(now_ + kStep, std::move(flight));
    }
    for (Answer& answer : output.answers) {
      CHECK(answers_.emplace(answer.token, std::move(answer.reply)).second) << "answered twice";
    }
    for (const LoadWanted& load : output.loads) {
      moved = true;
      host.node->OnLoaded(load, host.storage->Get(load.partition, load.key), now());
    }
    for (const RangeWanted& range : output.ranges) {
      moved = true;
      host.node->OnRange(range, ReadRange(*host.storage->TakeSnapshot(), range), now());
    }
    for (const DueWanted& due : output.dues) {
      moved = true;
      host.node->OnDue(due, host.storage->ReadDue(due.now, due.after, due.limit), now());
    }
    if (!host.round && host.node->WantsRound()) host.round = host.node->Seal();
  }
}

void TestNodes::Turn() {
  now_ += kStep;
  wall_ += std::chrono::milliseconds(1);
  for (auto& [id, host] : hosts_) {
    if (host.node == nullptr) continue;
    if (host.round) {
      if (!host.round->empty()) ++rounds;
      const Status written = host.storage->Write(*std::exchange(host.round, std::nullopt));
      host.node->OnRoundEnd(written, now());
    }
    if (now_.count() % timing.tick.count() == 0) host.node->OnTick(now());
    Pump(id);
  }
  while (!network_.empty() && network_.begin()->first <= now_) {
    const Sent flight = std::move(network_.begin()->second);
    network_.erase(network_.begin());
    Host& host = hosts_.at(flight.to);
    if (host.node == nullptr) continue;
    host.node->Receive(NodeId{flight.from}, flight.body, now());
    Pump(flight.to);
  }
}

void TestNodes::Run(ring::Duration time) {
  for (const ring::Duration end = now_ + time; now_ < end;) Turn();
}

bool TestNodes::RunUntil(const std::function<bool()>& so, ring::Duration time) {
  for (const ring::Duration end = now_ + time; now_ < end; Turn()) {
    if (so()) return true;
  }
  return so();
}

std::uint64_t TestNodes::Submit(std::uint64_t id, Request request, bool repeated) {
  const std::uint64_t token = ++last_token_;
  node(id).Submit(std::move(request), repeated, token, now());
  Pump(id);
  return token;
}

std::optional<Reply> TestNodes::AnswerTo(std::uint64_t token) const {
  const auto found = answers_.find(token);
  return found == answers_.end() ? std::nullopt : std::optional(found->second);
}

Reply TestNodes::Do(std::uint64_t id, Request request) {
  const std::uint64_t token = Submit(id, std::move(request));
  CHECK(RunUntil([&] { return AnswerTo(token).has_value(); }, std::chrono::seconds(10))) << "no answer";
  return *AnswerTo(token);
}

std::shared_ptr<const ring::Topology> TestNodes::ring() const {
  std::shared_ptr<const ring::Topology> known;
  for (const auto& [id, host] : hosts_) {
    if (host.node == nullptr) continue;
    const auto theirs = host.node->topology();
    if (theirs == nullptr || (known != nullptr && known->epoch != theirs->epoch)) return nullptr;
    known = theirs;
  }
  return known;
}

bool TestNodes::Settled() const {
  const auto topology = ring();
  if (topology == nullptr) return false;
  std::size_t up = 0;
  for (const auto& [id, host] : hosts_) {
    if (host.node == nullptr) continue;
    ++up;
    const auto member = topology->members.find(NodeId{id});
    if (member == topology->members.end() || member->second.state != ring::MemberState::kActive) return false;
  }
  const std::size_t wanted = std::min<std::size_t>(up, topology->goal.replication_factor);
  const auto well = [&](PartitionId partition, const ring::Configuration& configuration, std::size_t replicas) {
    if (configuration.phase != ring::Phase::kStable || configuration.replicas.nodes.size() < replicas) return false;
    for (const auto& [id, host] : hosts_) {
      if (host.node == nullptr) continue;
      const auto status = host.node->StatusOf(partition);
      if (status && status->leading && status->all_equal) return true;
    }
    return false;
  };
  for (std::uint32_t p = 0; p < topology->partition_count(); ++p) {
    if (!well(PartitionId{p}, topology->partitions[p], wanted)) return false;
  }
  return well(kSystemPartition, topology->system, 1);
}

}  // namespace quoin::quorum
