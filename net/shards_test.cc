#include "net/shards.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace quoin::net {
namespace {

TEST(Shards, RunWorkOnTheirOwnThreadInTheOrderInWhichItWasPosted) {
  Shards shards(2, 1);
  shards.Start();
  EXPECT_EQ(Shards::Current(), std::nullopt);
  for (std::size_t shard = 0; shard < 2; ++shard) {
    std::vector<int> order;
    std::promise<void> done;
    for (int i = 0; i < 1000; ++i) {
      shards.Post(shard, [&order, shard, i] {
        EXPECT_EQ(Shards::Current(), shard);
        order.push_back(i);
      });
    }
    shards.Post(shard, [&done] { done.set_value(); });
    done.get_future().wait();
    ASSERT_EQ(order.size(), 1000u);
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[i], i);
  }
}

TEST(Shards, LoseNothingThatManyThreadsPost) {
  Shards shards(2, 2);
  shards.Start();
  constexpr int kThreads = 4;
  constexpr int kEach = 5000;
  std::atomic<int> ran{0};
  std::vector<std::thread> posters;
  for (int t = 0; t < kThreads; ++t) {
    posters.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) shards.Post(i % 2, [&ran] { ++ran; });
    });
  }
  for (std::thread& poster : posters) poster.join();
  for (std::size_t shard = 0; shard < 2; ++shard) {
    std::promise<void> done;
    shards.Post(shard, [&done] { done.set_value(); });
    done.get_future().wait();
  }
  EXPECT_EQ(ran, kThreads * kEach);
}

TEST(Shards, MayBlockOnReaders) {
  // They outlive the readers, who use them.
  std::promise<void> release;
  std::promise<void> passed;
  Shards shards(1, 2);
  shards.Start();
  shards.PostToReader([&] { release.get_future().wait(); });
  // The other reader and the shard go on.
  shards.PostToReader([&] { shards.Post(0, [&] { passed.set_value(); }); });
  passed.get_future().wait();
  release.set_value();
}

TEST(Shards, RunNothingAfterStop) {
  Shards shards(1, 1);
  shards.Start();
  shards.Stop();
  shards.Post(0, [] { ADD_FAILURE() << "ran after Stop"; });
  shards.PostToReader([] { ADD_FAILURE() << "ran after Stop"; });
  shards.Stop();
}

}  // namespace
}  // namespace quoin::net
