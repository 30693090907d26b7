// The watches of a whole core, as front ends on two shards use them: on whose thread they are told, how far, and until
// when.
#include "net/core_watches.h"

#include <glog/logging.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kv/commit_queue.h"
#include "kv/memory_storage.h"
#include "net/core_driver.h"
#include "net/core_keyspace.h"
#include "net/core_testing.h"
#include "net/shards.h"
#include "quorum/watch.h"
#include "ring/partition.h"

namespace quoin::net {
namespace {

using Kind = quorum::WatchEvent::Kind;
using Pace = WatchSource::Pace;

// More than those of which a watch's positions are cheap to say.
constexpr std::uint32_t kPartitions = 64;

bool Has(const WatchNotice& notice, Kind kind) {
  const auto is = [kind](const quorum::WatchEvent& event) { return event.kind == kind; };
  return std::any_of(notice.events.begin(), notice.events.end(), is);
}

// A watch, and what it has been told. Any thread.
class Listener {
 public:
  Listener(Shards& shards, CoreWatches& watches, std::size_t shard)
      : shards_(shards), watches_(watches), shard_(shard) {}

  void Begin(quorum::WatchRequest request, Pace pace) {
    std::promise<void> begun;
    shards_.Post(shard_, [&] {
      id_ = watches_.Begin(std::move(request), pace, [this](WatchNotice notice) { OnNotice(std::move(notice)); });
      begun.set_value();
    });
    begun.get_future().wait();
  }
  void End() {
    std::promise<void> ended;
    shards_.Post(shard_, [&] {
      watches_.End(id_);
      ended.set_value();
    });
    ended.get_future().wait();
  }
  // From within the notice that tells of the key.
  void EndAt(std::string key) {
    const std::lock_guard lock(mutex_);
    end_at_ = std::move(key);
  }

  WatchNotice Next() {
    std::unique_lock lock(mutex_);
    told_.wait(lock, [&] { return !notices_.empty(); });
    WatchNotice notice = std::move(notices_.front());
    notices_.pop_front();
    return notice;
  }
  // The first notice from now on that has such an event, or ends the watch.
  WatchNotice NextWith(Kind kind) {
    for (;;) {
      WatchNotice notice = Next();
      if (!notice.status.ok() || Has(notice, kind)) return notice;
    }
  }
  std::size_t waiting() {
    const std::lock_guard lock(mutex_);
    return notices_.size();
  }

 private:
  void OnNotice(WatchNotice notice) {
    EXPECT_EQ(Shards::Current(), shard_) << "told on another thread than the one that began it";
    const std::lock_guard lock(mutex_);
    for (const quorum::WatchEvent& event : notice.events) {
      if (end_at_ && event.key == *end_at_) watches_.End(id_);
    }
    notices_.push_back(std::move(notice));
    told_.notify_all();
  }

  Shards& shards_;
  CoreWatches& watches_;
  const std::size_t shard_;
  WatchSource::Id id_ = 0;
  std::optional<std::string> end_at_;
  std::mutex mutex_;
  std::condition_variable told_;
  std::deque<WatchNotice> notices_;
};

class CoreWatchesTest : public testing::Test {
 protected:
  static constexpr std::size_t kMaxWatches = 3;

  CoreWatchesTest() {
    quorum::NodeOptions options = OptionsOfOneNode(kPartitions);
    options.max_watches = kMaxWatches;
    driver_ = std::make_unique<CoreDriver>(storage_, *commits_, shards_, 0);
    const Status started = driver_->Start(options);
    CHECK(started.ok()) << started;
    keyspace_ = std::make_unique<CoreKeyspace>(shards_, *driver_);
    watches_ = std::make_unique<CoreWatches>(shards_, *driver_);
    driver_->Run();
    shards_.Start();
  }
  ~CoreWatchesTest() override {
    shards_.Stop();
    commits_.reset();
  }

  Listener& New(std::size_t shard) {
    return *listeners_.emplace_back(std::make_unique<Listener>(shards_, *watches_, shard));
  }
  // One that has been told all that is there.
  Listener& NewOfEverything(std::size_t shard, Pace pace) {
    Listener& listener = New(shard);
    listener.Begin(Everything(), pace);
    EXPECT_TRUE(listener.NextWith(Kind::kSynced).status.ok());
    return listener;
  }
  static quorum::WatchRequest Everything() {
    return {.targets = {{quorum::WatchTarget::Kind::kPrefix, ""}}, .from = {}, .state = true};
  }
  void Put(const std::string& key) {
    std::promise<quorum::Reply> promise;
    shards_.Post(0, [&] {
      quorum::Request request;
      request.key = key;
      request.operation = quorum::Put{"v", "", {}};
      keyspace_->Submit(std::move(request), {}, [&](quorum::Reply reply) { promise.set_value(std::move(reply)); });
    });
    EXPECT_EQ(promise.get_future().get().outcome, quorum::Outcome::kDone);
  }
  // As many as come in one turn of the core, which may tell of them at a time.
  void PutTogether(const std::vector<std::string>& keys) {
    std::promise<void> all_done;
    std::size_t open = keys.size();
    shards_.Post(0, [&] {
      for (const std::string& key : keys) {
        quorum::Request request;
        request.key = key;
        request.operation = quorum::Put{"v", "", {}};
        keyspace_->Submit(std::move(request), {}, [&](const quorum::Reply& reply) {
          EXPECT_EQ(reply.outcome, quorum::Outcome::kDone);
          if (--open == 0) all_done.set_value();
        });
      }
    });
    all_done.get_future().wait();
  }
  // Whether who was told these has been told of the event.
  static bool Covers(const quorum::WatchPositions& positions, const quorum::WatchEvent& event) {
    const auto position = positions.find(ring::PartitionOf(event.key, kPartitions));
    return position != positions.end() && position->second >= event.version;
  }

  kv::MemoryStorage storage_{{.identity = {1, NodeId{7}, ClusterId{8}, kPartitions}, .max_bytes = 0}};
  std::unique_ptr<kv::CommitQueue> commits_ = std::make_unique<kv::CommitQueue>(storage_, kv::CommitQueue::Options{});
  Shards shards_{2, 2};
  std::unique_ptr<CoreDriver> driver_;
  std::unique_ptr<CoreKeyspace> keyspace_;
  std::unique_ptr<CoreWatches> watches_;
  std::vector<std::unique_ptr<Listener>> listeners_;
};

TEST_F(CoreWatchesTest, EachIsToldOnTheShardThatBeganIt) {
  Put("before");
  for (const std::size_t shard : {0, 1}) {
    Listener& listener = New(shard);
    listener.Begin(Everything(), Pace::kSometimes);
    // The state and its end may come together.
    const WatchNotice notice = listener.NextWith(Kind::kPut);
    EXPECT_EQ(notice.events.front().key, "before");
    if (!Has(notice, Kind::kSynced)) listener.NextWith(Kind::kSynced);
  }
  Put("after");
  for (const auto& listener : listeners_) EXPECT_EQ(listener->NextWith(Kind::kPut).events.front().key, "after");
}

TEST_F(CoreWatchesTest, AWatchThatEndsItselfIsToldNothingMore) {
  for (const std::size_t shard : {0, 1}) {
    Listener& other = NewOfEverything(shard, Pace::kSometimes);
    Listener& listener = NewOfEverything(shard, Pace::kSometimes);
    listener.EndAt("last" + std::to_string(shard));
    Put("last" + std::to_string(shard));
    listener.NextWith(Kind::kPut);
    // What would be told of the first is told before the other is told of the second.
    for (const char* key : {"first", "second"}) {
      Put(key);
      while (other.NextWith(Kind::kPut).events.back().key != key) continue;
    }
    EXPECT_EQ(listener.waiting(), 0u);
    other.End();
  }
}

TEST_F(CoreWatchesTest, OneTooManyIsToldSoOnceAndOneThatEndsMakesRoom) {
  for (std::size_t i = 0; i < kMaxWatches; ++i) NewOfEverything(i % 2, Pace::kSometimes);
  Listener& refused = New(1);
  refused.Begin(Everything(), Pace::kSometimes);
  EXPECT_EQ(refused.Next().status.code(), Code::kUnavailable);
  refused.End();  // Which may be said of one that has ended.
  listeners_.front()->End();
  NewOfEverything(0, Pace::kSometimes);
  EXPECT_EQ(refused.waiting(), 0u);
}

TEST_F(CoreWatchesTest, PositionsComeWithEveryNoticeWhereTheyAreAskedFor) {
  Listener& listener = NewOfEverything(1, Pace::kAlways);
  for (int i = 0; i < 50; ++i) {
    Put("k" + std::to_string(i));
    const WatchNotice notice = listener.NextWith(Kind::kPut);
    ASSERT_NE(notice.positions, nullptr);
    for (const quorum::WatchEvent& event : notice.events) EXPECT_TRUE(Covers(*notice.positions, event)) << event.key;
  }
}

// Who leaves with them would never be told of it.
TEST_F(CoreWatchesTest, PositionsSpeakOfNothingThatIsStillToBeTold) {
  constexpr int kRounds = 50;
  constexpr int kTimesSaid = 3;  // At the slower pace that takes as many seconds.
  std::vector<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.push_back("k" + std::to_string(i));
  for (const Pace pace : {Pace::kAlways, Pace::kSometimes}) {
    Listener& listener = NewOfEverything(pace == Pace::kAlways ? 0 : 1, pace);
    WatchPositionsPtr said;
    int times_said = 0;
    for (int round = 0; round < kRounds || times_said < kTimesSaid; ++round) {
      PutTogether(keys);
      for (std::size_t told = 0; told < keys.size();) {
        const WatchNotice notice = listener.Next();
        for (const quorum::WatchEvent& event : notice.events) {
          ASSERT_FALSE(said != nullptr && Covers(*said, event)) << event.key << " in round " << round;
        }
        told += notice.events.size();
        if (notice.positions == nullptr) continue;
        said = notice.positions;
        ++times_said;
      }
    }
    listener.End();
  }
}

TEST_F(CoreWatchesTest, PositionsThatAreOwedAreSaidThoughNothingMoreHappens) {
  for (const std::size_t shard : {0, 1}) {
    Listener& listener = NewOfEverything(shard, Pace::kSometimes);
    Put("a");
    WatchNotice notice = listener.NextWith(Kind::kPut);
    const quorum::WatchEvent event = notice.events.front();
    while (notice.positions == nullptr) notice = listener.Next();
    EXPECT_TRUE(Covers(*notice.positions, event));
  }
}

TEST_F(CoreWatchesTest, WhatIsAskedForFromAPositionIsOnlyWhatCameAfter) {
  Listener& listener = NewOfEverything(0, Pace::kAlways);
  Put("a");
  const WatchNotice told = listener.NextWith(Kind::kPut);
  Put("b");
  listener.NextWith(Kind::kPut);
  quorum::WatchRequest request = Everything();
  request.from = *told.positions;
  Listener& next = New(1);
  next.Begin(std::move(request), Pace::kAlways);
  EXPECT_EQ(next.NextWith(Kind::kPut).events.front().key, "b");
}

}  // namespace
}  // namespace quoin::net
