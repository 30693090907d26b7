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
  due_ = counted_ = 0;
  window_from_ = std::max(phase.measure_from, phase.start);
  window_to_ = phase.end;
  armed_ = Time::max();
  measuring_ = stopped_ = over_ = false;
  for (Slot& slot : slots_) NoteResponder(slot, nullptr);  // It was counted in the tally that is gone.
  Pump();
}

void Worker::Stop() {
  if (over_) return;
  stopped_ = true;
  Pump();
}

Time Worker::DueOf(std::uint64_t n) const {
  const double number =
      static_cast<double>(n) * static_cast<double>(options_.workers) + static_cast<double>(options_.index);
  return phase_.start + Time(std::llround(number * 1e9 / phase_.rate));
}

std::uint64_t Worker::FirstDueAt(Time moment) const {
  const double passed = static_cast<double>((moment - phase_.start).count()) * phase_.rate / 1e9;
  const double steps = (passed - static_cast<double>(options_.index)) / static_cast<double>(options_.workers);
  auto n = static_cast<std::uint64_t>(std::max(steps, 0.0));
  // DueOf rounds, so the division may be off by a step or two.
  while (n > 0 && DueOf(n - 1) >= moment) --n;
  while (DueOf(n) < moment) ++n;
  return n;
}

bool Worker::Over(Time now) {
  if (stopped_ || now >= phase_.end || counted_ >= phase_.steps) return true;
  if (around_.recorder != nullptr && around_.recorder->full() && !phase_.read_back) {
    tally_.history_full = true;
    return true;
  }
  return false;
}

bool Worker::AllBegun() const { return !open_loop() && measuring_ && phase_.steps - counted_ <= under_way(); }

void Worker::Pump() {
  while (!over_) {
    const Time now = target_.Now();
    if (!measuring_ && now >= window_from_) StartMeasuring(now);
    if (Over(now)) {
      NoteOver(now);
      break;
    }
    const Time due = open_loop() ? DueOf(due_) : now;
    if (idle_.empty() || AllBegun()) return Arm(Time::max());  // An answer comes back here, too.
    if (due > now) return Arm(due);
    const std::optional<Step> step = source_->Next();
    if (!step) {
      over_ = true;
      StopMeasuring(now);
      break;
    }
    ++due_;
    if (open_loop() && due >= window_from_) ++counted_;
    const std::size_t slot = idle_.back();
    idle_.pop_back();
    Begin(slot, *step, due, now);
  }
  if (under_way() == 0) Finish();
}

void Worker::Arm(Time due) {
  Time moment = std::min(due, phase_.end);
  if (!measuring_) moment = std::min(moment, window_from_);
  // Most calls come with an answer of a closed loop, and change nothing.
  if (moment == Time::max() || moment == armed_) return;
  armed_ = moment;
  target_.WakeAt(moment, [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    armed_ = Time::max();
    Pump();
  });
}

void Worker::StartMeasuring(Time now) {
  measuring_ = true;
  tally_.usage = target_.ThreadUsage();
  tally_.usage_from = now;
}

void Worker::NoteOver(Time now) {
  over_ = true;
  // A number of steps ends with the last of them: in a closed loop that has just been, in an open one it is under way.
  const bool all_counted = counted_ >= phase_.steps;
  if (!all_counted || !open_loop()) window_to_ = std::min(now, phase_.end);
  if (open_loop() && !all_counted) NoteNeverBegun(window_to_);
  StopMeasuring(now);
}

void Worker::StopMeasuring(Time now) {
  if (!measuring_) return;
  const Usage usage = target_.ThreadUsage();
  tally_.usage = {.cpu = usage.cpu - tally_.usage.cpu, .waited = usage.waited - tally_.usage.waited};
  tally_.usage_to = now;
}

void Worker::NoteNeverBegun(Time moment) {
  const std::uint64_t first = std::max(due_, FirstDueAt(window_from_));
  const std::uint64_t end = FirstDueAt(moment);
  if (end <= first) return;
  const std::uint64_t count = std::min(end - first, phase_.steps - counted_);
  const auto waited = [&](std::uint64_t n) { return static_cast<std::uint64_t>((moment - DueOf(n)).count()); };
  tally_.never_begun.AddEvenly(waited(first + count - 1), waited(first), count);
}

void Worker::Finish() {
  if (finished_ == nullptr) return;
  // Where nothing else has ended the window, the last step's end does.
  tally_.window_from = window_from_;
  tally_.window_to =
      std::max(window_from_, window_to_ == phase_.end ? std::min(target_.Now(), phase_.end) : window_to_);
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
                      Slot& slot = slots_[number];
                      slot.bytes = page.bytes;
                      slot.entries = page.entries;
                      slot.resent = page.sendings > 1;
                      NoteResponder(slot, page.responder);
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
    const auto client = static_cast<std::uint32_t>(options_.first_slot + number);
    around_.recorder->Add(slot.key, client, slot.operation, slot.written, slot.invoked, now, answer);
  }
  slot.resent = slot.resent || answer.sendings > 1;
  NoteResponder(slot, answer.responder);
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

bool Worker::Belongs(const Slot& slot, Time now) const {
  if (open_loop()) return slot.intended >= window_from_ && slot.intended < window_to_;
  return now > window_from_ && now <= window_to_;
}

void Worker::NoteGaps(const Slot& slot, std::size_t number, bool success, Time now) {
  const std::size_t place = options_.first_slot + number;
  const bool of_key = around_.key_gaps != nullptr && slot.step.kind != StepKind::kScan;
  if (success && now <= window_to_) {
    if (around_.gap != nullptr) around_.gap->Success(now);
    if (of_key) around_.key_gaps->Success(slot.step.key, slot.intended, now);
    if (around_.slot_gaps != nullptr) around_.slot_gaps->Success(place, slot.intended, now);
  } else {
    const Time until = std::min(now, window_to_);
    if (of_key) around_.key_gaps->Miss(slot.step.key, slot.intended, until);
    if (around_.slot_gaps != nullptr) around_.slot_gaps->Miss(place, slot.intended, until);
  }
}

void Worker::NoteResponder(Slot& slot, const std::shared_ptr<const client::Responder>& responder) {
  if (responder == slot.responder) return;  // As almost always: all answers of a connection share one.
  slot.responder = responder;
  slot.answers = responder == nullptr ? nullptr : &tally_.answered_by[responder->server];
}

void Worker::End(std::size_t number, client::Outcome outcome, const client::Problem& problem, Time now) {
  const Slot& slot = slots_[number];
  const bool unknown = outcome == client::Outcome::kUnknown;
  const bool error = outcome == client::Outcome::kNotApplied || outcome == client::Outcome::kRejected;
  const bool success = !unknown && !error;
  NoteGaps(slot, number, success, now);
  if (around_.progress != nullptr) {
    around_.progress->ended.fetch_add(1, std::memory_order_relaxed);
    if (error) around_.progress->errors.fetch_add(1, std::memory_order_relaxed);
    if (unknown) around_.progress->unknowns.fetch_add(1, std::memory_order_relaxed);
  }
  if (Belongs(slot, now)) {
    if (!open_loop()) ++counted_;
    tally_.Count(slot.step.kind, outcome, problem, slot.intended, slot.begun, now, open_loop());
    if (slot.resent) ++tally_.resent;
    if (success) tally_.entries += slot.entries;
  } else if (!open_loop() && now > window_to_) {
    ++tally_.late;
    tally_.latest = std::max(tally_.latest, window_to_ - slot.begun);
  }
  if (success && now > window_from_ && now <= window_to_) {
    ++tally_.in_window;
    tally_.bytes += slot.bytes;
    if (slot.answers != nullptr) ++*slot.answers;
  }
  idle_.push_back(number);
  Pump();
}

}  // namespace quoin::bench
