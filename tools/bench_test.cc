// Workers on a store and a clock of the test's own: loops, warm-up, latencies and gaps.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tools/bench_fixture.h"

namespace quoin::bench {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Fault = FakeTarget::Fault;

TEST_F(Bench, ClosedLoopKeepsEverySlotBusy) {
  Make(Some("put"), 8);
  const Tally& tally = Run({.end = milliseconds(10)});
  EXPECT_EQ(target_.most_under_way(), 8u);
  // 8 slots, 100 us each, 10 ms.
  EXPECT_EQ(tally.Total().done, 800u);
  EXPECT_EQ(tally.in_window, 800u);
  EXPECT_EQ(tally.Total().latency.min(), 100'000u);
  EXPECT_EQ(tally.Total().latency.max(), 100'000u);
  EXPECT_EQ(tally.window_to - tally.window_from, milliseconds(10));
  EXPECT_EQ(progress_.ended, 800u);
}

TEST_F(Bench, StopsAfterTheGivenNumberOfOperations) {
  Make(Some("put"), 3);
  const Tally& tally = Run({.steps = 100});
  EXPECT_EQ(tally.Total().done, 100u);
  EXPECT_EQ(tally.in_window, 100u);
  EXPECT_EQ(tally.window_to, microseconds(3400)) << "the last operation's end";
}

TEST_F(Bench, WarmupIsNotCounted) {
  Make(Some("put"), 1);
  target_.stalls = {{milliseconds(1), milliseconds(5)}};
  const Tally& tally = Run({.measure_from = milliseconds(10), .end = milliseconds(20)});
  EXPECT_EQ(tally.Total().done, 100u);
  EXPECT_EQ(tally.Total().latency.max(), 100'000u) << "the stall was before";
  EXPECT_EQ(tally.window_from, milliseconds(10));
}

TEST_F(Bench, OpenLoopKeepsItsRate) {
  Make(Some("put"), 4);
  const Tally& tally = Run({.end = milliseconds(100), .rate = 1000});
  EXPECT_EQ(tally.Total().done, 100u);
  EXPECT_EQ(target_.most_under_way(), 1u);
  EXPECT_EQ(tally.Total().latency.max(), 100'000u);
  EXPECT_EQ(tally.never_begun, 0u);
  EXPECT_EQ(tally.window_to - tally.window_from, milliseconds(100)) << "though the last was due, and over, before";
}

// A closed loop would tell of one slow operation. All that should have been asked meanwhile was slow.
TEST_F(Bench, OpenLoopLatencyCountsFromTheIntendedStart) {
  Make(Some("put"), 1);
  target_.stalls = {{milliseconds(20), milliseconds(60)}};
  const Tally& tally = Run({.end = milliseconds(200), .rate = 1000});
  EXPECT_EQ(tally.Total().done, 200u);
  const Histogram& latency = tally.Total().latency;
  EXPECT_NEAR(static_cast<double>(latency.max()), 40.1e6, 0.2e6);
  // Some 40 operations were due in the stall, the n-th waited 40 - n ms; 50 of 200 waited at all.
  EXPECT_GT(latency.Percentile(95), 25'000'000u);
  // From the true start on, only the one that was under way was slow.
  EXPECT_LE(tally.service.Percentile(99), 100'200u);
}

TEST_F(Bench, OpenLoopTellsWhatItCouldNotBegin) {
  Make(Some("put"), 1);  // One slot takes 10,000 operations per second.
  const Tally& tally = Run({.end = milliseconds(100), .rate = 20'000});
  EXPECT_EQ(tally.Total().done, 1000u);
  EXPECT_EQ(tally.never_begun, 1000u);
}

TEST_F(Bench, StopEndsEarlyButWaitsForWhatIsUnderWay) {
  Make(Some("put"), 2);
  bool finished = false;
  worker_->Run({.end = milliseconds(100)}, *source_, [&] { finished = true; });
  target_.RunUntil(microseconds(1050));
  worker_->Stop();
  EXPECT_FALSE(finished);
  target_.Run();
  EXPECT_TRUE(finished);
  EXPECT_EQ(worker_->tally().Total().done, 22u);
  EXPECT_EQ(worker_->tally().in_window, 20u);
  EXPECT_EQ(worker_->tally().window_to, microseconds(1050));
}

TEST_F(Bench, TellsErrorsAndUnknownsByKind) {
  Make(Some("put"), 1);
  target_.fault = [](std::uint64_t number, const client::Operation&) {
    if (number % 10 == 3) return Fault::kRefused;
    if (number % 10 == 5) return Fault::kLostAnswer;
    return number % 10 == 7 ? Fault::kNeverDone : Fault::kNone;
  };
  const Tally& tally = Run({.steps = 100});
  EXPECT_EQ(tally.Total().done, 70u);
  EXPECT_EQ(tally.errors.at("disk-full").count, 10u);
  EXPECT_EQ(tally.errors.at("disk-full").example, "told by the test");
  EXPECT_EQ(tally.unknowns.at("connection-lost").count, 10u);
  EXPECT_EQ(tally.unknowns.at("timed-out").count, 10u);
  EXPECT_EQ(tally.failed.count(), 30u);
  EXPECT_EQ(progress_.errors, 10u);
  EXPECT_EQ(progress_.unknowns, 20u);
}

TEST_F(Bench, TellsTheLongestGapWithoutASuccess) {
  Make(Some("put"), 4);
  target_.stalls = {{milliseconds(30), milliseconds(37)}};
  gap_.Begin(Time{0});
  Run({.end = milliseconds(50)});
  gap_.End(milliseconds(50));
  EXPECT_EQ(gap_.longest().length, microseconds(7100));
  EXPECT_EQ(gap_.longest().from, milliseconds(30));
}

TEST(SuccessGap, ReachesToTheEndsOfTheWindow) {
  SuccessGap gap;
  gap.Success(milliseconds(1));  // Not begun.
  gap.Begin(milliseconds(10));
  gap.Success(milliseconds(5));
  EXPECT_EQ(gap.longest().length, Time{0});
  gap.Success(milliseconds(14));
  EXPECT_EQ(gap.longest().length, milliseconds(4));
  gap.Success(milliseconds(13));  // Late, from another thread.
  gap.End(milliseconds(20));
  EXPECT_EQ(gap.longest().length, milliseconds(6));
  EXPECT_EQ(gap.longest().from, milliseconds(14));
}

TEST_F(Bench, ReadModifyWriteConflictsWithOthersAndIsCountedOnce) {
  Workload workload = Some("ycsb-f", 1);
  workload.distribution = Distribution::kUniform;
  workload.gets = 0;
  workload.read_modify_writes = 1;
  Make(workload, 4);
  const Tally& tally = Run({.steps = 400});
  const StepTally& step = tally.steps[static_cast<std::size_t>(StepKind::kReadModifyWrite)];
  // All four read the same version; one writes.
  EXPECT_EQ(step.done, 100u);
  EXPECT_EQ(step.conflicts, 300u);
  EXPECT_EQ(step.latency.min(), 200'000u) << "both operations";
  EXPECT_EQ(target_.operations(), 800u);
}

TEST_F(Bench, InsertsMakeKeysThatGetsThenFind) {
  Make(Some("ycsb-d", 100), 4);
  PreloadSource preload(100, 0, 1);
  Run({}, preload);
  EXPECT_EQ(target_.contents().size(), 100u);
  const Tally& tally = Run({.start = target_.Now(), .steps = 10'000});
  const StepTally& inserts = tally.steps[static_cast<std::size_t>(StepKind::kInsert)];
  EXPECT_NEAR(static_cast<double>(inserts.done), 500, 100);
  EXPECT_EQ(target_.contents().size(), 100 + inserts.done);
  EXPECT_LT(tally.Total().absent, 300u);
}

TEST_F(Bench, ScansAskForPagesAroundAKey) {
  Make(Some("list", 1000), 2);
  const Tally& tally = Run({.steps = 50});
  EXPECT_EQ(tally.entries, 5000u);
  ASSERT_EQ(target_.pages.size(), 50u);
  EXPECT_EQ(target_.pages[0].second, 100u);
  EXPECT_EQ(target_.pages[0].first.size(), std::string("bench/0000000000").size());
}

TEST_F(Bench, OneSeedIsOneSequenceOfOperations) {
  std::vector<std::string> first;
  for (int round = 0; round < 2; ++round) {
    target_ = FakeTarget();
    std::vector<std::string> keys;
    Make(Some("ycsb-a", 1000), 3);
    target_.fault = [&](std::uint64_t, const client::Operation& operation) {
      keys.push_back(operation.key + operation.value);
      return Fault::kNone;
    };
    Run({.steps = 500});
    if (round == 0) first = keys;
    EXPECT_EQ(keys, first);
  }
}

}  // namespace
}  // namespace quoin::bench
