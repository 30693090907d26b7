// TestCluster: the replicas of one partition with a network in between that the test works by hand.
//
// Nothing is random and nothing takes time: messages are delivered in the order in which they were sent, except for
// those that the test holds back, drops or doubles. A disk makes its round durable when the message that caused it has
// been handled, unless the test has it hang.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "quorum/acceptor.h"
#include "quorum/leader.h"
#include "quorum/replica_testing.h"
#include "quorum/rounds.h"
#include "ring/configuration.h"

namespace quoin::quorum {

// Nodes are 1, 2, 3, ...
class TestCluster {
 public:
  struct Flight {
    std::uint64_t from;
    std::uint64_t to;
    Message message;
  };
  using Filter = std::function<bool(const Flight&)>;

  explicit TestCluster(ring::Configuration configuration);
  // N nodes with majorities.
  explicit TestCluster(std::uint64_t nodes);

  const ring::Configuration& configuration(std::uint64_t node) const { return nodes_.at(node).configuration; }
  Leader& leader(std::uint64_t node) { return *nodes_.at(node).leader; }
  Acceptor& acceptor(std::uint64_t node) { return *nodes_.at(node).acceptor; }
  TestStorage& storage(std::uint64_t node) { return *nodes_.at(node).storage; }

  // The node begins a round, and ends what it led before. What follows from it is under way, not done.
  void Begin(std::uint64_t node, std::optional<std::string> first = {});
  // Begins and delivers everything. True when the node leads.
  bool Lead(std::uint64_t node);
  // Hands in a request for the ballot of that node; the token.
  std::uint64_t Submit(std::uint64_t node, Request request);
  std::uint64_t SubmitCopy(std::uint64_t node, Copy copy);
  void Resend(std::uint64_t node);
  // Sends again what was lost, as often as it takes.
  void Mend(std::uint64_t node);

  // Delivers until nothing moves. What `hold` says stays under way; what `drop` says is lost.
  void Run();
  // Submits, runs, and expects an answer.
  Reply Do(std::uint64_t node, Request request);
  std::optional<Reply> AnswerTo(std::uint64_t token) const;
  // Losing everything that isn't durable.
  void Restart(std::uint64_t node);

  // The node learns that the configuration is chosen: it leads no more, and erases what quorum/replica.h says. A node
  // that isn't there yet is added.
  void Learn(std::uint64_t node, const ring::Configuration& configuration);
  // The leader compares with everyone once more.
  void Scrub(std::uint64_t node);
  // The leader goes on with what waits for `pace`.
  void GoOn(std::uint64_t node);
  // Any message, from one node to another.
  void Say(std::uint64_t from, std::uint64_t to, Message message);
  // The leader says to another that it may lead.
  void HandOver(std::uint64_t node, std::uint64_t to);

  // Whether leaders compare the replicas. Without, every first touch of a key asks a quorum.
  bool compares = false;
  CopyPace* pace = nullptr;  // Of leaders of nodes that are started from now on.
  std::uint64_t patience = 0;  // In the same way.
  Filter hold;
  Filter drop;
  Filter twice;
  std::set<std::uint64_t> hung_disks;  // Run ends hangs of those that aren't in it any more.
  std::map<std::uint64_t, Code> failing_disks;
  std::set<std::uint64_t> slow_loads;  // What they ask their disks to read isn't read as long as they are in it.
  std::set<std::uint64_t> down;        // What is sent to them, or by them, is lost.
  kv::WallTime now{std::chrono::milliseconds(1'000'000)};
  std::map<std::string, int> sent;  // By kind.
  std::function<void(const Flight&)> on_delivered;
  std::function<void(std::uint64_t token, const Reply&)> on_answer;

  // "Alice", "tombstone", "absent", "damaged"; what is durable.
  std::string Stored(std::uint64_t node, const std::string& key) const;

 private:
  struct Node {
    std::unique_ptr<TestStorage> storage;
    std::unique_ptr<Acceptor> acceptor;
    std::unique_ptr<Leader> leader;
    std::unique_ptr<Rounds> rounds;
    ring::Configuration configuration;  // The newest that it knows.
    kv::Batch sealed;
    std::vector<RangeWanted> ranges;
    std::vector<LoadWanted> loads;
  };
  void Start(std::uint64_t id);
  // Takes what the node wants done.
  void Pump(std::uint64_t id);
  bool PumpDisk(std::uint64_t id);
  void Post(std::uint64_t from, std::vector<Envelope> envelopes);
  void Deliver(const Flight& flight);

  std::map<std::uint64_t, Node> nodes_;
  std::deque<Flight> network_;
  std::map<std::uint64_t, Reply> answers_;
  std::uint64_t last_token_ = 0;
};

// "prepare", "accept", ...
std::string KindOf(const Message& message);

}  // namespace quoin::quorum
