#include "quorum/scan.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kv/batch.h"
#include "kv/memory_storage.h"

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;
using std::string_literals::operator""s;

constexpr std::uint32_t kPartitions = 4;
const kv::WallTime kNow{milliseconds(1000)};

class ScanTest : public testing::Test {
 protected:
  // Which partition a key is in is the caller's business; here it is anything.
  void Store(std::string key, std::string value, bool tombstone = false,
             std::optional<kv::WallTime> deadline = std::nullopt) {
    kv::Record record;
    record.accepted = record.changed = {{1, NodeId{7}}, ++sequence_};
    record.tombstone = tombstone;
    record.value = std::move(value);
    record.deadline = deadline;
    kv::Batch batch;
    batch.PutRecord(PartitionId{static_cast<std::uint32_t>(sequence_ % kPartitions)}, key, record);
    ASSERT_TRUE(storage_.Write(batch).ok());
  }
  RawPage Read(ScanRequest request) {
    auto raw = ReadPage(*storage_.TakeSnapshot(), kPartitions, request, kNow);
    EXPECT_TRUE(raw.ok()) << raw.status();
    return *std::move(raw);
  }
  static std::vector<std::string> Keys(const RawPage& raw) {
    std::vector<std::string> keys;
    for (const ScanEntry& entry : raw.page.entries) keys.push_back(entry.key);
    return keys;
  }

  kv::MemoryStorage storage_{{.identity = {1, NodeId{7}, ClusterId{8}, kPartitions}}};
  std::uint64_t sequence_ = 0;
};

TEST_F(ScanTest, MergesPartitionsInByteOrder) {
  const std::vector<std::string> expected = {"\0"s, "a", "a\0"s, "aa", "b", "\x7f", "\x80", "\xff\xff"};
  for (const std::string& key : {"b"s, "\xff\xff"s, "a"s, "\x80"s, "aa"s, "\0"s, "\x7f"s, "a\0"s}) Store(key, "v");
  EXPECT_EQ(Keys(Read({})), expected);
}

TEST_F(ScanTest, KeepsToThePrefix) {
  for (const char* key : {"a", "ab", "abc", "ac", "b"}) Store(key, "v");
  ScanRequest request;
  request.prefix = "ab";
  EXPECT_EQ(Keys(Read(request)), (std::vector<std::string>{"ab", "abc"}));
  request.prefix = "zz";
  EXPECT_TRUE(Read(request).page.entries.empty());
  EXPECT_FALSE(Read(request).page.more);
}

TEST_F(ScanTest, GoesOnAfterAKeyEvenOneThatIsGone) {
  for (const char* key : {"a", "b", "c"}) Store(key, "v");
  ScanRequest request;
  request.after = "a";
  EXPECT_EQ(Keys(Read(request)), (std::vector<std::string>{"b", "c"}));
  request.after = "bb";
  EXPECT_EQ(Keys(Read(request)), (std::vector<std::string>{"c"}));
  request.prefix = "b";
  request.after = "a";  // Before the prefix.
  EXPECT_EQ(Keys(Read(request)), (std::vector<std::string>{"b"}));
}

TEST_F(ScanTest, StopsAtTheLimitAndKnowsWhetherThereIsMore) {
  for (const char* key : {"a", "b", "c"}) Store(key, "v");
  ScanRequest request;
  request.limit = 2;
  EXPECT_TRUE(Read(request).page.more);
  request.limit = 3;
  EXPECT_FALSE(Read(request).page.more) << "exactly full, and nothing after";
}

TEST_F(ScanTest, StopsAtTheBytesButGivesOneEntryHoweverLarge) {
  for (const char* key : {"a", "b", "c"}) Store(key, std::string(100, 'v'));
  ScanRequest request;
  request.max_bytes = 10;
  EXPECT_EQ(Keys(Read(request)), (std::vector<std::string>{"a"}));
  EXPECT_TRUE(Read(request).page.more);
  request.max_bytes = 202;
  EXPECT_EQ(Keys(Read(request)).size(), 2u);
  request.keys_only = true;
  EXPECT_EQ(Keys(Read(request)).size(), 3u) << "values that aren't shown don't count";
  EXPECT_EQ(Read(request).page.entries[0].record->value, "");
}

TEST_F(ScanTest, LeavesTombstonesOutAndAsksAboutTheExpired) {
  Store("a", "v");
  Store("b", "", true);
  Store("c", "v", false, kNow);
  Store("d", "v", false, kNow + milliseconds(1));
  const RawPage raw = Read({});
  EXPECT_EQ(Keys(raw), (std::vector<std::string>{"a", "d"}));
  EXPECT_EQ(raw.to_settle, (std::vector<std::string>{"c"}));
}

TEST_F(ScanTest, ExpiredKeysBeyondThePageAreLeftToTheNext) {
  Store("a", "v");
  Store("b", "v");
  Store("c", "v", false, kNow);
  ScanRequest request;
  request.limit = 1;
  const RawPage raw = Read(request);
  EXPECT_TRUE(raw.to_settle.empty());
  EXPECT_EQ(raw.examined_to, "a");
}

TEST_F(ScanTest, APageOfNothingButExpiredKeysEndsSomewhere) {
  for (int i = 0; i < 1000; ++i) Store("k" + std::to_string(1000 + i), "v", false, kNow);
  const RawPage raw = Read({});
  EXPECT_TRUE(raw.page.entries.empty());
  EXPECT_TRUE(raw.page.more);
  EXPECT_EQ(raw.examined_to, raw.to_settle.back());
}

}  // namespace
}  // namespace quoin::quorum
