// What the tests of the observer's checks have in common: three nodes, one partition of data, and short words for what
// becomes durable there.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ring/topology_codec.h"
#include "tests/simulation/observer.h"

namespace quoin::simulation {

class ObserverTest : public testing::Test {
 protected:
  static constexpr PartitionId kPartition{0};
  static constexpr PartitionId kSystem{0xffffffff};

  ObserverTest() : observer_(1, kSystem) {
    for (std::uint64_t id = 1; id <= 6; ++id) promised_[NodeId{id}] = kv::PartitionState{.configuration_version = 1};
    Adopt(1, RingOf(1, Stable(1, {1, 2, 3})));
  }

  static kv::Ballot Ballot(std::uint64_t round, std::uint64_t node = 1) { return {round, NodeId{node}}; }
  static kv::Version Version(std::uint64_t round, std::uint64_t sequence, std::uint64_t node = 1) {
    return {Ballot(round, node), sequence};
  }
  static kv::Record Record(const kv::Version& accepted, std::string value = "v") {
    kv::Record record;
    record.accepted = record.changed = accepted;
    record.value = std::move(value);
    return record;
  }
  static kv::Record Tombstone(const kv::Version& accepted) {
    kv::Record record;
    record.accepted = record.changed = accepted;
    record.tombstone = true;
    return record;
  }
  static kv::RecordPtr Share(kv::Record record) { return std::make_shared<const kv::Record>(std::move(record)); }

  static ring::ReplicaSet Set(const std::vector<std::uint64_t>& ids) {
    std::vector<NodeId> nodes;
    for (const std::uint64_t id : ids) nodes.push_back(NodeId{id});
    return ring::MajoritySet(nodes);
  }
  static ring::Configuration Stable(std::uint64_t version, const std::vector<std::uint64_t>& ids) {
    return {version, ring::Phase::kStable, Set(ids), {}};
  }
  static ring::Configuration Joint(std::uint64_t version, const std::vector<std::uint64_t>& from,
                                   const std::vector<std::uint64_t>& to) {
    return {version, ring::Phase::kJoint, Set(from), Set(to)};
  }
  // Six active members; the system partition is at 1, 2 and 3.
  static ring::Topology RingOf(std::uint64_t epoch, ring::Configuration configuration) {
    ring::Topology topology;
    topology.cluster = ClusterId{7};
    topology.epoch = epoch;
    topology.goal.replication_factor = 3;
    for (std::uint64_t id = 1; id <= 6; ++id) {
      const std::string host = "n" + std::to_string(id);
      topology.members[NodeId{id}] = {host + ":1", host + ":2", "", 1, ring::MemberState::kActive};
    }
    topology.system = Stable(1, {1, 2, 3});
    topology.partitions = {std::move(configuration)};
    return topology;
  }

  void Adopt(std::uint64_t node, ring::Topology topology) {
    observer_.OnRing(NodeId{node}, nullptr, std::make_shared<const ring::Topology>(std::move(topology)));
  }

  // The record becomes durable at the node, and with it the promise of its ballot.
  void Store(std::uint64_t node, const std::string& key, const kv::Record& record, PartitionId partition = kPartition) {
    kv::Batch batch;
    kv::PartitionState& state = promised_[NodeId{node}];
    state.promised = std::max(state.promised, record.accepted.ballot);
    batch.PutRecord(partition, key, record);
    batch.PutPartitionState(partition, state);
    observer_.OnDurable(NodeId{node}, batch);
  }
  void StoreState(std::uint64_t node, const kv::PartitionState& state) {
    kv::Batch batch;
    batch.PutPartitionState(kPartition, state);
    promised_[NodeId{node}] = state;
    observer_.OnDurable(NodeId{node}, batch);
  }
  void Know(std::uint64_t node, std::uint64_t configuration) {
    kv::PartitionState state = promised_[NodeId{node}];
    state.configuration_version = configuration;
    StoreState(node, state);
  }
  void Send(std::uint64_t from, std::uint64_t to, quorum::Message message, PartitionId partition = kPartition) {
    observer_.OnSent(NodeId{from}, NodeId{to}, quorum::ReplicaPacket{partition, std::move(message)});
  }
  void Propose(std::uint64_t leader, const std::string& key, const kv::Record& record,
               std::uint64_t configuration = 1) {
    Send(leader, leader % 3 + 1, quorum::Accept{configuration, key, Share(record)});
  }
  void Answer(quorum::Operation operation, const kv::Record& record) {
    quorum::Request request;
    request.key = "k";
    request.operation = std::move(operation);
    quorum::Reply reply;
    reply.changed = record.changed;
    reply.record = Share(record);
    observer_.OnAnswer(NodeId{1}, request, reply);
  }

  void ExpectNothing() { EXPECT_THAT(observer_.complaints(), testing::IsEmpty()); }
  void ExpectComplaint(const std::string& part) {
    EXPECT_THAT(observer_.complaints(), testing::Contains(testing::HasSubstr(part)));
  }

  Observer observer_;
  std::map<NodeId, kv::PartitionState> promised_;
};

}  // namespace quoin::simulation
