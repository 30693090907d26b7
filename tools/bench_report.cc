#include "tools/bench_report.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>

#include "base/text.h"

namespace quoin::bench {
namespace {

__attribute__((format(printf, 1, 2))) std::string Format(const char* format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return text;
}

std::string Nanoseconds(std::uint64_t value) { return DurationText(Time(static_cast<std::int64_t>(value))); }

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string PlanText(const Plan& plan) {
  std::string text = plan.workload.name + " on " + Joined(plan.servers) + ": " + CountText(plan.connections) +
                     (plan.connections == 1 ? " connection" : " connections") + ", depth " + CountText(plan.depth) +
                     (plan.threads == 1 ? "" : ", " + CountText(plan.threads) + " threads") + ", ";
  text += plan.rate > 0 ? Format("open loop at %.6g operations/s", plan.rate) : std::string("closed loop");
  text += "\n" + CountText(plan.workload.keys) + (plan.workload.keys == 1 ? " key, " : " keys, ") +
          std::string(DistributionName(plan.workload.distribution));
  if (plan.workload.distribution != Distribution::kUniform) text += Format(" %.6g", plan.theta);
  if (plan.workload.increments == 0) text += ", values of " + ToString(plan.workload.value_size);
  text += ", seed " + std::to_string(plan.seed) + "\n";
  return text;
}

std::string ReasonsText(const Reasons& reasons) {
  std::string text;
  for (const auto& [type, reason] : reasons) {
    text += Format("  %12s  ", CountText(reason.count).c_str()) + Printable(type, 80);
    if (!reason.example.empty()) text += ": " + Printable(reason.example, 160);
    text += "\n";
  }
  return text;
}

// " (put 3, increment 1)": how many of each kind.
std::string KindsText(const Tally& tally, std::uint64_t StepTally::*member) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < kStepKinds; ++i) {
    const std::uint64_t count = tally.steps[i].*member;
    if (count > 0) parts.push_back(std::string(StepName(static_cast<StepKind>(i))) + " " + CountText(count));
  }
  return parts.empty() ? "" : " (" + Joined(parts) + ")";
}

std::string GapText(const char* name, const SuccessGap::Gap& gap, Time window_from) {
  return Format("%-18s at most ", name) + DurationText(gap.length) + ", " +
         DurationText(std::max(gap.from - window_from, Time{0})) + " into the measurement";
}

std::string GapsText(const RunResult& result) {
  const Time from = result.tally.window_from;
  std::string text = GapText("without a success", result.gap, from) + "\n";
  if (result.key_gap.length > Time{0}) {
    text += GapText("  for one key", result.key_gap, from) + ": " + Printable(result.key_of_gap, 80) + "\n";
  }
  if (result.slot_gap.length > Time{0}) text += GapText("  for one place", result.slot_gap, from) + "\n";
  return text;
}

// Where it can be several servers: who has answered how much.
std::string ServersText(const RunResult& result) {
  if (std::max(result.plan.servers.size(), result.tally.answered_by.size()) < 2) return "";
  std::vector<std::string> parts;
  for (const auto& [server, count] : result.tally.answered_by) parts.push_back(server + " " + CountText(count));
  return "answered by        " + (parts.empty() ? "nobody" : Joined(parts)) + "\n";
}

std::string LatencyHead() {
  return Format("%-18s %11s %9s %9s %9s %9s %9s %9s %9s\n", "latency", "count", "min", "mean", "p50", "p95", "p99",
                "p99.9", "max");
}

std::string LatencyLine(std::string_view name, const Histogram& histogram) {
  std::string text = Format("%-18s %11s", std::string(name).c_str(), CountText(histogram.count()).c_str());
  const auto add = [&](std::uint64_t value) { text += Format(" %9s", Nanoseconds(value).c_str()); };
  add(histogram.min());
  add(static_cast<std::uint64_t>(histogram.mean()));
  for (double percent : {50.0, 95.0, 99.0, 99.9}) add(histogram.Percentile(percent));
  add(histogram.max());
  return text + "\n";
}

std::string LatencyText(const RunResult& result, const StepTally& total) {
  std::string text = LatencyHead();
  std::size_t kinds = 0;
  for (std::size_t i = 0; i < kStepKinds; ++i) {
    const StepTally& step = result.tally.steps[i];
    if (step.latency.count() == 0) continue;
    ++kinds;
    text += LatencyLine(StepName(static_cast<StepKind>(i)), step.latency);
  }
  if (result.tally.never_begun.count() > 0) text += LatencyLine("never begun", result.tally.never_begun);
  if (kinds != 1 || result.tally.never_begun.count() > 0) text += LatencyLine("all", total.latency);
  if (result.plan.rate > 0) text += LatencyLine("from true start", result.tally.service);
  if (result.tally.failed.count() > 0) text += LatencyLine("failed, unknown", result.tally.failed);
  if (total.latency.count() == 0) return text;
  text += "\nspectrum\n";
  for (const Histogram::Point& point : total.latency.Spectrum()) {
    text += Format("  %11.6f%% %9s %14s\n", point.percent, Nanoseconds(point.value).c_str(),
                   CountText(point.count).c_str());
  }
  return text;
}

std::string BenchText(const RunResult& result) {
  const Tally& tally = result.tally;
  std::string text = Format("bench itself       %.2f cores; its busiest thread had %.0f%% of its time to spare\n",
                            result.cores(), 100 * std::clamp(1 - tally.busiest, 0.0, 1.0));
  if (result.bench_was_bottleneck()) {
    const double waited = result.per_second(static_cast<std::uint64_t>(tally.usage.waited.count())) * 1e-9;
    text += "WARNING: the bench was the bottleneck, so the store may be faster than this. ";
    text += waited > 0.2 ? "It waited for cores that others used: run it on another machine.\n"
                         : "Give it more --threads, or run several on other machines.\n";
  }
  return text;
}

std::string VerificationText(const Verification& verification) {
  std::string text = "\nverification       ";
  if (verification.violated()) {
    text += "VIOLATION";
  } else {
    text += verification.undecided() ? "UNDECIDED" : "linearizable";
  }
  text += ": " + CountText(verification.operations) + " operations on " + CountText(verification.keys) + " keys in " +
          DurationText(verification.took) + "\n";
  text += Format("  %12s  acknowledged writes lost\n", CountText(verification.lost).c_str());
  text += Format("  %12s  writes applied twice\n", CountText(verification.duplicated).c_str());
  text += Format("  %12s  reads of bytes that nobody wrote\n", CountText(verification.corrupt).c_str());
  text += Format("  %12s  keys that are not linearizable\n", CountText(verification.violating_keys).c_str());
  if (verification.undecided_keys > 0) {
    text += Format("  %12s  keys that the checker could not decide\n", CountText(verification.undecided_keys).c_str());
  }
  if (verification.unread_keys > 0) {
    text += Format("  %12s  keys that could not be read in the end\n", CountText(verification.unread_keys).c_str());
  }
  for (const std::string& finding : verification.findings)
    text += "\n" + finding + (finding.ends_with('\n') ? "" : "\n");
  return text;
}

}  // namespace

double RunResult::per_second(std::uint64_t count) const {
  return window() <= Time{0} ? 0 : static_cast<double>(count) * 1e9 / static_cast<double>(window().count());
}

ExitCode RunResult::exit_code() const {
  if (verification && verification->violated()) return ExitCode::kViolation;
  if (verification && verification->undecided()) return ExitCode::kUndecided;
  return tally.in_window + tally.Total().successes() == 0 && !interrupted ? ExitCode::kAllFailed : ExitCode::kDone;
}

std::string DurationText(Time duration) {
  const double nanoseconds = static_cast<double>(duration.count());
  struct Unit {
    double size;
    const char* name;
  };
  for (const Unit& unit : {Unit{1e9, "s"}, Unit{1e6, "ms"}, Unit{1e3, "us"}}) {
    const double value = nanoseconds / unit.size;
    if (value < 1) continue;
    return Format(value < 10 ? "%.2f%s" : value < 100 ? "%.1f%s" : "%.0f%s", value, unit.name);
  }
  return Format("%.0fns", nanoseconds);
}

std::string CountText(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string TextReport(const RunResult& result) {
  const Tally& tally = result.tally;
  const StepTally total = tally.Total();
  std::string text = PlanText(result.plan);
  if (result.preloaded > 0) {
    text += CountText(result.preloaded) + " keys stored before, in " + DurationText(result.preload_took) + "\n";
  }
  text += "measured for " + DurationText(result.window()) + " after " + DurationText(result.plan.warmup) +
          " of warm-up" + (result.interrupted ? "; interrupted" : "") +
          (tally.history_full ? "; ended because the history for --verify was full (--verify_limit)" : "") + "\n\n";

  text += Format("throughput         %s operations/s, %s/s\n",
                 CountText(static_cast<std::uint64_t>(std::llround(result.per_second(tally.in_window)))).c_str(),
                 HumanSize(static_cast<std::uint64_t>(result.per_second(tally.bytes))).c_str());
  text += "answers            " + CountText(total.done) + " done, " + CountText(total.absent) + " absent, " +
          CountText(total.conflicts) + " conflicts\n";
  if (tally.entries > 0) text += "listed             " + CountText(tally.entries) + " entries\n";
  text += ServersText(result);
  text += "errors             " + CountText(total.errors) + KindsText(tally, &StepTally::errors) + "\n" +
          ReasonsText(tally.errors);
  text += "unknown            " + CountText(total.unknowns) + KindsText(tally, &StepTally::unknowns) + "\n" +
          ReasonsText(tally.unknowns);
  if (tally.resent > 0) text += "sent again         " + CountText(tally.resent) + " operations\n";
  if (tally.late > 0) {
    text += "under way at end   " + CountText(tally.late) + " operations, the oldest for " +
            DurationText(tally.latest) + "\n";
  }
  if (tally.never_begun.count() > 0) {
    text +=
        "never begun        " + CountText(tally.never_begun.count()) +
        " operations that were due: the rate was more than the store took with so many connections and this depth\n";
  }
  text += GapsText(result) + "\n";
  text += LatencyText(result, total) + "\n" + BenchText(result);
  if (result.verification) text += VerificationText(*result.verification);
  return text;
}

std::string LiveLine(const LiveState& state) {
  constexpr std::size_t kBar = 20;
  const double part = std::clamp(state.part, 0.0, 1.0);
  const auto full = static_cast<std::size_t>(part * kBar);
  std::string bar(full, '=');
  if (full < kBar) bar += '>';
  bar.resize(kBar, ' ');
  std::string text = Format("%-9s [%s] %3.0f%%  %s/s  errors %s  unknown %s", state.phase.c_str(), bar.c_str(),
                            100 * part, CountText(static_cast<std::uint64_t>(state.per_second)).c_str(),
                            CountText(state.errors).c_str(), CountText(state.unknowns).c_str());
  if (part > 0.01 && part < 1) {
    const double left = std::chrono::duration<double>(state.elapsed).count() * (1 - part) / part;
    const auto seconds = static_cast<std::uint64_t>(std::ceil(left));
    text += Format("  ETA %llu:%02llu", static_cast<unsigned long long>(seconds / 60),
                   static_cast<unsigned long long>(seconds % 60));
  }
  return text;
}

}  // namespace quoin::bench
