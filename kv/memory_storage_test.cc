// What is particular to the memory engine; what all engines do is in storage_conformance_test.cc.
#include "kv/memory_storage.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "kv/storage_testing.h"

namespace quoin::kv {
namespace {

constexpr PartitionId kPartition{0};

MemoryStorage Limited(std::uint64_t max_bytes) {
  return MemoryStorage(MemoryStorage::Options{Identity{1, NodeId{1}, ClusterId{1}, 1}, max_bytes});
}

// Fills the storage with records of this size until one is refused; how many it took.
int Fill(MemoryStorage& storage, std::size_t value_bytes) {
  int count = 0;
  while (PutOne(storage, kPartition, std::to_string(count), MakeRecord(std::string(value_bytes, 'v'))).ok()) {
    CHECK_LT(++count, 1000);
  }
  return count;
}

TEST(MemoryStorage, RefusesWhatDoesNotFitAndStaysAsItWas) {
  MemoryStorage storage = Limited(20'000);
  const int count = Fill(storage, 1000);
  EXPECT_GT(count, 5);
  EXPECT_LE(storage.size_bytes(), 20'000u);
  const Status status = PutOne(storage, kPartition, "one more", MakeRecord(std::string(1000, 'v')));
  EXPECT_EQ(status.code(), Code::kDiskFull);
  EXPECT_EQ(ValueOf(storage, kPartition, "one more"), "<absent>");
  EXPECT_EQ(ValueOf(storage, kPartition, "0"), std::string(1000, 'v'));
}

TEST(MemoryStorage, TakesErasuresAndSmallerValuesWhenFull) {
  MemoryStorage storage = Limited(20'000);
  ASSERT_GT(Fill(storage, 1000), 5);
  EXPECT_TRUE(PutOne(storage, kPartition, "0", MakeRecord("small")).ok());
  EXPECT_TRUE(PutOne(storage, kPartition, "1", MakeTombstone()).ok());
  Batch erase;
  erase.EraseRecord(kPartition, "2");
  EXPECT_TRUE(storage.Write(erase).ok());
  EXPECT_TRUE(PutOne(storage, kPartition, "new", MakeRecord(std::string(1000, 'v'))).ok()) << "there is space again";
}

TEST(MemoryStorage, GivesBackWhatReplacedAndErasedRecordsHeld) {
  MemoryStorage storage = Limited(0);
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(PutOne(storage, kPartition, std::to_string(i), MakeRecord(std::string(1000, 'v'))).ok());
    }
  }
  EXPECT_LT(storage.size_bytes(), 20'000u);
  Batch erase;
  erase.EraseRange(kPartition, "", std::nullopt);
  ASSERT_TRUE(storage.Write(erase).ok());
  EXPECT_EQ(storage.size_bytes(), 0u);
}

// M2: what only a snapshot sees goes with it.
TEST(MemoryStorage, KeepsOldRevisionsOnlyAsLongAsASnapshotNeedsThem) {
  MemoryStorage storage = Limited(0);
  ASSERT_TRUE(PutOne(storage, kPartition, "key", MakeRecord(std::string(1000, 'v'))).ok());
  const std::uint64_t one = storage.size_bytes();
  std::unique_ptr<Snapshot> snapshot = storage.TakeSnapshot();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(PutOne(storage, kPartition, "key", MakeRecord(std::string(1000, 'w'))).ok());
  }
  Batch erase;
  erase.EraseRecord(kPartition, "key");
  ASSERT_TRUE(storage.Write(erase).ok());
  EXPECT_EQ(ScanAll(storage, kPartition).size(), 0u);
  EXPECT_GE(storage.size_bytes(), one);
  EXPECT_EQ(Drain(*snapshot->Scan(kPartition, "")).at(0), "key=" + std::string(1000, 'v'));
  snapshot.reset();
  EXPECT_EQ(storage.size_bytes(), 0u);
}

TEST(MemoryStorageDeathTest, ASnapshotMustNotOutliveIt) {
  EXPECT_DEATH(
      {
        auto storage = std::make_unique<MemoryStorage>(MemoryStorage::Options{});
        const std::unique_ptr<Snapshot> snapshot = storage->TakeSnapshot();
        storage.reset();
      },
      "outlived");
}

}  // namespace
}  // namespace quoin::kv
