// What every engine must do; each test runs over all of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <random>
#include <thread>

#include "kv/memory_storage.h"
#include "kv/rocks_storage.h"
#include "kv/storage_testing.h"

namespace quoin::kv {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr PartitionId kP0{0};
constexpr PartitionId kP1{1};
constexpr PartitionId kLastPartition{UINT32_MAX};

struct Engine {
  std::string name;
  std::function<std::unique_ptr<Storage>(const TemporaryDirectory&)> open;

  friend std::ostream& operator<<(std::ostream& out, const Engine& engine) { return out << engine.name; }
};

std::unique_ptr<Storage> OpenMemory(const TemporaryDirectory&) {
  return std::make_unique<MemoryStorage>(MemoryStorage::Options{Identity{1, NodeId{1}, ClusterId{2}, 16}, 0});
}

std::unique_ptr<Storage> OpenRocks(const TemporaryDirectory& directory, std::uint64_t memtable_bytes) {
  RocksOptions options;
  options.directory = directory.Sub("data");
  options.partition_count = 16;
  options.memtable_bytes = memtable_bytes;
  options.reserve_bytes = 0;
  return OpenRocksStorage(options).value();
}

class StorageConformance : public testing::TestWithParam<Engine> {
 protected:
  StorageConformance() : storage_(GetParam().open(directory_)) {}

  TemporaryDirectory directory_;
  std::unique_ptr<Storage> storage_;
};

TEST_P(StorageConformance, GetSeesWhatWasPut) {
  Record record = MakeRecord("value", 5);
  record.content_type = "text/plain";
  record.deadline = WallTime(std::chrono::milliseconds(1234567890123));
  record.operations.push_back({OperationId{1, 2}, "result"});
  record.changed.sequence = 4;
  ASSERT_TRUE(PutOne(*storage_, kP0, "key", record).ok());
  EXPECT_EQ(*storage_->Get(kP0, "key").value(), record);
  EXPECT_EQ(*storage_->TryGet(kP0, "key")->value(), record);
}

TEST_P(StorageConformance, AMissingKeyIsNull) {
  EXPECT_EQ(storage_->Get(kP0, "key").value(), nullptr);
  EXPECT_EQ(storage_->TryGet(kP0, "key")->value(), nullptr);
}

TEST_P(StorageConformance, ATombstoneIsARecord) {
  ASSERT_TRUE(PutOne(*storage_, kP0, "key", MakeTombstone(9)).ok());
  EXPECT_EQ(*storage_->Get(kP0, "key").value(), MakeTombstone(9));
  EXPECT_THAT(ScanAll(*storage_, kP0), ElementsAre("key="));
}

TEST_P(StorageConformance, ALaterPutReplaces) {
  ASSERT_TRUE(PutOne(*storage_, kP0, "key", MakeRecord("1")).ok());
  ASSERT_TRUE(PutOne(*storage_, kP0, "key", MakeRecord("2")).ok());
  EXPECT_EQ(ValueOf(*storage_, kP0, "key"), "2");
}

TEST_P(StorageConformance, AnErasedKeyIsAbsent) {
  ASSERT_TRUE(PutOne(*storage_, kP0, "key", MakeRecord("1")).ok());
  Batch batch;
  batch.EraseRecord(kP0, "key");
  batch.EraseRecord(kP0, "never there");
  ASSERT_TRUE(storage_->Write(batch).ok());
  EXPECT_EQ(ValueOf(*storage_, kP0, "key"), "<absent>");
  EXPECT_THAT(ScanAll(*storage_, kP0), IsEmpty());
}

TEST_P(StorageConformance, PartitionsAreApart) {
  ASSERT_TRUE(PutOne(*storage_, kP0, "key", MakeRecord("0")).ok());
  ASSERT_TRUE(PutOne(*storage_, kP1, "key", MakeRecord("1")).ok());
  ASSERT_TRUE(PutOne(*storage_, kLastPartition, "key", MakeRecord("last")).ok());
  EXPECT_EQ(ValueOf(*storage_, kP0, "key"), "0");
  EXPECT_THAT(ScanAll(*storage_, kP1), ElementsAre("key=1"));
  EXPECT_THAT(ScanAll(*storage_, kLastPartition), ElementsAre("key=last"));
  EXPECT_THAT(ScanAll(*storage_, PartitionId{2}), IsEmpty());
}

TEST_P(StorageConformance, KeysAreAnyBytesInUnsignedOrder) {
  const std::string keys[] = {std::string(1, '\0'),
                              std::string("\0\0", 2),
                              "\x01",
                              "a",
                              std::string("a\0", 2),
                              "a\xff",
                              "b",
                              "\x7f",
                              "\x80",
                              "\xff",
                              "\xff\xff",
                              std::string(kMaxKeyBytes, '\xff')};
  Batch batch;
  for (const std::string& key : keys) batch.PutRecord(kP0, key, MakeRecord("v"));
  ASSERT_TRUE(storage_->Write(batch).ok());
  std::vector<std::string> expected(std::begin(keys), std::end(keys));
  std::sort(expected.begin(), expected.end());
  for (std::string& key : expected) key += "=v";
  // Not EXPECT_EQ, which would print the longest of keys.
  EXPECT_TRUE(ScanAll(*storage_, kP0) == expected);
  for (const std::string& key : keys) EXPECT_EQ(ValueOf(*storage_, kP0, key), "v");
}

TEST_P(StorageConformance, AScanBeginsAtTheFirstKeyNotBelowFrom) {
  Batch batch;
  for (const char* key : {"a", "b", "d"}) batch.PutRecord(kP0, key, MakeRecord("v"));
  ASSERT_TRUE(storage_->Write(batch).ok());
  EXPECT_THAT(ScanAll(*storage_, kP0, "b"), ElementsAre("b=v", "d=v"));
  EXPECT_THAT(ScanAll(*storage_, kP0, "c"), ElementsAre("d=v"));
  EXPECT_THAT(ScanAll(*storage_, kP0, "e"), IsEmpty());
}

TEST_P(StorageConformance, ValuesMayBeEmptyOrLarge) {
  const std::string large(std::size_t{3} << 20, 'x');
  ASSERT_TRUE(PutOne(*storage_, kP0, "empty", MakeRecord("")).ok());
  ASSERT_TRUE(PutOne(*storage_, kP0, "large", MakeRecord(large)).ok());
  EXPECT_EQ(ValueOf(*storage_, kP0, "empty"), "");
  EXPECT_EQ(ValueOf(*storage_, kP0, "large"), large);
}

TEST_P(StorageConformance, ARangeEraseTakesFromButNotTo) {
  Batch batch;
  for (const char* key : {"a", "b", "c", "d"}) batch.PutRecord(kP0, key, MakeRecord("v"));
  batch.PutRecord(kP1, "b", MakeRecord("v"));
  ASSERT_TRUE(storage_->Write(batch).ok());
  Batch erase;
  erase.EraseRange(kP0, "b", "d");
  ASSERT_TRUE(storage_->Write(erase).ok());
  EXPECT_THAT(ScanAll(*storage_, kP0), ElementsAre("a=v", "d=v"));
  EXPECT_THAT(ScanAll(*storage_, kP1), ElementsAre("b=v"));
}

TEST_P(StorageConformance, ARangeEraseWithoutEndTakesTheRestOfItsPartitionOnly) {
  Batch batch;
  for (const PartitionId partition : {kP0, kP1, kLastPartition}) {
    batch.PutRecord(partition, "a", MakeRecord("v"));
    batch.PutRecord(partition, "\xff\xff", MakeRecord("v"));
  }
  batch.PutPartitionState(kP0, PartitionState{});
  ASSERT_TRUE(storage_->Write(batch).ok());
  Batch erase;
  erase.EraseRange(kP0, "b", std::nullopt);
  erase.EraseRange(kLastPartition, "", std::nullopt);
  ASSERT_TRUE(storage_->Write(erase).ok());
  EXPECT_THAT(ScanAll(*storage_, kP0), ElementsAre("a=v"));
  EXPECT_THAT(ScanAll(*storage_, kP1), ElementsAre("a=v", "\xff\xff=v"));
  EXPECT_THAT(ScanAll(*storage_, kLastPartition), IsEmpty());
  EXPECT_TRUE(storage_->GetPartitionState(kP0).value().has_value());
}

TEST_P(StorageConformance, AnEmptyRangeErasesNothing) {
  ASSERT_TRUE(PutOne(*storage_, kP0, "b", MakeRecord("v")).ok());
  Batch erase;
  erase.EraseRange(kP0, "b", "b");
  erase.EraseRange(kP0, "c", "a");
  ASSERT_TRUE(storage_->Write(erase).ok());
  EXPECT_THAT(ScanAll(*storage_, kP0), ElementsAre("b=v"));
}

TEST_P(StorageConformance, LaterChangesOfABatchWin) {
  Batch batch;
  batch.PutRecord(kP0, "a", MakeRecord("1"));
  batch.PutRecord(kP0, "a", MakeRecord("2"));
  batch.PutRecord(kP0, "b", MakeRecord("1"));
  batch.EraseRecord(kP0, "b");
  batch.EraseRange(kP0, "c", "d");
  batch.PutRecord(kP0, "c", MakeRecord("after the range"));
  batch.PutRecord(kP0, "e", MakeRecord("1"));
  batch.EraseRange(kP0, "e", "f");
  ASSERT_TRUE(storage_->Write(batch).ok());
  EXPECT_THAT(ScanAll(*storage_, kP0), ElementsAre("a=2", "c=after the range"));
}

TEST_P(StorageConformance, AnEmptyBatchIsFine) { EXPECT_TRUE(storage_->Write(Batch()).ok()); }

TEST_P(StorageConformance, PartitionStateIsKeptPerPartition) {
  PartitionState state;
  state.promised = Ballot{3, NodeId{4}};
  state.configuration_version = 5;
  state.purge_floor = Version{Ballot{1, NodeId{2}}, 3};
  state.highest = Version{Ballot{3, NodeId{4}}, 77};
  EXPECT_EQ(storage_->GetPartitionState(kP1).value(), std::nullopt);
  Batch batch;
  batch.PutPartitionState(kP1, state);
  ASSERT_TRUE(storage_->Write(batch).ok());
  EXPECT_EQ(storage_->GetPartitionState(kP1).value(), state);
  EXPECT_EQ(storage_->GetPartitionState(kP0).value(), std::nullopt);
  EXPECT_THAT(ScanAll(*storage_, kP1), IsEmpty());
}

// "partition key due" of the notes, in the order in which they are read.
std::vector<std::string> Due(const Storage& storage, std::int64_t now_ms, const std::optional<DueKey>& after = {},
                             std::size_t limit = 100) {
  std::vector<std::string> notes;
  const auto due = storage.ReadDue(WallTime(std::chrono::milliseconds(now_ms)), after, limit);
  for (const DueKey& note : due.value()) {
    notes.push_back(std::to_string(note.partition.value) + " " + note.key + " " +
                    std::to_string(note.due.time_since_epoch().count()));
  }
  return notes;
}

Record Expiring(std::int64_t deadline_ms) {
  Record record = MakeRecord("value");
  record.deadline = WallTime(std::chrono::milliseconds(deadline_ms));
  return record;
}

TEST_P(StorageConformance, RecordsAreNotedWhenTheyRunOutInOrderOfTime) {
  Batch batch;
  batch.PutRecord(kP1, "late", Expiring(3000));
  batch.PutRecord(kP1, "early", Expiring(1000));
  batch.PutRecord(kP0, "early", Expiring(1000));
  batch.PutRecord(kP0, "before 1970", Expiring(-5));
  batch.PutRecord(kP0, "never", MakeRecord("value"));
  batch.PutRecord(kP0, "gone", MakeTombstone());
  ASSERT_TRUE(storage_->Write(batch).ok());
  EXPECT_THAT(Due(*storage_, 999), ElementsAre("0 before 1970 -5", "0 gone 0"));
  EXPECT_THAT(Due(*storage_, 3000),
              ElementsAre("0 before 1970 -5", "0 gone 0", "0 early 1000", "1 early 1000", "1 late 3000"));
  const DueKey early{WallTime(std::chrono::milliseconds(1000)), kP0, "early"};
  EXPECT_THAT(Due(*storage_, 3000, early), ElementsAre("1 early 1000", "1 late 3000"));
  EXPECT_THAT(Due(*storage_, 3000, early, 1), ElementsAre("1 early 1000"));
}

TEST_P(StorageConformance, ANoteIsTakenAwayAloneAndTheRecordStays) {
  ASSERT_TRUE(PutOne(*storage_, kP0, "key", Expiring(1000)).ok());
  Batch batch;
  batch.EraseDue(DueKey{WallTime(std::chrono::milliseconds(1000)), kP0, "key"});
  ASSERT_TRUE(storage_->Write(batch).ok());
  EXPECT_THAT(Due(*storage_, 5000), IsEmpty());
  EXPECT_EQ(ValueOf(*storage_, kP0, "key"), "value");
}

TEST_P(StorageConformance, ASnapshotDoesNotSeeLaterWrites) {
  Batch first;
  first.PutRecord(kP0, "a", MakeRecord("old"));
  first.PutRecord(kP0, "b", MakeRecord("old"));
  first.PutRecord(kP0, "c", MakeRecord("old"));
  ASSERT_TRUE(storage_->Write(first).ok());
  const std::unique_ptr<Snapshot> snapshot = storage_->TakeSnapshot();
  Batch second;
  second.PutRecord(kP0, "a", MakeRecord("new"));
  second.EraseRecord(kP0, "b");
  second.EraseRange(kP0, "c", std::nullopt);
  second.PutRecord(kP0, "d", MakeRecord("new"));
  ASSERT_TRUE(storage_->Write(second).ok());
  EXPECT_THAT(Drain(*snapshot->Scan(kP0, "")), ElementsAre("a=old", "b=old", "c=old"));
  EXPECT_THAT(ScanAll(*storage_, kP0), ElementsAre("a=new", "d=new"));
}

TEST_P(StorageConformance, SnapshotsOfDifferentMomentsLiveSideBySide) {
  std::vector<std::unique_ptr<Snapshot>> snapshots;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(PutOne(*storage_, kP0, "a", MakeRecord(std::to_string(i))).ok());
    snapshots.push_back(storage_->TakeSnapshot());
    if (i == 3) {
      Batch erase;
      erase.EraseRecord(kP0, "a");
      ASSERT_TRUE(storage_->Write(erase).ok());
    }
  }
  snapshots[1].reset();
  snapshots[3].reset();
  for (const int i : {0, 2, 4}) {
    EXPECT_THAT(Drain(*snapshots[static_cast<std::size_t>(i)]->Scan(kP0, "")), ElementsAre("a=" + std::to_string(i)));
  }
}

TEST_P(StorageConformance, ACursorGoesOnWhileItsKeysAreErased) {
  Batch batch;
  for (const char* key : {"a", "b", "c"}) batch.PutRecord(kP0, key, MakeRecord("v"));
  ASSERT_TRUE(storage_->Write(batch).ok());
  const std::unique_ptr<Snapshot> snapshot = storage_->TakeSnapshot();
  const std::unique_ptr<Cursor> cursor = snapshot->Scan(kP0, "");
  Batch erase;
  erase.EraseRange(kP0, "", std::nullopt);
  ASSERT_TRUE(storage_->Write(erase).ok());
  EXPECT_THAT(Drain(*cursor), ElementsAre("a=v", "b=v", "c=v"));
}

// S1: whoever reads while batches are written sees each batch whole or not at all.
TEST_P(StorageConformance, ABatchIsSeenWholeOrNotAtAll) {
  constexpr int kRounds = 300;
  std::atomic<bool> done{false};
  std::atomic<int> torn{0};
  std::thread reader([&] {
    while (!done) {
      const std::vector<std::string> entries = ScanAll(*storage_, kP0);
      if (entries.empty()) continue;
      if (entries.size() != 2 || entries[0].substr(1) != entries[1].substr(1)) ++torn;
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    Batch batch;
    batch.PutRecord(kP0, "a", MakeRecord(std::to_string(i)));
    batch.PutRecord(kP0, "b", MakeRecord(std::to_string(i)));
    ASSERT_TRUE(storage_->Write(batch).ok());
  }
  done = true;
  reader.join();
  EXPECT_EQ(torn, 0);
}

// A few thousand random changes beside a plain map.
TEST_P(StorageConformance, AgreesWithAModel) {
  std::mt19937_64 random(20240601);
  std::map<std::pair<PartitionId, std::string>, std::string> model;
  std::vector<std::pair<std::unique_ptr<Snapshot>, decltype(model)>> snapshots;
  const auto any_key = [&] { return std::string(1 + random() % 2, static_cast<char>('a' + random() % 12)); };
  for (int round = 0; round < 400; ++round) {
    Batch batch;
    for (std::size_t i = 0, count = random() % 8; i < count; ++i) {
      const PartitionId partition{static_cast<std::uint32_t>(random() % 3)};
      const std::string key = any_key();
      switch (random() % 8) {
        case 0: {
          const std::string to = any_key();
          const bool to_end = random() % 4 == 0;
          batch.EraseRange(partition, key, to_end ? std::nullopt : std::optional<std::string_view>(to));
          std::erase_if(model, [&](const auto& entry) {
            return entry.first.first == partition && entry.first.second >= key && (to_end || entry.first.second < to);
          });
          break;
        }
        case 1:
        case 2:
          batch.EraseRecord(partition, key);
          model.erase({partition, key});
          break;
        default: {
          const std::string value(random() % 200, static_cast<char>('0' + random() % 10));
          batch.PutRecord(partition, key, MakeRecord(value));
          model[{partition, key}] = value;
        }
      }
    }
    ASSERT_TRUE(storage_->Write(batch).ok());
    if (random() % 10 == 0) snapshots.emplace_back(storage_->TakeSnapshot(), model);
    if (snapshots.size() > 5) snapshots.erase(snapshots.begin() + static_cast<std::ptrdiff_t>(random() % 5));
    if (round % 20 != 0) continue;
    snapshots.emplace_back(storage_->TakeSnapshot(), model);
    for (const auto& [snapshot, expected] : snapshots) {
      std::vector<std::string> entries;
      std::vector<std::string> expected_entries;
      for (std::uint32_t p = 0; p < 3; ++p) {
        for (std::string& entry : Drain(*snapshot->Scan(PartitionId{p}, ""))) entries.push_back(std::move(entry));
      }
      for (const auto& [key, value] : expected) expected_entries.push_back(key.second + "=" + value);
      ASSERT_EQ(entries, expected_entries) << "round " << round;
    }
    for (const auto& [key, value] : model) ASSERT_EQ(ValueOf(*storage_, key.first, key.second), value);
  }
}

TEST_P(StorageConformance, IsWritableAndSaysWhoItIs) {
  EXPECT_EQ(storage_->health().mode, Health::Mode::kWritable);
  EXPECT_EQ(storage_->identity().partition_count, 16u);
  EXPECT_NE(storage_->identity().node, NodeId{});
  EXPECT_EQ(storage_->engine_name(), GetParam().name == "Memory" ? "memory" : "rocksdb");
}

TEST_P(StorageConformance, SizeGrowsWithWhatIsStored) {
  const std::uint64_t before = storage_->size_bytes();
  std::mt19937_64 random(1);
  std::string value(100'000, '\0');
  for (int i = 0; i < 16; ++i) {
    // Bytes that no compression makes smaller.
    for (char& byte : value) byte = static_cast<char>(random());
    ASSERT_TRUE(PutOne(*storage_, kP0, std::to_string(i), MakeRecord(value)).ok());
  }
  EXPECT_GE(storage_->size_bytes(), before + 100'000);
}

TEST_P(StorageConformance, EstimatesWhatAPartitionHolds) {
  EXPECT_EQ(storage_->TakeSnapshot()->Estimate(kP0).keys, 0u);
  constexpr int kKeys = 5000;
  for (int i = 0; i < kKeys; i += 100) {
    Batch batch;
    for (int k = i; k < i + 100; ++k) {
      const std::string key = "key" + std::to_string(1'000'000 + k);
      batch.PutRecord(kP0, key, MakeRecord(std::string(90, 'v')));
      if (k % 10 == 0) batch.PutRecord(kP1, key, MakeRecord(std::string(90, 'v')));
    }
    ASSERT_TRUE(storage_->Write(batch).ok());
  }
  const PartitionEstimate large = storage_->TakeSnapshot()->Estimate(kP0);
  const PartitionEstimate small = storage_->TakeSnapshot()->Estimate(kP1);
  EXPECT_EQ(storage_->TakeSnapshot()->Estimate(kLastPartition).keys, 0u);
  if (GetParam().name == "Memory") {
    EXPECT_EQ(large.keys, 5000u);
    EXPECT_EQ(large.bytes, 500'000u);
    EXPECT_EQ(small.keys, 500u);
    return;
  }
  // Memtables guess from the shape of a list that is random.
  EXPECT_GE(large.keys, 5000u / 8);
  EXPECT_LE(large.keys, 5000u * 8);
  EXPECT_GE(large.bytes, 500'000u / 8);
  EXPECT_LE(large.bytes, 500'000u * 8);
  EXPECT_LE(small.keys, 500u * 16);
}

INSTANTIATE_TEST_SUITE_P(
    All, StorageConformance,
    testing::Values(Engine{"Memory", OpenMemory},
                    Engine{"Rocks", [](const TemporaryDirectory& d) { return OpenRocks(d, 8 << 20); }},
                    // Switches memtables all the time, so that reads meet table files too.
                    Engine{"RocksWithTinyMemtables", [](const TemporaryDirectory& d) { return OpenRocks(d, 4096); }}),
    [](const testing::TestParamInfo<Engine>& info) { return info.param.name; });

}  // namespace
}  // namespace quoin::kv
