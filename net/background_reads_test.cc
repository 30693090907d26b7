#include "net/background_reads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <vector>

#include "net/shards.h"

namespace quoin::net {
namespace {

class BackgroundReadsTest : public testing::Test {
 protected:
  BackgroundReadsTest() : shards_(1, 4), reads_(std::make_unique<BackgroundReads>(shards_, 0)) { shards_.Start(); }
  ~BackgroundReadsTest() override { shards_.Stop(); }

  // On the shard, and waits.
  void Do(const std::function<void()>& work) {
    std::promise<void> done;
    shards_.Post(0, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  Shards shards_;
  std::unique_ptr<BackgroundReads> reads_;
};

TEST_F(BackgroundReadsTest, OneIsReadAtATimeInTheOrderInWhichTheyCame) {
  constexpr int kJobs = 200;
  std::atomic<int> reading{0};
  std::atomic<int> most{0};
  std::vector<int> order;  // Of the shard's thread.
  std::promise<void> end;
  Do([&] {
    for (int i = 0; i < kJobs; ++i) {
      reads_->Add({[] { return true; },
                   [&, i] {
                     most = std::max(most.load(), ++reading);
                     EXPECT_EQ(Shards::Current(), std::nullopt) << "on a reader";
                     --reading;
                     return [&, i] {
                       EXPECT_EQ(Shards::Current(), 0u);
                       order.push_back(i);
                       if (i == kJobs - 1) end.set_value();
                     };
                   }});
    }
  });
  end.get_future().wait();
  EXPECT_EQ(most, 1);
  ASSERT_EQ(order.size(), static_cast<std::size_t>(kJobs));
  for (int i = 0; i < kJobs; ++i) EXPECT_EQ(order[i], i);
}

TEST_F(BackgroundReadsTest, WhatNobodyWantsAnyMoreIsNotRead) {
  std::promise<void> release;
  std::promise<void> end;
  bool wanted = true;  // Of the shard's thread.
  std::atomic<int> read{0};
  const auto count = [&] {
    ++read;
    return [] {};
  };
  Do([&] {
    reads_->Add({[] { return true; }, [&] {
                   release.get_future().wait();
                   return [] {};
                 }});
    reads_->Add({[&] { return wanted; }, count});
    reads_->Add({[&] { return wanted; }, count});
    reads_->Add({[] { return true; }, [&] { return [&] { end.set_value(); }; }});
  });
  Do([&] { wanted = false; });
  release.set_value();
  end.get_future().wait();
  EXPECT_EQ(read, 0);
}

// What clients wait for does not queue behind them.
TEST_F(BackgroundReadsTest, TheOtherReadersStayFree) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  Do([&] {
    for (int i = 0; i < 100; ++i) {
      reads_->Add({[] { return true; }, [released] {
                     released.wait();
                     return [] {};
                   }});
    }
  });
  std::promise<void> passed;
  shards_.PostToReader([&] { passed.set_value(); });
  passed.get_future().wait();
  release.set_value();
}

}  // namespace
}  // namespace quoin::net
