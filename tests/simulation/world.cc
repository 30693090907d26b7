#include "tests/simulation/world.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "ring/partition.h"
#include "tests/simulation/packet_text.h"

namespace quoin::simulation {

World::World(const Parameters& parameters, std::size_t max_value_bytes, std::ostream* lines)
    : parameters_(parameters),
      max_value_bytes_(max_value_bytes),
      trace_(lines),
      random_(parameters.seed, "world"),
      network_(parameters_, queue_, counts_,
               [this](std::size_t from, std::size_t to, const PacketPtr& packet) { Deliver(from, to, packet); }),
      probes_(counts_, [this] { return network_.any_cut(); }),
      delivered_(kPacketKinds, 0) {
  witnesses_.push_back(&probes_);
}

World::~World() = default;

std::size_t World::AddNode(std::optional<std::size_t> through) {
  const std::size_t index = processes_.size();
  const NodeId id{random_.Next()};
  std::optional<NodeId> join;
  if (through) join = processes_[*through]->id();
  processes_.push_back(std::make_unique<Process>(
      index, id, join,
      quoin::simulation::Surroundings{
          parameters_, max_value_bytes_, queue_, counts_, trace_, *this,
          [this](std::size_t from, NodeId to, quorum::PacketBody body) { Send(from, to, std::move(body)); },
          [this](const std::string& why) { Fail(why); },
          [this](NodeId node) { return processes_[index_.at(node)]->name(); }}));
  index_.emplace(id, index);
  network_.AddNode();
  Start(index);
  return index;
}

void World::Start(std::size_t node) { processes_[node]->Start(); }

void World::Kill(std::size_t node) {
  processes_[node]->Kill();
  // The kernel of a dead process says so, where anything can be heard of it; a lost machine just falls silent.
  const bool says_so = random_.Percent(80);
  for (std::size_t peer = 0; peer < processes_.size(); ++peer) {
    if (peer == node || !says_so) continue;
    queue_.After(random_.Around(ring::Duration(parameters_.delay_us)), [this, node, peer] {
      if (network_.IsCut(node, peer)) return;
      network_.Reset(node, peer);
      processes_[peer]->OnLinkReset(processes_[node]->id());
    });
  }
  queue_.After(random_.Around(ring::Duration(2000)), [this, node] {
    if (node_down_) node_down_(node);
  });
  if (std::none_of(processes_.begin(), processes_.end(), [](const auto& process) { return process->running(); })) {
    probes_.Reach(Probe::kEverythingDown);
  }
}

void World::ResetLink(std::size_t a, std::size_t b) {
  network_.Reset(a, b);
  processes_[a]->OnLinkReset(processes_[b]->id());
  processes_[b]->OnLinkReset(processes_[a]->id());
}

void World::LoseDisk(std::size_t node) {
  CHECK(CanLoseDiskOf(node));
  if (processes_[node]->running()) Kill(node);
  processes_[node]->Retire();
  lost_.push_back(processes_[node]->id());
  OnDiskLost(processes_[node]->id());
}

bool World::CanLoseDiskOf(std::size_t node) const {
  if (ring() == nullptr) return false;
  const NodeId id = processes_[node]->id();
  const auto others = std::count_if(ring()->members.begin(), ring()->members.end(), [&](const auto& member) {
    return member.first != id && member.second.state == ring::MemberState::kActive;
  });
  return others >= 3 && CanSpare(node, [](const ring::ReplicaSet& set) {
           return set.nodes.size() > set.read_quorum && set.nodes.size() > set.write_quorum;
         });
}

bool World::CanDamageDiskOf(std::size_t node) const {
  return ring() != nullptr && CanSpare(node, [](const ring::ReplicaSet& set) { return set.write_quorum > 1; });
}

bool World::CanSpare(std::size_t node, const std::function<bool(const ring::ReplicaSet&)>& one_of) const {
  const NodeId id = processes_[node]->id();
  const auto can_spare = [&](const ring::Configuration& configuration) {
    return configuration.phase == ring::Phase::kStable &&
           (!configuration.replicas.Contains(id) || one_of(configuration.replicas));
  };
  // A ring that nobody here knows yet may be about to make the node one of a new set, which must then do without it,
  // too.
  const ring::ReplicationGoal& goal = ring()->goal;
  if (!one_of(goal.SetOf(std::vector<NodeId>(goal.replication_factor)))) return false;
  if (!can_spare(ring()->system)) return false;
  if (!std::all_of(ring()->partitions.begin(), ring()->partitions.end(), can_spare)) return false;
  for (const NodeId lost : lost_) {
    const auto member = ring()->members.find(lost);
    if (member != ring()->members.end() && member->second.state != ring::MemberState::kRemoved) return false;
  }
  for (const auto& process : processes_) {
    if (process->index() == node || process->retired()) continue;
    for (const auto& [partition, key] : process->disk().damaged()) {
      const bool system = partition == quorum::kSystemPartition;
      const ring::Configuration& configuration = system ? ring()->system : ring()->ConfigurationOf(partition);
      if (configuration.replicas.Contains(process->id())) return false;
    }
  }
  return true;
}

bool World::JoinsThroughNobody(const Process& process) const {
  const auto through = process.join() ? IndexOf(*process.join()) : std::nullopt;
  const Result<kv::RecordPtr> ring = process.disk().records().Get(quorum::kLocalPartition, quorum::kTopologyKey);
  return through && processes_[*through]->retired() && ring.ok() && *ring == nullptr;
}

void World::Heal() {
  trace_.Line(now(), [](std::ostream& out) { out << "---- everything heals"; });
  network_.Heal();
  for (const auto& process : processes_) {
    if (process->retired()) continue;
    SimDisk& disk = process->disk();
    disk.ForgetFailure();
    disk.SetFull(false);
    disk.SetSlowness(1);
    if (process->running() && process->paused()) process->Resume();
    if (process->running()) process->Unhang();
    disk.SetHung(false);
    process->clock().Mend(now());
    if (process->running() && (disk.read_only() || JoinsThroughNobody(*process))) Kill(process->index());
    if (JoinsThroughNobody(*process)) {
      const auto other = std::find_if(processes_.begin(), processes_.end(), [&](const auto& one) {
        return one != process && !one->retired() && !JoinsThroughNobody(*one);
      });
      if (other != processes_.end()) process->JoinThrough((*other)->id());
    }
    if (!process->running()) Start(process->index());
  }
}

std::optional<std::size_t> World::IndexOf(NodeId node) const {
  const auto found = index_.find(node);
  return found == index_.end() ? std::nullopt : std::optional(found->second);
}

void World::Submit(std::size_t node, const quorum::Request& request, const quorum::Sending& said,
                   quorum::ReplyCallback done) {
  const ring::Duration delay(parameters_.client_delay_us);
  const std::pair teller(request.id.client,
                         ring::PartitionOf(request.key, static_cast<std::uint32_t>(parameters_.partitions)));
  quorum::Sending sending = said;
  sending.known = knew_.try_emplace(request.id, told_[teller]).first->second;
  if (parameters_.tell_finished == 0) sending.finished_below = 0;
  queue_.After(random_.Around(delay), [this, node, request, sending, teller, delay, done = std::move(done)] {
    processes_[node]->Submit(request, sending, [this, teller, delay, done](quorum::Answer answer) {
      queue_.After(random_.Around(delay), [this, teller, done, answer = std::move(answer)] {
        told_[teller] = std::max(told_[teller], answer.reply.known);
        done(answer.reply);
      });
    });
  });
}

void World::Scan(std::size_t node, const quorum::ScanRequest& scan, quorum::ScanCallback done) {
  const ring::Duration delay(parameters_.client_delay_us);
  queue_.After(random_.Around(delay), [this, node, scan, delay, done = std::move(done)] {
    processes_[node]->Scan(scan, [this, delay, done](Result<quorum::ScanPage> page) {
      queue_.After(random_.Around(delay), [done, page = std::move(page)] { done(page); });
    });
  });
}

void World::Send(std::size_t from, NodeId to, quorum::PacketBody body) {
  OnSent(processes_[from]->id(), to, body);
  const auto index = index_.find(to);
  if (index == index_.end()) {
    Fail(processes_[from]->name() + " sends to a node that never was: " + to.ToString());
    return;
  }
  network_.Send(from, index->second, std::make_shared<const quorum::PacketBody>(std::move(body)));
}

void World::Deliver(std::size_t from, std::size_t to, const PacketPtr& packet) {
  Process& receiver = *processes_[to];
  if (!receiver.running()) return;
  const std::size_t kind = PacketKind(*packet);
  ++delivered_[kind];
  trace_.Note({20, static_cast<std::uint64_t>(now().time_since_epoch().count()), from, to, kind});
  receiver.Receive(processes_[from]->id(), packet);
}

void World::Fail(const std::string& why) {
  if (failure_) return;
  failure_ = why;
  trace_.Line(now(), [&](std::ostream& out) { out << "---- FAILS: " << why; });
}

Counts World::FinalCounts() const {
  Counts counts = counts_;
  std::uint64_t durable = 0, refilled = 0, surfaced = 0;
  for (const auto& process : processes_) {
    durable += process->disk().durable_writes();
    refilled += process->disk().refilled();
    surfaced += process->surfaced();
  }
  for (std::size_t kind = 0; kind < delivered_.size(); ++kind) {
    if (delivered_[kind] > 0) counts.messages[std::string(PacketKindName(kind))] = delivered_[kind];
  }
  counts.probes[std::string(ProbeName(Probe::kDamagedRefilled))] += refilled;
  counts.probes[std::string(ProbeName(Probe::kWriteSurfacedAfterCrash))] += surfaced;
  counts.totals["durable writes"] = durable;
  counts.totals["events"] = queue_.ran();
  counts.totals["virtual milliseconds"] = static_cast<std::uint64_t>(now().time_since_epoch().count() / 1000);
  return counts;
}

void World::OnStart(NodeId node) {
  for (Witness* witness : witnesses_) witness->OnStart(node);
}
void World::OnDurable(NodeId node, const kv::Batch& batch) {
  for (Witness* witness : witnesses_) witness->OnDurable(node, batch);
}
void World::OnSent(NodeId from, NodeId to, const quorum::PacketBody& packet) {
  for (Witness* witness : witnesses_) witness->OnSent(from, to, packet);
}
void World::OnRing(NodeId node, const ring::Topology* before, const std::shared_ptr<const ring::Topology>& after) {
  for (Witness* witness : witnesses_) witness->OnRing(node, before, after);
}
void World::OnAnswer(NodeId node, const quorum::Request& request, const quorum::Reply& reply) {
  for (Witness* witness : witnesses_) witness->OnAnswer(node, request, reply);
}
void World::OnDiskLost(NodeId node) {
  for (Witness* witness : witnesses_) witness->OnDiskLost(node);
}

}  // namespace quoin::simulation
