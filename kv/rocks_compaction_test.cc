// What compactions that run out of space lead to: nothing, as long as writes needn't wait for them, and a full disk
// when they do.
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "kv/fault_file_system.h"
#include "kv/rocks_storage.h"
#include "kv/storage_testing.h"

namespace quoin::kv {
namespace {

using Fault = FaultFileSystem::Fault;
using Operation = FaultFileSystem::Operation;

constexpr PartitionId kPartition{3};
constexpr std::uint64_t kMemtableBytes = 4096;
// The engine stops writing at 36 tables that await compaction; about four of these writes make one.
constexpr int kManyWrites = 400;

// Whether the caller is one of the engine's threads for compactions; those for flushes are others.
bool IsCompaction() {
  char name[32] = {};
  pthread_getname_np(pthread_self(), name, sizeof name);
  return std::string(name).find("low") != std::string::npos;
}

bool IsTable(const std::string& name) { return name.ends_with(".sst"); }

// A disk on which compactions take long, so that writes get ahead of them.
class SlowCompactions final : public rocksdb::FileSystemWrapper {
 public:
  explicit SlowCompactions(std::shared_ptr<rocksdb::FileSystem> target) : FileSystemWrapper(std::move(target)) {}
  const char* Name() const override { return "quoin-slow"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override {
    if (slow && IsTable(name) && IsCompaction()) std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    return target()->NewWritableFile(name, options, result, debug);
  }

  std::atomic<bool> slow{false};
};

class RocksCompactionTest : public testing::Test {
 protected:
  RocksCompactionTest() {
    RocksOptions options;
    options.directory = directory_.Sub("data");
    options.memtable_bytes = kMemtableBytes;
    options.reserve_bytes = 0;
    options.file_system = slow_;
    options.engine_clock = std::make_shared<SleeplessClock>();
    options.now = [this] { return now_; };
    storage_ = *OpenRocksStorage(options);
  }
  Status WriteOne() {
    Batch batch;
    batch.PutRecord(kPartition, "key" + std::to_string(++written_ % 50), MakeRecord(std::string(1000, 'v')));
    return storage_->Write(batch);
  }

  TemporaryDirectory directory_;
  std::shared_ptr<FaultFileSystem> disk_ = std::make_shared<FaultFileSystem>();
  std::shared_ptr<SlowCompactions> slow_ = std::make_shared<SlowCompactions>(disk_);
  std::chrono::steady_clock::time_point now_{};
  std::atomic<bool> failed_{false};  // Of the rule.
  int written_ = 0;
  std::unique_ptr<Storage> storage_;  // The last, as it uses all of them.
};

TEST_F(RocksCompactionTest, OneThatRanOutOfSpaceOnceStopsNothingLater) {
  disk_->SetRule([this](Operation operation, std::uint64_t, const std::string& name) {
    const bool fails = !failed_ && operation == Operation::kAppend && IsTable(name) && IsCompaction();
    failed_ = failed_ || fails;
    return fails ? Fault::kOutOfSpace : Fault::kNone;
  });
  for (int i = 0; i < kManyWrites && !failed_; ++i) ASSERT_TRUE(WriteOne().ok());
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!failed_ && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  ASSERT_TRUE(failed_);
  slow_->slow = true;
  for (int i = 0; i < kManyWrites; ++i) {
    const Status status = WriteOne();
    ASSERT_TRUE(status.ok()) << "write " << i << ": " << status;
  }
  EXPECT_EQ(storage_->health().mode, Health::Mode::kWritable);
}

TEST_F(RocksCompactionTest, ThoseThatNeverHaveTheSpaceAreAFullDiskOnceWritesWaitForThem) {
  disk_->SetRule([](Operation operation, std::uint64_t, const std::string& name) {
    const bool fails = operation == Operation::kAppend && IsTable(name) && IsCompaction();
    return fails ? Fault::kOutOfSpace : Fault::kNone;
  });
  Status status;
  for (int i = 0; i < kManyWrites && status.ok(); ++i) status = WriteOne();
  EXPECT_EQ(status.code(), Code::kDiskFull) << status;
  for (int i = 0; i < 5; ++i) {
    now_ += std::chrono::seconds(1);
    EXPECT_EQ(WriteOne().code(), Code::kDiskFull);
  }
  EXPECT_EQ(storage_->health().mode, Health::Mode::kDiskFull);
  disk_->SetRule(nullptr);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  do {
    now_ += std::chrono::seconds(1);
    status = WriteOne();
  } while (status.code() == Code::kDiskFull && std::chrono::steady_clock::now() < limit);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(storage_->health().mode, Health::Mode::kWritable);
}

}  // namespace
}  // namespace quoin::kv
