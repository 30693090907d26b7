// Tally: what one worker has counted and timed in one phase of a run; merged over the workers, what the run did.
//
// Threads: none of its own; a worker's tally is read by others only after its phase.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <string>

#include "net/client/operation.h"
#include "tools/bench_histogram.h"
#include "tools/bench_target.h"
#include "tools/bench_workload.h"

namespace quoin::bench {

// The successes are the certain answers: done, absent, and conditions that did not hold.
struct StepTally {
  std::uint64_t done = 0;
  std::uint64_t absent = 0;
  std::uint64_t conflicts = 0;  // The condition did not hold: someone else had written.
  std::uint64_t errors = 0;     // Certainly not applied.
  std::uint64_t unknowns = 0;
  // Nanoseconds from the intended start on, of the successes; in an open loop also of what was not answered, which
  // would have taken at least as long as it was waited for.
  Histogram latency;

  std::uint64_t successes() const { return done + absent + conflicts; }
  std::uint64_t all() const { return successes() + errors + unknowns; }
  void Merge(const StepTally& other);
};

// How often the steps that failed did so for one reason, and what was said the first time.
struct Reason {
  std::uint64_t count = 0;
  std::string example;
};
using Reasons = std::map<std::string, Reason>;  // By the problem's type, "value-too-large".

struct Tally {
  std::array<StepTally, kStepKinds> steps;
  Reasons errors;
  Reasons unknowns;
  Histogram service;            // Latency of the successes from their true start on.
  Histogram failed;             // Latency of the others, from the intended start on.
  std::uint64_t in_window = 0;  // Successes that came within the window, whenever they were due.
  std::uint64_t bytes = 0;      // Of values and pages, written and read by those.
  std::uint64_t entries = 0;    // That scans have given.
  std::uint64_t resent = 0;     // Operations that took more than one sending.
  Histogram never_begun;        // Open loop: how long what was due in the window waited in vain for a free slot.
  std::uint64_t late = 0;       // Closed loop: operations that were under way when the window ended,
  Time latest{0};               // and how long the oldest of them had been then.
  std::map<std::string, std::uint64_t> answered_by;  // Servers; successes within the window.
  bool history_full = false;                         // It ended because no more could be recorded.

  Time window_from = Time::max();  // The measured window, as this worker saw it.
  Time window_to{0};
  Usage usage;  // Of the worker's thread within [usage_from, usage_to].
  Time usage_from{0};
  Time usage_to{0};
  double busiest = 0;  // Merged: the largest share of its time that a worker's thread computed or wanted to; 0 to 1.

  // A step's end. `intended` is when it should have begun, `begun` when it did. `open_loop`: the latencies hold what
  // was not answered, too.
  void Count(StepKind kind, client::Outcome outcome, const client::Problem& problem, Time intended, Time begun,
             Time ended, bool open_loop = false);
  // Adds what another worker has counted.
  void Merge(const Tally& other);

  // Of all kinds of steps; its latency holds what was never begun, too.
  StepTally Total() const;
};

// What the live line shows. Thread safety: any.
struct Progress {
  std::atomic<std::uint64_t> ended{0};
  std::atomic<std::uint64_t> errors{0};
  std::atomic<std::uint64_t> unknowns{0};
};

}  // namespace quoin::bench
