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
                  Time ended, bool open_loop) {
  StepTally& step = steps[static_cast<std::size_t>(kind)];
  const auto latency = static_cast<std::uint64_t>(std::max(ended - intended, Time{0}).count());
  // A refusal is an answer. (0: nobody has given any status, client::Problem.)
  const bool unanswered = outcome == client::Outcome::kUnknown || problem.status == 0;
  const auto fail = [&](Reasons* reasons) {
    Add(problem, reasons);
    failed.Add(latency);
    if (open_loop && unanswered) step.latency.Add(latency);
  };
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
      return fail(&errors);
    case client::Outcome::kUnknown:
      ++step.unknowns;
      return fail(&unknowns);
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
  never_begun.Merge(other.never_begun);
  late += other.late;
  latest = std::max(latest, other.latest);
  for (const auto& [server, count] : other.answered_by) answered_by[server] += count;
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
  total.latency.Merge(never_begun);
  return total;
}

}  // namespace quoin::bench
