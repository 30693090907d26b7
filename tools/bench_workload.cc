#include "tools/bench_workload.h"

#include <algorithm>

namespace quoin::bench {

std::string_view StepName(StepKind kind) {
  switch (kind) {
    case StepKind::kGet:
      return "get";
    case StepKind::kPut:
      return "put";
    case StepKind::kInsert:
      return "insert";
    case StepKind::kIncrement:
      return "increment";
    case StepKind::kReadModifyWrite:
      return "read-modify-write";
    case StepKind::kScan:
      return "scan";
  }
  return "";
}

const std::vector<WorkloadInfo>& Workloads() {
  static const std::vector<WorkloadInfo> workloads = {
      {"put", "stores values"},
      {"get", "reads values"},
      {"mixed", "gets and puts, as --reads says"},
      {"ycsb-a", "update heavy: half gets, half puts, zipfian"},
      {"ycsb-b", "read mostly: 95% gets, 5% puts, zipfian"},
      {"ycsb-c", "read only, zipfian"},
      {"ycsb-d", "read latest: 95% gets of the newest keys, 5% inserts"},
      {"ycsb-e", "short ranges: 95% scans of 1 to 100 keys, 5% inserts, zipfian"},
      {"ycsb-f", "read-modify-write: half gets, half of those, zipfian"},
      {"hot", "gets and puts of a single key, as --reads says"},
      {"counters", "increments"},
      {"large", "gets and puts of values of 256 KiB, as --reads says"},
      {"list", "pages of 100 keys"},
  };
  return workloads;
}

std::optional<Workload> FindWorkload(std::string_view name, double reads) {
  Workload found{.name = std::string(name)};
  if (name.starts_with("ycsb-")) found.distribution = Distribution::kZipfian;
  if (name == "put") {
    found.puts = 1;
    found.preload = false;
  } else if (name == "get" || name == "ycsb-c") {
    found.gets = 1;
  } else if (name == "mixed" || name == "hot" || name == "large") {
    found.gets = reads;
    found.puts = 1 - reads;
    if (name == "hot") found.keys = 1;
    if (name == "large") {
      found.keys = 100;
      found.value_size = {256 << 10, 256 << 10};
    }
  } else if (name == "ycsb-a") {
    found.gets = found.puts = 0.5;
  } else if (name == "ycsb-b") {
    found.gets = 0.95;
    found.puts = 0.05;
  } else if (name == "ycsb-d") {
    found.gets = 0.95;
    found.inserts = 0.05;
    found.distribution = Distribution::kLatest;
  } else if (name == "ycsb-e") {
    found.scans = 0.95;
    found.inserts = 0.05;
  } else if (name == "ycsb-f") {
    found.gets = found.read_modify_writes = 0.5;
  } else if (name == "counters") {
    found.increments = 1;
    found.keys = 100;
    found.preload = false;
  } else if (name == "list") {
    found.scans = 1;
    found.fixed_scan = true;
  } else {
    return std::nullopt;
  }
  return found;
}

WorkloadSource::WorkloadSource(const Workload& workload, double theta, std::uint64_t seed, KeyCount& count)
    : workload_(workload), count_(count), random_(seed), chooser_(workload.distribution, workload.keys, theta) {}

std::optional<Step> WorkloadSource::Next() {
  double draw = random_.Unit();
  const auto falls_on = [&](double share) { return (draw -= share) < 0; };
  Step step;
  if (falls_on(workload_.gets)) {
    step.kind = StepKind::kGet;
  } else if (falls_on(workload_.puts)) {
    step.kind = StepKind::kPut;
  } else if (falls_on(workload_.increments)) {
    step.kind = StepKind::kIncrement;
  } else if (falls_on(workload_.read_modify_writes)) {
    step.kind = StepKind::kReadModifyWrite;
  } else if (falls_on(workload_.scans)) {
    step.kind = StepKind::kScan;
    const std::uint32_t most = workload_.max_scan_entries;
    step.scan_entries = workload_.fixed_scan ? most : 1 + static_cast<std::uint32_t>(random_.Below(most));
  } else if (workload_.inserts > 0) {
    step.kind = StepKind::kInsert;
    step.key = count_.Take();
    return step;
  } else {
    return Next();  // The shares add up to a little less than 1, by rounding.
  }
  step.key = chooser_.Choose(random_, std::max(count_.count(), workload_.keys));
  return step;
}

std::optional<Step> PreloadSource::Next() {
  if (next_ >= keys_) return std::nullopt;
  const std::uint64_t key = next_;
  next_ += workers_;
  return Step{.kind = StepKind::kPut, .key = key};
}

std::optional<Step> ReadBackSource::Next() {
  if (next_ == keys_.size()) return std::nullopt;
  const KeyNumber key = keys_[next_++];
  return Step{.kind = StepKind::kGet, .key = key.index, .generation = key.generation};
}

}  // namespace quoin::bench
