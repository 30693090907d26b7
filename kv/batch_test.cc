#include "kv/batch.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace quoin::kv {
namespace {

constexpr PartitionId kPartition{3};

Record Some() {
  Record record;
  record.accepted = record.changed = Version{Ballot{1, NodeId{2}}, 3};
  record.value = "value";
  return record;
}

TEST(Batch, HoldsRecordsReadyToStore) {
  Batch batch;
  batch.PutRecord(kPartition, "key", Some());
  ASSERT_EQ(batch.count(), 1u);
  const Batch::Change& change = batch.changes()[0];
  EXPECT_EQ(change.key, "key");
  EXPECT_EQ(*DecodeRecord(kPartition, "key", change.bytes), Some());
}

TEST(Batch, CountsWhatItCosts) {
  Batch batch;
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(batch.size_bytes(), 0u);
  batch.PutRecord(kPartition, "key", Some());
  EXPECT_GE(batch.size_bytes(), batch.changes()[0].bytes.size() + 3);
  const std::size_t before = batch.size_bytes();
  batch.EraseRange(kPartition, "from", "to");
  EXPECT_GE(batch.size_bytes(), before + 6);
}

TEST(Batch, LeavesEmptyRangesOut) {
  Batch batch;
  batch.EraseRange(kPartition, "b", "b");
  batch.EraseRange(kPartition, "b", "a");
  EXPECT_TRUE(batch.empty());
  batch.EraseRange(kPartition, "b", std::nullopt);
  EXPECT_TRUE(batch.changes().at(0).to_end);
}

TEST(Batch, NotesWhenARecordIsDueAndOnlyThen) {
  Record expiring = Some();
  expiring.deadline = WallTime(std::chrono::milliseconds(1234));
  Record tombstone = Some();
  tombstone.value.clear();
  tombstone.tombstone = true;
  Batch batch;
  batch.PutRecord(kPartition, "never", Some());
  ASSERT_EQ(batch.count(), 1u);
  batch.PutRecord(kPartition, "later", expiring);
  batch.PutRecord(kPartition, "gone", tombstone);
  ASSERT_EQ(batch.count(), 5u);
  const Batch::Change& later = batch.changes()[2];
  EXPECT_EQ(later.kind, Batch::Change::Kind::kPutDue);
  EXPECT_EQ(later.partition, kPartition);
  EXPECT_EQ(later.key, "later");
  EXPECT_EQ(later.due, expiring.deadline);
  const Batch::Change& gone = batch.changes()[4];
  EXPECT_EQ(gone.kind, Batch::Change::Kind::kPutDue);
  EXPECT_EQ(gone.key, "gone");
  EXPECT_EQ(gone.due, kDueAtOnce);
}

TEST(Batch, ErasesExactlyTheNoteThatIsNamed) {
  Batch batch;
  batch.EraseDue(DueKey{WallTime(std::chrono::milliseconds(1234)), kPartition, "key"});
  ASSERT_EQ(batch.count(), 1u);
  const Batch::Change& change = batch.changes()[0];
  EXPECT_EQ(change.kind, Batch::Change::Kind::kEraseDue);
  EXPECT_EQ(change.partition, kPartition);
  EXPECT_EQ(change.key, "key");
  EXPECT_EQ(change.due, WallTime(std::chrono::milliseconds(1234)));
  EXPECT_GE(batch.size_bytes(), 3u);
}

TEST(Batch, KnowsWhetherItNeedsRoom) {
  Record tombstone = Some();
  tombstone.value.clear();
  tombstone.tombstone = true;
  Batch small;
  small.PutRecord(kPartition, "deleted", tombstone);
  small.PutPartitionState(kPartition, PartitionState());
  small.EraseRange(kPartition, "a", std::nullopt);
  small.PutRecord(kPartition, "the node's own", Some(), Batch::Space::kReserve);
  EXPECT_FALSE(small.stores_records());
  Batch large;
  large.PutRecord(kPartition, "key", Some());
  EXPECT_TRUE(large.stores_records());
  small.Append(std::move(large));
  EXPECT_TRUE(small.stores_records());
  EXPECT_FALSE(large.stores_records());  // NOLINT(bugprone-use-after-move): promised by Append.
}

TEST(Batch, AppendKeepsTheOrderAndEmptiesTheOther) {
  Batch first;
  first.EraseRecord(kPartition, "1");
  Batch second;
  second.EraseRecord(kPartition, "2");
  second.EraseRecord(kPartition, "3");
  const std::size_t size_bytes = first.size_bytes() + second.size_bytes();
  Batch all;
  all.Append(std::move(first));
  all.Append(std::move(second));
  ASSERT_EQ(all.count(), 3u);
  EXPECT_EQ(all.changes()[0].key + all.changes()[1].key + all.changes()[2].key, "123");
  EXPECT_EQ(all.size_bytes(), size_bytes);
  EXPECT_TRUE(second.empty());  // NOLINT(bugprone-use-after-move): promised by Append.
  EXPECT_EQ(second.size_bytes(), 0u);
}

}  // namespace
}  // namespace quoin::kv
