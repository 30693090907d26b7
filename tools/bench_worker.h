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
//   W3  a step belongs to the measured window if it ends within it, or, in an open loop, if it was due within it. The
//       window is (measure_from, end] of ends and [measure_from, end) of what is due. Only steps that belong to it
//       count; but throughput is of all successes that end within it.
// Threads: the target's. Stop may be called from within the target's handlers, too. Bounds: the slots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "tools/bench_data.h"
#include "tools/bench_gap.h"
#include "tools/bench_recorder.h"
#include "tools/bench_tally.h"
#include "tools/bench_target.h"
#include "tools/bench_workload.h"

namespace quoin::bench {

struct Phase {
  Time start{0};         // Open loop: when the first step is due.
  Time measure_from{0};  // Before is warm-up.
  Time end = Time::max();
  double rate = 0;  // Steps per second that are due, of all workers together; 0: closed loop.
  // Of this worker: the window ends when so many have counted.
  std::uint64_t steps = std::numeric_limits<std::uint64_t>::max();
  bool read_back = false;  // Goes on when no more should be recorded.
};

class Worker {
 public:
  struct Options {
    std::size_t index = 0;  // Among the workers.
    std::size_t workers = 1;
    std::size_t slots = 1;
    std::size_t first_slot = 0;  // Number of its first slot among those of all workers.
  };
  // What all workers of a run share, and what they may do without (nullptr).
  struct Surroundings {
    const KeyNames* names = nullptr;
    const Values* values = nullptr;
    KeyCount* key_count = nullptr;
    SuccessGap* gap = nullptr;
    AskedGaps* key_gaps = nullptr;   // By the keys' numbers; scans are of no key.
    AskedGaps* slot_gaps = nullptr;  // By the slots' numbers among all workers.
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
    std::shared_ptr<const client::Responder> responder;  // Who answered last, and where that is counted.
    std::uint64_t* answers = nullptr;
  };

  bool open_loop() const { return phase_.rate > 0; }
  std::size_t under_way() const { return slots_.size() - idle_.size(); }

  // Begins what can be begun, and notices where the window begins and ends. Called whenever any of that may have
  // changed.
  void Pump();
  // Calls Pump at the next moment at which something changes by itself: `due`, or the window's begin or end.
  void Arm(Time due);
  // The n-th step of this worker's schedule is due then; and the first n whose step is due at or after a moment.
  Time DueOf(std::uint64_t n) const;
  std::uint64_t FirstDueAt(Time moment) const;
  // Whether nothing more may be begun.
  bool Over(Time now);
  // Whether all steps that may be counted are under way or over.
  bool AllBegun() const;
  // What this thread uses meanwhile.
  void StartMeasuring(Time now);
  void StopMeasuring(Time now);
  void NoteOver(Time now);
  // Open loop: what was due before `moment`, and has not been begun.
  void NoteNeverBegun(Time moment);
  void Finish();

  void Begin(std::size_t slot, const Step& step, Time intended, Time now);
  void Send(std::size_t slot, client::Operation operation);
  void Answered(std::size_t slot, client::Answer answer);
  // Begins the put of a read-modify-write. False: the get's answer does not allow it.
  bool WriteModified(std::size_t slot, const client::Answer& read);
  void End(std::size_t slot, client::Outcome outcome, const client::Problem& problem, Time now);
  // Whether a step that ends now belongs to the window (W3).
  bool Belongs(const Slot& slot, Time now) const;
  void NoteGaps(const Slot& slot, std::size_t number, bool success, Time now);
  void NoteResponder(Slot& slot, const std::shared_ptr<const client::Responder>& responder);
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
  std::uint64_t due_ = 0;      // Steps of this worker that were taken from the schedule (open loop).
  std::uint64_t counted_ = 0;  // Steps that belong to the window; open loop: those that were begun.
  Time window_from_{0};
  Time window_to_ = Time::max();  // As far as it is known; the phase's end at most.
  Time armed_ = Time::max();      // For when the target has been asked to wake; max: it hasn't.
  bool measuring_ = false;
  bool stopped_ = false;
  bool over_ = true;
  // The target may outlive the worker by a call that it has begun to make.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace quoin::bench
