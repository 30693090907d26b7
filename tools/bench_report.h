// Report: what a stress test found, for people and as JSON (docs/bench.md has the members).
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/bench_distribution.h"
#include "tools/bench_gap.h"
#include "tools/bench_tally.h"
#include "tools/bench_verify.h"
#include "tools/bench_workload.h"

namespace quoin::bench {

// How a run ended, as the process's exit code tells it.
enum class ExitCode : int {
  kDone = 0,
  kViolation = 1,  // --verify: something is certainly wrong with the store.
  kBadUsage = 2,
  kUndecided = 3,    // --verify: nothing wrong was found, but not everything could be decided.
  kUnreachable = 5,  // The store could not be used: nothing was measured.
  kAllFailed = 6,    // Not one operation of the measured window succeeded.
  kOutputLost = 7,   // The report could not be written.
};

// What was asked for.
struct Plan {
  std::vector<std::string> servers;
  Workload workload;
  double theta = 0.99;
  SizeRange key_size{0, 0};  // The largest of 0 and what names need: the shortest.
  std::size_t connections = 16;
  std::size_t depth = 1;
  std::size_t threads = 1;
  double rate = 0;  // Operations per second; 0: closed loop.
  Time warmup{0};
  Time duration{0};                         // 0: until `operations`.
  std::optional<std::uint64_t> operations;  // Of all threads; not set: until `duration`.
  std::uint64_t seed = 1;
  std::string key_prefix;
  bool verify = false;
  std::uint64_t verify_limit = 0;

  std::size_t slots() const { return connections * depth; }
};

struct RunResult {
  Plan plan;
  Tally tally;          // Of the measured window, all workers.
  SuccessGap::Gap gap;  // Nothing at all succeeded.
  // The longest that one key, and one of the connections * depth places, was asked without a success (AskedGaps).
  SuccessGap::Gap key_gap;
  std::string key_of_gap;
  SuccessGap::Gap slot_gap;
  std::uint64_t preloaded = 0;
  Time preload_took{0};
  std::optional<Verification> verification;
  bool interrupted = false;

  Time window() const { return tally.window_to > tally.window_from ? tally.window_to - tally.window_from : Time{0}; }
  double per_second(std::uint64_t count) const;
  // How many cores the bench's own threads kept busy.
  double cores() const { return per_second(static_cast<std::uint64_t>(tally.usage.cpu.count())) * 1e-9; }
  // Whether the bench, and not the store, set the pace: one of its threads had next to no time to spare.
  bool bench_was_bottleneck() const { return tally.busiest >= 0.9; }
  ExitCode exit_code() const;
};

// "850ns", "12.3us", "4.56ms", "1.23s".
std::string DurationText(Time duration);
// "1,234,567"
std::string CountText(std::uint64_t count);

std::string TextReport(const RunResult& result);
// One line, without the line break.
std::string JsonReport(const RunResult& result);

// The line that is shown while a phase runs: "run  [=====>    ]  42%  12,345/s  errors 0  unknown 0  ETA 0:06".
struct LiveState {
  std::string phase;
  double part = 0;  // 0 to 1 of the whole.
  Time elapsed{0};
  std::uint64_t ended = 0;
  double per_second = 0;  // Lately.
  std::uint64_t errors = 0;
  std::uint64_t unknowns = 0;
};
std::string LiveLine(const LiveState& state);

}  // namespace quoin::bench
