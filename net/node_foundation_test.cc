#include "net/node_foundation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kv/storage_testing.h"
#include "quorum/packet.h"
#include "ring/topology.h"
#include "ring/topology_codec.h"

namespace quoin::net {
namespace {

using testing::HasSubstr;

class NodeFoundation : public testing::Test {
 protected:
  NodeFoundation() {
    options_.data_dir = folder_.Sub("data");
    options_.partition_count = 16;
    options_.cache_bytes = 1 << 20;
    options_.join_patience = std::chrono::milliseconds(0);
  }

  // A member of that cluster answers there from now on.
  void Answer(const std::string& address, std::uint64_t cluster) {
    PeerIdentity member;
    member.cluster = ClusterId{cluster};
    member.node = NodeId{cluster + 1};
    member.partition_count = 64;
    answers_.insert_or_assign(address, std::optional(member));
  }
  // This node itself is there.
  void IsSelf(const std::string& address) { answers_.insert_or_assign(address, std::optional<PeerIdentity>()); }

  Result<Foundation> Lay() {
    return LayFoundation(options_, [this](const std::string& address) -> Result<std::optional<PeerIdentity>> {
      asked_.push_back(address);
      const auto answer = answers_.find(address);
      return answer != answers_.end() ? answer->second : Status(Code::kUnavailable, "connection refused");
    });
  }

  // The directory knows its cluster's ring, with that node in it.
  static void GiveRing(kv::Storage& storage, NodeId node) {
    ring::Member member;
    member.peer_address = member.client_address = "127.0.0.1:7080";
    const ring::Topology topology = ring::Bootstrap(storage.identity().cluster, node, member,
                                                    storage.identity().partition_count, ring::ReplicationGoal());
    const kv::Record record = kv::MakeRecord(ring::EncodeTopology(topology));
    ASSERT_TRUE(kv::PutOne(storage, quorum::kLocalPartition, quorum::kTopologyKey, record).ok());
  }
  static void MakeMember(kv::Storage& storage) { GiveRing(storage, storage.identity().node); }

  kv::TemporaryDirectory folder_;
  NodeOptions options_;
  std::map<std::string, Result<std::optional<PeerIdentity>>> answers_;
  std::vector<std::string> asked_;
};

TEST_F(NodeFoundation, WithoutJoinMakesAClusterOfItsOwn) {
  const auto laid = Lay();
  ASSERT_TRUE(laid.ok()) << laid.status();
  EXPECT_FALSE(laid->through);
  EXPECT_FALSE(laid->storage->identity().joins);
  EXPECT_EQ(laid->storage->identity().partition_count, 16u);
  EXPECT_TRUE(asked_.empty());
}

TEST_F(NodeFoundation, AnEmptyDirectoryIsNotThatOfTheExpectedCluster) {
  options_.expected_cluster = ClusterId{7};
  const auto laid = Lay();
  EXPECT_EQ(laid.status().code(), Code::kIncompatible);
  EXPECT_THAT(laid.status().message(), HasSubstr("nothing of cluster 0000000000000007 (--cluster_id) in"));
  EXPECT_FALSE(std::filesystem::exists(options_.data_dir)) << "and nothing is made there";
  options_.join = {"a:1"};
  Answer("a:1", 7);
  EXPECT_TRUE(Lay().ok());
}

TEST_F(NodeFoundation, JoinsTheFirstThatAnswers) {
  options_.join = {"a:1", "b:1"};
  Answer("b:1", 7);
  const auto laid = Lay();
  ASSERT_TRUE(laid.ok()) << laid.status();
  EXPECT_EQ(laid->through, NodeId{8});
  EXPECT_EQ(laid->through_address, "b:1");
  const kv::Identity& identity = laid->storage->identity();
  EXPECT_TRUE(identity.joins);
  EXPECT_EQ(identity.cluster, ClusterId{7});
  EXPECT_EQ(identity.partition_count, 64u) << "the cluster's, whatever the flag says";
}

TEST_F(NodeFoundation, TheMemoryEngineJoinsToo) {
  options_.engine = NodeOptions::Engine::kMemory;
  options_.join = {"a:1"};
  Answer("a:1", 7);
  const auto laid = Lay();
  ASSERT_TRUE(laid.ok()) << laid.status();
  EXPECT_EQ(laid->storage->identity().cluster, ClusterId{7});
}

TEST_F(NodeFoundation, WhenNobodyAnswersNothingIsMade) {
  options_.join = {"a:1", "b:1"};
  const auto laid = Lay();
  EXPECT_EQ(laid.code(), Code::kUnavailable);
  EXPECT_THAT(laid.status().message(), HasSubstr("a:1, b:1"));
  EXPECT_THAT(laid.status().message(), HasSubstr("connection refused"));
  options_.join.clear();
  EXPECT_TRUE(Lay().ok()) << "as if nothing had been tried";
}

TEST_F(NodeFoundation, ARefusalIsNotWaitedOut) {
  options_.join = {"a:1"};
  options_.join_patience = std::chrono::hours(1);
  answers_.emplace("a:1", Status(Code::kIncompatible, "it speaks only older formats"));
  const auto laid = Lay();
  EXPECT_EQ(laid.code(), Code::kIncompatible);
  EXPECT_THAT(laid.status().message(), HasSubstr("can't join through a:1: it speaks only older formats"));
}

// One list of addresses serves all nodes of a cluster.
TEST_F(NodeFoundation, ItsOwnAddressAmongThoseToJoinIsPassedOver) {
  options_.join = {"self:1", "a:1"};
  IsSelf("self:1");
  EXPECT_THAT(Lay().status().message(), HasSubstr("a:1: connection refused")) << "who is silent may answer later";
  Answer("a:1", 7);
  const auto laid = Lay();
  ASSERT_TRUE(laid.ok()) << laid.status();
  EXPECT_EQ(laid->through, NodeId{8});
  EXPECT_EQ(laid->through_address, "a:1");
}

TEST_F(NodeFoundation, OnlyItsOwnAddressIsNobodyToJoin) {
  options_.join = {"self:1", "self:2"};
  options_.join_patience = std::chrono::hours(1);
  IsSelf("self:1");
  IsSelf("self:2");
  const auto laid = Lay();
  EXPECT_EQ(laid.code(), Code::kInvalid);
  EXPECT_THAT(laid.status().message(), HasSubstr("--join names only this node (self:1, self:2)"));
}

TEST_F(NodeFoundation, AMemberIsToldItsOwnAddressInVain) {
  options_.join = {"a:1"};
  Answer("a:1", 7);
  MakeMember(*Lay()->storage);
  options_.join = {"self:1", "a:1"};
  IsSelf("self:1");
  EXPECT_FALSE(Lay().value().through);
}

TEST_F(NodeFoundation, AnotherClusterThanExpectedIsRefused) {
  options_.join = {"a:1"};
  options_.expected_cluster = ClusterId{9};
  Answer("a:1", 7);
  EXPECT_EQ(Lay().code(), Code::kIncompatible);
}

TEST_F(NodeFoundation, MadeToJoinItNeverMakesAClusterOfItsOwn) {
  options_.join = {"a:1"};
  Answer("a:1", 7);
  ASSERT_TRUE(Lay().ok());
  options_.join.clear();
  const auto alone = Lay();
  EXPECT_EQ(alone.code(), Code::kInvalid);
  EXPECT_THAT(alone.status().message(), HasSubstr("--join"));
  options_.join = {"a:1"};
  EXPECT_EQ(Lay()->through, NodeId{8}) << "it can still join";
  Answer("a:1", 17);
  EXPECT_EQ(Lay().code(), Code::kIncompatible) << "but no other cluster";
}

TEST_F(NodeFoundation, AMemberNeedsNobodyWhoAnswers) {
  options_.join = {"a:1"};
  Answer("a:1", 7);
  MakeMember(*Lay()->storage);
  answers_.clear();
  EXPECT_FALSE(Lay().value().through);
  options_.join.clear();
  EXPECT_TRUE(Lay().ok());
}

// Killed after it had heard of the ring and before it was admitted.
TEST_F(NodeFoundation, WhoKnowsARingThatItIsNotInStillHasToJoin) {
  options_.join = {"a:1"};
  Answer("a:1", 7);
  GiveRing(*Lay()->storage, NodeId{8});
  EXPECT_EQ(Lay()->through, NodeId{8});
  options_.join.clear();
  EXPECT_EQ(Lay().code(), Code::kInvalid);
}

TEST_F(NodeFoundation, AMemberOfAnotherClusterIsRefused) {
  MakeMember(*Lay()->storage);
  options_.join = {"a:1"};
  Answer("a:1", 7);
  const auto laid = Lay();
  EXPECT_EQ(laid.code(), Code::kIncompatible);
  EXPECT_THAT(laid.status().message(), HasSubstr("a:1"));
  EXPECT_THAT(laid.status().message(), HasSubstr("new data directory"));
}

}  // namespace
}  // namespace quoin::net
