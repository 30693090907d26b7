#include "net/core_keyspace.h"

#include <gtest/gtest.h>

#include <glog/logging.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kv/memory_storage.h"
#include "net/core_driver.h"
#include "net/core_testing.h"
#include "ring/partition.h"

namespace quoin::net {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kPartitions = 16;

class CoreKeyspaceTest : public testing::Test {
 protected:
  explicit CoreKeyspaceTest(std::size_t max_bytes = 0)
      : storage_({.identity = {1, NodeId{7}, ClusterId{8}, kPartitions}, .max_bytes = max_bytes}) {
    quorum::NodeOptions options = OptionsOfOneNode(kPartitions);
    options.max_requests = 1 << 20;
    options.max_ids = 200;
    options.timing.sweep = milliseconds(1);
    options.timing.scrub = milliseconds(10);
    driver_ = std::make_unique<CoreDriver>(storage_, *commits_, shards_, 0);
    const Status started = driver_->Start(options);
    CHECK(started.ok()) << started;
    keyspace_ = std::make_unique<CoreKeyspace>(shards_, *driver_);
    driver_->Run();
    shards_.Start();
  }
  ~CoreKeyspaceTest() override {
    shards_.Stop();
    commits_.reset();
  }

  std::future<quorum::Reply> Submit(std::size_t shard, std::string key, quorum::Operation operation,
                                    kv::OperationId id = {}, quorum::Sending sending = {}) {
    auto promise = std::make_shared<std::promise<quorum::Reply>>();
    quorum::Request request;
    request.id = id;
    request.key = std::move(key);
    request.operation = std::move(operation);
    shards_.Post(shard, [this, shard, promise, sending, request = std::move(request)]() mutable {
      keyspace_->Submit(std::move(request), sending, [shard, promise](quorum::Reply reply) {
        EXPECT_EQ(Shards::Current(), shard) << "answered on another thread than the one that asked";
        promise->set_value(std::move(reply));
      });
    });
    return promise->get_future();
  }
  quorum::ScanPage Scan(quorum::ScanRequest request) {
    std::promise<Result<quorum::ScanPage>> promise;
    shards_.Post(0, [&] {
      keyspace_->Scan(std::move(request), [&](Result<quorum::ScanPage> page) { promise.set_value(std::move(page)); });
    });
    auto page = promise.get_future().get();
    EXPECT_TRUE(page.ok()) << page.status();
    return *std::move(page);
  }
  static std::vector<std::string> Keys(const quorum::ScanPage& page) {
    std::vector<std::string> keys;
    for (const auto& entry : page.entries) keys.push_back(entry.key);
    return keys;
  }

  kv::MemoryStorage storage_;
  std::unique_ptr<kv::CommitQueue> commits_ = std::make_unique<kv::CommitQueue>(storage_, kv::CommitQueue::Options{});
  Shards shards_{2, 2};
  std::unique_ptr<CoreDriver> driver_;
  std::unique_ptr<CoreKeyspace> keyspace_;
};

class FullKeyspaceTest : public CoreKeyspaceTest {
 protected:
  FullKeyspaceTest() : CoreKeyspaceTest(60'000) {}
};

TEST_F(CoreKeyspaceTest, AnswersOnTheAskingShardWhoeverOwnsTheKey) {
  for (int i = 0; i < 32; ++i) {
    const std::string key = "key" + std::to_string(i);
    EXPECT_TRUE(Submit(i % 2, key, quorum::Put{"v" + std::to_string(i), "", {}}).get().created);
    EXPECT_EQ(Submit((i + 1) % 2, key, quorum::Get{}).get().record->value, "v" + std::to_string(i));
  }
}

TEST_F(CoreKeyspaceTest, CountsEveryIncrementOfConcurrentShardsOnce) {
  constexpr int kEach = 2000;
  std::vector<std::future<quorum::Reply>> replies;
  for (int i = 0; i < kEach; ++i) {
    for (std::size_t shard = 0; shard < 2; ++shard) replies.push_back(Submit(shard, "counter", quorum::Increment{1}));
  }
  for (auto& reply : replies) EXPECT_EQ(reply.get().outcome, quorum::Outcome::kDone);
  EXPECT_EQ(Submit(0, "counter", quorum::Get{}).get().record->value, std::to_string(2 * kEach));
}

TEST_F(CoreKeyspaceTest, PagesThroughAllKeysInOrderWithoutGapOrRepeat) {
  std::vector<std::string> expected;
  for (int i = 100; i < 200; ++i) expected.push_back("key" + std::to_string(i));
  for (const std::string& key : expected) Submit(0, key, quorum::Put{"v", "", {}}).wait();
  Submit(0, "other", quorum::Put{"v", "", {}}).wait();
  Submit(0, "key150", quorum::Delete{}).wait();
  expected.erase(expected.begin() + 50);
  std::vector<std::string> seen;
  quorum::ScanRequest request;
  request.prefix = "key";
  request.limit = 7;
  for (;;) {
    const quorum::ScanPage page = Scan(request);
    for (const std::string& key : Keys(page)) seen.push_back(key);
    if (!page.more) break;
    ASSERT_EQ(page.entries.size(), 7u);
    request.after = seen.back();
  }
  EXPECT_EQ(seen, expected);
}

TEST_F(CoreKeyspaceTest, AScanBuriesWhatItFindsExpired) {
  // A deadline in the past by the time anyone looks: 1 ms, and the write itself is waited for on a clock that moves.
  Submit(0, "a", quorum::Put{"v", "", milliseconds(1)}).wait();
  Submit(0, "b", quorum::Put{"v", "", {}}).wait();
  const auto deadline = std::chrono::system_clock::now() + milliseconds(2);
  while (std::chrono::system_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(Keys(Scan({})), (std::vector<std::string>{"b"}));
  const auto record = storage_.Get(ring::PartitionOf("a", kPartitions), "a");
  ASSERT_TRUE(record.ok());
  EXPECT_TRUE(*record == nullptr || (*record)->tombstone) << "only a tombstone makes sure that it doesn't come back";
}

TEST_F(CoreKeyspaceTest, SweepsLeaveNothingOfWhatExpiredOrWasDeleted) {
  // More than one helping of notes.
  std::vector<std::future<quorum::Reply>> replies;
  for (int i = 0; i < 600; ++i) {
    const std::string key = "n" + std::to_string(i);
    replies.push_back(Submit(0, key, quorum::Put{"v", "", i % 2 == 0 ? std::optional(milliseconds(1)) : std::nullopt}));
    if (i % 2 != 0) replies.push_back(Submit(0, key, quorum::Delete{}));
  }
  for (auto& reply : replies) reply.wait();
  Submit(0, "stays", quorum::Put{"v", "", milliseconds(3'600'000)}).wait();
  const auto all = [] { return kv::WallTime(milliseconds::max()); };
  while (storage_.ReadDue(all(), std::nullopt, 1000)->size() > 1) std::this_thread::yield();
  for (int i = 0; i < 600; ++i) {
    const std::string key = "n" + std::to_string(i);
    EXPECT_EQ(*storage_.Get(ring::PartitionOf(key, kPartitions), key), nullptr) << key;
  }
  EXPECT_EQ(Submit(0, "stays", quorum::Get{}).get().record->value, "v");
}

TEST_F(CoreKeyspaceTest, AnIdThatIsSentAgainTakesEffectOnce) {
  const kv::OperationId id{5, 17};
  const quorum::Reply first = Submit(0, "n", quorum::Increment{1}, id).get();
  EXPECT_EQ(first.record->value, "1");
  EXPECT_EQ(first.known.ballot.node, NodeId{7}) << "this node leads";
  EXPECT_GE(first.known, first.changed) << "what it has come to";
  const quorum::Reply again = Submit(1, "n", quorum::Increment{1}, id, {.repeated = true}).get();
  EXPECT_EQ(again.outcome, quorum::Outcome::kDone);
  EXPECT_EQ(again.record->value, "1");
  EXPECT_EQ(Submit(0, "n", quorum::Get{}).get().record->value, "1");
}

TEST_F(CoreKeyspaceTest, FreshIdsOfManyWritesDontFillTheLeadersTable) {
  const kv::Version first = Submit(0, "k", quorum::Put{"v", "", {}}, {5, 1}, {.fresh = true}).get().changed;
  std::vector<std::future<quorum::Reply>> replies;
  for (std::uint64_t i = 2; i < 1000; ++i) {
    replies.push_back(Submit(0, "k", quorum::Put{"v", "", {}}, {5, i}, {.fresh = true}));
    // More than the table holds must not be under way at once.
    if (i % 50 == 0) replies.back().wait();
  }
  for (auto& reply : replies) EXPECT_EQ(reply.get().changed.ballot, first.ballot) << "the leadership ended";
}

TEST_F(FullKeyspaceTest, RefusesWritesCertainlyAndServesReads) {
  EXPECT_EQ(Submit(0, "small", quorum::Put{"v", "", {}}).get().outcome, quorum::Outcome::kDone);
  for (int i = 0; i < 3; ++i) {
    const quorum::Reply refused = Submit(i % 2, "large", quorum::Put{std::string(100'000, 'v'), "", {}}).get();
    EXPECT_EQ(refused.outcome, quorum::Outcome::kError);
    EXPECT_EQ(refused.status.code(), Code::kDiskFull) << refused.status;
    EXPECT_EQ(Submit(0, "large", quorum::Get{}).get().outcome, quorum::Outcome::kAbsent);
    EXPECT_EQ(Submit(1, "small", quorum::Get{}).get().record->value, "v");
  }
  EXPECT_EQ(Submit(0, "small", quorum::Put{"w", "", {}}).get().outcome, quorum::Outcome::kDone);
}

TEST_F(CoreKeyspaceTest, AScanSeesEveryWriteThatWasAcknowledgedBeforeIt) {
  for (int i = 0; i < 50; ++i) {
    Submit(0, "n" + std::to_string(i), quorum::Put{"v", "", {}}).wait();
    quorum::ScanRequest request;
    request.limit = 1000;
    EXPECT_EQ(Scan(request).entries.size(), static_cast<std::size_t>(i + 1));
  }
}

}  // namespace
}  // namespace quoin::net
