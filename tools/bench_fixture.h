// The fixture of the stress test's own tests: a worker with all that it needs, on a FakeTarget.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string_view>

#include "tools/bench_testing.h"
#include "tools/bench_verify.h"
#include "tools/bench_worker.h"

namespace quoin::bench {

class Bench : public testing::Test {
 protected:
  void Make(const Workload& workload, std::size_t slots, bool verify = false, std::size_t max_records = 100'000) {
    workload_ = workload;
    values_ = std::make_unique<Values>(workload.value_size);
    names_ = std::make_unique<KeyNames>("bench/", SizeRange{0, 0}, verify);
    count_ = std::make_unique<KeyCount>(workload.keys);
    key_gaps_ = std::make_unique<AskedGaps>(workload.keys);
    slot_gaps_ = std::make_unique<AskedGaps>(slots);
    source_ = std::make_unique<WorkloadSource>(workload, 0.99, 1, *count_);
    if (verify) {
      recorder_ = std::make_unique<Recorder>(*values_, max_records);
      generations_ = std::make_unique<Generations>(workload.keys + max_records);
    }
    worker_ = std::make_unique<Worker>(target_, Worker::Options{.slots = slots},
                                       Worker::Surroundings{.names = names_.get(),
                                                            .values = values_.get(),
                                                            .key_count = count_.get(),
                                                            .gap = &gap_,
                                                            .key_gaps = key_gaps_.get(),
                                                            .slot_gaps = slot_gaps_.get(),
                                                            .progress = &progress_,
                                                            .recorder = recorder_.get(),
                                                            .generations = generations_.get()});
  }
  // Runs a phase to its end.
  const Tally& Run(const Phase& phase, Source& source) {
    bool finished = false;
    worker_->Run(phase, source, [&] { finished = true; });
    target_.Run();
    EXPECT_TRUE(finished);
    return worker_->tally();
  }
  const Tally& Run(const Phase& phase) { return Run(phase, *source_); }

  Verification ReadBackAndVerify() {
    target_.fault = nullptr;
    // What begins at the very moment at which something else ends is concurrent with it.
    target_.RunUntil(target_.Now() + std::chrono::microseconds(1));
    ReadBackSource source(TouchedKeys({recorder_.get()}));
    Run({.start = target_.Now(), .read_back = true}, source);
    return Verify({recorder_.get()}, *names_, {});
  }

  FakeTarget target_;
  Workload workload_;
  std::unique_ptr<Values> values_;
  std::unique_ptr<KeyNames> names_;
  std::unique_ptr<KeyCount> count_;
  std::unique_ptr<Source> source_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Generations> generations_;
  SuccessGap gap_;
  std::unique_ptr<AskedGaps> key_gaps_;
  std::unique_ptr<AskedGaps> slot_gaps_;
  Progress progress_;
  std::unique_ptr<Worker> worker_;
};

inline Workload Some(std::string_view name, std::uint64_t keys = 10) {
  Workload workload = *FindWorkload(name, 0.5);
  workload.keys = keys;
  return workload;
}

}  // namespace quoin::bench
