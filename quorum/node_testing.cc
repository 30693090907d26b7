#include "quorum/node_testing.h"

#include <glog/logging.h>

#include <set>

#include "quorum/cluster_testing.h"
#include "quorum/read_page.h"
#include "quorum/read_range.h"
#include "ring/topology_codec.h"

namespace quoin::quorum {
namespace {

constexpr ring::Duration kStep = std::chrono::milliseconds(1);
constexpr ClusterId kCluster{77};

// Whether the ring on the disk has its node.
bool KnowsItself(const kv::Storage& storage) {
  const auto kept = storage.Get(kLocalPartition, kTopologyKey);
  CHECK(kept.ok()) << kept.status();
  if (*kept == nullptr) return false;
  const auto ring = ring::DecodeTopology((*kept)->value);
  CHECK(ring.ok()) << ring.status();
  return ring->members.contains(storage.identity().node);
}

}  // namespace

std::string KindOf(const PacketBody& body) {
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
    std::string operator()(const ProgressPacket&) const { return "progress"; }
    std::string operator()(const ListPacket&) const { return "list"; }
    std::string operator()(const ListedPacket&) const { return "listed"; }
    std::string operator()(const WatchPacket&) const { return "watch"; }
    std::string operator()(const WatchedPacket&) const { return "watched"; }
    std::string operator()(const CatchUpPacket&) const { return "catch-up"; }
    std::string operator()(const CaughtUpPacket&) const { return "caught-up"; }
  };
  return std::visit(Name(), body);
}

bool IsChatter(std::string_view kind) { return kind == "heartbeat" || kind == "gossip" || kind == "progress"; }

std::uint64_t TestNodes::Generator::Next() {
  // SplitMix64 (Steele, Lea, Flood 2014).
  std::uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

TestNodes::TestNodes(std::uint32_t partitions, ring::ReplicationGoal goal)
    : disk_time(kStep), partitions_(partitions), goal_(goal) {
  gossip.probe_interval = std::chrono::milliseconds(100);
  gossip.probe_timeout = std::chrono::milliseconds(30);
}

void TestNodes::Add(std::uint64_t id) {
  kv::Identity identity{.node = NodeId{id}, .cluster = kCluster, .partition_count = partitions_};
  hosts_[id].storage = std::make_unique<TestStorage>(identity);
  hosts_[id].disk_time = disk_time;
  Start(id);
}

void TestNodes::Start(std::uint64_t id) {
  NodeOptions options;
  options.self = NodeId{id};
  options.boot = ++boots_;
  options.member.peer_address = "node-" + std::to_string(id) + ":7080";
  options.member.client_address = "node-" + std::to_string(id) + ":8080";
  options.rejoin = id != hosts_.begin()->first;
  // As net/node_foundation.cc: a member knows its way.
  if (options.rejoin && !KnowsItself(*hosts_.at(id).storage)) options.join = NodeId{hosts_.begin()->first};
  options.cluster = kCluster;
  options.partition_count = partitions_;
  options.goal = goal_;
  options.max_value_bytes = 10'000;
  options.timing = timing;
  options.detector.phi.heartbeat_interval = timing.heartbeat;
  options.detector.phi.least_deviation = timing.heartbeat / 4;
  options.gossip = gossip;
  options.max_moves = max_moves;
  Host& host = hosts_.at(id);
  host.round.reset();
  host.reads.clear();
  host.waiting.clear();
  host.paused = false;
  Result<std::unique_ptr<Node>> node = Node::Start(*host.storage, std::move(options), random_, now());
  CHECK(node.ok()) << node.status();
  host.node = *std::move(node);
  Pump(id);
}

void TestNodes::Kill(std::uint64_t id, bool resets_links) {
  Host& killed = hosts_.at(id);
  killed.node.reset();
  killed.round.reset();
  killed.reads.clear();
  killed.waiting.clear();
  std::erase_if(network_, [&](const auto& flight) { return flight.second.to == id; });
  for (auto& [other, host] : hosts_) {
    if (!resets_links || host.node == nullptr) continue;
    host.node->OnLinkReset(NodeId{id}, now());
    Pump(other);
  }
}

void TestNodes::CutBothWays(std::uint64_t a, std::uint64_t b) {
  Cut(a, b);
  Cut(b, a);
}

void TestNodes::ClearCounts() {
  sent.clear();
  sent_by.clear();
  rounds = 0;
  rounds_by.clear();
}

void TestNodes::Pump(std::uint64_t id) {
  Host& host = hosts_.at(id);
  for (bool moved = true; moved;) {
    moved = false;
    Node::Output output = host.node->TakeOutput();
    for (Packet& packet : output.packets) {
      const std::string kind = KindOf(packet.body);
      ++sent[kind];
      ++sent_by[id][kind];
      Sent flight{id, packet.to.value, std::move(packet.body)};
      if (on_sent) on_sent(flight);
      if (cuts_.contains({flight.from, flight.to}) || (drop && drop(flight))) continue;
      network_.emplace(now_ + (latency ? latency(flight) : kStep), std::move(flight));
    }
    for (Answer& answer : output.answers) {
      CHECK(answers_.emplace(answer.token, std::move(answer.reply)).second) << "answered twice";
    }
    for (ScanAnswer& scan : output.scans) {
      CHECK(pages_.emplace(scan.token, std::move(scan.page)).second) << "answered twice";
    }
    for (const WatchNews& news : output.news) {
      if (on_news) on_news(id, news);
    }
    BeginReads(&host, std::move(output));
    moved = EndReads(&host);
    moved = WorkDisk(id, &host) || moved;
  }
}

void TestNodes::BeginReads(Host* host, Node::Output output) {
  const ring::Duration done_at = now_ + host->read_time;
  for (const LoadWanted& load : output.loads) {
    host->reads.push_back({done_at, [this, host, load] {
                             host->node->OnLoaded(load, host->storage->Get(load.partition, load.key), now());
                           }});
  }
  for (const RangeWanted& range : output.ranges) {
    // What comes after it was asked for is none of its business.
    std::shared_ptr<const kv::Snapshot> snapshot = host->storage->TakeSnapshot();
    host->reads.push_back(
        {done_at, [this, host, range, snapshot] { host->node->OnRange(range, ReadRange(*snapshot, range), now()); }});
  }
  for (const PageWanted& page : output.pages) {
    std::shared_ptr<const kv::Snapshot> snapshot = host->storage->TakeSnapshot();
    host->reads.push_back(
        {done_at, [this, host, page, snapshot] { host->node->OnPage(page, ReadPage(*snapshot, page), now()); }});
  }
  for (const DueWanted& due : output.dues) {
    host->reads.push_back({done_at, [this, host, due] {
                             host->node->OnDue(due, host->storage->ReadDue(due.now, due.after, due.limit), now());
                           }});
  }
}

bool TestNodes::EndReads(Host* host) {
  std::vector<ReadUnderWay> ended;
  std::erase_if(host->reads, [&](ReadUnderWay& read) {
    if (read.done_at > now_) return false;
    ended.push_back(std::move(read));
    return true;
  });
  for (const ReadUnderWay& read : ended) read.done();
  return !ended.empty();
}

bool TestNodes::WorkDisk(std::uint64_t id, Host* host) {
  if (host->round && !host->disk_hangs && host->round->done_at <= now_) {
    const kv::Batch batch = std::exchange(host->round, std::nullopt)->batch;
    if (!batch.empty()) {
      ++rounds;
      ++rounds_by[id];
    }
    host->node->OnRoundEnd(host->storage->Write(batch), now());
    return true;
  }
  if (host->round || !host->node->WantsRound()) return false;
  kv::Batch batch = host->node->Seal();
  // What waited only for what is durable already needs no disk.
  const ring::Duration time = batch.empty() ? ring::Duration(0) : host->disk_time;
  host->round = Round{std::move(batch), now_ + time};
  return time == ring::Duration(0);
}

void TestNodes::Deliver(const Sent& flight) {
  Host& host = hosts_.at(flight.to);
  if (host.node == nullptr) return;
  if (host.paused) return host.waiting.push_back(flight);
  host.node->Receive(NodeId{flight.from}, flight.body, now());
  Pump(flight.to);
}

void TestNodes::Turn() {
  now_ += kStep;
  wall_ += std::chrono::milliseconds(1);
  for (auto& [id, host] : hosts_) {
    if (host.node == nullptr || host.paused) continue;
    if (host.round || !host.reads.empty()) Pump(id);  // What the disk has done by now goes ahead of everything else.
    for (const Sent& flight : std::exchange(host.waiting, {})) Deliver(flight);
    if (now_.count() % timing.tick.count() == 0) host.node->OnTick(now());
    Pump(id);
  }
  while (!network_.empty() && network_.begin()->first <= now_) {
    const Sent flight = std::move(network_.begin()->second);
    network_.erase(network_.begin());
    Deliver(flight);
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

std::uint64_t TestNodes::Submit(std::uint64_t id, Request request, const Sending& sending) {
  const std::uint64_t token = ++last_token_;
  node(id).Submit(std::move(request), sending, token, now());
  Pump(id);
  return token;
}

std::optional<Reply> TestNodes::AnswerTo(std::uint64_t token) const {
  const auto found = answers_.find(token);
  return found == answers_.end() ? std::nullopt : std::optional(found->second);
}

Reply TestNodes::Do(std::uint64_t id, Request request, const Sending& sending) {
  const std::uint64_t token = Submit(id, std::move(request), sending);
  CHECK(RunUntil([&] { return AnswerTo(token).has_value(); }, std::chrono::seconds(10))) << "no answer";
  return *AnswerTo(token);
}

std::uint64_t TestNodes::Watch(std::uint64_t id, WatchRequest request) {
  const std::uint64_t token = ++last_token_;
  node(id).Watch(std::move(request), token, now());
  Pump(id);
  return token;
}

void TestNodes::Unwatch(std::uint64_t id, std::uint64_t token) {
  node(id).Unwatch(token);
  Pump(id);
}

Result<ScanPage> TestNodes::Scan(std::uint64_t id, ScanRequest scan) {
  const std::uint64_t token = ++last_token_;
  node(id).Scan(std::move(scan), token, now());
  Pump(id);
  CHECK(RunUntil([&] { return pages_.contains(token); }, std::chrono::seconds(10))) << "no page";
  return pages_.at(token);
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

std::uint64_t TestNodes::LeaderOf(PartitionId partition) const {
  std::uint64_t leader = 0;
  for (const auto& [id, host] : hosts_) {
    if (host.node == nullptr) continue;
    const auto status = host.node->StatusOf(partition);
    if (!status || !status->leading) continue;
    if (leader != 0) return 0;
    leader = id;
  }
  return leader;
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
