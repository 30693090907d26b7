// What is particular to the memory engine; what all engines do is in storage_conformance_test.cc.
#include "kv/memory_storage.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

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

TEST(MemoryStorage, ADeleteOfASmallRecordPassesWhenFull) {
  MemoryStorage storage = Limited(20'000);
  ASSERT_GT(Fill(storage, 1), 5);
  EXPECT_TRUE(PutOne(storage, kPartition, "1", MakeTombstone()).ok()) << "whoever is full must be able to delete";
}

TEST(MemoryStorage, TheLimitHoldsWhatSnapshotsKeepToo) {
  MemoryStorage storage = Limited(20'000);
  std::vector<std::unique_ptr<Snapshot>> snapshots;
  Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) {
    status = PutOne(storage, kPartition, "key", MakeRecord(std::string(1000, 'v')));
    snapshots.push_back(storage.TakeSnapshot());
  }
  EXPECT_EQ(status.code(), Code::kDiskFull);
  EXPECT_LE(storage.size_bytes(), 20'000u);
  snapshots.clear();
  EXPECT_TRUE(PutOne(storage, kPartition, "key", MakeRecord(std::string(1000, 'v'))).ok());
}

TEST(MemoryStorage, TheLimitHoldsNotesOfDeadlinesToo) {
  MemoryStorage storage = Limited(20'000);
  Status status;
  for (int i = 0; i < 10'000 && status.ok(); ++i) {
    Record record = MakeRecord("v");
    record.deadline = WallTime(std::chrono::milliseconds(1000 + i));
    status = PutOne(storage, kPartition, "key", record);
  }
  EXPECT_EQ(status.code(), Code::kDiskFull);
  EXPECT_LE(storage.size_bytes(), 20'000u);
  Batch erase;
  const auto notes = storage.ReadDue(WallTime::max(), std::nullopt, 10'000);
  for (const DueKey& due : *notes) erase.EraseDue(due);
  erase.EraseRecord(kPartition, "key");
  ASSERT_TRUE(storage.Write(erase).ok());
  EXPECT_EQ(storage.size_bytes(), 0u);
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

TEST(MemoryStorage, CountsAKeyOnceHoweverOftenABatchPutsIt) {
  MemoryStorage once = Limited(0);
  ASSERT_TRUE(PutOne(once, kPartition, "key", MakeRecord("value")).ok());
  MemoryStorage often = Limited(0);
  Batch batch;
  for (int i = 0; i < 10; ++i) batch.PutRecord(kPartition, "key", MakeRecord("value"));
  ASSERT_TRUE(often.Write(batch).ok());
  EXPECT_EQ(often.size_bytes(), once.size_bytes());
}

TEST(MemoryStorage, TakesASmallerValueEvenWhenNotTheSmallestRecordFits) {
  MemoryStorage storage = Limited(20'000);
  ASSERT_GT(Fill(storage, 1000), 5);
  for (int i = 0; PutOne(storage, kPartition, "s" + std::to_string(i), MakeRecord("")).ok();) CHECK_LT(++i, 1000);
  EXPECT_TRUE(PutOne(storage, kPartition, "0", MakeRecord(std::string(999, 'v'))).ok());
}

TEST(MemoryStorage, KeepsWhatTheNewestSnapshotSeesWhenAnOlderOneGoes) {
  MemoryStorage storage = Limited(0);
  std::vector<std::unique_ptr<Snapshot>> snapshots;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(PutOne(storage, kPartition, "key", MakeRecord(std::to_string(i))).ok());
    snapshots.push_back(storage.TakeSnapshot());
  }
  const std::uint64_t all = storage.size_bytes();
  for (std::size_t i = 0; i < 3; ++i) {
    snapshots[i].reset();
    EXPECT_EQ(storage.size_bytes(), all / 4 * (3 - i)) << i;
    for (std::size_t left = i + 1; left < 4; ++left) {
      EXPECT_EQ(Drain(*snapshots[left]->Scan(kPartition, "")).at(0), "key=" + std::to_string(left));
    }
  }
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

// One thread writes, others read and scan through snapshots of their own, all the time.
TEST(MemoryStorage, ManyThreadsReadWhileOneWrites) {
  constexpr int kReaders = 4;
  constexpr int kRounds = 2000;
  MemoryStorage storage = Limited(0);
  std::atomic<bool> done{false};
  std::atomic<int> torn{0};
  std::atomic<int> scans{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < kReaders; ++r) {
    readers.emplace_back([&] {
      while (!done) {
        const std::unique_ptr<Snapshot> snapshot = storage.TakeSnapshot();
        const std::vector<std::string> first = Drain(*snapshot->Scan(kPartition, ""));
        // None, or all three, and then all of the same round.
        if (!first.empty() && (first.size() != 3 || first[0].substr(1) != first[2].substr(1))) ++torn;
        if (Drain(*snapshot->Scan(kPartition, "")) != first) ++torn;
        if (ValueOf(storage, kPartition, "a").starts_with("<damaged")) ++torn;
        scans.fetch_add(1);
        scans.notify_all();
      }
    });
  }
  for (int i = 0; i < kRounds; ++i) {
    Batch batch;
    batch.EraseRange(kPartition, "", std::nullopt);
    if (i % 5 != 0) {
      for (const char* key : {"a", "b", "c"}) batch.PutRecord(kPartition, key, MakeRecord(std::to_string(i)));
    }
    ASSERT_TRUE(storage.Write(batch).ok());
  }
  // However the threads were scheduled, some scans have run.
  for (int seen = scans; seen < kReaders; seen = scans) scans.wait(seen);
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(torn, 0);
  Batch erase;
  erase.EraseRange(kPartition, "", std::nullopt);
  ASSERT_TRUE(storage.Write(erase).ok());
  EXPECT_EQ(storage.size_bytes(), 0u) << "no snapshot is left, and so no old revision";
}

TEST(MemoryStorage, ASnapshotAndItsCursorDoNotHoldUpAWriter) {
  MemoryStorage storage = Limited(0);
  ASSERT_TRUE(PutOne(storage, kPartition, "a", MakeRecord("old")).ok());
  const std::unique_ptr<Snapshot> snapshot = storage.TakeSnapshot();
  const std::unique_ptr<Cursor> cursor = snapshot->Scan(kPartition, "");
  ASSERT_TRUE(cursor->Valid());
  // On this very thread: a lock that snapshot or cursor held would never be given back.
  ASSERT_TRUE(PutOne(storage, kPartition, "a", MakeRecord("new")).ok());
  EXPECT_EQ(ValueOf(storage, kPartition, "a"), "new");
  EXPECT_EQ(cursor->record().value().value, "old");
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
