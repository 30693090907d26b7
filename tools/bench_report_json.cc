// JsonReport: what programs read of a stress test. Names and units are documented in docs/bench.md; tests hold them.
#include <boost/json.hpp>

#include "base/text.h"
#include "tools/bench_report.h"

namespace quoin::bench {
namespace {

namespace json = boost::json;

double Seconds(Time time) { return std::chrono::duration<double>(time).count(); }
double Microseconds(std::uint64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; }

// JSON texts are UTF-8; what a store says need not be.
std::string Safe(const std::string& text) { return IsUtf8(text) ? text : Printable(text, text.size()); }

json::object LatencyObject(const Histogram& histogram) {
  json::object object;
  object["count"] = histogram.count();
  object["min"] = Microseconds(histogram.min());
  object["mean"] = histogram.mean() / 1e3;
  object["p50"] = Microseconds(histogram.Percentile(50));
  object["p95"] = Microseconds(histogram.Percentile(95));
  object["p99"] = Microseconds(histogram.Percentile(99));
  object["p99_9"] = Microseconds(histogram.Percentile(99.9));
  object["max"] = Microseconds(histogram.max());
  return object;
}

json::object ReasonsObject(const Reasons& reasons) {
  json::object object;
  for (const auto& [type, reason] : reasons) {
    object[Safe(type)] = {{"count", reason.count}, {"example", Safe(reason.example)}};
  }
  return object;
}

json::object StepObject(const StepTally& step) {
  return {{"done", step.done},     {"absent", step.absent},    {"conflicts", step.conflicts},
          {"errors", step.errors}, {"unknown", step.unknowns}, {"latency_us", LatencyObject(step.latency)}};
}

json::object PlanObject(const Plan& plan) {
  json::object object;
  object["workload"] = plan.workload.name;
  json::array servers;
  for (const std::string& server : plan.servers) servers.emplace_back(server);
  object["servers"] = std::move(servers);
  object["connections"] = plan.connections;
  object["depth"] = plan.depth;
  object["threads"] = plan.threads;
  object["loop"] = plan.rate > 0 ? "open" : "closed";
  if (plan.rate > 0) object["rate"] = plan.rate;
  object["keys"] = plan.workload.keys;
  object["distribution"] = DistributionName(plan.workload.distribution);
  if (plan.workload.distribution != Distribution::kUniform) object["theta"] = plan.theta;
  object["value_bytes"] = {{"min", plan.workload.value_size.min}, {"max", plan.workload.value_size.max}};
  object["warmup_s"] = Seconds(plan.warmup);
  if (plan.duration > Time{0}) object["duration_s"] = Seconds(plan.duration);
  if (plan.operations) object["operations"] = *plan.operations;
  object["seed"] = plan.seed;
  return object;
}

std::string_view VerdictName(const Verification& verification) {
  if (verification.violated()) return "violation";
  return verification.undecided() ? "undecided" : "linearizable";
}

json::object VerificationObject(const Verification& verification) {
  json::object object;
  object["verdict"] = VerdictName(verification);
  object["operations"] = verification.operations;
  object["keys"] = verification.keys;
  object["lost"] = verification.lost;
  object["duplicated"] = verification.duplicated;
  object["corrupt"] = verification.corrupt;
  object["violating_keys"] = verification.violating_keys;
  object["undecided_keys"] = verification.undecided_keys;
  object["unread_keys"] = verification.unread_keys;
  object["took_s"] = Seconds(verification.took);
  json::array findings;
  for (const std::string& finding : verification.findings) findings.emplace_back(Safe(finding));
  object["findings"] = std::move(findings);
  return object;
}

}  // namespace

std::string JsonReport(const RunResult& result) {
  const Tally& tally = result.tally;
  const StepTally total = tally.Total();
  json::object object;
  object["plan"] = PlanObject(result.plan);
  object["interrupted"] = result.interrupted;
  object["history_full"] = tally.history_full;
  object["preloaded"] = result.preloaded;
  object["preload_s"] = Seconds(result.preload_took);
  object["measured_s"] = Seconds(result.window());
  object["operations_per_s"] = result.per_second(tally.in_window);
  object["bytes_per_s"] = result.per_second(tally.bytes);
  object["total"] = StepObject(total);
  json::object steps;
  for (std::size_t i = 0; i < kStepKinds; ++i) {
    if (tally.steps[i].all() > 0) steps[StepName(static_cast<StepKind>(i))] = StepObject(tally.steps[i]);
  }
  object["steps"] = std::move(steps);
  object["errors"] = ReasonsObject(tally.errors);
  object["unknown"] = ReasonsObject(tally.unknowns);
  object["service_us"] = LatencyObject(tally.service);
  object["failed_us"] = LatencyObject(tally.failed);
  json::array spectrum;
  for (const Histogram::Point& point : total.latency.Spectrum()) {
    spectrum.push_back({{"percent", point.percent}, {"us", Microseconds(point.value)}, {"count", point.count}});
  }
  object["spectrum"] = std::move(spectrum);
  object["entries"] = tally.entries;
  object["resent"] = tally.resent;
  object["never_begun"] = tally.never_begun.count();
  object["under_way_at_end"] = {{"count", tally.late}, {"longest_us", Seconds(tally.latest) * 1e6}};
  object["longest_gap_s"] = Seconds(result.gap.length);
  object["longest_key_gap_s"] = Seconds(result.key_gap.length);
  object["longest_place_gap_s"] = Seconds(result.slot_gap.length);
  if (!result.key_of_gap.empty()) object["key_of_longest_gap"] = Safe(result.key_of_gap);
  json::object answered_by;
  for (const auto& [server, count] : tally.answered_by) answered_by[server] = count;
  object["answered_by"] = std::move(answered_by);
  object["bench"] = {
      {"cores", result.cores()}, {"busiest_thread", tally.busiest}, {"bottleneck", result.bench_was_bottleneck()}};
  if (result.verification) object["verification"] = VerificationObject(*result.verification);
  object["exit_code"] = static_cast<int>(result.exit_code());
  return json::serialize(object);
}

}  // namespace quoin::bench
