#include "tools/bench_run.h"

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

#include "base/text.h"
#include "tools/bench_crew.h"

namespace quoin::bench {
namespace {

// How often a run tries to read back what it could not read.
constexpr int kReadBackTries = 3;
// Keys whose gaps are told; the others are not looked at. 16 MiB.
constexpr std::uint64_t kMaxGapKeys = 1 << 20;

// A run's parts, in the order in which they are used.
class Runner {
 public:
  Runner(const Plan& plan, const RunOptions& options)
      : plan_(plan),
        options_(options),
        names_(NamesFor(plan, static_cast<std::uint32_t>(std::random_device()()))),
        values_(plan.workload.value_size),
        key_count_(plan.workload.keys),
        key_gaps_(std::min(plan.workload.keys, kMaxGapKeys)),
        slot_gaps_(plan.slots()) {}

  Result<RunResult> Run() {
    const std::size_t records = plan_.verify ? plan_.verify_limit / plan_.threads + 1 : 0;
    if (plan_.verify) generations_.emplace(plan_.workload.keys + plan_.verify_limit);
    const Worker::Surroundings surroundings{.names = &names_,
                                            .values = &values_,
                                            .key_count = &key_count_,
                                            .gap = &gap_,
                                            .key_gaps = &key_gaps_,
                                            .slot_gaps = &slot_gaps_,
                                            .progress = &progress_,
                                            .recorder = nullptr,  // Each worker's own.
                                            .generations = generations_ ? &*generations_ : nullptr};
    auto crew = Crew::Make(plan_, options_, {.surroundings = surroundings, .max_records = records});
    if (!crew.ok()) return crew.status();
    crew_ = *std::move(crew);

    RunResult result{.plan = plan_};
    QUOIN_RETURN_IF_ERROR(Connect());
    if (plan_.workload.preload) QUOIN_RETURN_IF_ERROR(Preload(&result));
    Measure(&result);
    QUOIN_RETURN_IF_ERROR(Measured(result));
    if (plan_.verify) Check(&result);
    return result;
  }

 private:
  // What kept a phase from doing all that it had to, or OK.
  Status Complete(const Tally& tally, const std::string& what) const {
    const StepTally total = tally.Total();
    if (crew_->interrupted()) return Status(Code::kUnavailable, "interrupted before anything was measured");
    if (total.errors + total.unknowns == 0) return Status::Ok();
    const auto& [type, reason] = *(tally.errors.empty() ? tally.unknowns : tally.errors).begin();
    return Status(Code::kUnavailable, CountText(total.errors + total.unknowns) + " of " + CountText(total.all()) + " " +
                                          what + ": " + type + ": " + reason.example);
  }

  // One get on every slot, so that opening connections is no part of what is measured.
  Status Connect() {
    return Complete(
        crew_->Run({.name = "connect",
                    .source =
                        [this](std::size_t worker) {
                          return std::make_unique<ReadBackSource>(std::vector<KeyNumber>(crew_->slots(worker)));
                        },
                    .phase = [](std::size_t) { return Phase{.start = Crew::Now()}; },
                    .steps = plan_.slots()}),
        "first requests failed");
  }

  Status Preload(RunResult* result) {
    const Time began = Crew::Now();
    const Tally tally =
        crew_->Run({.name = "preload",
                    .source =
                        [this](std::size_t worker) {
                          return std::make_unique<PreloadSource>(plan_.workload.keys, worker, crew_->workers());
                        },
                    .phase = [](std::size_t) { return Phase{.start = Crew::Now()}; },
                    .steps = plan_.workload.keys});
    result->preloaded = tally.Total().done;
    result->preload_took = Crew::Now() - began;
    return Complete(tally, "keys could not be stored before the measurement");
  }

  void Measure(RunResult* result) {
    Phase phase{.start = Crew::Now(), .rate = plan_.rate};
    // The schedule begins when all threads can have begun.
    if (plan_.rate > 0) phase.start += std::chrono::milliseconds(1);
    phase.measure_from = phase.start + plan_.warmup;
    if (plan_.duration > Time{0}) phase.end = phase.measure_from + plan_.duration;
    gap_.Begin(phase.measure_from);
    key_gaps_.Begin(phase.measure_from);
    slot_gaps_.Begin(phase.measure_from);
    const std::uint64_t steps = plan_.operations.value_or(0);
    result->tally = crew_->Run({.name = "run",
                                .source =
                                    [this](std::size_t worker) {
                                      return std::make_unique<WorkloadSource>(plan_.workload, plan_.theta,
                                                                              Scatter(plan_.seed) + worker, key_count_);
                                    },
                                .phase =
                                    [&](std::size_t worker) {
                                      Phase mine = phase;
                                      const std::size_t workers = crew_->workers();
                                      if (steps > 0) mine.steps = steps / workers + (worker < steps % workers ? 1 : 0);
                                      return mine;
                                    },
                                .steps = steps,
                                .until = plan_.duration > Time{0} ? phase.end : Time{0}});
    gap_.End(result->tally.window_to);
    result->gap = gap_.longest();
    const AskedGaps::Gap key_gap = key_gaps_.longest();
    result->key_gap = {.length = key_gap.length, .from = key_gap.from};
    if (key_gap.length > Time{0}) result->key_of_gap = names_.Name({.index = key_gap.entry});
    const AskedGaps::Gap slot_gap = slot_gaps_.longest();
    result->slot_gap = {.length = slot_gap.length, .from = slot_gap.from};
    result->interrupted = crew_->interrupted();
  }

  // Whether there was any measurement, or what ended it before it began.
  Status Measured(const RunResult& result) const {
    if (result.window() > Time{0}) return Status::Ok();
    if (result.tally.history_full) {
      return Status(Code::kUnavailable, "nothing was measured: the history for --verify was full (--verify_limit=" +
                                            std::to_string(plan_.verify_limit) +
                                            ") before the warm-up was over; raise it, or shorten --warmup");
    }
    return Status(Code::kUnavailable, "interrupted before anything was measured");
  }

  // Reads these keys; the recorders have what came of it.
  void ReadBack(const std::vector<KeyNumber>& keys) {
    const std::size_t workers = crew_->workers();
    std::vector<std::vector<KeyNumber>> shares(workers);
    for (std::size_t i = 0; i < keys.size(); ++i) shares[i % workers].push_back(keys[i]);
    crew_->Run({.name = "read back",
                .source = [&](std::size_t worker) { return std::make_unique<ReadBackSource>(shares[worker]); },
                .phase = [](std::size_t) { return Phase{.start = Crew::Now(), .read_back = true}; },
                .steps = keys.size()});
  }

  void Check(RunResult* result) {
    const std::vector<const Recorder*> recorders = crew_->recorders();
    const std::vector<std::size_t> known = RecordCounts(recorders);
    std::vector<KeyNumber> unread = TouchedKeys(recorders);
    const bool interrupted_before = crew_->interrupted();
    for (int attempt = 0; attempt < kReadBackTries && !unread.empty(); ++attempt) {
      ReadBack(unread);
      if (crew_->interrupted() && !interrupted_before) break;
      unread = UnreadSince(recorders, known, std::move(unread));
    }
    const Time began = Crew::Now();
    VerifyOptions options;
    const bool interrupted = crew_->interrupted();
    options.go_on = [&](std::uint64_t done, std::uint64_t all) {
      crew_->Show("check", done, all);
      // An interrupt ends the measurement first, and the check only if it comes during that.
      return interrupted || !crew_->interrupted();
    };
    result->verification = Verify(recorders, names_, options);
    result->verification->took = Crew::Now() - began;
  }

  const Plan& plan_;
  const RunOptions& options_;
  KeyNames names_;
  Values values_;
  KeyCount key_count_;
  SuccessGap gap_;
  AskedGaps key_gaps_;
  AskedGaps slot_gaps_;
  Progress progress_;
  std::optional<Generations> generations_;
  std::unique_ptr<Crew> crew_;  // Ends before what its workers use.
};

}  // namespace

KeyNames NamesFor(const Plan& plan, std::uint32_t run) {
  std::string prefix = plan.key_prefix;
  if (plan.workload.increments > 0) prefix += "counters/";
  if (plan.verify) prefix += Hex64(run).substr(8) + "/";
  return KeyNames(std::move(prefix), plan.key_size, plan.verify);
}

Result<RunResult> RunPlan(const Plan& plan, const RunOptions& options) { return Runner(plan, options).Run(); }

}  // namespace quoin::bench
