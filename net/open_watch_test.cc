#include "net/open_watch.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "net/watch_testing.h"

namespace quoin::net {
namespace {

class OpenWatchTest : public testing::Test {
 protected:
  void Begin(const OpenWatch::Options& options = {}) {
    WatchOrder order;
    order.request.targets = {{quorum::WatchTarget::Kind::kPrefix, ""}};
    order.scope.cluster = *source_.joined;
    watch_ = std::make_unique<OpenWatch>(source_, gate_.Enter(), std::move(order), options, [this] { ++calls_; });
  }
  // Everything that there is.
  int TakeAll() {
    int taken = 0;
    while (watch_->Take() != nullptr) ++taken;
    (void)watch_->TakePositions();
    watch_->Resume();
    return taken;
  }

  FakeWatchSource source_;
  WatchGate gate_{10};
  std::unique_ptr<OpenWatch> watch_;
  int calls_ = 0;
};

// The first part of a partition's state is kept back until the rest is there. Where the node's memory runs short
// meanwhile it is dropped, and nobody asked for the watch to be begun anew: there was nothing to take.
TEST_F(OpenWatchTest, SaysSoWhenItFallsBehindWithNothingToTake) {
  Begin();
  source_.Tell(1, {PutEvent("a", 1, std::string(2 * WatchGate::kSmallShareBytes, 'v'))});
  EXPECT_FALSE(watch_->has_news());
  gate_.ChangeWaiting(0, WatchGate::kMaxWaitingBytes);
  source_.Tell(1, {PutEvent("b", 2, "v")});
  EXPECT_TRUE(source_.open.empty());
  EXPECT_TRUE(watch_->squeezed());
  EXPECT_EQ(calls_, 1);
  ASSERT_TRUE(watch_->has_news());
  EXPECT_EQ(TakeAll(), 0);
  ASSERT_EQ(source_.last, 2u) << "it is begun anew";
  gate_.ChangeWaiting(WatchGate::kMaxWaitingBytes, 0);
  source_.Tell(2, {PutEvent("a", 1, "v"), PutEvent("b", 2, "v"), SyncedEvent()}, PositionsAt(2));
  EXPECT_EQ(calls_, 2);
  EXPECT_EQ(TakeAll(), 3);
}

TEST_F(OpenWatchTest, ASlowClientThatCatchesUpEachTimeGoesOnForEver) {
  OpenWatch::Options options;
  options.limits.max_entries = 2;
  Begin(options);
  source_.Tell(1, {SyncedEvent()}, PositionsAt(1));
  EXPECT_EQ(TakeAll(), 1);
  std::uint64_t sequence = 1;
  for (int turn = 0; turn < 2000; ++turn) {
    const WatchSource::Id id = source_.last;
    while (!watch_->behind()) {
      ++sequence;
      source_.Tell(id, {PutEvent("k" + std::to_string(sequence), sequence, "v")}, PositionsAt(sequence));
    }
    EXPECT_EQ(TakeAll(), 0) << "they were dropped";
    ASSERT_EQ(source_.last, id + 1) << watch_->problem().detail;
    source_.Tell(id + 1, {PutEvent("last", sequence, "v"), SyncedEvent()}, PositionsAt(sequence));
    ASSERT_EQ(TakeAll(), 1);
  }
}

TEST_F(OpenWatchTest, AStateThatNeverFitsEndsIt) {
  OpenWatch::Options options;
  options.limits.max_entries = 2;
  Begin(options);
  int turns = 0;
  for (; !watch_->has_ended() && turns < 2000; ++turns) {
    const WatchSource::Id id = source_.last;
    for (std::uint64_t k = 1; !watch_->behind(); ++k) source_.Tell(id, {PutEvent("k" + std::to_string(k), k, "v")});
    TakeAll();
  }
  EXPECT_LT(turns, 2000);
  EXPECT_EQ(watch_->problem().problem, Problem::kBadParameter);
  EXPECT_EQ(watch_->problem().detail,
            "the state of what is watched can't be told as slowly as it is taken: scan it, and watch without it");
}

TEST_F(OpenWatchTest, LeavesNothingBehind) {
  Begin();
  source_.Tell(1, {PutEvent("a", 1, "v"), SyncedEvent()}, PositionsAt(1));
  EXPECT_GT(gate_.waiting_bytes(), 0u);
  EXPECT_EQ(gate_.open(), 1u);
  watch_.reset();
  EXPECT_EQ(gate_.waiting_bytes(), 0u);
  EXPECT_EQ(gate_.open(), 0u);
  EXPECT_TRUE(source_.open.empty());
}

}  // namespace
}  // namespace quoin::net
