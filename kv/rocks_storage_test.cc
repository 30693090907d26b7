// What is particular to the disk engine when nothing fails: identity, refusals, what outlives a restart, a disk that is
// nearly full. Faults are in rocks_fault_test.cc, damage is in rocks_damage_test.cc.
#include "kv/rocks_storage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <memory>
#include <string>

#include "kv/coding.h"
#include "kv/storage_testing.h"

namespace quoin::kv {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr PartitionId kPartition{1};

class RocksStorage : public testing::Test {
 protected:
  RocksOptions Options() {
    RocksOptions options;
    options.directory = temporary_.Sub("data");
    options.partition_count = 16;
    options.reserve_bytes = 1000;
    options.free_bytes = [this] { return free_bytes_; };
    options.now = [this] { return now_; };
    return options;
  }
  std::unique_ptr<Storage> OpenOrDie() { return OpenRocksStorage(Options()).value(); }

  // Changes one key of the closed engine behind the storage's back.
  void Tamper(const std::string& key, const std::string& value) {
    rocksdb::DB* opened = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(rocksdb::Options(), temporary_.Sub("data/engine"), &opened).ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    ASSERT_TRUE(db->Put(rocksdb::WriteOptions(), key, value).ok());
  }

  TemporaryDirectory temporary_;
  std::uint64_t free_bytes_ = std::uint64_t{1} << 40;
  std::chrono::steady_clock::time_point now_{};
};

TEST_F(RocksStorage, KeepsWhatItAcknowledgedAndWhoItIs) {
  Identity identity;
  {
    const std::unique_ptr<Storage> storage = OpenOrDie();
    identity = storage->identity();
    Batch batch;
    batch.PutRecord(kPartition, "key", MakeRecord("value"));
    batch.PutPartitionState(kPartition, PartitionState{Ballot{5, NodeId{6}}, 7, {}, {}});
    ASSERT_TRUE(storage->Write(batch).ok());
  }
  const std::unique_ptr<Storage> storage = OpenOrDie();
  EXPECT_EQ(storage->identity(), identity);
  EXPECT_EQ(ValueOf(*storage, kPartition, "key"), "value");
  EXPECT_EQ(storage->GetPartitionState(kPartition).value()->promised.round, 5u);
}

TEST_F(RocksStorage, OfANewDirectoryIsANewNodeOfTheWantedCluster) {
  RocksOptions options = Options();
  options.cluster = ClusterId{42};
  const std::unique_ptr<Storage> storage = OpenRocksStorage(options).value();
  EXPECT_EQ(storage->identity().cluster, ClusterId{42});
  options.directory = temporary_.Sub("other");
  const std::unique_ptr<Storage> other = OpenRocksStorage(options).value();
  EXPECT_NE(other->identity().node, storage->identity().node);
}

TEST_F(RocksStorage, KeepsItsPartitionCountWhateverIsAskedFor) {
  OpenOrDie();
  RocksOptions options = Options();
  options.partition_count = 1024;
  EXPECT_EQ(OpenRocksStorage(options).value()->identity().partition_count, 16u);
}

TEST_F(RocksStorage, RemembersThatItWasMadeToJoin) {
  EXPECT_FALSE(HasEngine(Options().directory));
  RocksOptions options = Options();
  options.cluster = ClusterId{7};
  options.joins = true;
  EXPECT_TRUE(OpenRocksStorage(options).value()->identity().joins);
  EXPECT_TRUE(HasEngine(options.directory));
  const Identity identity = OpenRocksStorage(Options()).value()->identity();
  EXPECT_TRUE(identity.joins);
  EXPECT_EQ(identity.cluster, ClusterId{7});
}

TEST_F(RocksStorage, MadeForItselfStaysSoWhateverIsAskedFor) {
  OpenOrDie();
  RocksOptions options = Options();
  options.joins = true;
  EXPECT_FALSE(OpenRocksStorage(options).value()->identity().joins);
}

TEST_F(RocksStorage, ItsCommitNumberGrowsAlsoOverARestart) {
  std::uint64_t last = 0;
  for (int i = 0; i < 3; ++i) {
    const auto storage = OpenOrDie();
    EXPECT_GE(storage->commit_number(), last);
    const std::uint64_t before = storage->commit_number();
    Batch batch;
    batch.PutPartitionState(PartitionId{1}, PartitionState());
    ASSERT_TRUE(storage->Write(batch).ok());
    EXPECT_GT(storage->commit_number(), before);
    last = storage->commit_number();
  }
}

TEST_F(RocksStorage, RefusesAPartitionCountThatIsNoPowerOfTwo) {
  RocksOptions options = Options();
  options.partition_count = 100;
  EXPECT_EQ(OpenRocksStorage(options).code(), Code::kInvalid);
  EXPECT_FALSE(fs::exists(temporary_.Sub("data")));
}

TEST_F(RocksStorage, OfAnotherClusterIsRefused) {
  const ClusterId mine = OpenOrDie()->identity().cluster;
  RocksOptions options = Options();
  options.cluster = ClusterId{mine.value + 1};
  const auto storage = OpenRocksStorage(options);
  EXPECT_EQ(storage.code(), Code::kIncompatible);
  EXPECT_THAT(storage.status().message(), HasSubstr(mine.ToString()));
  EXPECT_THAT(storage.status().message(), HasSubstr(options.cluster->ToString()));
  options.cluster = mine;
  EXPECT_TRUE(OpenRocksStorage(options).ok());
}

TEST_F(RocksStorage, OfANewerProgramIsRefused) {
  OpenOrDie();
  std::string newer;
  BeginEnvelope(2, &newer);
  newer += "whatever a newer program keeps";
  SealEnvelope(StoredKind::kIdentity, PartitionId{}, {}, 0, &newer);
  Tamper("midentity", newer);
  const auto storage = OpenRocksStorage(Options());
  EXPECT_EQ(storage.code(), Code::kIncompatible);
  EXPECT_THAT(storage.status().message(), HasSubstr("format 2"));
}

TEST_F(RocksStorage, WithADamagedIdentityIsRefused) {
  OpenOrDie();
  Tamper("midentity", "not an identity at all");
  EXPECT_EQ(OpenRocksStorage(Options()).code(), Code::kDamaged);
}

TEST_F(RocksStorage, WithoutIdentityIsHalfMade) {
  fs::create_directories(temporary_.Sub("data"));
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, temporary_.Sub("data/engine"), &opened).ok());
  delete opened;
  const auto storage = OpenRocksStorage(Options());
  EXPECT_EQ(storage.code(), Code::kIncompatible);
  EXPECT_THAT(storage.status().message(), HasSubstr("half-made"));
}

TEST_F(RocksStorage, IsInUseWhileItIsOpen) {
  const std::unique_ptr<Storage> storage = OpenOrDie();
  EXPECT_EQ(OpenRocksStorage(Options()).code(), Code::kInUse);
}

TEST_F(RocksStorage, PutTogetherFromTwoDirectoriesIsRefused) {
  OpenOrDie();
  RocksOptions options = Options();
  options.directory = temporary_.Sub("other");
  ASSERT_TRUE(OpenRocksStorage(options).ok());
  fs::copy_file(temporary_.Sub("other/acknowledged"), temporary_.Sub("data/acknowledged"),
                fs::copy_options::overwrite_existing);
  EXPECT_EQ(OpenRocksStorage(Options()).code(), Code::kIncompatible);
}

// Design 5.6: a restored backup must not speak for what it has forgotten.
TEST_F(RocksStorage, WhoseEngineWasRestoredFromABackupIsRefused) {
  OpenOrDie();
  fs::copy(temporary_.Sub("data/engine"), temporary_.Sub("backup"), fs::copy_options::recursive);
  ASSERT_TRUE(PutOne(*OpenOrDie(), kPartition, "key", MakeRecord("value")).ok());
  fs::remove_all(temporary_.Sub("data/engine"));
  fs::copy(temporary_.Sub("backup"), temporary_.Sub("data/engine"), fs::copy_options::recursive);
  const auto storage = OpenRocksStorage(Options());
  EXPECT_EQ(storage.code(), Code::kDamaged);
  EXPECT_THAT(storage.status().message(), HasSubstr("backup"));
}

TEST_F(RocksStorage, ReportsADamagedRecordAsDamagedAndGoesOnAroundIt) {
  {
    const std::unique_ptr<Storage> storage = OpenOrDie();
    for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(PutOne(*storage, kPartition, key, MakeRecord(key)).ok());
  }
  // As if a bit had flipped in memory before the engine took its own checksum.
  Tamper(std::string("r\0\0\0\1b", 6), "no record");
  const std::unique_ptr<Storage> storage = OpenOrDie();
  EXPECT_EQ(ValueOf(*storage, kPartition, "b"), "<damaged>");
  EXPECT_THAT(ScanAll(*storage, kPartition), testing::ElementsAre("a=a", "b=<damaged>", "c=c"));
}

TEST_F(RocksStorage, TryGetDoesNotReadTheDisk) {
  {
    RocksOptions options = Options();
    options.memtable_bytes = 1000;
    const std::unique_ptr<Storage> storage = OpenRocksStorage(options).value();
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(PutOne(*storage, kPartition, std::to_string(i), MakeRecord(std::string(500, 'v'))).ok());
    }
  }
  const std::unique_ptr<Storage> storage = OpenOrDie();
  EXPECT_EQ(storage->TryGet(kPartition, "0"), std::nullopt) << "nothing has been read yet";
  EXPECT_EQ(ValueOf(*storage, kPartition, "0"), std::string(500, 'v'));
  ASSERT_TRUE(storage->TryGet(kPartition, "0").has_value());
  EXPECT_EQ((*storage->TryGet(kPartition, "0")).value()->value, std::string(500, 'v'));
}

TEST_F(RocksStorage, RefusesWritesBelowTheReserveAndTakesThemAboveIt) {
  const std::unique_ptr<Storage> storage = OpenOrDie();
  ASSERT_TRUE(PutOne(*storage, kPartition, "before", MakeRecord("value")).ok());
  free_bytes_ = 999;
  now_ += std::chrono::seconds(1);
  const Status status = PutOne(*storage, kPartition, "meanwhile", MakeRecord("value"));
  EXPECT_EQ(status.code(), Code::kDiskFull);
  EXPECT_THAT(status.message(), HasSubstr("999 B"));
  EXPECT_EQ(storage->health().mode, Health::Mode::kDiskFull);
  Batch promise;
  promise.PutPartitionState(kPartition, PartitionState{Ballot{5, NodeId{6}}, 7, {}, {}});
  EXPECT_TRUE(storage->Write(promise).ok()) << "the reserve is there for this";
  EXPECT_NE(storage->health().reason, "");
  EXPECT_EQ(ValueOf(*storage, kPartition, "before"), "value") << "reads go on";
  free_bytes_ = 1'000'000;
  now_ += std::chrono::seconds(1);
  EXPECT_EQ(storage->health().mode, Health::Mode::kWritable) << "without a write having to try";
  EXPECT_TRUE(PutOne(*storage, kPartition, "after", MakeRecord("value")).ok());
  EXPECT_EQ(ValueOf(*storage, kPartition, "meanwhile"), "<absent>");
}

}  // namespace
}  // namespace quoin::kv
