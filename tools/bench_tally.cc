#include "tools/bench_tally.h"

#include <algorithm>

namespace quoin::bench {
namespace {

void Merge(const Reasons& from, Reasons* to) {
  for (const auto& [type, reason] : from) {
    Reason& mine = (*to)[type];
    if (mine.count == 0) mine.example = reason.example;
    mine.count += reason.count;
  }
}

void Add(const client::Problem& problem, Reasons* reasons) {
  Reason& reason = (*reasons)[problem.type.empty() ? "unnamed" : problem.type];
  if (reason.count++ == 0) reason.example = problem.detail;
}

double ShareOf(Time part, Time whole) {
  return whole.count() <= 0 ? 0 : static_cast<double>(part.count()) / static_cast<double>(whole.count());
}

}  // namespace

void StepTally::Merge(const StepTally& other) {
  done += other.done;
  absent += other.absent;
  conflicts += other.conflicts;
  errors += other.errors;
  unknowns += other.unknowns;
  latency.Merge(other.latency);
}

void Tally::Count(StepKind kind, client::Outcome outcome, const client::Problem& problem, Time intended, Time begun,
                  Time ended) {
  StepTally& step = steps[static_cast<std::size_t>(kind)];
  const auto latency = static_cast<std::uint64_t>(std::max(ended - intended, Time{0}).count());
  switch (outcome) {
    case client::Outcome::kDone:
      ++step.done;
      break;
    case client::Outcome::kAbsent:
      ++step.absent;
      break;
    case client::Outcome::kConditionFailed:
      ++step.conflicts;
      break;
    case client::Outcome::kRejected:
    case client::Outcome::kNotApplied:
      ++step.errors;
      Add(problem, &errors);
      failed.Add(latency);
      return;
    case client::Outcome::kUnknown:
      ++step.unknowns;
      Add(problem, &unknowns);
      failed.Add(latency);
      return;
  }
  step.latency.Add(latency);
  service.Add(static_cast<std::uint64_t>(std::max(ended - begun, Time{0}).count()));
}

void Tally::Merge(const Tally& other) {
  for (std::size_t i = 0; i < steps.size(); ++i) steps[i].Merge(other.steps[i]);
  bench::Merge(other.errors, &errors);
  bench::Merge(other.unknowns, &unknowns);
  service.Merge(other.service);
  failed.Merge(other.failed);
  in_window += other.in_window;
  bytes += other.bytes;
  entries += other.entries;
  resent += other.resent;
  never_begun += other.never_begun;
  history_full = history_full || other.history_full;
  window_from = std::min(window_from, other.window_from);
  window_to = std::max(window_to, other.window_to);
  usage.cpu += other.usage.cpu;
  usage.waited += other.usage.waited;
  busiest = std::max(
      {busiest, other.busiest, ShareOf(other.usage.cpu + other.usage.waited, other.usage_to - other.usage_from)});
}

StepTally Tally::Total() const {
  StepTally total;
  for (const StepTally& step : steps) total.Merge(step);
  return total;
}

void SuccessGap::Begin(Time from) {
  const std::lock_guard lock(mutex_);
  gap_ = {};
  longest_ = 0;
  last_ = from.count();
}

void SuccessGap::Success(Time at) {
  std::int64_t last = last_.load(std::memory_order_relaxed);
  // Of several threads, the ones that come late find a later success than theirs and leave it.
  while (last < at.count()) {
    if (!last_.compare_exchange_weak(last, at.count(), std::memory_order_relaxed)) continue;
    if (at.count() - last > longest_.load(std::memory_order_relaxed)) Note(Time(last), at);
    return;
  }
}

void SuccessGap::End(Time to) {
  const std::int64_t last = last_.exchange(INT64_MAX);
  if (last < to.count()) Note(Time(last), to);
}

SuccessGap::Gap SuccessGap::longest() const {
  const std::lock_guard lock(mutex_);
  return gap_;
}

void SuccessGap::Note(Time from, Time to) {
  const std::lock_guard lock(mutex_);
  if (to - from <= gap_.length) return;
  gap_ = {.length = to - from, .from = from};
  longest_ = gap_.length.count();
}

}  // namespace quoin::bench
