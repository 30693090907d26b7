#include "quorum/merge_pages.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;

const kv::WallTime kNow{milliseconds(1000)};

kv::Version V(std::uint64_t sequence) { return {{1, NodeId{1}}, sequence}; }

kv::RecordPtr Value(std::uint64_t sequence, std::optional<kv::WallTime> deadline = {}) {
  kv::Record record;
  record.accepted = record.changed = V(sequence);
  record.value = "v" + std::to_string(sequence);
  record.deadline = deadline;
  return std::make_shared<const kv::Record>(record);
}
kv::RecordPtr Tombstone(std::uint64_t sequence) {
  kv::Record record;
  record.accepted = record.changed = V(sequence);
  record.tombstone = true;
  return std::make_shared<const kv::Record>(record);
}
kv::RecordPtr Damaged() { return nullptr; }

class MergePagesTest : public testing::Test {
 protected:
  // Partition p is held by these nodes, with majorities.
  void Partition(std::uint32_t p, std::vector<std::uint64_t> nodes) {
    ring::Configuration configuration;
    configuration.version = 1;
    configuration.replicas = ring::MajoritySet(Nodes(std::move(nodes)));
    views_.emplace(PartitionId{p}, PartView{ring::Quorums(configuration), {}});
  }
  void Joint(std::uint32_t p, std::vector<std::uint64_t> from, std::vector<std::uint64_t> to) {
    ring::Configuration configuration;
    configuration.version = 1;
    configuration.phase = ring::Phase::kJoint;
    configuration.replicas = ring::MajoritySet(Nodes(std::move(from)));
    configuration.incoming = ring::MajoritySet(Nodes(std::move(to)));
    views_.emplace(PartitionId{p}, PartView{ring::Quorums(configuration), {}});
  }
  using Held = std::vector<std::pair<std::string, kv::RecordPtr>>;
  // What a node says of one partition, on a page of its own.
  void Says(std::uint64_t node, std::uint32_t p, const Held& held, std::optional<std::string> examined_to = {},
            std::uint64_t floor = 0) {
    auto page = std::make_shared<PageFound>();
    for (const auto& [key, record] : held) page->keys.push_back({key, PartitionId{p}, record});
    page->examined_to = std::move(examined_to);
    const kv::Version up_to = floor == 0 ? kv::Version() : V(floor);
    views_.at(PartitionId{p}).answers[NodeId{node}] = {up_to, std::move(page)};
  }
  // "a=v1 b? up to b": b is to be settled.
  std::string Merge() const {
    const MergedPages merged = MergePages(views_, kNow);
    std::string text;
    for (const auto& [key, record] : merged.keys) {
      text += key + (record == nullptr ? "?" : "=" + record->value) + " ";
    }
    return text + (merged.examined_to ? "up to " + *merged.examined_to : "to the end");
  }

  std::map<PartitionId, PartView> views_;

 private:
  static std::vector<NodeId> Nodes(std::vector<std::uint64_t> ids) {
    std::vector<NodeId> nodes;
    for (const std::uint64_t id : ids) nodes.push_back(NodeId{id});
    return nodes;
  }
};

TEST_F(MergePagesTest, TellsWhatAWriteQuorumHoldsInKeyOrder) {
  Partition(0, {1, 2, 3});
  Partition(1, {1, 2, 3});
  for (const std::uint64_t node : {1, 2}) {
    Says(node, 0, {{"b", Value(2)}, {"d", Value(4)}});
    Says(node, 1, {{"a", Value(1)}, {"c", Value(3)}});
  }
  EXPECT_EQ(Merge(), "a=v1 b=v2 c=v3 d=v4 to the end");
}

TEST_F(MergePagesTest, SettlesALeftoverOfOne) {
  Partition(0, {1, 2, 3});
  Says(1, 0, {{"a", Value(1)}, {"b", Value(2)}});
  Says(2, 0, {{"a", Value(1)}});
  EXPECT_EQ(Merge(), "a=v1 b? to the end");
}

TEST_F(MergePagesTest, SettlesANewerVersionOfOne) {
  Partition(0, {1, 2, 3});
  Says(1, 0, {{"a", Value(1)}});
  Says(2, 0, {{"a", Value(2)}});
  EXPECT_EQ(Merge(), "a? to the end");
  Says(3, 0, {{"a", Value(2)}});
  EXPECT_EQ(Merge(), "a=v2 to the end");
}

TEST_F(MergePagesTest, ATombstoneOfOneIsNoAbsence) {
  Partition(0, {1, 2, 3});
  Says(1, 0, {{"a", Tombstone(2)}});
  Says(2, 0, {{"a", Value(1)}});
  EXPECT_EQ(Merge(), "a? to the end");
  Says(2, 0, {});  // Nor with a replica that has nothing: the state before may be chosen, and the tombstone not.
  EXPECT_EQ(Merge(), "a? to the end");
}

TEST_F(MergePagesTest, LeavesOutWhatAWriteQuorumHasDeletedOrLacks) {
  Partition(0, {1, 2, 3});
  Says(1, 0, {{"a", Tombstone(2)}});
  Says(2, 0, {{"a", Tombstone(2)}});
  EXPECT_EQ(Merge(), "to the end");
  Says(3, 0, {{"b", Value(1)}}, {}, 3);
  Says(1, 0, {}, {}, 3);  // Below the floor, what one still has is gone.
  Says(2, 0, {}, {}, 3);
  EXPECT_EQ(Merge(), "to the end");
}

TEST_F(MergePagesTest, SettlesWhatIsPastItsDeadline) {
  Partition(0, {1});
  Says(1, 0, {{"a", Value(1, kNow)}, {"b", Value(2, kNow + milliseconds(1))}});
  EXPECT_EQ(Merge(), "a? b=v2 to the end");
}

TEST_F(MergePagesTest, SettlesWhatIsDamaged) {
  Partition(0, {1, 2, 3});
  Says(1, 0, {{"a", Damaged()}});
  Says(2, 0, {{"a", Value(1)}});
  Says(3, 0, {{"a", Value(1)}});
  EXPECT_EQ(Merge(), "a? to the end");
}

TEST_F(MergePagesTest, EndsWhereTheFirstReplicaStoppedLooking) {
  Partition(0, {1, 2, 3});
  Partition(1, {4});
  Says(1, 0, {{"a", Value(1)}, {"c", Value(2)}}, "c");
  Says(2, 0, {{"a", Value(1)}, {"c", Value(2)}, {"d", Value(3)}}, "e");
  Says(4, 1, {{"b", Value(4)}, {"z", Value(5)}});
  EXPECT_EQ(Merge(), "a=v1 b=v4 c=v2 up to c");
}

TEST_F(MergePagesTest, APageSaysNothingOfPartitionsThatItsNodeDidNotAnswerFor) {
  Partition(0, {1});
  Partition(1, {2});
  Says(1, 0, {{"a", Value(1)}});
  Says(2, 1, {{"b", Value(2)}});
  const std::shared_ptr<const PageFound> page = views_.at(PartitionId{0}).answers.at(NodeId{1}).page;
  auto wider = std::make_shared<PageFound>(*page);
  wider->keys.push_back({"b", PartitionId{1}, Value(9)});
  views_.at(PartitionId{0}).answers.at(NodeId{1}).page = wider;
  EXPECT_EQ(Merge(), "a=v1 b=v2 to the end");
}

TEST_F(MergePagesTest, AJointNeedsBothSets) {
  Joint(0, {1, 2, 3}, {3, 4, 5});
  for (const std::uint64_t node : {1, 2, 3}) Says(node, 0, {{"a", Value(1)}});
  Says(4, 0, {});
  EXPECT_EQ(Merge(), "a? to the end");
  Says(4, 0, {{"a", Value(1)}});
  EXPECT_EQ(Merge(), "a=v1 to the end");
}

}  // namespace
}  // namespace quoin::quorum
