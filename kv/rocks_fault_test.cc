// What a failing and a full disk lead to (invariants S1 to S4 of storage.h). Each test runs one workload again and
// again and lets its Nth operation of some kind fail, for every N, then looks at what is left after a power cut.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "kv/fault_file_system.h"
#include "kv/rocks_storage.h"
#include "kv/storage_testing.h"

namespace quoin::kv {
namespace {

using Fault = FaultFileSystem::Fault;
using Operation = FaultFileSystem::Operation;

constexpr PartitionId kPartition{3};
constexpr int kWrites = 24;
// Small, so that the workload also creates logs and table files and writes the manifest.
constexpr std::uint64_t kMemtableBytes = 4096;

std::string KeyOf(int i) { return "key" + std::to_string(i); }
// A few writes are larger than a block of the log, so that a log record has several fragments.
std::string ValueFor(int i) { return std::string(i % 6 == 5 ? 40'000 : 500, static_cast<char>('a' + i % 26)); }

// A disk, a directory on it, and a clock that the test moves.
class Machine {
 public:
  Result<std::unique_ptr<Storage>> Open() {
    RocksOptions options;
    options.directory = directory_.Sub("data");
    options.memtable_bytes = kMemtableBytes;
    options.reserve_bytes = 0;
    options.file_system = disk_;
    options.engine_clock = std::make_shared<SleeplessClock>();
    options.now = [this] { return now_; };
    return OpenRocksStorage(options);
  }
  void Pass(std::chrono::milliseconds time) { now_ += time; }
  FaultFileSystem& disk() { return *disk_; }

 private:
  TemporaryDirectory directory_;
  std::shared_ptr<FaultFileSystem> disk_ = std::make_shared<FaultFileSystem>();
  std::chrono::steady_clock::time_point now_{};
};

// What the storage answered to each write of the workload.
struct History {
  std::set<int> acknowledged;
  std::set<int> unknown;
  std::set<int> refused;
  Health::Mode health = Health::Mode::kWritable;
  std::set<Code> codes;
};

Status WriteOne(Storage& storage, int i) {
  // Two keys, to see that a batch is whole or absent.
  Batch batch;
  batch.PutRecord(kPartition, KeyOf(i), MakeRecord(ValueFor(i)));
  batch.PutRecord(kPartition, "twin of " + KeyOf(i), MakeRecord(ValueFor(i)));
  return storage.Write(batch);
}

void Note(int i, const Status& status, History* history) {
  history->codes.insert(status.code());
  if (status.ok()) {
    history->acknowledged.insert(i);
  } else if (status.code() == Code::kUnknown) {
    history->unknown.insert(i);
  } else {
    ASSERT_TRUE(status.code() == Code::kReadOnly || status.code() == Code::kDiskFull) << status;
    history->refused.insert(i);
  }
}

History RunWorkload(Storage& storage) {
  History history;
  for (int i = 0; i < kWrites; ++i) Note(i, WriteOne(storage, i), &history);
  history.health = storage.health().mode;
  return history;
}

void ExpectAcknowledgedAreThere(const Storage& storage, const History& history) {
  for (const int i : history.acknowledged) EXPECT_TRUE(ValueOf(storage, kPartition, KeyOf(i)) == ValueFor(i)) << i;
}

// The rule of the whole file: what was acknowledged is there, what was refused is not, a batch is whole or absent.
void ExpectKept(const Storage& storage, const History& history) {
  ExpectAcknowledgedAreThere(storage, history);
  for (const int i : history.refused) EXPECT_EQ(ValueOf(storage, kPartition, KeyOf(i)), "<absent>") << i;
  for (int i = 0; i < kWrites; ++i) {
    EXPECT_TRUE(ValueOf(storage, kPartition, KeyOf(i)) == ValueOf(storage, kPartition, "twin of " + KeyOf(i))) << i;
  }
}

FaultFileSystem::Rule FailNth(Operation operation, std::uint64_t n, Fault fault) {
  return [=](Operation o, std::uint64_t count, const std::string&) {
    return o == operation && count == n ? fault : Fault::kNone;
  };
}

// Runs the workload with its Nth operation failing, for N from 1 until the workload has fewer, and hands the outcome,
// and what is there after a power cut, to `check`.
template <typename Check>
void ForEveryNth(Operation operation, Fault fault, const Check& check) {
  std::uint64_t runs = 0;
  for (std::uint64_t n = 1;; ++n) {
    SCOPED_TRACE("operation number " + std::to_string(n));
    Machine machine;
    std::unique_ptr<Storage> storage = *machine.Open();
    machine.disk().SetRule(FailNth(operation, n, fault));
    const History history = RunWorkload(*storage);
    ExpectAcknowledgedAreThere(*storage, history);
    check(history);
    storage.reset();
    const bool met = machine.disk().count(operation) >= n;
    machine.disk().SetRule(nullptr);
    machine.disk().LoseUnsynced();
    storage = *machine.Open();
    ExpectKept(*storage, history);
    EXPECT_EQ(storage->health().mode, Health::Mode::kWritable);
    if (!met) break;
    ++runs;
    if (testing::Test::HasFailure()) return;
  }
  // Otherwise the test would have tested nothing.
  EXPECT_GE(runs, operation == Operation::kAppend ? 20u : 3u);
}

void ExpectStoppedIfAnythingFailed(const History& history) {
  // A failure on the very last background step may come after the last write, so health alone decides.
  if (history.health == Health::Mode::kWritable) {
    EXPECT_EQ(history.acknowledged.size(), static_cast<std::size_t>(kWrites));
    return;
  }
  EXPECT_EQ(history.health, Health::Mode::kReadOnly);
  EXPECT_LE(history.unknown.size(), 1u);
  EXPECT_FALSE(history.codes.contains(Code::kDiskFull));
  // Stopped is stopped: nothing is acknowledged after the first refusal.
  if (!history.refused.empty() && !history.acknowledged.empty()) {
    EXPECT_LT(*history.acknowledged.rbegin(), *history.refused.begin());
  }
}

TEST(RocksFault, AFailedSyncStopsWritingForGood) {
  ForEveryNth(Operation::kSync, Fault::kError, ExpectStoppedIfAnythingFailed);
}

TEST(RocksFault, AFailedSyncThatReachedTheDiskStopsWritingForGood) {
  ForEveryNth(Operation::kSync, Fault::kErrorAfter, ExpectStoppedIfAnythingFailed);
}

TEST(RocksFault, ASyncThatRanOutOfSpaceStopsWritingForGood) {
  ForEveryNth(Operation::kSync, Fault::kOutOfSpaceAt0, ExpectStoppedIfAnythingFailed);
}

TEST(RocksFault, AFailedDirectorySyncStopsWritingForGood) {
  ForEveryNth(Operation::kSyncDirectory, Fault::kError, ExpectStoppedIfAnythingFailed);
}

TEST(RocksFault, AFailedAppendStopsWritingForGood) {
  ForEveryNth(Operation::kAppend, Fault::kError, ExpectStoppedIfAnythingFailed);
}

TEST(RocksFault, AFailedAppendThatReachedTheDiskStopsWritingForGood) {
  ForEveryNth(Operation::kAppend, Fault::kErrorAfter, ExpectStoppedIfAnythingFailed);
}

TEST(RocksFault, AFailedCreationStopsWritingForGood) {
  ForEveryNth(Operation::kCreate, Fault::kError, ExpectStoppedIfAnythingFailed);
}

TEST(RocksFault, NothingIsSyncedAgainAfterAFailedSync) {
  Machine machine;
  std::unique_ptr<Storage> storage = *machine.Open();
  machine.disk().SetRule(FailNth(Operation::kSync, 1, Fault::kError));
  EXPECT_EQ(WriteOne(*storage, 0).code(), Code::kUnknown);
  EXPECT_EQ(WriteOne(*storage, 1).code(), Code::kReadOnly);
  EXPECT_EQ(storage->health().mode, Health::Mode::kReadOnly);
  EXPECT_NE(storage->health().reason, "");
  // Reads go on.
  EXPECT_EQ(ValueOf(*storage, kPartition, KeyOf(0)), "<absent>");
  storage.reset();
  EXPECT_EQ(machine.disk().count(Operation::kSync), 1u);
  EXPECT_EQ(machine.disk().count(Operation::kAppend), 1u);
}

void ExpectWritableOrRefused(const History& history) {
  EXPECT_NE(history.health, Health::Mode::kReadOnly);
  EXPECT_TRUE(history.unknown.empty());
  EXPECT_FALSE(history.codes.contains(Code::kReadOnly));
}

TEST(RocksFault, AnAppendThatRanOutOfSpaceHalfWayIsRefusedAndNeverSeenAgain) {
  ForEveryNth(Operation::kAppend, Fault::kOutOfSpace, ExpectWritableOrRefused);
}

TEST(RocksFault, AnAppendThatRanOutOfSpaceAtOnceIsRefusedAndNeverSeenAgain) {
  ForEveryNth(Operation::kAppend, Fault::kOutOfSpaceAt0, ExpectWritableOrRefused);
}

TEST(RocksFault, ACreationThatRanOutOfSpaceIsSurvived) {
  ForEveryNth(Operation::kCreate, Fault::kOutOfSpaceAt0, ExpectWritableOrRefused);
}

// Tries until it is so, for background work that began while the disk was full has still to end.
void Patiently(const std::function<bool()>& done) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!done() && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
}

// The disk is full from the Nth operation on, then has space again: before that reads go on and writes are refused,
// after it writes are taken, all of it holds after a power cut as well.
void FullThenFree(Operation first, std::uint64_t n, Fault fault, bool* met) {
  Machine machine;
  std::unique_ptr<Storage> storage = *machine.Open();
  bool full = false;
  machine.disk().SetRule([&](Operation operation, std::uint64_t count, const std::string&) {
    if (operation == first && count == n) full = true;
    const bool takes_space = operation == Operation::kAppend || operation == Operation::kCreate;
    return full && takes_space ? fault : Fault::kNone;
  });
  History history;
  for (int i = 0; i < kWrites; ++i) {
    Note(i, WriteOne(*storage, i), &history);
    machine.Pass(std::chrono::milliseconds(200));
  }
  ExpectAcknowledgedAreThere(*storage, history);
  EXPECT_NE(storage->health().mode, Health::Mode::kReadOnly) << storage->health().reason;
  *met = machine.disk().count(first) >= n;

  machine.disk().SetRule(nullptr);
  machine.Pass(std::chrono::seconds(2));
  for (int i = 0; i < kWrites; ++i) {
    if (history.acknowledged.contains(i)) continue;
    Status status;
    Patiently([&] {
      machine.Pass(std::chrono::seconds(1));
      status = WriteOne(*storage, i);
      return status.code() != Code::kDiskFull;
    });
    ASSERT_TRUE(status.ok()) << status;
    history.acknowledged.insert(i);
    history.refused.erase(i);
    // A power cut in the middle must find the writes from before and after it.
    if (i == kWrites - 2) break;
  }
  Patiently([&] { return storage->health().mode == Health::Mode::kWritable; });
  EXPECT_EQ(storage->health().mode, Health::Mode::kWritable) << storage->health().reason;
  ExpectKept(*storage, history);
  storage.reset();
  machine.disk().LoseUnsynced();
  storage = *machine.Open();
  ExpectKept(*storage, history);
}

TEST(RocksFault, WritesComeBackWhenSpaceDoes) {
  for (const Fault fault : {Fault::kOutOfSpace, Fault::kOutOfSpaceAt0}) {
    for (const Operation first : {Operation::kAppend, Operation::kCreate}) {
      bool met = true;
      std::uint64_t n = 0;
      while (met && !HasFailure()) {
        SCOPED_TRACE((first == Operation::kAppend ? "append " : "creation ") + std::to_string(++n));
        FullThenFree(first, n, fault, &met);
      }
      if (!HasFailure()) {
        EXPECT_GE(n, 4u);
      }
    }
  }
}

}  // namespace
}  // namespace quoin::kv
