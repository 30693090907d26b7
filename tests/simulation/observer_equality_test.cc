#include "tests/simulation/observer_equality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kv/memory_storage.h"

namespace quoin::simulation {
namespace {

using testing::HasSubstr;
using testing::Optional;

constexpr PartitionId kPartition{3};

class EqualityTest : public testing::Test {
 protected:
  static void Put(kv::MemoryStorage& storage, const std::string& key, std::uint64_t sequence, bool tombstone = false) {
    kv::Record record;
    record.accepted = record.changed = {{1, NodeId{1}}, sequence};
    record.tombstone = tombstone;
    kv::Batch batch;
    batch.PutRecord(kPartition, key, record);
    ASSERT_TRUE(storage.Write(batch).ok());
  }
  std::optional<std::string> Difference() const {
    return FirstDifference({{NodeId{1}, &a_}, {NodeId{2}, &b_}}, kPartition);
  }
  kv::MemoryStorage a_{{}};
  kv::MemoryStorage b_{{}};
};

TEST_F(EqualityTest, HoldsForTheSameRecords) {
  for (kv::MemoryStorage* storage : {&a_, &b_}) {
    Put(*storage, "k", 1);
    Put(*storage, "l", 2, true);
  }
  EXPECT_EQ(Difference(), std::nullopt);
  EXPECT_EQ(CountTombstones(a_, kPartition), 1u);
}

TEST_F(EqualityTest, NamesAMissingRecord) {
  Put(a_, "k", 1);
  EXPECT_THAT(Difference(), Optional(HasSubstr("of key k and node 0000000000000002 nothing more")));
}

TEST_F(EqualityTest, NamesAnotherVersion) {
  Put(a_, "k", 1);
  Put(b_, "k", 2);
  EXPECT_THAT(Difference(), Optional(HasSubstr("a record 1.0000000000000001.1")));
}

TEST_F(EqualityTest, NamesAnotherFloor) {
  kv::Batch batch;
  batch.PutPartitionState(kPartition, {.purge_floor = {{1, NodeId{1}}, 5}});
  ASSERT_TRUE(b_.Write(batch).ok());
  EXPECT_THAT(Difference(), Optional(HasSubstr("I9: in partition 3 node 0000000000000001 has floor")));
}

TEST_F(EqualityTest, SaysNothingOfOtherPartitions) {
  kv::Record record;
  record.accepted = record.changed = {{1, NodeId{1}}, 1};
  kv::Batch batch;
  batch.PutRecord(PartitionId{4}, "k", record);
  ASSERT_TRUE(a_.Write(batch).ok());
  EXPECT_EQ(Difference(), std::nullopt);
}

}  // namespace
}  // namespace quoin::simulation
