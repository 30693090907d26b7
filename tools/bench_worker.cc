#include "tools/bench_worker.h"

#include <glog/logging.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace quoin::bench {

Worker::Worker(Target& target, const Options& options, const Surroundings& surroundings)
    : target_(target), options_(options), around_(surroundings), slots_(options.slots) {
  CHECK_GE(options_.slots, 1u);
  CHECK_LT(options_.index, options_.workers);
  for (std::size_t slot = options_.slots; slot > 0; --slot) idle_.push_back(slot - 1);
}

void Worker::Run(const Phase& phase, Source& source, std::function<void()> finished) {
  CHECK(over_ && idle_.size() == slots_.size()) << "a phase is still running";
  phase_ = phase;
  source_ = &source;
  finished_ = std::move(finished);
  tally_ = Tally();
  due_ = measured_ = 0;
  measuring_ = stopped_ = over_ = false;
  Pump();
}

void Worker::Stop() {
  if (over_) return;
  stopped_ = true;
  Pump();
}

Time Worker::NextDue(Time now) const {
  if (phase_.rate <= 0) return now;
  const double number =
      static_cast<double>(due_) * static_cast<double>(options_.workers) + static_cast<double>(options_.index);
  return phase_.start + Time(std::llround(number * 1e9 / phase_.rate));
}

bool Worker::Over(Time now, Time due) {
  if (stopped_ || now >= phase_.end || due >= phase_.end || measured_ >= phase_.steps) return true;
  if (around_.recorder != nullptr && around_.recorder->full() && !phase_.read_back) {
    tally_.history_full = true;
    return true;
  }
  return false;
}

void Worker::Pump() {
  while (!over_) {
    const Time now = target_.Now();
    const Time due = NextDue(now);
    if (Over(now, due)) {
      NoteOver(now, due);
      break;
    }
    if (idle_.empty()) return;  // An answer comes back here.
    if (due > now) {
      target_.WakeAt(due, [this] { Pump(); });
      return;
    }
    if (!measuring_ && due >= phase_.measure_from) {
      measuring_ = true;
      tally_.window_from = phase_.rate > 0 ? phase_.measure_from : now;
      tally_.usage = target_.ThreadUsage();
      tally_.usage_from = now;
    }
    const std::optional<Step> step = source_->Next();
    if (!step) {
      NoteOver(now, due);
      break;
    }
    ++due_;
    if (measuring_) ++measured_;
    const std::size_t slot = idle_.back();
    idle_.pop_back();
    Begin(slot, *step, due, now);
  }
  if (idle_.size() == slots_.size()) Finish();
}

void Worker::NoteOver(Time now, Time next_due) {
  over_ = true;
  const Time last_due = std::min(now, phase_.end);
  if (phase_.rate > 0 && measured_ < phase_.steps) {
    for (Time due = NextDue(now); due < last_due; due = NextDue(now)) {
      ++due_;
      if (due >= phase_.measure_from) ++tally_.never_begun;
    }
  }
  if (!measuring_) return;
  const Usage usage = target_.ThreadUsage();
  tally_.usage = {.cpu = usage.cpu - tally_.usage.cpu, .waited = usage.waited - tally_.usage.waited};
  tally_.usage_to = now;
  // Where a number of steps ends the phase, and not a time, the last one's end does (Finish). An open loop knows that
  // it is over once nothing more is due before the end, which may still be to come.
  if (stopped_) {
    tally_.window_to = last_due;
  } else if (now >= phase_.end || next_due >= phase_.end) {
    tally_.window_to = phase_.end;
  }
}

void Worker::Finish() {
  if (finished_ == nullptr) return;
  if (tally_.window_to == Time{0}) tally_.window_to = std::min(target_.Now(), phase_.end);
  // The call may begin the next phase.
  std::exchange(finished_, nullptr)();
}

client::Operation Worker::Put(Slot& slot) {
  slot.written = (static_cast<std::uint64_t>(options_.index + 1) << 40) | ++last_value_;
  std::string value = around_.values->Make(slot.written);
  slot.bytes += value.size();
  return client::Operation::Put(around_.names->Name(slot.key), std::move(value));
}

void Worker::Begin(std::size_t number, const Step& step, Time intended, Time now) {
  Slot& slot = slots_[number];
  slot.step = step;
  slot.intended = intended;
  slot.begun = slot.invoked = now;
  slot.bytes = slot.entries = 0;
  slot.resent = false;
  slot.key = {.index = step.key};
  if (step.generation) {
    slot.key.generation = *step.generation;
  } else if (around_.generations != nullptr && step.kind != StepKind::kScan) {
    slot.key = around_.generations->Use(step.key);
  }
  switch (step.kind) {
    case StepKind::kGet:
    case StepKind::kReadModifyWrite:
      return Send(number, client::Operation::Get(around_.names->Name(slot.key)));
    case StepKind::kPut:
    case StepKind::kInsert:
      return Send(number, Put(slot));
    case StepKind::kIncrement:
      return Send(number, client::Operation::Increment(around_.names->Name(slot.key)));
    case StepKind::kScan:
      break;
  }
  target_.StartPage(number, around_.names->PrefixOfHundred(step.key), step.scan_entries,
                    [this, number](PageOutcome page) {
                      slots_[number].bytes = page.bytes;
                      slots_[number].entries = page.entries;
                      End(number, page.outcome, page.problem, target_.Now());
                    });
}

void Worker::Send(std::size_t number, client::Operation operation) {
  Slot& slot = slots_[number];
  if (around_.recorder != nullptr) {
    // Of a put the recorder needs the id, not the bytes.
    slot.operation = {.action = operation.action, .conditions = operation.conditions};
  } else {
    slot.operation.action = operation.action;
  }
  slot.invoked = target_.Now();
  target_.Start(number, std::move(operation),
                [this, number](client::Answer answer) { Answered(number, std::move(answer)); });
}

void Worker::Answered(std::size_t number, client::Answer answer) {
  Slot& slot = slots_[number];
  const Time now = target_.Now();
  if (around_.recorder != nullptr) {
    const auto client = static_cast<std::uint32_t>(options_.index * 100'000 + number);
    around_.recorder->Add(slot.key, client, slot.operation, slot.written, slot.invoked, now, answer);
  }
  slot.resent = slot.resent || answer.sendings > 1;
  if (!slot.operation.is_write() && answer.done() && answer.state) slot.bytes += answer.state->value.size();
  if (slot.step.kind == StepKind::kReadModifyWrite && !slot.operation.is_write() && WriteModified(number, answer))
    return;
  if (slot.step.kind == StepKind::kInsert && answer.done()) around_.key_count->Stored();
  End(number, answer.outcome, answer.problem, now);
}

bool Worker::WriteModified(std::size_t number, const client::Answer& read) {
  Slot& slot = slots_[number];
  client::Condition condition = client::Condition::Absent();
  if (read.outcome == client::Outcome::kDone) {
    condition = client::Condition::VersionIs(read.version);
  } else if (read.outcome != client::Outcome::kAbsent) {
    return false;
  }
  Send(number, Put(slot).If(std::move(condition)));
  return true;
}

void Worker::End(std::size_t number, client::Outcome outcome, const client::Problem& problem, Time now) {
  const Slot& slot = slots_[number];
  const bool unknown = outcome == client::Outcome::kUnknown;
  const bool error = outcome == client::Outcome::kNotApplied || outcome == client::Outcome::kRejected;
  if (!unknown && !error && around_.gap != nullptr) around_.gap->Success(now);
  if (around_.progress != nullptr) {
    around_.progress->ended.fetch_add(1, std::memory_order_relaxed);
    if (error) around_.progress->errors.fetch_add(1, std::memory_order_relaxed);
    if (unknown) around_.progress->unknowns.fetch_add(1, std::memory_order_relaxed);
  }
  if (measuring_ && slot.intended >= phase_.measure_from) {
    tally_.Count(slot.step.kind, outcome, problem, slot.intended, slot.begun, now);
    if (slot.resent) ++tally_.resent;
    if (!unknown && !error) {
      tally_.bytes += slot.bytes;
      tally_.entries += slot.entries;
      if (now <= phase_.end && !(stopped_ && over_)) ++tally_.in_window;
    }
  }
  idle_.push_back(number);
  Pump();
}

}  // namespace quoin::bench
