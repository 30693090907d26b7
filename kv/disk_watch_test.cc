#include "kv/disk_watch.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "kv/fault_file_system.h"
#include "kv/storage_testing.h"

namespace quoin::kv {
namespace {

using Fault = FaultFileSystem::Fault;
using LogAttempt = DiskWatch::LogAttempt;
using Operation = FaultFileSystem::Operation;
using rocksdb::IOStatus;

class DiskWatchTest : public testing::Test {
 protected:
  std::unique_ptr<rocksdb::FSWritableFile> Create(const std::string& name) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    EXPECT_TRUE(files_->NewWritableFile(temporary_.Sub(name), {}, &file, nullptr).ok());
    return file;
  }
  void Fail(Operation operation, Fault fault) {
    disk_->SetRule(
        [=](Operation o, std::uint64_t, const std::string&) { return o == operation ? fault : Fault::kNone; });
  }
  static IOStatus Append(rocksdb::FSWritableFile& file, const std::string& bytes) {
    return file.Append(bytes, rocksdb::IOOptions(), nullptr);
  }
  static IOStatus Sync(rocksdb::FSWritableFile& file) { return file.Sync(rocksdb::IOOptions(), nullptr); }

  TemporaryDirectory temporary_;
  std::shared_ptr<FaultFileSystem> disk_ = std::make_shared<FaultFileSystem>();
  std::shared_ptr<DiskWatch> watch_ = std::make_shared<DiskWatch>();
  std::shared_ptr<rocksdb::FileSystem> files_ = WatchedFileSystem(disk_, watch_);
};

TEST_F(DiskWatchTest, LetsAWorkingDiskWork) {
  const auto file = Create("a.sst");
  EXPECT_TRUE(Append(*file, "bytes").ok());
  EXPECT_TRUE(Sync(*file).ok());
  EXPECT_FALSE(watch_->stopped());
  EXPECT_EQ(ReadFile(temporary_.Sub("a.sst")), "bytes");
}

// W1.
TEST_F(DiskWatchTest, AfterAFailedSyncNothingReachesTheDiskAnyMore) {
  const auto file = Create("a.sst");
  const auto other = Create("b.log");
  std::unique_ptr<rocksdb::FSDirectory> directory;
  ASSERT_TRUE(files_->NewDirectory(temporary_.path().string(), {}, &directory, nullptr).ok());
  ASSERT_TRUE(Append(*file, "bytes").ok());
  Fail(Operation::kSync, Fault::kError);
  EXPECT_FALSE(Sync(*file).ok());
  EXPECT_TRUE(watch_->stopped());
  EXPECT_NE(watch_->reason().find("a.sst"), std::string::npos);

  // The disk would work again now.
  disk_->SetRule(nullptr);
  EXPECT_FALSE(Sync(*file).ok());
  EXPECT_FALSE(file->Fsync({}, nullptr).ok());
  EXPECT_FALSE(Append(*file, "more").ok());
  EXPECT_FALSE(Append(*other, "more").ok());
  EXPECT_FALSE(Sync(*other).ok());
  EXPECT_FALSE(directory->Fsync({}, nullptr).ok());
  std::unique_ptr<rocksdb::FSWritableFile> third;
  EXPECT_FALSE(files_->NewWritableFile(temporary_.Sub("c"), {}, &third, nullptr).ok());
  EXPECT_FALSE(files_->RenameFile(temporary_.Sub("a.sst"), temporary_.Sub("d"), {}, nullptr).ok());
  EXPECT_FALSE(files_->DeleteFile(temporary_.Sub("a.sst"), {}, nullptr).ok());
  for (const Operation operation :
       {Operation::kSync, Operation::kSyncDirectory, Operation::kAppend, Operation::kCreate, Operation::kRename}) {
    EXPECT_EQ(disk_->count(operation), 0u);
  }
  EXPECT_EQ(ReadFile(temporary_.Sub("a.sst")), "bytes");
}

TEST_F(DiskWatchTest, StopsWhenTheSyncOfADirectoryFails) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  ASSERT_TRUE(files_->NewDirectory(temporary_.path().string(), {}, &directory, nullptr).ok());
  Fail(Operation::kSyncDirectory, Fault::kError);
  EXPECT_FALSE(directory->Fsync({}, nullptr).ok());
  EXPECT_TRUE(watch_->stopped());
}

TEST_F(DiskWatchTest, StopsWhenASyncRunsOutOfSpaceButNotWhenAnAppendDoes) {
  const auto file = Create("a.sst");
  Fail(Operation::kAppend, Fault::kOutOfSpace);
  EXPECT_TRUE(Append(*file, "bytes").IsNoSpace());
  EXPECT_FALSE(watch_->stopped());
  Fail(Operation::kSync, Fault::kOutOfSpaceAt0);
  EXPECT_FALSE(Sync(*file).ok());
  EXPECT_TRUE(watch_->stopped());
}

TEST_F(DiskWatchTest, KeepsTheFirstReason) {
  watch_->Stop("first");
  watch_->Stop("second");
  EXPECT_EQ(watch_->reason(), "first");
}

// W2: what follows a failed append would stand behind garbage.
TEST_F(DiskWatchTest, NothingIsAppendedToAFileAfterAFailedAppend) {
  const auto file = Create("a.log");
  ASSERT_TRUE(Append(*file, "good").ok());
  Fail(Operation::kAppend, Fault::kOutOfSpace);
  EXPECT_TRUE(Append(*file, "torn").IsNoSpace());
  disk_->SetRule(nullptr);
  EXPECT_FALSE(Append(*file, "more").ok());
  EXPECT_TRUE(watch_->stopped()) << "the engine must not even try";
  EXPECT_EQ(ReadFile(temporary_.Sub("a.log")), "goodto");
}

TEST_F(DiskWatchTest, TellsWhatBecameOfTheLog) {
  const auto log = Create("a.log");
  const auto table = Create("b.sst");
  watch_->BeginWrite();
  ASSERT_TRUE(Append(*table, "bytes").ok());
  EXPECT_EQ(watch_->log_attempt(), LogAttempt::kNone);
  ASSERT_TRUE(Append(*log, "bytes").ok());
  EXPECT_EQ(watch_->log_attempt(), LogAttempt::kAppended);
  watch_->BeginWrite();
  EXPECT_EQ(watch_->log_attempt(), LogAttempt::kNone);
  Fail(Operation::kAppend, Fault::kOutOfSpace);
  EXPECT_FALSE(Append(*log, "bytes").ok());
  EXPECT_EQ(watch_->log_attempt(), LogAttempt::kOutOfSpace);
}

TEST_F(DiskWatchTest, AFailureOfAnotherKindMayHaveReachedTheLog) {
  const auto log = Create("a.log");
  watch_->BeginWrite();
  Fail(Operation::kAppend, Fault::kErrorAfter);
  EXPECT_FALSE(Append(*log, "bytes").ok());
  EXPECT_EQ(watch_->log_attempt(), LogAttempt::kAppended);
  EXPECT_TRUE(watch_->stopped());
}

TEST_F(DiskWatchTest, ALogThatFindsNoSpaceIsCreatedByItsFirstAppend) {
  Fail(Operation::kCreate, Fault::kOutOfSpaceAt0);
  const auto log = Create("a.log");
  EXPECT_TRUE(Sync(*log).ok()) << "there is nothing to lose yet";
  EXPECT_FALSE(std::filesystem::exists(temporary_.Sub("a.log")));
  disk_->SetRule(nullptr);
  EXPECT_TRUE(Append(*log, "bytes").ok());
  EXPECT_EQ(ReadFile(temporary_.Sub("a.log")), "bytes");
  std::unique_ptr<rocksdb::FSWritableFile> table;
  Fail(Operation::kCreate, Fault::kOutOfSpaceAt0);
  EXPECT_TRUE(files_->NewWritableFile(temporary_.Sub("b.sst"), {}, &table, nullptr).IsNoSpace());
}

}  // namespace
}  // namespace quoin::kv
