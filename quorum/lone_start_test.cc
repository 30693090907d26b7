#include "quorum/lone_start.h"

#include <gtest/gtest.h>

#include "kv/batch.h"
#include "kv/memory_storage.h"

namespace quoin::quorum {
namespace {

constexpr std::uint32_t kPartitions = 4;

TEST(NextBallot, IsAboveEveryPromiseOfEveryPartitionAndKeepsTheRest) {
  kv::MemoryStorage storage({.identity = {1, NodeId{7}, ClusterId{8}, kPartitions}});
  EXPECT_EQ(NextBallot(storage)->at(0).promised, (kv::Ballot{1, NodeId{7}}));

  kv::PartitionState promised;
  promised.promised = {5, NodeId{9}};
  promised.purge_floor = {{4, NodeId{7}}, 3};
  kv::Batch batch;
  batch.PutPartitionState(PartitionId{2}, promised);
  ASSERT_TRUE(storage.Write(batch).ok());
  const auto states = NextBallot(storage);
  ASSERT_EQ(states->size(), kPartitions);
  for (const kv::PartitionState& state : *states) EXPECT_EQ(state.promised, (kv::Ballot{6, NodeId{7}}));
  EXPECT_EQ(states->at(2).purge_floor, promised.purge_floor);
}

TEST(NextBallot, WritesNothing) {
  kv::MemoryStorage storage({.identity = {1, NodeId{7}, ClusterId{8}, kPartitions}});
  ASSERT_TRUE(NextBallot(storage).ok());
  EXPECT_FALSE(storage.GetPartitionState(PartitionId{0})->has_value());
}

}  // namespace
}  // namespace quoin::quorum
