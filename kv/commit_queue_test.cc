#include "kv/commit_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kv/memory_storage.h"
#include "kv/storage_testing.h"

namespace quoin::kv {
namespace {

constexpr PartitionId kPartition{0};

// A memory storage whose writes wait at a gate, can be made to fail, and are remembered.
class GatedStorage final : public Storage {
 public:
  Status Write(const Batch& batch) override {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    rounds_.push_back(batch.count());
    writer_ = std::this_thread::get_id();
    if (!failure_.ok()) return failure_;
    return memory_.Write(batch);
  }
  // Waits until so many writes have come to the gate.
  void AwaitArrivals(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ >= count; });
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void FailWith(Status failure) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
  }
  std::vector<std::size_t> rounds() {
    const std::lock_guard lock(mutex_);
    return rounds_;
  }

  std::thread::id writer() {
    const std::lock_guard lock(mutex_);
    return writer_;
  }

  const Identity& identity() const override { return memory_.identity(); }
  std::string_view engine_name() const override { return memory_.engine_name(); }
  Result<RecordPtr> Get(PartitionId partition, std::string_view key) const override {
    return memory_.Get(partition, key);
  }
  std::optional<Result<RecordPtr>> TryGet(PartitionId partition, std::string_view key) const override {
    return memory_.TryGet(partition, key);
  }
  Result<std::optional<PartitionState>> GetPartitionState(PartitionId partition) const override {
    return memory_.GetPartitionState(partition);
  }
  Result<std::vector<DueKey>> ReadDue(WallTime now, const std::optional<DueKey>& after,
                                      std::size_t limit) const override {
    return memory_.ReadDue(now, after, limit);
  }
  std::unique_ptr<Snapshot> TakeSnapshot() const override { return memory_.TakeSnapshot(); }
  Health health() const override { return memory_.health(); }
  std::uint64_t size_bytes() const override { return memory_.size_bytes(); }

 private:
  MemoryStorage memory_{MemoryStorage::Options{}};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;  // Guarded by mutex_, as all below.
  int arrived_ = 0;
  Status failure_;
  std::vector<std::size_t> rounds_;  // Changes in each.
  std::thread::id writer_;           // Of the newest round.
};

Batch Put(const std::string& key, const std::string& value = "value") {
  Batch batch;
  batch.PutRecord(kPartition, key, MakeRecord(value));
  return batch;
}

TEST(CommitQueue, CallsBackOnceTheBatchIsVisible) {
  GatedStorage storage;
  storage.Open();
  std::string seen;
  {
    CommitQueue queue(storage, {});
    queue.Submit(Put("key"), [&](const Status& status) {
      EXPECT_TRUE(status.ok());
      seen = ValueOf(storage, kPartition, "key");
    });
  }
  EXPECT_EQ(seen, "value");
}

// One sync serves all that wait.
TEST(CommitQueue, TakesAllThatWaitsInOneRound) {
  GatedStorage storage;
  int done = 0;
  {
    CommitQueue queue(storage, {});
    queue.Submit(Put("first"), [&](const Status&) { ++done; });
    storage.AwaitArrivals(1);
    for (int i = 0; i < 100; ++i) queue.Submit(Put(std::to_string(i)), [&](const Status&) { ++done; });
    storage.Open();
    storage.AwaitArrivals(2);
  }
  EXPECT_EQ(done, 101);
  EXPECT_EQ(storage.rounds(), (std::vector<std::size_t>{1, 100}));
}

TEST(CommitQueue, CountsItsWork) {
  GatedStorage storage;
  CommitQueue queue(storage, {});
  std::atomic<int> done{0};
  const std::size_t size_bytes = Put("first").size_bytes();
  queue.Submit(Put("first"), [&](const Status&) { ++done; });
  storage.AwaitArrivals(1);
  for (int i = 0; i < 2; ++i) {
    queue.Submit(Put("other"), [&](const Status&) {
      ++done;
      done.notify_all();
    });
  }
  storage.Open();
  for (int seen = done; seen != 3; seen = done) done.wait(seen);
  EXPECT_EQ(queue.counters().rounds, 2u);
  EXPECT_EQ(queue.counters().submissions, 3u);
  EXPECT_EQ(queue.counters().bytes, size_bytes + 2 * Put("other").size_bytes());
}

// C1.
TEST(CommitQueue, CallsBackOnTheThreadThatWrites) {
  GatedStorage storage;
  storage.Open();
  std::vector<std::thread::id> callers;
  {
    CommitQueue queue(storage, {});
    for (int i = 0; i < 10; ++i) {
      queue.Submit(Put(std::to_string(i)), [&](const Status&) { callers.push_back(std::this_thread::get_id()); });
    }
  }
  EXPECT_EQ(callers, std::vector<std::thread::id>(10, storage.writer()));
  EXPECT_NE(storage.writer(), std::this_thread::get_id());
}

// C2.
TEST(CommitQueue, KeepsTheOrderOfSubmission) {
  GatedStorage storage;
  std::vector<int> order;
  {
    CommitQueue queue(storage, {});
    for (int i = 0; i < 200; ++i) {
      queue.Submit(Put("key", std::to_string(i)), [&order, i](const Status&) { order.push_back(i); });
    }
    storage.Open();
  }
  ASSERT_EQ(order.size(), 200u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(ValueOf(storage, kPartition, "key"), "199");
}

TEST(CommitQueue, BoundsItsRounds) {
  GatedStorage storage;
  const std::size_t one = Put("00").size_bytes();
  {
    CommitQueue queue(storage, {.max_round_bytes = 3 * one});
    queue.Submit(Put("first"), [](const Status&) {});
    storage.AwaitArrivals(1);
    for (int i = 10; i < 17; ++i) queue.Submit(Put(std::to_string(i)), [](const Status&) {});
    queue.Submit(Put("large", std::string(10 * one, 'v')), [](const Status&) {});
    queue.Submit(Put("99"), [](const Status&) {});
    storage.Open();
  }
  EXPECT_EQ(storage.rounds(), (std::vector<std::size_t>{1, 3, 3, 1, 1, 1}));
}

TEST(CommitQueue, TellsAllOfARoundOfItsFailure) {
  GatedStorage storage;
  storage.FailWith(Status(Code::kUnknown, "the sync failed"));
  std::vector<Code> codes;
  {
    CommitQueue queue(storage, {});
    for (int i = 0; i < 10; ++i) {
      queue.Submit(Put(std::to_string(i)), [&](const Status& status) { codes.push_back(status.code()); });
    }
    storage.Open();
  }
  EXPECT_EQ(codes, std::vector<Code>(10, Code::kUnknown));
}

TEST(CommitQueue, GoesOnAfterAFailure) {
  GatedStorage storage;
  storage.FailWith(Status(Code::kDiskFull, "full"));
  storage.Open();
  std::vector<Code> codes;
  {
    CommitQueue queue(storage, {});
    queue.Submit(Put("refused"), [&](const Status& status) {
      codes.push_back(status.code());
      storage.FailWith(Status::Ok());
      // A callback may submit; it runs on the commit thread.
      queue.Submit(Put("taken"), [&](const Status& later) { codes.push_back(later.code()); });
    });
    storage.AwaitArrivals(2);
  }
  EXPECT_EQ(codes, (std::vector<Code>{Code::kDiskFull, Code::kOk}));
  EXPECT_EQ(ValueOf(storage, kPartition, "refused"), "<absent>");
  EXPECT_EQ(ValueOf(storage, kPartition, "taken"), "value");
}

// C1 and C3, with submitters on many threads.
TEST(CommitQueue, FinishesEverythingExactlyOnceBeforeItGoes) {
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  GatedStorage storage;
  storage.Open();
  std::vector<std::atomic<int>> calls(kThreads * kEach);
  {
    CommitQueue queue(storage, {.max_round_bytes = 2000});
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = t * kEach; i < (t + 1) * kEach; ++i) {
          queue.Submit(Put(std::to_string(i)), [&calls, i](const Status&) { ++calls[static_cast<std::size_t>(i)]; });
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  for (const std::atomic<int>& count : calls) EXPECT_EQ(count, 1);
  EXPECT_EQ(ScanAll(storage, kPartition).size(), calls.size());
}

TEST(CommitQueue, WaitsForCompanyWhenTold) {
  GatedStorage storage;
  storage.Open();
  {
    // So long that only the destructor or a full round can end the wait.
    CommitQueue queue(storage, {.max_round_bytes = std::size_t{8} << 20, .delay = std::chrono::hours(1)});
    for (int i = 0; i < 5; ++i) queue.Submit(Put(std::to_string(i)), [](const Status&) {});
  }
  EXPECT_EQ(storage.rounds(), (std::vector<std::size_t>{5}));
}

TEST(CommitQueue, AFullRoundEndsTheWaitForCompany) {
  GatedStorage storage;
  storage.Open();
  CommitQueue queue(storage, {.max_round_bytes = Put("0").size_bytes() * 2, .delay = std::chrono::hours(1)});
  std::atomic<int> done{0};
  for (int i = 0; i < 2; ++i) {
    queue.Submit(Put(std::to_string(i)), [&](const Status&) {
      ++done;
      done.notify_all();
    });
  }
  for (int seen = done; seen != 2; seen = done) done.wait(seen);
  EXPECT_EQ(storage.rounds(), (std::vector<std::size_t>{2}));
}

// Against a queue that ignores its delay, forgets to count a round off, or wakes up only by chance. The yields never
// make a right queue fail; they give a wrong one the time to show itself.
TEST(CommitQueue, WritesNeitherBeforeNorAfterTheMomentThatItsDelayAllows) {
  constexpr int kYields = 20'000;
  GatedStorage storage;
  storage.Open();
  CommitQueue queue(storage, {.max_round_bytes = Put("0").size_bytes() * 2, .delay = std::chrono::hours(1)});
  std::atomic<int> done{0};
  for (int round = 1; round <= 3; ++round) {
    for (int i = 0; i < 2; ++i) {
      for (int yield = 0; yield < kYields && done == 2 * (round - 1); ++yield) std::this_thread::yield();
      ASSERT_EQ(done, 2 * (round - 1)) << "a round that was not full has been written";
      queue.Submit(Put(std::to_string(i)), [&](const Status&) {
        ++done;
        done.notify_all();
      });
    }
    for (int seen = done; seen != 2 * round; seen = done) done.wait(seen);
  }
  EXPECT_EQ(storage.rounds(), (std::vector<std::size_t>{2, 2, 2}));
}

}  // namespace
}  // namespace quoin::kv
