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
  EXPECT_EQ(tally.never_begun.count(), 0u);
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
  EXPECT_EQ(tally.never_begun.count(), 1000u);
}

// Due at 0, 1, 2, ... ms; nothing is answered between 20 and 300 ms, and the measurement ends at 100 ms. A report of
// the 21 that were begun and answered would be one of a store without a stall, but for one operation.
TEST_F(Bench, OpenLoopPercentilesHoldWhatWasNeverBegun) {
  Make(Some("put"), 1);
  target_.stalls = {{milliseconds(20), milliseconds(300)}};
  const Tally& tally = Run({.end = milliseconds(100), .rate = 1000});
  EXPECT_EQ(tally.Total().done, 21u);
  EXPECT_EQ(tally.in_window, 20u);
  EXPECT_EQ(tally.never_begun.count(), 79u);
  EXPECT_EQ(tally.never_begun.min(), 1'000'000u) << "due at 99 ms";
  EXPECT_EQ(tally.never_begun.max(), 79'000'000u) << "due at 21 ms";
  const Histogram latency = tally.Total().latency;
  EXPECT_EQ(latency.count(), 100u) << "all that was due";
  EXPECT_NEAR(static_cast<double>(latency.Percentile(50)), 30e6, 0.1e6);
  EXPECT_EQ(latency.max(), 280'100'000u);
}

// A store that takes half of the rate is still busy with the warm-up's operations when the measurement begins.
TEST_F(Bench, OpenLoopThroughputIsOfAllThatIsAnsweredWithinTheWindow) {
  Make(Some("put"), 1);
  const Tally& tally = Run({.measure_from = milliseconds(100), .end = milliseconds(200), .rate = 20'000});
  EXPECT_EQ(tally.in_window, 1000u);
  EXPECT_EQ(tally.bytes, 100'000u);
  EXPECT_EQ(tally.Total().done, 0u) << "2000 were due before";
  EXPECT_EQ(tally.never_begun.count(), 2000u);
}

TEST_F(Bench, OpenLoopWorkersShareWhatWasNeverBegun) {
  for (const std::size_t index : {0u, 1u, 2u}) {
    target_ = FakeTarget();
    Make(Some("put"), 1);
    Worker worker(target_, {.index = index, .workers = 3, .slots = 1},
                  {.names = names_.get(), .values = values_.get(), .key_count = count_.get()});
    target_.stalls = {{milliseconds(0), milliseconds(500)}};
    worker.Run({.start = milliseconds(1), .measure_from = milliseconds(11), .end = milliseconds(101), .rate = 1000},
               *source_, [] {});
    target_.Run();
    // Due at 1 + index ms and then every 3 ms. The first one is under way; the measurement is of 11 to 101 ms.
    EXPECT_EQ(worker.tally().Total().done, 0u);
    EXPECT_EQ(worker.tally().never_begun.count(), 30u) << index;
    const std::uint64_t last_ms = index == 0 ? 100 : index == 1 ? 98 : 99;
    EXPECT_EQ(worker.tally().never_begun.min(), (101 - last_ms) * 1'000'000) << index;
  }
}

// An operation that nobody answered counts with the time for which it was waited; a refusal is an answer of its own
// kind.
TEST_F(Bench, OpenLoopPercentilesHoldWhatWasNeverAnswered) {
  Make(Some("put"), 10);
  target_.latency = milliseconds(2);
  target_.fault = [](std::uint64_t number, const client::Operation&) {
    return number % 10 == 3 ? Fault::kNeverDone : number % 10 == 5 ? Fault::kRefused : Fault::kNone;
  };
  const Tally& open = Run({.end = milliseconds(100), .rate = 1000});
  EXPECT_EQ(open.Total().done, 80u);
  EXPECT_EQ(open.Total().latency.count(), 90u);
  EXPECT_EQ(open.service.count(), 80u);
  EXPECT_EQ(open.failed.count(), 20u);
  const Tally& closed = Run({.start = target_.Now(), .steps = 100});
  EXPECT_EQ(closed.Total().latency.count(), closed.Total().done) << "in a closed loop they are told apart";
}

// What counts is when an operation ends: the one under way when the warm-up ends does, the one under way at the end
// doesn't, though it is waited for.
TEST_F(Bench, ClosedLoopCountsWhatEndsWithinTheWindow) {
  Make(Some("put"), 1);
  target_.stalls = {{milliseconds(9), milliseconds(12)}, {milliseconds(19), milliseconds(25)}};
  const Tally& tally = Run({.measure_from = milliseconds(10), .end = milliseconds(20)});
  EXPECT_EQ(tally.window_from, milliseconds(10));
  EXPECT_EQ(tally.window_to, milliseconds(20));
  EXPECT_EQ(tally.Total().done, 70u) << "at 12.1, 12.2, ... 19.0 ms";
  EXPECT_EQ(tally.Total().latency.max(), 3'100'000u);
  EXPECT_EQ(tally.in_window, 70u);
  EXPECT_EQ(tally.bytes, 7000u);
  EXPECT_EQ(tally.late, 1u);
  EXPECT_EQ(tally.latest, milliseconds(1));
}

TEST_F(Bench, ErrorsAfterTheClosedLoopsWindowAreNotOfIt) {
  Make(Some("put"), 2);
  target_.stalls = {{milliseconds(8), milliseconds(25)}};
  target_.fault = [](std::uint64_t, const client::Operation&) { return Fault::kNeverDone; };
  const Tally& tally = Run({.end = milliseconds(10)});
  EXPECT_EQ(tally.unknowns.at("timed-out").count, 160u);
  EXPECT_EQ(tally.Total().unknowns, 160u);
  EXPECT_EQ(tally.late, 2u);
}

TEST_F(Bench, BytesAreThoseOfTheWindow) {
  Make(Some("put"), 4);
  target_.stalls = {{milliseconds(90), milliseconds(200)}};
  const Tally& tally = Run({.end = milliseconds(100), .rate = 1000});
  EXPECT_EQ(tally.Total().done, 94u);
  EXPECT_EQ(tally.in_window, 90u);
  EXPECT_EQ(tally.bytes, 9000u) << "what came at 200 ms is no throughput of the 100 ms";
}

TEST_F(Bench, WarmupDoesNotUseUpTheOperations) {
  Make(Some("put"), 3);
  const Tally& tally = Run({.measure_from = milliseconds(10), .steps = 100});
  EXPECT_EQ(tally.Total().done, 100u);
  EXPECT_EQ(tally.window_from, milliseconds(10));
  EXPECT_EQ(tally.window_to, microseconds(13'400));
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
  EXPECT_EQ(worker_->tally().Total().done, 20u);
  EXPECT_EQ(worker_->tally().in_window, 20u);
  EXPECT_EQ(worker_->tally().late, 2u);
  EXPECT_EQ(worker_->tally().latest, microseconds(50));
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
