// World: a whole cluster in one process. Nodes with their disks, clocks and links, the time that they share, and the
// port through which clients reach them.
//
// What may go wrong is done to it by faults (fault_injector.h), through the calls below; each counts itself.
//
// Invariants:
//   W1  one seed is one history: nothing here depends on anything but the parameters;
//   W2  a disk is lost only while no chosen record can be lost with it (CanLoseDiskOf).
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quorum/packet.h"
#include "tests/simulation/client_port.h"
#include "tests/simulation/counts.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/parameters.h"
#include "tests/simulation/probes.h"
#include "tests/simulation/process.h"
#include "tests/simulation/sim_network.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/witness.h"

namespace quoin::simulation {

class World final : public ClientPort, private Witness {
 public:
  World(const Parameters& parameters, std::size_t max_value_bytes, std::ostream* lines);
  ~World() override;

  // ClientPort.
  ring::MonotonicTime now() const override { return queue_.now(); }
  std::size_t node_count() const override { return processes_.size(); }
  bool IsUp(std::size_t node) const override { return processes_[node]->running(); }
  void Submit(std::size_t node, const quorum::Request& request, const quorum::Sending& sending,
              quorum::ReplyCallback done) override;
  void Scan(std::size_t node, const quorum::ScanRequest& scan, quorum::ScanCallback done) override;
  // News come as soon as the node has them, with the positions after them. What the node is called by Unwatch.
  std::uint64_t Watch(std::size_t node, const quorum::WatchRequest& request, Process::WatchCallback told) {
    return processes_[node]->Watch(request, std::move(told));
  }
  void Unwatch(std::size_t node, std::uint64_t token) {
    if (processes_[node]->running()) processes_[node]->Unwatch(token);
  }
  void After(ring::Duration delay, std::function<void()> then) override { queue_.After(delay, std::move(then)); }

  // A new node, which starts at once. The first bootstraps the cluster, every other one joins through `through`.
  std::size_t AddNode(std::optional<std::size_t> through);
  void Start(std::size_t node);
  void Kill(std::size_t node);
  // The link between the two breaks; both notice.
  void ResetLink(std::size_t a, std::size_t b);
  // The node never comes back, and nothing on its disk.
  void LoseDisk(std::size_t node);
  // Whether all that is chosen is still there without this node's disk, now and until it is replaced: every
  // configuration is stable and can do without it, and no other disk is lost or damaged.
  bool CanLoseDiskOf(std::size_t node) const;
  // The same of a record of it that is damaged: two replicas of which each has every write can do without it, too.
  bool CanDamageDiskOf(std::size_t node) const;
  void Ask(std::size_t node, const quorum::MembershipPacket& wish) { processes_[node]->Ask(wish); }
  // Ends everything that is wrong: all run, are reachable, tell the time and have disks that work.
  void Heal();

  const Parameters& parameters() const { return parameters_; }
  EventQueue& queue() { return queue_; }
  SimNetwork& network() { return network_; }
  Process& process(std::size_t node) { return *processes_[node]; }
  const Process& process(std::size_t node) const { return *processes_[node]; }
  std::optional<std::size_t> IndexOf(NodeId node) const;
  // The newest ring that any node has come to know; nullptr before there is one.
  const std::shared_ptr<const ring::Topology>& ring() const { return probes_.newest_ring(); }
  Counts& counts() { return counts_; }
  Probes& probes() { return probes_; }
  Trace& trace() { return trace_; }

  void AddWitness(Witness* witness) { witnesses_.push_back(witness); }
  void OnNodeDown(std::function<void(std::size_t)> listener) { node_down_ = std::move(listener); }
  // What went wrong for good; the first reason counts.
  void Fail(const std::string& why);
  const std::optional<std::string>& failure() const { return failure_; }

 private:
  // Whether every configuration is stable and, where the node is in it, `one_of` it can be done without, and no other
  // disk is lost or damaged.
  bool CanSpare(std::size_t node, const std::function<bool(const ring::ReplicaSet&)>& one_of) const;
  // It has not joined yet, and the node through which it was to is gone for good.
  bool JoinsThroughNobody(const Process& process) const;
  void Send(std::size_t from, NodeId to, quorum::PacketBody body);
  void Deliver(std::size_t from, std::size_t to, const PacketPtr& packet);

  // Witness: tells all others.
  void OnStart(NodeId node) override;
  void OnDurable(NodeId node, const kv::Batch& batch) override;
  void OnSent(NodeId from, NodeId to, const quorum::PacketBody& packet) override;
  void OnRing(NodeId node, const ring::Topology* before, const std::shared_ptr<const ring::Topology>& after) override;
  void OnAnswer(NodeId node, const quorum::Request& request, const quorum::Reply& reply) override;
  void OnDiskLost(NodeId node) override;

  const Parameters parameters_;
  const std::size_t max_value_bytes_;
  EventQueue queue_;
  Counts counts_;
  Trace trace_;
  SeededRandom random_;
  SimNetwork network_;
  Probes probes_;
  std::vector<Witness*> witnesses_;
  std::function<void(std::size_t)> node_down_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::map<NodeId, std::size_t> index_;
  std::vector<NodeId> lost_;
  // What each client has been told of ballots, by partition; and what it knew when it first sent a request.
  std::map<std::pair<std::uint64_t, PartitionId>, kv::Version> told_;
  std::map<kv::OperationId, kv::Version> knew_;
  std::vector<std::uint64_t> delivered_;  // By kind of packet.
  std::optional<std::string> failure_;

 public:
  // Fills in what is counted elsewhere while the run goes on.
  Counts FinalCounts() const;
};

}  // namespace quoin::simulation
