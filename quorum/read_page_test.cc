#include "quorum/read_page.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kv/batch.h"
#include "kv/memory_storage.h"

namespace quoin::quorum {
namespace {

constexpr std::uint32_t kPartitions = 3;

// One record of a snapshot is damaged.
class DamagedSnapshot final : public kv::Snapshot {
 public:
  DamagedSnapshot(std::unique_ptr<kv::Snapshot> snapshot, std::string key)
      : snapshot_(std::move(snapshot)), key_(std::move(key)) {}
  std::unique_ptr<kv::Cursor> Scan(PartitionId partition, std::string_view from) const override {
    return std::make_unique<DamagedCursor>(snapshot_->Scan(partition, from), key_);
  }
  kv::PartitionEstimate Estimate(PartitionId partition) const override { return snapshot_->Estimate(partition); }

 private:
  class DamagedCursor final : public kv::Cursor {
   public:
    DamagedCursor(std::unique_ptr<kv::Cursor> cursor, const std::string& damaged)
        : cursor_(std::move(cursor)), damaged_(damaged) {}
    bool Valid() const override { return cursor_->Valid(); }
    std::string_view key() const override { return cursor_->key(); }
    Result<kv::Record> record() const override {
      if (key() == damaged_) return Status(Code::kDamaged, "fails its checksum");
      return cursor_->record();
    }
    void Next() override { cursor_->Next(); }
    Status status() const override { return cursor_->status(); }

   private:
    std::unique_ptr<kv::Cursor> cursor_;
    const std::string& damaged_;
  };
  std::unique_ptr<kv::Snapshot> snapshot_;
  const std::string key_;
};

class ReadPageTest : public testing::Test {
 protected:
  void Store(const std::string& key, std::string value, bool tombstone = false) {
    kv::Record record;
    record.accepted = record.changed = {{1, NodeId{7}}, ++sequence_};
    record.tombstone = tombstone;
    record.value = std::move(value);
    record.operations.push_back({{1, sequence_}, "result"});
    kv::Batch batch;
    batch.PutRecord(PartitionId{static_cast<std::uint32_t>(sequence_ % kPartitions)}, key, record);
    ASSERT_TRUE(storage_.Write(batch).ok());
  }
  // Of all partitions, unless told otherwise.
  PageFound Read(ScanRequest scan = {}, std::uint64_t floor = 0, std::vector<std::uint32_t> partitions = {0, 1, 2}) {
    PageWanted wanted{.scan = std::move(scan)};
    for (const std::uint32_t p : partitions) wanted.parts.push_back({PartitionId{p}, {{1, NodeId{7}}, floor}});
    return ReadPage(*storage_.TakeSnapshot(), wanted);
  }
  // "a=v b=- up to b": b is a tombstone.
  static std::string Text(const PageFound& found) {
    std::string text;
    for (const PagedKey& entry : found.keys) {
      text += entry.key + "=";
      text += entry.record == nullptr ? "?" : entry.record->tombstone ? "-" : entry.record->value;
      text += " ";
    }
    return text + (found.examined_to ? "up to " + *found.examined_to : "to the end");
  }

  kv::MemoryStorage storage_{{.identity = {1, NodeId{7}, ClusterId{8}, kPartitions}}};
  std::uint64_t sequence_ = 0;
};

TEST_F(ReadPageTest, MergesThePartitionsThatItIsAskedOf) {
  for (const char* key : {"b", "c", "a", "d"}) Store(key, key);  // In partitions 1, 2, 0, 1.
  EXPECT_EQ(Text(Read()), "a=a b=b c=c d=d to the end");
  EXPECT_EQ(Text(Read({}, 0, {1})), "b=b d=d to the end");
  EXPECT_EQ(Read().keys[1].partition, PartitionId{1});
}

TEST_F(ReadPageTest, GivesTombstonesAboveTheFloorOnly) {
  Store("a", "", true);
  Store("b", "v");
  Store("c", "", true);
  EXPECT_EQ(Text(Read({}, 1)), "b=v c=- to the end");
}

TEST_F(ReadPageTest, LeavesOutWhatNoPageNeeds) {
  Store("a", "value");
  EXPECT_TRUE(Read().keys[0].record->operations.empty());
  ScanRequest scan;
  scan.keys_only = true;
  EXPECT_EQ(Read(scan).keys[0].record->value, "");
}

TEST_F(ReadPageTest, TombstonesTakeNoPlaceOfRecords) {
  for (const char* key : {"a", "b", "c"}) Store(key, "", true);
  for (const char* key : {"d", "e", "f"}) Store(key, "v");
  ScanRequest scan;
  scan.limit = 2;
  EXPECT_EQ(Text(Read(scan)), "a=- b=- c=- d=v e=v up to e");
}

TEST_F(ReadPageTest, EndsAtItsBytesButGivesOneRecord) {
  for (const char* key : {"a", "b", "c"}) Store(key, "12345");
  ScanRequest scan;
  scan.max_bytes = 13;
  EXPECT_EQ(Text(Read(scan)), "a=12345 b=12345 up to b");
  scan.max_bytes = 0;
  scan.after = "a";
  EXPECT_EQ(Text(Read(scan)), "b=12345 up to b");
}

TEST_F(ReadPageTest, EndsThoughThereIsNothingToShow) {
  for (std::size_t i = 0; i < 2 * kMaxBare; ++i) Store("k" + std::to_string(10'000 + i), "", true);
  const PageFound found = Read();
  EXPECT_EQ(found.keys.size(), kMaxBare);
  EXPECT_EQ(found.examined_to, found.keys.back().key);
  ScanRequest scan;
  scan.after = found.examined_to;
  EXPECT_EQ(Text(Read(scan, 2 * kMaxBare)), "to the end") << "purgeable ones count as missing";
}

TEST_F(ReadPageTest, NamesADamagedRecordAndGoesOn) {
  for (const char* key : {"a", "b", "c"}) Store(key, "v");
  PageWanted wanted;
  for (const std::uint32_t p : {0, 1, 2}) wanted.parts.push_back({PartitionId{p}, {}});
  EXPECT_EQ(Text(ReadPage(DamagedSnapshot(storage_.TakeSnapshot(), "b"), wanted)), "a=v b=? c=v to the end");
}

}  // namespace
}  // namespace quoin::quorum
