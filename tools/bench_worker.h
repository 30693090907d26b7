// Worker: one thread's part of a stress test: it keeps its slots busy with a source's steps, at the pace of a phase,
// and counts what comes of them.
//
// Closed loop: a slot begins its next step when the one before has ended. Open loop: steps are due at a fixed rate,
// whatever the store does; a step that finds no slot free waits, and its latency counts from when it was due. So a
// store that stalls can't hide by keeping the questions away ("coordinated omission", Tene).
//
// Invariants:
//   W1  a slot has at most one step under way;
//   W2  a phase is over when no step will be begun and none is under way: what was begun is always waited for;
//   W3  a step counts if it was due (closed loop: begun) within the measured window, however late it ends.
// Threads: the target's. Stop may be called from within the target's handlers, too. Bounds: the slots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "tools/bench_data.h"
#include "tools/bench_recorder.h"
#include "tools/bench_tally.h"
#include "tools/bench_target.h"
#include "tools/bench_workload.h"

namespace quoin::bench {

struct Phase {
  Time start{0};         // Open loop: when the first step is due.
  Time measure_from{0};  // What is due before is warm-up, and not counted.
  Time end = Time::max();
  double rate = 0;  // Steps per second that are due, of all workers together; 0: closed loop.
  std::uint64_t steps = std::numeric_limits<std::uint64_t>::max();  // Of this worker, those of warm-up not counted.
  bool read_back = false;                                           // Goes on when no more should be recorded.
};

class Worker {
 public:
  struct Options {
    std::size_t index = 0;  // Among the workers.
    std::size_t workers = 1;
    std::size_t slots = 1;
  };
  // What all workers of a run share, and what they may do without (nullptr).
  struct Surroundings {
    const KeyNames* names = nullptr;
    const Values* values = nullptr;
    KeyCount* key_count = nullptr;
    SuccessGap* gap = nullptr;
    Progress* progress = nullptr;
    Recorder* recorder = nullptr;        // This worker's. May be nullptr; if not, `generations` isn't either.
    Generations* generations = nullptr;  // May be nullptr.
  };
  // All of them must outlive the worker.
  Worker(Target& target, const Options& options, const Surroundings& surroundings);

  // `source` must live until `finished` is called, which may destroy it and call Run again. REQUIRES: no phase runs.
  void Run(const Phase& phase, Source& source, std::function<void()> finished);
  // Ends the phase early: begins nothing more.
  void Stop();

  // Of the phase that has ended last.
  const Tally& tally() const { return tally_; }

 private:
  struct Slot {
    Step step;
    KeyNumber key;
    Time intended{0};
    Time begun{0};    // The step.
    Time invoked{0};  // The operation under way, which for a read-modify-write may be its second.
    client::Operation operation;
    std::uint64_t written = 0;
    std::uint64_t bytes = 0;
    std::uint64_t entries = 0;
    bool resent = false;
  };

  void Pump();
  // When the step that would be begun next is due.
  Time NextDue(Time now) const;
  // Whether nothing more may be begun.
  bool Over(Time now, Time due);
  void NoteOver(Time now, Time next_due);
  void Finish();

  void Begin(std::size_t slot, const Step& step, Time intended, Time now);
  void Send(std::size_t slot, client::Operation operation);
  void Answered(std::size_t slot, client::Answer answer);
  // Begins the put of a read-modify-write. False: the get's answer does not allow it.
  bool WriteModified(std::size_t slot, const client::Answer& read);
  void End(std::size_t slot, client::Outcome outcome, const client::Problem& problem, Time now);
  client::Operation Put(Slot& slot);

  Target& target_;
  const Options options_;
  const Surroundings around_;
  std::vector<Slot> slots_;
  std::vector<std::size_t> idle_;
  std::uint64_t last_value_ = 0;

  // The phase that runs.
  Phase phase_;
  Source* source_ = nullptr;
  std::function<void()> finished_;
  Tally tally_;
  std::uint64_t due_ = 0;       // Steps of this worker that were taken from the schedule (open loop).
  std::uint64_t measured_ = 0;  // Begun within the window.
  bool measuring_ = false;
  bool stopped_ = false;
  bool over_ = true;
};

}  // namespace quoin::bench
