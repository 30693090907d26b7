// For tests of the client library and the ring: scripted nodes that share one memory, and say who leads what. The test
// runs all of them on its own thread, so that each thing happens when it says so.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "net/client/client.h"
#include "net/client/client_testing.h"
#include "net/client/scripted_node.h"
#include "ring/partition.h"

namespace quoin::client {

inline constexpr std::uint32_t kPartitions = 16;

inline std::uint32_t PartitionOf(const std::string& key) { return ring::PartitionOf(key, kPartitions).value; }

class ClientRingTest : public testing::Test {
 protected:
  // What a request that was executed looked like.
  struct Executed {
    std::size_t node;
    std::string key;
    v1::Operation operation;
  };

  ClientRingTest() {
    for (std::size_t i = 0; i < 3; ++i) AddNode();
    for (std::uint32_t p = 0; p < kPartitions; ++p) leaders_.push_back(p % 3);
  }
  void AddNode() {
    const std::size_t i = nodes_.size();
    const NodeId id{0xaa00000000000000 + i};
    nodes_.push_back(std::make_unique<ScriptedNode>(
        context_, id, [this, i](const v1::ClientFrame& request) { return Serve(i, request); }));
    advertised_.push_back(nodes_[i]->address());
  }

  std::optional<v1::ServerFrame> Serve(std::size_t node, const v1::ClientFrame& request) {
    v1::ServerFrame answer;
    if (request.has_ring()) {
      ++ring_requests_;
      v1::Ring* const ring = answer.mutable_ring();
      if (knows_ring_) FillRing(request.ring().known_epoch(), ring);
      if (is_old_) answer.mutable_result()->set_outcome(v1::ERROR);
      return answer;
    }
    if (request.has_scan()) {
      answer.mutable_page();
      return answer;
    }
    const v1::Operation& operation = request.operation();
    if (held_keys_.contains(operation.key())) return std::nullopt;
    Execute(node, operation, answer.mutable_result());
    return answer;
  }
  void FillRing(std::uint64_t known_epoch, v1::Ring* ring) const {
    ring->set_cluster("0000000000000abc");
    ring->set_epoch(epoch_);
    ring->set_partition_count(kPartitions);
    for (std::size_t i = 0; i < nodes_.size() && known_epoch != epoch_; ++i) {
      v1::Ring::Node& node = *ring->add_nodes();
      node.set_id(nodes_[i]->id().ToString());
      node.set_client_address(advertised_[i]);
    }
    for (const std::size_t leader : told_leaders_.empty() ? leaders_ : told_leaders_) {
      ring->add_leaders(static_cast<std::uint32_t>(leader + 1));
    }
  }
  // Any node does any operation, and names the leader.
  void Execute(std::size_t node, const v1::Operation& operation, v1::Result* result) {
    executed_.push_back({node, operation.key(), operation});
    const std::size_t leader = leaders_[PartitionOf(operation.key())];
    result->set_ballot(std::to_string(round_) + "." + nodes_[leader]->id().ToString() + "." +
                       std::to_string(executed_.size()));
    if (busy_.contains(node)) {
      result->set_outcome(v1::ERROR);
      result->mutable_problem()->set_type("unavailable");
      result->mutable_problem()->set_status(503);
      return;
    }
    if (operation.has_append()) memory_[operation.key()] += operation.append().value();
    result->set_outcome(v1::DONE);
    result->mutable_state()->set_value(memory_[operation.key()]);
  }

  std::unique_ptr<Client> NewClient(Options options = {}) {
    if (options.servers.empty()) options.servers = {nodes_[0]->address()};
    auto client = Client::Create(context_.get_executor(), Patient(std::move(options)));
    CHECK(client.ok()) << client.status();
    return *std::move(client);
  }
  // The first, one that a change of leaders asks for, and at most one each 200 ms.
  static std::int64_t MostRingRequestsSince(std::chrono::steady_clock::time_point begun) {
    return 2 + (std::chrono::steady_clock::now() - begun) / std::chrono::milliseconds(200);
  }
  Answer Do(Client& client, Operation operation, CallOptions options = {}) {
    return RunToEnd(context_, client.Do(std::move(operation), std::move(options)));
  }
  void Start(Client& client, Operation operation) {
    client.Start(std::move(operation), {}, [this](Answer answer) { answers_.push_back(std::move(answer)); });
  }
  // A key of this partition.
  static std::string KeyIn(std::uint32_t partition, const std::string& prefix = "k") {
    for (int i = 0;; ++i) {
      if (std::string key = prefix + std::to_string(i); PartitionOf(key) == partition) return key;
    }
  }
  std::size_t NodeOf(const Answer& answer) const {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (answer.responder->node == nodes_[i]->id().ToString()) return i;
    }
    return SIZE_MAX;
  }
  // Until operations on each partition go straight to its leader.
  void WarmUp(Client& client) {
    for (std::uint32_t p = 0; p < kPartitions; ++p) {
      while (NodeOf(Do(client, Operation::Get(KeyIn(p)))) != leaders_[p]) {
      }
    }
    executed_.clear();
  }
  std::size_t ExecutedOn(std::size_t node) const {
    return static_cast<std::size_t>(std::ranges::count(executed_, node, &Executed::node));
  }

  boost::asio::io_context context_;
  std::vector<std::unique_ptr<ScriptedNode>> nodes_;
  std::vector<std::string> advertised_;
  std::vector<std::size_t> leaders_;       // By partition.
  std::vector<std::size_t> told_leaders_;  // What the ring says instead.
  std::uint64_t epoch_ = 1;
  std::uint64_t round_ = 1;
  bool knows_ring_ = true;
  bool is_old_ = false;
  std::set<std::string> held_keys_;  // Operations on these are not executed until they are asked for.
  std::set<std::size_t> busy_;       // Nodes that refuse everything for now.
  int ring_requests_ = 0;
  std::map<std::string, std::string> memory_;
  std::vector<Executed> executed_;
  std::vector<Answer> answers_;
};

}  // namespace quoin::client
