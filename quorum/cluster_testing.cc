#include "quorum/cluster_testing.h"

#include <glog/logging.h>

#include <array>
#include <iterator>
#include <utility>
#include <variant>

#include "quorum/read_range.h"

namespace quoin::quorum {
namespace {

constexpr PartitionId kPartition{0};

ring::Configuration MajorityOf(std::uint64_t nodes) {
  ring::Configuration configuration;
  configuration.version = 1;
  std::vector<NodeId> ids;
  for (std::uint64_t id = 1; id <= nodes; ++id) ids.push_back(NodeId{id});
  configuration.replicas = ring::MajoritySet(std::move(ids));
  return configuration;
}

}  // namespace

std::string KindOf(const Message& message) {
  static constexpr std::array<const char*, std::variant_size_v<Message>> kNames = {
      "prepare",  "accept",    "install",    "barrier", "read",     "held",    "promise",
      "accepted", "installed", "barrier-ok", "nack",    "damaged",  "refused", "other-configuration",
      "compare",  "compared",  "purge",      "purged",  "hand-over"};
  return kNames[message.index()];
}

TestCluster::TestCluster(ring::Configuration configuration) {
  std::set<NodeId> ids(configuration.replicas.nodes.begin(), configuration.replicas.nodes.end());
  ids.insert(configuration.incoming.nodes.begin(), configuration.incoming.nodes.end());
  for (const NodeId id : ids) {
    Node& node = nodes_[id.value];
    node.storage = std::make_unique<TestStorage>(id);
    node.configuration = configuration;
    Start(id.value);
  }
}

TestCluster::TestCluster(std::uint64_t nodes) : TestCluster(MajorityOf(nodes)) {}

void TestCluster::Start(std::uint64_t id) {
  Node& node = nodes_.at(id);
  node.acceptor = std::make_unique<Acceptor>(*node.storage, kPartition, *node.storage->GetPartitionState(kPartition));
  node.rounds = std::make_unique<Rounds>();
  node.loads.clear();
  node.acceptor->Learn(node.configuration.version, false, &node.rounds->open());
  node.leader = std::make_unique<Leader>(Leader::Options{
      .self = NodeId{id},
      .partition = kPartition,
      .max_value_bytes = 1000,
      .max_ids = 100,
      .max_idle_keys = 16,
      .pace = pace,
      .patience = patience});
}

void TestCluster::Restart(std::uint64_t node) {
  std::erase_if(network_, [&](const Flight& flight) { return flight.from == node && flight.to == node; });
  Start(node);
}

void TestCluster::Begin(std::uint64_t node, std::optional<std::string> first) {
  Node& at = nodes_.at(node);
  at.leader->End(&at.rounds->open());
  at.leader->Begin(at.configuration, at.acceptor->promised(), std::move(first), &at.rounds->open());
  Pump(node);
}

void TestCluster::Learn(std::uint64_t node, const ring::Configuration& configuration) {
  const NodeId self{node};
  if (!nodes_.contains(node)) {
    nodes_[node].storage = std::make_unique<TestStorage>(self);
    Start(node);
  }
  Node& at = nodes_.at(node);
  if (configuration.version <= at.configuration.version) return;
  Effects& open = at.rounds->open();
  at.leader->End(&open);
  const bool old = configuration.replicas.Contains(self);
  const bool incoming = configuration.incoming.Contains(self);
  const bool missed_a_step = at.acceptor->configuration_version() + 1 < configuration.version;
  const bool enters = !old && incoming && (configuration.phase == ring::Phase::kFilling || missed_a_step);
  at.acceptor->Learn(configuration.version, enters || (!old && !incoming), &open);
  at.configuration = configuration;
  Pump(node);
}

void TestCluster::Scrub(std::uint64_t node) {
  leader(node).Scrub(&nodes_.at(node).rounds->open());
  Pump(node);
}

void TestCluster::GoOn(std::uint64_t node) {
  leader(node).GoOn(&nodes_.at(node).rounds->open());
  Pump(node);
}

void TestCluster::Say(std::uint64_t from, std::uint64_t to, Message message) {
  Post(from, {{NodeId{to}, kPartition, std::move(message)}});
}

void TestCluster::HandOver(std::uint64_t node, std::uint64_t to) {
  Say(node, to, quorum::HandOver{leader(node).ballot()});
}

bool TestCluster::Lead(std::uint64_t node) {
  Begin(node);
  Run();
  return leader(node).phase() == Leader::Phase::kLeading;
}

std::uint64_t TestCluster::Submit(std::uint64_t node, Request request) {
  return SubmitCopy(node, Copy{.request = std::move(request), .meant_for = leader(node).ballot(), .lowest = {}});
}

std::uint64_t TestCluster::SubmitCopy(std::uint64_t node, Copy copy) {
  const std::uint64_t token = ++last_token_;
  leader(node).Submit(std::move(copy), token, now, &nodes_.at(node).rounds->open());
  Pump(node);
  return token;
}

void TestCluster::Resend(std::uint64_t node) {
  // What was proposed since the last time may still be on its way; that time is now.
  leader(node).Resend([](NodeId) { return false; }, &nodes_.at(node).rounds->open());
  leader(node).Resend([](NodeId) { return true; }, &nodes_.at(node).rounds->open());
  Pump(node);
}

void TestCluster::Mend(std::uint64_t node) {
  constexpr int kEnough = 6;  // What was found by a comparison may have to be sent, and compared, again.
  for (int i = 0; i < kEnough; ++i) {
    Resend(node);
    Run();
  }
}

Reply TestCluster::Do(std::uint64_t node, Request request) {
  const std::uint64_t token = Submit(node, std::move(request));
  Run();
  const std::optional<Reply> reply = AnswerTo(token);
  CHECK(reply) << "no answer";
  return *reply;
}

std::optional<Reply> TestCluster::AnswerTo(std::uint64_t token) const {
  const auto found = answers_.find(token);
  return found == answers_.end() ? std::nullopt : std::optional(found->second);
}

void TestCluster::Post(std::uint64_t from, std::vector<Envelope> envelopes) {
  for (Envelope& envelope : envelopes) {
    if (!compares && std::holds_alternative<Compare>(envelope.message)) continue;
    ++sent[KindOf(envelope.message)];
    Flight flight{from, envelope.to.value, std::move(envelope.message)};
    if (twice && twice(flight)) network_.push_back(flight);
    network_.push_back(std::move(flight));
  }
}

void TestCluster::Pump(std::uint64_t id) {
  Node& node = nodes_.at(id);
  Effects& open = node.rounds->open();
  for (Answer& answer : std::exchange(open.answers, {})) {
    if (on_answer) on_answer(answer.token, answer.reply);
    CHECK(answers_.emplace(answer.token, std::move(answer.reply)).second) << "answered twice: " << answer.token;
  }
  Post(id, std::exchange(open.now, {}));
  for (LoadWanted& load : std::exchange(open.loads, {})) node.loads.push_back(std::move(load));
  if (slow_loads.contains(id)) return;
  for (const LoadWanted& load : std::exchange(node.loads, {})) {
    node.acceptor->OnLoaded(load.key, node.storage->Get(kPartition, load.key), &open);
    Pump(id);
  }
}

bool TestCluster::PumpDisk(std::uint64_t id) {
  Node& node = nodes_.at(id);
  bool moved = false;
  Effects& open = node.rounds->open();
  const bool wanted = !open.batch.empty() || !open.when_durable.empty() || !open.ranges_when_durable.empty();
  if (!node.rounds->under_way() && wanted) {
    node.ranges = std::exchange(open.ranges_when_durable, {});
    node.sealed = node.rounds->Seal();
    node.acceptor->Seal(&node.sealed);
    moved = true;
  }
  if (!node.rounds->under_way() || hung_disks.contains(id)) return moved;
  if (const auto failing = failing_disks.find(id); failing != failing_disks.end() && !node.sealed.empty()) {
    node.acceptor->OnRefused(failing->second);
    Post(id, node.rounds->OnRefused(failing->second));
  } else {
    const Status written = node.storage->Write(node.sealed);
    CHECK(written.ok()) << written;
    node.acceptor->OnDurable();
    Post(id, node.rounds->OnDurable());
    for (const RangeWanted& range : std::exchange(node.ranges, {})) {
      node.acceptor->OnRange(range, ReadRange(*node.storage->TakeSnapshot(), range), &open);
      Pump(id);
    }
  }
  return true;
}

void TestCluster::Deliver(const Flight& flight) {
  Node& node = nodes_.at(flight.to);
  Effects& open = node.rounds->open();
  if (IsRequest(flight.message)) {
    node.acceptor->Receive(NodeId{flight.from}, flight.message, &open);
    node.leader->OnPromised(node.acceptor->promised(), &open);
  } else if (const auto* hand_over = std::get_if<quorum::HandOver>(&flight.message)) {
    const bool meant = hand_over->ballot == node.acceptor->promised() && hand_over->ballot.node.value == flight.from;
    if (meant && node.leader->phase() == Leader::Phase::kIdle) Begin(flight.to);
  } else {
    node.leader->Receive(NodeId{flight.from}, flight.message, now, &open);
  }
  Pump(flight.to);
}

void TestCluster::Run() {
  for (bool moved = true; moved;) {
    moved = false;
    std::deque<Flight> flights = std::exchange(network_, {});
    std::deque<Flight> held;
    for (Flight& flight : flights) {
      // What a node says to itself is not lost.
      const bool crosses = flight.from != flight.to;
      if (crosses && (down.contains(flight.from) || down.contains(flight.to))) continue;
      if (crosses && drop && drop(flight)) continue;
      if (hold && hold(flight)) {
        held.push_back(std::move(flight));
        continue;
      }
      if (on_delivered) on_delivered(flight);
      Deliver(flight);
      moved = true;
    }
    for (auto& [id, node] : nodes_) {
      if (!node.loads.empty() && !slow_loads.contains(id)) {
        Pump(id);
        moved = true;
      }
      while (PumpDisk(id)) moved = true;
    }
    // Those that were held were sent before whatever came out of this turn.
    network_.insert(network_.begin(), std::make_move_iterator(held.begin()), std::make_move_iterator(held.end()));
  }
}

std::string TestCluster::Stored(std::uint64_t node, const std::string& key) const {
  const auto record = nodes_.at(node).storage->Get(kPartition, key);
  if (!record.ok()) return "damaged";
  if (*record == nullptr) return "absent";
  return (*record)->tombstone ? "tombstone" : (*record)->value;
}

}  // namespace quoin::quorum
